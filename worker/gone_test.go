package worker_test

import (
	"errors"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// buried makes every worker of the ledger silent for an hour, and lets another
// take over from them.
func (st *story) buried() {
	st.Helper()
	for st.ctx.Err() == nil { // once more, if a heart beat between the two
		st.exec(`update workers set heartbeat_at = now() - interval '1 hour' where stopped_at is null`)
		n, err := st.Recover(st.ctx, st.clock.Now(), time.Minute)
		if err != nil {
			st.Error(err)
			return
		}
		if n > 0 || st.count(`select count(*) from workers where stopped_at is null`) == 0 { // on a slow machine they bury one another
			return
		}
	}
}

func briefLease(o *worker.Options) { o.Lease = 3 * time.Second }

// A worker is taken for dead while Anna's letter stands before the relay. Its
// mark is fenced and there is no dot; it gives up, joins anew, and she gets the
// letter once.
func TestAWorkerTakenForDeadGivesUpAndJoinsAnew(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna)
	first := true
	relay := st.relay(func(e relaytest.Event) (a relaytest.Action) {
		if e.Stage == relaytest.Data && first {
			first = false
			st.buried()
		}
		return a
	})
	st.starts(st.worker(briefLease, relay))
	st.until("it has joined twice", func() bool { return st.count(`select count(*) from workers`) >= 2 })
	st.becomes(anna, "accepted")
	if n := relay.times(relaytest.Data); n != 2 {
		t.Errorf("the letter was offered %d times, want twice", n)
	}
	if n := relay.times(relaytest.Dot); n != 1 {
		t.Errorf("%d dots, want one", n)
	}
	if got := st.newest(anna); got.Attempt != 1 {
		t.Errorf("%d attempts, want one", got.Attempt)
	}
}

// An admin's send that was taken for dead says so, and leaves what it held to others.
func TestASendTakenForDeadSaysSo(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna, bo)
	answer := make(chan struct{})
	relay := st.relay(about(anna, relaytest.Dot, relaytest.Action{Hold: answer}))
	done := make(chan error, 1)
	go func() { done <- st.worker(briefLease, relay).Work(st.ctx, lesson(1), nil) }()
	st.until("the dot is out", func() bool { return len(relay.Received()) == 1 })
	st.buried()
	st.exec(`update deliveries set ready_at = 'infinity' where ready_at is not null`) // nobody takes Bo's yet
	close(answer)
	if err := <-done; !errors.Is(err, course.ErrDeclaredGone) {
		t.Errorf("Work ended with %v, want ErrDeclaredGone", err)
	}
	st.wants("accepted", 1)
	st.wants("queued", 1)
}

// It is taken for dead while the relay thinks about Anna's letter. In the ledger
// that is in doubt, and the late 250 dispels it. Nobody sends it again.
func TestALateAnswerDispelsTheDoubt(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna)
	answer := make(chan struct{})
	relay := st.relay(whenever(relaytest.Dot, relaytest.Action{Hold: answer}))
	st.starts(st.worker(briefLease, relay))
	st.until("the dot is out", func() bool { return len(relay.Received()) == 1 })
	st.buried()
	st.becomes(anna, "uncertain")
	st.starts(st.worker(nil, st.relay(nil))) // another, with a relay of its own
	st.passes(course.Quarantine - time.Second)
	close(answer)
	st.becomes(anna, "accepted")
	if n := st.count(`select count(*) from attempts where outcome = 'accepted'`); n != 1 {
		t.Errorf("%d accepted attempts, want one", n)
	}
	if status, err := st.Status(st.ctx, st.clock.Now()); err != nil || status.Resent != 0 {
		t.Errorf("%d resent, %v", status.Resent, err)
	}
}

// A worker died with two letters claimed, and one of them marked. The next sends
// the one that cannot have gone; the other may have, and waits for a human,
// since its bytes cannot be made again.
func TestTakingOverFromTheDead(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna, bo)
	dead, err := st.Join(st.ctx, "dead")
	st.must(err)
	claimed, err := st.Claim(st.ctx, st.clock.Now(), dead, course.Scope{}, 10)
	st.must(err)
	if len(claimed) != 2 || claimed[1].Email != bo {
		t.Fatalf("claimed %+v", claimed)
	}
	_, err = st.Advance(st.ctx, nil, []course.Mark{{Claimed: claimed[1], Relay: "relay", SHA256: []byte("hash"), At: st.clock.Now()}})
	st.must(err)

	relay := st.relay(nil)
	st.starts(st.worker(nil, relay))
	st.passes(time.Hour) // by the worker's clock, which says nothing about leases
	st.wants("claimed", 1)
	st.wants("sending", 1)

	st.exec(`update workers set heartbeat_at = now() - interval '31 seconds' where name = 'dead'`)
	st.clock.wake()
	st.becomes(anna, "accepted")
	st.becomes(bo, "uncertain")
	st.passes(24 * time.Hour)
	st.becomes(bo, "parked")
	if got := st.newest(bo); got.Reason != "cannot be repeated exactly" || len(letterTo(relay, bo)) != 0 {
		t.Errorf("Bo's letter is %+v; it was marked with other bytes, so no copy may go", got)
	}
}
