package worker_test

import (
	"bytes"
	"testing"

	"fortsatt/course"
	"fortsatt/mailer/relaytest"
)

// The relay takes Bo's letter and its reply is lost. A quarter of an hour later
// he gets one more copy, the same to the byte, and it is counted.
func TestRow36TheSecondCopyIsTheFirst(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(bo)
	relay := st.relay(whenever(relaytest.Dot, relaytest.Action{Drop: true}))
	st.starts(st.worker(nil, relay))
	st.becomes(bo, "uncertain")
	relay.follows(nil)
	st.passes(course.Quarantine)
	st.becomes(bo, "accepted")
	copies := relay.Received()
	if len(copies) != 2 || !bytes.Equal(copies[0].Bytes, copies[1].Bytes) {
		t.Fatalf("the relay has %d copies, or they differ", len(copies))
	}
	if n := st.count(`select count(*) from attempts`); n != 2 {
		t.Errorf("%d attempts are written down, want 2", n)
	}
	if status, err := st.Status(st.ctx, st.clock.Now()); err != nil || status.Resent != 1 {
		t.Errorf("%d resent, %v, want 1", status.Resent, err)
	}
}

// In the quarter of an hour Bo has told us his name: what would be sent now is
// not what was. A human decides.
func TestALetterThatHasChangedIsNotRepeated(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(bo)
	relay := st.relay(whenever(relaytest.Dot, relaytest.Action{Drop: true}))
	st.starts(st.worker(nil, relay))
	st.becomes(bo, "uncertain")
	relay.follows(nil)
	st.must(st.Rename(st.ctx, st.newest(bo).SubscriberID, "Bo-Göran"))
	st.passes(course.Quarantine)
	st.becomes(bo, "parked")
	if got := st.newest(bo); got.Reason != "cannot be repeated exactly" || len(relay.Received()) != 1 {
		t.Errorf("Bo's letter is %+v, and the relay has %d copies", got, len(relay.Received()))
	}
}

// Week 1 is held while Bo's letter stands before the relay, all but its dot.
// The relay forgets it; released, it goes, with no attempt burnt before.
func TestAHoldWhileTheLetterIsOffered(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(bo)
	week1 := lesson(1).Letter
	relay := st.relay(func(e relaytest.Event) (a relaytest.Action) {
		if e.Stage == relaytest.Data {
			if err := st.Hold(st.ctx, st.clock.Now(), week1, "a wrong date"); err != nil {
				t.Error(err)
			}
		}
		return a
	})
	st.starts(st.worker(nil, relay))
	st.until("the letter has been offered", func() bool { return relay.times(relaytest.Data) == 1 })
	st.becomes(bo, "queued")
	relay.follows(nil)
	if _, err := st.ReleaseHold(st.ctx, st.clock.Now(), week1); err != nil {
		t.Fatal(err)
	}
	st.clock.wake()
	st.becomes(bo, "accepted")
	if got := st.newest(bo); got.Attempt != 1 || relay.times(relaytest.Dot) != 1 {
		t.Errorf("Bo's letter is %+v after %d dots, want one attempt and one dot", got, relay.times(relaytest.Dot))
	}
}

// The installation has slept for three weeks: nothing goes out before an admin
// says so, and then one lesson.
func TestAfterThreeWeeksOfSilenceAnAdminDecides(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(bo)
	_, err := st.Join(st.ctx, "the last one alive")
	st.must(err)
	st.exec(`update workers set heartbeat_at = now() - interval '21 days'`)
	relay := st.relay(nil)
	st.starts(st.worker(nil, relay))
	st.until("all waits for an admin", func() bool { holds, err := st.Holds(st.ctx); return err == nil && len(holds) == 1 })
	st.passes(0)
	if n := relay.times(relaytest.Mail); n != 0 {
		t.Errorf("%d letters were offered before an admin said so", n)
	}
	if _, err := st.ReleaseHold(st.ctx, st.clock.Now(), course.Pause); err != nil {
		t.Fatal(err)
	}
	st.clock.wake()
	st.becomes(bo, "accepted")
	st.wants("accepted", 1)
}
