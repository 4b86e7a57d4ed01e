package course

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A letter that is put off is nobody's until its moment, says why it waits, and
// forgets it when it is taken up again.
func TestALetterIsPutOff(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna)
	c := st.claimOne(now)
	later := now.Add(time.Hour)
	stale := c
	stale.Claim--
	st.must(st.PutOff(st.ctx, []PutOff{{Claimed: stale, Until: later, Reason: "somebody else's"}}))
	st.must(st.PutOff(st.ctx, []PutOff{{Claimed: c, Until: later, Reason: "the domain is full"}}))
	if got, want := st.row(c.DeliveryKey), "queued claim 1 attempt 0 free ready 11-03 09:00 the domain is full"; got != want {
		t.Errorf("the letter is %q, want %q", got, want)
	}
	until, reason, err := st.PutOffUntil(st.ctx, Scope{Letter: c.Letter})
	st.must(err)
	if !until.Equal(later) || reason != "the domain is full" {
		t.Errorf("put off until %v for %q, want %v for the domain", until, reason, later)
	}
	if n := len(st.claimAll(later.Add(-time.Second))); n != 0 {
		t.Errorf("%d letters claimed before their moment", n)
	}
	status, err := st.Status(st.ctx, now)
	st.must(err)
	if len(status.Stuck) != 1 || status.Stuck[0].Reason != "the domain is full" {
		t.Errorf("the status shows %+v, want the one letter and what it waits for", status.Stuck)
	}
	st.claimOne(later)
	if row := st.row(c.DeliveryKey); strings.Contains(row, "full") {
		t.Errorf("taken up again, the letter is %q", row)
	}
}

// Many workers, and never more on a day than it allows. Those that do not wait
// count, and are not refused.
func TestADayAllowsOnlySoManyLetters(t *testing.T) {
	st := begin(t)
	day := at("2026-11-03 00:00")
	var granted atomic.Int64
	together(8, func(int) {
		for range 10 {
			n, err := st.Warm(st.ctx, day, 0, 3, 100)
			if err != nil {
				t.Error(err)
			}
			granted.Add(int64(n))
		}
	})
	if granted.Load() != 100 {
		t.Errorf("%d letters were allowed, want 100", granted.Load())
	}
	for _, c := range []struct{ hurried, calm, most, want int }{
		{0, 5, 110, 5}, // 105 so far
		{3, 9, 110, 2}, // 110
		{4, 0, 110, 0}, // 114
		{0, 9, 110, 0}, // over it
		{0, 9, 120, 6}, // 120
	} {
		n, err := st.Warm(st.ctx, day, c.hurried, c.calm, c.most)
		st.must(err)
		if n != c.want {
			t.Errorf("%d urgent and %d others of %d: %d were allowed, want %d", c.hurried, c.calm, c.most, n, c.want)
		}
	}
	if n, err := st.Warm(st.ctx, day.AddDate(0, 0, 1), 0, 9, 120); err != nil || n != 9 {
		t.Errorf("the next day allowed %d, want 9: %v", n, err)
	}
}
