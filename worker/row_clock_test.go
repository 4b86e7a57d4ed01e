package worker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"fortsatt/mailer/relaytest"
)

// Anna has letter 1 when the clock jumps three weeks ahead, stands there for a
// day, and is set right again. For the time ahead she gets one letter, not
// three; afterwards none twice, none out of turn, and never two on one day.
func TestRow49TheClockJumpsAheadAndBack(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.readers(anna)
	st.starts(st.worker(nil, relay))
	st.becomes(anna, "accepted")

	for _, jump := range []string{"2026-11-24 08:00", "2026-11-24 20:00", "2026-11-25 08:00"} {
		st.itBecomes(at(jump))
		st.took(relay, 2)
		st.until("it is recorded", func() bool { return st.states()["accepted"] == len(relay.Accepted()) })
	}
	if n := len(relay.Accepted()); n != 2 {
		t.Fatalf("she has %d letters, want letter 1, and one for all the time ahead", n)
	}
	for day := at("2026-11-03 08:05"); day.Before(at("2026-11-24 08:05")); day = day.AddDate(0, 0, 1) {
		st.itBecomes(day)
		if states := st.states(); len(states) != 1 {
			t.Fatalf("on %s the ledger has %v", day, states)
		}
	}
	if n := len(relay.Accepted()); n != 2 {
		t.Errorf("she has %d letters, though what she has was dated later than today", n)
	}

	var days []string
	for day := at("2026-11-24 08:05"); day.Before(at("2027-01-20 00:00")); day = day.AddDate(0, 0, 1) {
		before := len(relay.Accepted())
		for _, hour := range []int{0, 12} {
			st.itBecomes(day.Add(time.Duration(hour) * time.Hour))
			st.until("all is recorded", func() bool { return len(st.states()) == 1 })
		}
		if more := len(relay.Accepted()) - before; more > 0 {
			days = append(days, fmt.Sprintf("%s %d", day.Format("Mon 01-02"), more))
		}
	}
	want := []string{"Tue 12-01 1", "Tue 12-08 1", "Tue 12-15 1", "Tue 12-22 1", "Tue 12-29 1", "Tue 01-05 1"}
	if !slices.Equal(days, want) {
		t.Errorf("the rest came on %v, want %v", days, want)
	}
	for i, l := range relay.Accepted() {
		if title := theCourse().Lessons[min(i, 7)].Title; i > 7 || read(st, l).subject != title {
			t.Errorf("letter %d of %d is %q, want %q", i+1, len(relay.Accepted()), read(st, l).subject, title)
		}
	}
}

// At every dot of a send the clock jumps, to half a day before or two days
// after. The leases are not ours to set, so nobody is taken for dead; everyone
// gets the letter once, at the first attempt.
func TestRow49TheClockJumpsDuringASend(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	moments := []time.Time{at("2026-11-02 20:00"), at("2026-11-05 09:00"), at("2026-11-03 08:00"), at("2026-11-03 07:59:59")}
	relay := st.relay(func(e relaytest.Event) (a relaytest.Action) {
		if e.Stage == relaytest.Dot {
			st.clock.set(moments[e.N%len(moments)])
		}
		return a
	})
	st.crowd(60)
	st.starts(st.worker(connections(2), relay))
	st.until("all is recorded", func() bool {
		if st.clock.Now().Before(at("2026-11-03 08:00")) && st.states()["queued"] > 0 {
			st.clock.set(at("2026-11-03 08:00")) // time goes on after a jump back, too
		}
		st.clock.wake()
		return st.states()["accepted"] == 60
	})
	if n := st.attempts(); n != 60 || len(relay.Received()) != 60 {
		t.Errorf("%d attempts and %d letters, want 60 of each", n, len(relay.Received()))
	}
	if n := st.count(`select count(*) from workers`); n != 1 {
		t.Errorf("%d workers, want the one, never taken for dead", n)
	}
}

// Bo's letter is in doubt when the clock is set back by a day: the quarantine
// may last longer for that, and never shorter, and ends with one copy.
func TestRow49TheClockIsSetBackDuringAQuarantine(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(whenever(relaytest.Dot, relaytest.Action{Drop: true}))
	st.readers(bo)
	st.starts(st.worker(nil, relay))
	st.becomes(bo, "uncertain")
	relay.follows(nil)
	st.itBecomes(at("2026-11-02 08:00"))
	st.passes(14 * time.Minute)
	if got := st.newest(bo); got.State != "uncertain" {
		t.Errorf("his letter is %s while the quarantine lasts, want uncertain", got.State)
	}
	st.itBecomes(at("2026-11-03 08:15"))
	st.becomes(bo, "accepted")
	if n := len(letterTo(relay, bo)); n != 2 {
		t.Errorf("%d letters, want the second copy and no more", n)
	}
}
