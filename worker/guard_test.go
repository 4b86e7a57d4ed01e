package worker

import (
	"testing"
	"time"
)

// Eight o'clock plus what passes is late after a second, by either clock.
func TestRow49ADotComesLate(t *testing.T) {
	from := time.Now() // with both clocks
	wall := func(t time.Time) time.Time { return t.Round(0) }
	for what, c := range map[string]struct {
		to   time.Time
		want bool
	}{
		"at once":                         {from.Add(time.Millisecond), false},
		"just in time":                    {from.Add(time.Second), false},
		"stopped for two seconds":         {from.Add(2 * time.Second), true},
		"asleep for an hour, by the wall": {wall(from).Add(time.Hour), true},
		"the wall clock set back":         {wall(from).Add(-time.Hour), false},
	} {
		if got := late(from, c.to, markLife); got != c.want {
			t.Errorf("%s: late is %v, want %v", what, got, c.want)
		}
	}
}
