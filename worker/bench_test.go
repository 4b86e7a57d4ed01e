package worker_test

import "testing"

// BenchmarkLetters is the whole way of a letter, from the queue to the record,
// over four connections; database and relay run on the same machine.
func BenchmarkLetters(b *testing.B) {
	st := open(b, "2026-11-03 08:00")
	relay := st.relay(nil)
	w := st.worker(connections(4), relay)
	st.crowd(b.N)
	b.ResetTimer()
	st.must(w.Work(st.ctx, lesson(1), nil))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
}
