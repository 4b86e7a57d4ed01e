package course

import "time"

// Rhythm says when a course's letters go out.
type Rhythm struct {
	Zone    *time.Location
	Weekday time.Weekday
	Hour    int // of the local day, 0–23

	// Pace, if set, is how long a course week lasts; weekday, hour and gap then
	// do not apply. It is for trying a course out.
	Pace time.Duration
}

// MinGapDays is the least number of days between two lessons to one reader.
const MinGapDays = 5

// Next returns when the lesson after one sent at last is due: the first of the
// course's weekdays and hours that is at least MinGapDays later. Days are
// counted on the local calendar, so a change of summer time moves nothing.
func (r Rhythm) Next(last time.Time) time.Time {
	if r.Pace > 0 {
		return last.Add(r.Pace)
	}
	earliest := r.Earliest(last)
	local := earliest.In(r.Zone)
	days := (int(r.Weekday) - int(local.Weekday()) + 7) % 7
	window := r.at(local, days)
	if window.Before(earliest) {
		window = r.at(local, days+7)
	}
	return window
}

// Earliest returns the first moment at which a lesson may follow one sent at last.
func (r Rhythm) Earliest(last time.Time) time.Time {
	if r.Pace > 0 {
		return last
	}
	return last.In(r.Zone).AddDate(0, 0, MinGapDays)
}

// at returns the course's hour on the local day some days on. An hour that a
// change of summer time skips becomes the one after it.
func (r Rhythm) at(day time.Time, days int) time.Time {
	t := time.Date(day.Year(), day.Month(), day.Day()+days, r.Hour, 0, 0, 0, r.Zone)
	if (t.Hour()+1)%24 == r.Hour { // time.Date may choose either side of the gap
		t = t.Add(time.Hour)
	}
	return t
}
