package worker_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// together runs things at once and waits for all.
func together(n int, do func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// Bo's confirm letter and Cilla's letter 2 are no part of a send of letter 1.
func TestWorkSendsItsLetterAndNoOther(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.readers(cilla)
	st.must(st.worker(nil, relay).Work(st.ctx, lesson(1), nil))
	st.clock.set(at("2026-11-10 08:00"))
	_, err := st.PlanDue(st.ctx, st.clock.Now())
	st.must(err)
	st.signUp(bo)
	st.crowd(30)

	var tallies []map[string]int
	st.must(st.worker(connections(3), relay).Work(st.ctx, lesson(1), func(tally map[string]int) { tallies = append(tallies, tally) }))
	last := tallies[len(tallies)-1]
	if last["accepted"] != 31 || last["queued"]+last["claimed"]+last["sending"] != 0 {
		t.Errorf("progress ended at %v, want 31 accepted, Cilla's among them, and none left", last)
	}
	if first := tallies[0]; first["accepted"] == 31 {
		t.Errorf("progress began at its end: %v", tallies)
	}
	if newest := st.newest(cilla); newest.Letter != theCourse().Letter(2) || newest.State != "queued" {
		t.Errorf("Cilla's letter 2 is %+v, want it queued", newest)
	}
	if newest := st.newest(bo); newest.Letter != "confirm:1" || newest.State != "queued" {
		t.Errorf("Bo's confirm letter is %+v, want it queued", newest)
	}
}

func TestWorkForOnePerson(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.readers(anna, bo)
	scope := course.Scope{Letter: lesson(1).Letter, SubscriberID: st.newest(bo).SubscriberID}
	st.must(st.worker(nil, relay).Work(st.ctx, scope, nil))
	if len(letterTo(relay, bo)) != 1 || st.newest(anna).State != "queued" {
		t.Errorf("Bo has %d letters, Anna's is %s", len(letterTo(relay, bo)), st.newest(anna).State)
	}
}

func TestWorkWithNothingToDoReturns(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.must(st.worker(nil, st.relay(nil)).Work(st.ctx, lesson(1), nil))
}

// Two admins send the same letter, while a worker runs: once to each reader,
// and each of the three is there until the last letter has gone.
func TestRow53TwoAdminsAndAWorkerAtOnce(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.crowd(200)
	st.starts(st.worker(connections(2), relay))
	together(2, func(int) {
		w := st.worker(func(o *worker.Options) { o.Connections, o.Store = 2, st.store(st.dsn) }, relay)
		if err := w.Work(st.ctx, lesson(1), nil); err != nil {
			t.Error(err)
		}
		st.wants("accepted", 200)
	})
}

// Ctrl-C while the relay is slow to answer Anna's letter: hers is finished, the
// others wait in the queue.
func TestAnAdminChangesHerMind(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	answer := make(chan struct{})
	relay := st.relay(about(anna, relaytest.Dot, relaytest.Action{Hold: answer}))
	st.readers(anna, bo, cilla)
	ctx, interrupt := context.WithCancel(st.ctx)
	done := make(chan error, 1)
	go func() { done <- st.worker(nil, relay).Work(ctx, lesson(1), nil) }()
	st.until("the dot is out", func() bool { return len(relay.Received()) == 1 })
	interrupt()
	select {
	case <-done:
		t.Fatal("Work returned without the answer to a dot")
	case <-time.After(200 * time.Millisecond):
	}
	close(answer)
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Work ended with %v, want context.Canceled", err)
	}
	st.wants("accepted", 1)
	st.wants("queued", 2)
}

// Thirty lessons are under way, over one slow connection, when Cilla signs up:
// she waits for those in the worker's hands, not for the whole queue.
func TestConfirmLettersGoFirst(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	answer := make(chan struct{})
	relay := st.relay(func(e relaytest.Event) (a relaytest.Action) {
		if e.Stage == relaytest.Dot && e.N == 1 {
			a.Hold = answer
		}
		return a
	})
	st.crowd(30)
	st.starts(st.worker(nil, relay))
	st.until("the first dot is out", func() bool { return len(relay.Received()) == 1 })
	st.signUp(cilla)
	close(answer)
	st.took(relay, 31)
	place := slices.IndexFunc(relay.Received(), func(l relaytest.Letter) bool { return l.To == cilla })
	if place < 0 || place > 8 {
		t.Errorf("her confirm letter was number %d of 31, want it among the first", place+1)
	}
	st.until("all is recorded", func() bool { return st.states()["accepted"] == 31 })
}
