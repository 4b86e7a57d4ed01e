package worker_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/worker"
)

// Twenty readers share a domain that takes two letters a second, three have
// another. Those three wait for nobody, and the twenty for ten seconds at most.
func TestADomainGetsOnlySoManyLettersASecond(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.crowd(20)
	st.readers("eva@annan.example", "fia@annan.example", "gun@tredje.example")
	st.starts(st.worker(func(o *worker.Options) { o.DomainRate = 2; o.Connections = 3 }, relay))

	st.until("the others wait, and say for what", func() bool {
		return st.count(`select count(*) from deliveries where state = 'queued' and reason = 'at most 2 letters a second to exempel.se'`) == 18
	})
	st.took(relay, 2+2+1)
	seconds := 0
	for ; st.states()["accepted"] < 23; seconds++ {
		if got, most := len(relay.Accepted()), 2+2+1+2*seconds; got > most {
			t.Fatalf("after %d s there are %d letters, want %d at most", seconds, got, most)
		}
		st.passes(time.Second)
		st.until("all is recorded", func() bool { s := st.states(); return s["claimed"]+s["sending"] == 0 })
	}
	if seconds < 9 || seconds > 30 {
		t.Errorf("18 letters took %d s, want 9 and hardly more", seconds)
	}
	st.wants("accepted", 23)
	if n := st.count(`select count(*) from deliveries where reason is not null`); n != 0 {
		t.Errorf("%d letters that went out still say that they wait", n)
	}
}

// A new sender may send five letters on the first day, ten on the second, and
// whoever sends them. What is left waits for the same hour of the next day.
func TestWarmUp(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.crowd(20)
	warming := func(o *worker.Options) {
		o.Warmup = worker.Warmup{From: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC), First: 5}
		o.Connections = 2
	}
	for day, letters := range []int{5, 5 + 10, 20} {
		for _, who := range []string{"one", "another"} {
			err := st.worker(warming, relay).Work(st.ctx, lesson(1), nil)
			if left := letters < 20; errors.Is(err, worker.ErrPutOff) != left || err != nil && !left {
				t.Errorf("day %d, %s worker: %v", day+1, who, err)
			}
			st.wants("accepted", letters)
		}
		want := fmt.Sprintf("warm-up: at most %d letters on 2026-11-0%d", 5<<day, 3+day)
		if n := st.count(`select count(*) from deliveries where reason = $1 and ready_at = $2`, want, st.clock.Now().AddDate(0, 0, 1)); n != 20-letters {
			t.Errorf("day %d: %d letters wait for tomorrow, want %d", day+1, n, 20-letters)
		}
		st.clock.set(st.clock.Now().AddDate(0, 0, 1))
	}
}

// Whoever signs up waits for the confirm letter, on a full day too. It counts.
func TestAConfirmLetterIsNotPutOff(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	signUp := func(email string) {
		st.must(st.Subscribe(st.ctx, st.clock.Now(), course.SignUp{Email: email, Article: "laget", Form: "/artiklar/laget", Access: "Du får läsa."}))
		st.clock.wake()
	}
	st.crowd(6)
	signUp(anna)
	st.starts(st.worker(func(o *worker.Options) {
		o.Warmup = worker.Warmup{From: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC), First: 2}
		o.DomainRate = 1
	}, relay))
	st.took(relay, 1) // at the same domain as all the others
	st.until("the lessons wait", func() bool { return st.states()["queued"] == 6 })
	signUp(bo)
	st.took(relay, 2)
	if len(letterTo(relay, anna)) != 1 || len(letterTo(relay, bo)) != 1 {
		t.Errorf("the relay took %v, want the two confirm letters", relay.Accepted())
	}
	st.passes(time.Minute)
	st.until("the lessons wait for tomorrow", func() bool {
		return st.count(`select count(*) from deliveries where state = 'queued' and reason like 'warm-up: at most 2 letters%'`) > 0
	})
	st.wants("accepted", 2)
}
