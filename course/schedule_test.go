package course

import (
	"slices"
	"testing"
	"time"
)

// almanac is an independent calendar of a zone: it walks the years quarter by
// quarter of an hour and notes what the clock on the wall showed.
type almanac struct {
	days  []string                // local dates in order
	day   map[string]int          // place of a date in days
	wday  map[string]time.Weekday // of a date
	hours map[string][]int        // hours of a date that began on it
}

func newAlmanac(z *time.Location) almanac {
	a := almanac{day: map[string]int{}, wday: map[string]time.Weekday{}, hours: map[string][]int{}}
	end := time.Date(2029, 2, 1, 0, 0, 0, 0, time.UTC)
	for t := time.Date(2025, 12, 30, 0, 0, 0, 0, time.UTC); t.Before(end); t = t.Add(15 * time.Minute) {
		wall := t.In(z)
		date := wall.Format(time.DateOnly)
		if _, known := a.day[date]; !known {
			a.day[date] = len(a.days)
			a.days = append(a.days, date)
			a.wday[date] = wall.Weekday()
		}
		if wall.Minute() == 0 && !slices.Contains(a.hours[date], wall.Hour()) {
			a.hours[date] = append(a.hours[date], wall.Hour())
		}
	}
	return a
}

// next finds the first window on the wall at least five local days after a
// lesson on a date at an hour and minute: the rule of design.md, by looking.
func (a almanac) next(date string, clock string, weekday time.Weekday, hour int) string {
	for i := a.day[date] + 5; ; i++ {
		day := a.days[i]
		if a.wday[day] != weekday {
			continue
		}
		open := hour
		for !slices.Contains(a.hours[day], open) { // skipped by summer time
			open++
		}
		window := time.Date(2000, 1, 1, open, 0, 0, 0, time.UTC).Format("15:04")
		if i > a.day[date]+5 || window >= clock {
			return day + " " + window
		}
	}
}

func TestTheNextLessonIsTheFirstWindowFiveLocalDaysOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone    string
		weekday time.Weekday
		hour    int
		clocks  []string
	}{
		{"Europe/Stockholm", time.Tuesday, 8, []string{"00:00", "02:30", "07:59", "08:00", "08:01", "23:59"}},
		{"Europe/Stockholm", time.Sunday, 2, []string{"00:00", "01:59", "03:01", "23:59"}}, // skipped in March, twice in October
		{"Europe/Stockholm", time.Sunday, 23, []string{"00:00", "22:59", "23:00", "23:01"}},
		{"Europe/Stockholm", time.Monday, 0, []string{"00:00", "00:01", "23:59"}},
		{"America/New_York", time.Sunday, 2, []string{"00:00", "01:00", "03:01", "23:59"}},
		{"America/Santiago", time.Sunday, 0, []string{"01:00", "12:00", "23:59"}}, // midnight itself is skipped
		{"Africa/Cairo", time.Friday, 0, []string{"01:00", "12:00", "22:59"}},
		{"Asia/Kathmandu", time.Friday, 17, []string{"00:00", "16:59", "17:00", "17:01"}},
	} {
		z := zone(c.zone)
		a := newAlmanac(z)
		r := Rhythm{Zone: z, Weekday: c.weekday, Hour: c.hour}
		wrong := 0
		for _, date := range a.days[2 : 2+3*365+1] {
			for _, clock := range c.clocks {
				last, err := time.ParseInLocation("2006-01-02 15:04", date+" "+clock, z)
				if err != nil {
					t.Fatal(err)
				}
				if last.Format("15:04") != clock {
					continue // that minute was skipped
				}
				got, want := r.Next(last).Format("2006-01-02 15:04"), a.next(date, clock, c.weekday, c.hour)
				if got != want && wrong < 5 {
					wrong++
					t.Errorf("%s, %s at %d: after %s %s comes %s, want %s", c.zone, c.weekday, c.hour, date, clock, got, want)
				}
			}
		}
	}
}

func TestALessonInTheFirstMinuteOfTheWindowIsFollowedAWeekLater(t *testing.T) {
	t.Parallel()
	r := natverk.Rhythm
	for _, c := range []struct{ last, want string }{
		{"2026-10-20 08:00", "Tue 2026-10-27 08:00"}, // over the change to winter time: 169 hours
		{"2027-03-23 08:00", "Tue 2027-03-30 08:00"}, // to summer time: 167 hours
		{"2026-11-05 07:59", "Tue 2026-11-10 08:00"}, // Thursday: five days and a minute
		{"2026-11-05 08:00", "Tue 2026-11-10 08:00"}, // five days to the minute
		{"2026-11-05 08:01", "Tue 2026-11-17 08:00"}, // a minute short
		{"2028-02-24 08:00", "Tue 2028-02-29 08:00"}, // leap day
		{"2026-12-29 08:00", "Tue 2027-01-05 08:00"}, // over week 53
	} {
		if got := local(r.Next(at(c.last))); got != c.want {
			t.Errorf("after %s comes %s, want %s", c.last, got, c.want)
		}
	}
}

func TestEarliestIsFiveLocalDaysOn(t *testing.T) {
	t.Parallel()
	got := natverk.Rhythm.Earliest(at("2026-10-22 09:30")) // the clock goes back on the 25th
	if want := at("2026-10-27 09:30"); !got.Equal(want) {
		t.Errorf("earliest %s, want %s", local(got), local(want))
	}
	if got.Sub(at("2026-10-22 09:30")) != 121*time.Hour {
		t.Errorf("that is %s, want 121 hours", got.Sub(at("2026-10-22 09:30")))
	}
}

func TestAPaceStandsInForTheCalendar(t *testing.T) {
	t.Parallel()
	r := natverk.Rhythm
	r.Pace = 10 * time.Second
	last := at("2026-11-05 03:00")
	if got := r.Next(last); !got.Equal(last.Add(10 * time.Second)) {
		t.Errorf("next %s after the last, want 10s", got.Sub(last))
	}
	if got := r.Earliest(last); !got.Equal(last) {
		t.Errorf("earliest %s after the last, want at once", got.Sub(last))
	}
}
