package worker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fortsatt/worker"
)

// Anna joins on a Thursday morning in summer time, Bo on a Monday evening eleven
// days later. Each gets the eight letters in order, once, on Tuesdays at eight
// by the clock on the wall, which is set back on 25 October.
func TestAnnaAndBoInDifferentWeeks(t *testing.T) {
	st := begin(t, "2026-10-01 07:30")
	relay := st.relay(nil)
	st.starts(st.worker(connections(2), relay))
	st.readers(anna)
	st.clock.wake()
	st.took(relay, 1)
	st.becomes(anna, "accepted")

	letters := 1
	step := func(moment time.Time, more int) {
		st.itBecomes(moment)
		letters += more
		st.took(relay, letters)
		st.until("all is recorded", func() bool { return st.states()["accepted"] == len(relay.Accepted()) })
	}
	for day := at("2026-10-02 12:00"); day.Before(at("2026-12-20 12:00")); day = day.AddDate(0, 0, 1) {
		switch day.Weekday() {
		case time.Monday:
			if day.Equal(at("2026-10-12 12:00")) {
				st.clock.set(at("2026-10-12 20:00"))
				st.readers(bo)
				step(at("2026-10-12 20:00"), 1)
			}
			step(day.Add(11*time.Hour), 0)
		case time.Tuesday:
			step(day.Add(-4*time.Hour-time.Second), 0)
			due := 0
			if !day.After(at("2026-11-17 12:00")) {
				due++ // Anna's
			}
			if day.After(at("2026-10-14 12:00")) && !day.After(at("2026-12-01 12:00")) {
				due++ // Bo's
			}
			step(day.Add(-4*time.Hour), due)
		case time.Thursday:
			step(day, 0)
		}
	}

	subject := func(week int) string { return shipped().Courses[0].Lessons[week-1].Title }
	want := map[string][]string{}
	for who, dates := range map[string]string{
		anna: "Thu 10-01 07:30 +0200, Tue 10-06 08:00 +0200, Tue 10-13 08:00 +0200, Tue 10-20 08:00 +0200, " +
			"Tue 10-27 08:00 +0100, Tue 11-03 08:00 +0100, Tue 11-10 08:00 +0100, Tue 11-17 08:00 +0100",
		bo: "Mon 10-12 20:00 +0200, Tue 10-20 08:00 +0200, Tue 10-27 08:00 +0100, Tue 11-03 08:00 +0100, " +
			"Tue 11-10 08:00 +0100, Tue 11-17 08:00 +0100, Tue 11-24 08:00 +0100, Tue 12-01 08:00 +0100",
	} {
		for i, date := range strings.Split(dates, ", ") {
			want[who] = append(want[who], fmt.Sprintf("%s %s", date, subject(i+1)))
		}
	}
	for _, who := range []string{anna, bo} {
		var got []string
		for _, l := range letterTo(relay, who) {
			r := read(st, l)
			date, err := r.Date()
			st.must(err)
			got = append(got, date.Format("Mon 01-02 15:04 -0700 ")+r.subject)
		}
		if !slices.Equal(got, want[who]) {
			t.Errorf("%s got\n%s\nwant\n%s", who, strings.Join(got, "\n"), strings.Join(want[who], "\n"))
		}
		p, err := st.Show(st.ctx, who)
		st.must(err)
		if e := p.Enrolments[0]; e.State != "finished" || e.Position != 8 {
			t.Errorf("%s stands at %+v, want finished", who, e)
		}
	}
}

// Letters leave no faster than the rate; how much slower is not ours to say.
func TestTheRateIsKept(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.crowd(21)
	start := time.Now()
	w := st.worker(func(o *worker.Options) { o.Connections, o.Rate = 4, 20 }, relay)
	st.must(w.Work(st.ctx, lesson(1), nil))
	if d := time.Since(start); d < 20*50*time.Millisecond {
		t.Errorf("21 letters at 20 a second took %s, want a second or more", d)
	}
	st.wants("accepted", 21)
}
