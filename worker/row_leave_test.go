package worker_test

import (
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// aMarkOnItsWay is a story in which Bo's letter has been marked, and the ledger
// says so, but the worker has not heard of it: its dot is not out.
func aMarkOnItsWay(t *testing.T) (*story, *relay, *wire) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(bo)
	wire := splice(st)
	store := st.store(wire.dsn)
	wire.stallOnce(func() bool {
		var marked bool
		err := st.db.Get(&marked, `select exists (select from deliveries where state = 'sending')`)
		return err == nil && marked
	})
	relay := st.relay(nil)
	st.starts(st.worker(func(o *worker.Options) { o.Store = store }, relay))
	st.Cleanup(wire.flow)
	st.becomes(bo, "sending")
	return st, relay, wire
}

// leaves is a reader's one click.
func (st *story) leaves(email string) {
	st.Helper()
	st.must(st.Unsubscribe(st.ctx, st.clock.Now(), st.UnsubscribeToken(st.newest(email).DeliveryKey)))
}

// nothingMore lets weeks pass in which nothing further goes to somebody.
func (st *story) nothingMore(email string) {
	st.Helper()
	before := st.rows("s.email = $1", email)
	for range 3 {
		st.passes(7 * 24 * time.Hour)
	}
	after := st.rows("s.email = $1", email)
	if len(after) != len(before) || after[0].State != before[0].State || after[0].Attempt != before[0].Attempt {
		st.Errorf("%s left, and the ledger went from %+v to %+v", email, before, after)
	}
}

// Bo leaves between mark and dot. That letter can no longer be called back, and
// its dot follows within the second; it is the last.
func TestRow58LeavingBetweenMarkAndDot(t *testing.T) {
	st, relay, wire := aMarkOnItsWay(t)
	st.leaves(bo)
	if n := relay.times(relaytest.Dot); n != 0 {
		t.Fatalf("%d dots before the mark was heard of", n)
	}
	wire.flow()
	st.until("it is settled", func() bool { state := st.newest(bo).State; return state == "accepted" || state == "cancelled" })
	if got, copies := st.newest(bo), len(letterTo(relay, bo)); (got.State == "accepted") != (copies == 1) {
		t.Errorf("his letter is %+v, and he has %d", got, copies)
	}
	st.nothingMore(bo)
}

// Bo leaves while the worker has claimed his letter and is busy with Anna's.
func TestRow58LeavingWhileClaimed(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	answer := make(chan struct{})
	relay := st.relay(about(anna, relaytest.Dot, relaytest.Action{Hold: answer}))
	st.readers(anna, bo, cilla)
	st.starts(st.worker(nil, relay))
	st.until("her dot is out", func() bool { return len(letterTo(relay, anna)) == 1 })
	if got := st.newest(bo); got.State != "claimed" {
		t.Fatalf("Bo's letter is %s, want it claimed", got.State)
	}
	st.leaves(bo)
	close(answer)
	st.becomes(cilla, "accepted")
	if got := st.newest(bo); got.State != "cancelled" || got.Attempt != 0 || len(letterTo(relay, bo)) != 0 {
		t.Errorf("Bo's letter is %+v, want it cancelled, without an attempt", got)
	}
	st.nothingMore(bo)
}

// Bo leaves while his letter is in doubt: he has had it or not, and gets no copy.
func TestRow58LeavingWhileInDoubt(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(whenever(relaytest.Dot, relaytest.Action{Drop: true}))
	st.readers(bo)
	st.starts(st.worker(nil, relay))
	st.becomes(bo, "uncertain")
	relay.follows(nil)
	st.leaves(bo)
	st.passes(course.Quarantine)
	st.becomes(bo, "cancelled")
	st.nothingMore(bo)
}
