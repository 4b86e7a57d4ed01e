package course

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// A group may hold records and marks, done and refused: each gets its own answer,
// and nothing waits for another.
func TestAGroupIsAnsweredOneByOne(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo, cilla, "dag@exempel.se", "eva@exempel.se")
	claimed := st.claimAll(now)
	by := func(email string) Claimed {
		return claimed[slices.IndexFunc(claimed, func(c Claimed) bool { return c.Email == email })]
	}
	for _, email := range []string{anna, bo} {
		st.mark(now, by(email))
	}
	st.die(st.worker) // Bo's is in doubt now, as Anna's is; the claims of the others have ended
	var err error
	st.worker, err = st.Join(st.ctx, "the next")
	st.must(err)
	now = now.Add(time.Minute)
	claimed = slices.Concat(claimed[:0:0], st.claimAll(now), []Claimed{by(anna), by(bo)})
	st.leave(now, "dag@exempel.se", "brev1")

	record := func(email string, e Ending) Record {
		return Record{Claimed: by(email), Attempt: 1, Relay: "relay.exempel.se", At: now, Ending: e, Verdict: Judge(e)}
	}
	mark := func(email string) Mark {
		return Mark{Claimed: by(email), Relay: "relay.exempel.se", SHA256: []byte("bytes"), At: now}
	}
	refused, err := st.Advance(st.ctx,
		[]Record{record(anna, accepted), record(bo, Ending{Stage: AtDot, Code: 550, Reply: "550 no"})},
		[]Mark{mark(cilla), mark("dag@exempel.se"), mark("eva@exempel.se")})
	st.must(err)
	if want := []error{nil, ErrFenced, nil}; !slices.Equal(refused, want) {
		t.Errorf("the marks got %v, want %v", refused, want)
	}
	for email, want := range map[string]string{anna: "accepted", bo: "rejected", cilla: "sending", "dag@exempel.se": "cancelled", "eva@exempel.se": "sending"} {
		d := st.key(email, "brev1")
		if got := st.lines(fmt.Sprint(`select state from deliveries where id = `, d.ID)); got[0] != want {
			t.Errorf("the letter to %s is %s, want %s", email, got[0], want)
		}
	}
	st.check()
}

// Why a mark was refused is asked afterwards, when the hold that did it may have
// been released: a letter that its reader may have is given back, never parked.
func TestWhyAMarkWasRefused(t *testing.T) {
	at := time.Date(2026, 11, 3, 8, 0, 0, 123456789, time.UTC)
	stored := at.Truncate(time.Microsecond)
	before := at.Add(-time.Second)
	m := Mark{Claimed: Claimed{Claim: 3, Attempt: 1}, At: at}
	for name, c := range map[string]struct {
		now  stand
		want error
	}{
		"it was made, and the answer lost":     {stand{State: "sending", Claim: 3, Attempt: 2, MarkedAt: &stored}, nil},
		"held":                                 {stand{State: "claimed", Claim: 3, Attempt: 1, Wanted: true}, ErrHeld},
		"the reader may not have it":           {stand{State: "claimed", Claim: 3, Attempt: 1}, ErrFenced},
		"somebody else has claimed it":         {stand{State: "claimed", Claim: 4, Attempt: 1, Wanted: true}, ErrFenced},
		"somebody else has marked it":          {stand{State: "sending", Claim: 4, Attempt: 2, MarkedAt: &stored, Wanted: true}, ErrFenced},
		"it had been marked before":            {stand{State: "sending", Claim: 3, Attempt: 2, MarkedAt: &before, Wanted: true}, ErrFenced},
		"it was taken over and is in doubt":    {stand{State: "uncertain", Claim: 3, Attempt: 2, MarkedAt: &stored, Wanted: true}, ErrFenced},
		"it was queued again":                  {stand{State: "queued", Claim: 3, Attempt: 1, Wanted: true}, ErrFenced},
		"the row is gone":                      {stand{}, ErrFenced},
		"it was cancelled, the reader leaving": {stand{State: "cancelled", Claim: 3, Attempt: 1, Wanted: true}, ErrFenced},
	} {
		if got := c.now.refusal(m); !errors.Is(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
