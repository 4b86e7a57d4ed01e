package worker_test

import (
	"testing"

	"fortsatt/mailer/relaytest"
)

// Bo leaves while his letter stands before the relay, which has just been asked
// to take its text: it gets no dot. The others get theirs.
func TestRow58LeavingWhileTheLetterIsOffered(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna, bo, cilla)
	token := st.UnsubscribeToken(st.newest(bo).DeliveryKey)
	relay := st.relay(func(e relaytest.Event) (a relaytest.Action) {
		if e.Stage == relaytest.Data && e.To == bo {
			if err := st.Unsubscribe(st.ctx, st.clock.Now(), token); err != nil {
				t.Error(err)
			}
		}
		return a
	})
	st.must(st.worker(nil, relay).Work(st.ctx, lesson(1), nil))
	if got := st.newest(bo); got.State != "cancelled" || got.Attempt != 0 {
		t.Errorf("Bo's letter is %+v, want it cancelled, without an attempt", got)
	}
	if n := relay.times(relaytest.Dot); n != 2 {
		t.Errorf("%d dots, want Anna's and Cilla's", n)
	}
	st.wants("accepted", 2)
}

// Likewise when he is blocked: no dot, and nobody holds or tries his letter any more.
func TestABlockedReaderGetsNoDot(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna, bo, cilla)
	relay := st.relay(func(e relaytest.Event) (a relaytest.Action) {
		if e.Stage == relaytest.Data && e.To == bo {
			st.exec(`update subscribers set state = 'blocked' where email = $1`, bo)
		}
		return a
	})
	st.must(st.worker(nil, relay).Work(st.ctx, lesson(1), nil))
	if n := relay.times(relaytest.Dot); n != 2 {
		t.Errorf("%d dots, want Anna's and Cilla's", n)
	}
	st.wants("accepted", 2)
	if got := st.newest(bo); got.State != "cancelled" || got.Reason != "suppressed" || got.Attempt != 0 {
		t.Errorf("Bo's letter is %+v, want it cancelled, without an attempt", got)
	}
}

// An unsubscribe that commits after the mark changes nothing about that letter.
func TestLeavingAfterTheDot(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(bo)
	token := st.UnsubscribeToken(st.newest(bo).DeliveryKey)
	relay := st.relay(func(e relaytest.Event) (a relaytest.Action) {
		if e.Stage == relaytest.Dot {
			if err := st.Unsubscribe(st.ctx, st.clock.Now(), token); err != nil {
				t.Error(err)
			}
		}
		return a
	})
	st.must(st.worker(nil, relay).Work(st.ctx, lesson(1), nil))
	st.wants("accepted", 1)
}
