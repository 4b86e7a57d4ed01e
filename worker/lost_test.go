package worker_test

import (
	"testing"
	"time"

	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// Again and again, the database does what it was asked and its answer is lost.
// Nothing is sent twice, and nothing is left lying.
func TestRow21AnswersOfTheDatabaseAreLost(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	wire := splice(st)
	st.crowd(200)
	store := st.store(wire.dsn)
	wire.loseEvery(53)
	stop := st.starts(st.worker(func(o *worker.Options) { o.Connections, o.Store = 2, store }, relay))
	st.until("all is recorded", func() bool { return st.states()["accepted"] == 200 })
	wire.loseEvery(0)
	stop()
}

// A worker is cut off from the database with Anna's letter before the relay, and
// is taken for dead. Another marks the letter and waits for its answer. When the
// first hears of the database again, it must not take the letter back: it is no
// longer its own.
func TestAWorkerThatWasCutOffTakesNothingBack(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna)
	wire := splice(st)
	answer, offered, goOn := make(chan struct{}), make(chan struct{}), make(chan struct{})
	first := st.relay(func(e relaytest.Event) (a relaytest.Action) {
		if e.Stage == relaytest.Data && e.N == 1 {
			close(offered)
			a.Hold = goOn
		}
		return a
	})
	second := st.relay(whenever(relaytest.Dot, relaytest.Action{Hold: answer}))
	store := st.store(wire.dsn)
	st.starts(st.worker(func(o *worker.Options) { o.Store, o.Lease = store, 600*time.Millisecond }, first))
	<-offered
	wire.cut()
	close(goOn) // and the mark finds no database
	st.buried()
	st.starts(st.worker(nil, second))
	st.until("the second worker's dot is out", func() bool { return len(second.Received()) == 1 })
	wire.mend()
	st.until("the first has joined anew", func() bool { return st.count(`select count(*) from workers`) == 3 })
	close(answer)
	st.becomes(anna, "accepted")
}
