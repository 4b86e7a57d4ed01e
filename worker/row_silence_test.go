package worker_test

import (
	"bytes"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/mailer/relaytest"
)

// The relay thinks about Anna's letter for nine minutes and takes it. Meanwhile
// nobody else touches it, and others get theirs.
func TestRow37NineMinutesAfterTheDot(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	answer := make(chan struct{})
	relay := st.relay(about(anna, relaytest.Dot, relaytest.Action{Hold: answer}))
	st.readers(anna, bo)
	st.starts(st.worker(connections(2), relay))
	st.until("her dot is out", func() bool { return len(letterTo(relay, anna)) == 1 })
	other := st.relay(nil)
	st.starts(st.worker(nil, other))
	for range 9 {
		st.passes(time.Minute)
	}
	st.becomes(bo, "accepted")
	if got := st.newest(anna); got.State != "sending" {
		t.Errorf("her letter is %+v, want it to wait for its reply", got)
	}
	close(answer)
	st.becomes(anna, "accepted")
	st.passes(course.Quarantine)
	if copies := len(letterTo(relay, anna)) + len(letterTo(other, anna)); copies != 1 || st.newest(anna).Attempt != 1 {
		t.Errorf("she has %d letters, by %+v; want one, at the first attempt", copies, st.newest(anna))
	}
}

// One connection falls silent for ever, and the others go on. Before the dot the
// letter has not gone: whoever takes over sends it, and it was no attempt.
func TestRow38SilenceBeforeTheDot(t *testing.T) {
	for _, stage := range []relaytest.Stage{relaytest.Connect, relaytest.Mail, relaytest.Rcpt, relaytest.Data} {
		t.Run(string(stage), func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			silent := false
			relay := st.relay(func(e relaytest.Event) relaytest.Action {
				if e.Stage != stage || silent {
					return relaytest.Action{}
				}
				silent = true
				return relaytest.Action{Hang: true}
			})
			st.crowd(12)
			stop := st.starts(st.worker(connections(2), relay))
			st.until("the others have theirs", func() bool { return st.states()["accepted"] >= 11 })
			stop()
			st.wants("queued", 1)
			st.must(st.worker(nil, relay).Work(st.ctx, lesson(1), nil))
			st.wants("accepted", 12)
			if n := st.attempts(); n != 12 {
				t.Errorf("%d attempts, want one for each letter", n)
			}
		})
	}
}

// After the dot nobody can know, and the relay never tells: whoever takes over
// sends a second copy after the quarantine, the same to the octet, and counts it.
func TestRow38SilenceAfterTheDot(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	never := make(chan struct{})
	relay := st.relay(about(anna, relaytest.Dot, relaytest.Action{Hold: never, Drop: true}))
	st.readers(anna, bo, cilla)
	st.starts(st.worker(connections(2), relay))
	st.Cleanup(func() { close(never) }) // or the worker would wait for its grace
	st.until("her dot is out", func() bool { return len(letterTo(relay, anna)) == 1 })
	st.becomes(bo, "accepted")
	st.becomes(cilla, "accepted")

	st.buried()
	st.becomes(anna, "uncertain")
	other := st.relay(nil)
	st.starts(st.worker(nil, other))
	st.passes(course.Quarantine - time.Second)
	if got := st.newest(anna); got.State != "uncertain" {
		t.Errorf("her letter is %s before the quarantine is over, want uncertain", got.State)
	}
	st.passes(time.Second)
	st.becomes(anna, "accepted")
	first, second := letterTo(relay, anna), letterTo(other, anna)
	if len(first) != 1 || len(second) != 1 || !bytes.Equal(first[0].Bytes, second[0].Bytes) {
		t.Errorf("she has %d letters and %d copies, or they differ", len(first), len(second))
	}
	if status, err := st.Status(st.ctx, st.clock.Now()); err != nil || status.Resent != 1 {
		t.Errorf("%d resent, %v, want 1", status.Resent, err)
	}
}

// A tarpit doles out every answer octet by octet. It is slow, and no more.
func TestRow39Tarpit(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(func(relaytest.Event) relaytest.Action { return relaytest.Action{Drip: 2 * time.Millisecond} })
	st.crowd(12)
	st.must(st.worker(connections(4), relay).Work(st.ctx, lesson(1), nil))
	st.wants("accepted", 12)
	if n := st.attempts(); n != 12 {
		t.Errorf("%d attempts, want one for each letter", n)
	}
}
