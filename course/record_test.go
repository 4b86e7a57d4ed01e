package course

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// attempts tells every row of attempts, in order.
func (st *story) attempts() []string {
	st.Helper()
	return st.lines(`
		select concat_ws(' ', attempt, outcome, stage, code, enhanced, quote_literal(reply), relay, 'worker', worker - (select min(id) from workers) + 1,
			'marked ' || to_char(marked_at at time zone 'Europe/Stockholm', 'HH24:MI:SS'),
			'ended ' || to_char(ended_at at time zone 'Europe/Stockholm', 'MM-DD HH24:MI:SS'), convert_from(sha256, 'utf8'))
		from attempts where delivery_id in (select id from deliveries where rank = 1) order by delivery_id, attempt`)
}

func (st *story) wantAttempts(want ...string) {
	st.Helper()
	if got := st.attempts(); !slices.Equal(got, want) {
		st.Errorf("attempts:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAnAcceptedLetterIsWrittenDown(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	st.ended(now.Add(2*time.Second), c, st.mark(now.Add(time.Second), c), Ending{Stage: AtDot, Code: 250, Enhanced: "2.0.0", Reply: "250 2.0.0 Ok: queued as 4F", QueueID: "4F"})
	st.wantRow(c.DeliveryKey, "accepted claim 1 attempt 1 free settled 11-03 08:00 250 2.0.0 Ok: queued as 4F 4F")
	st.wantAttempts() // its own row says everything
	if got := st.claimAll(now.AddDate(1, 0, 0)); len(got) != 0 {
		t.Errorf("claimed again: %v", got)
	}
}

func TestEveryAttemptHasItsRow(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	st.ended(now, c, st.mark(now, c), Ending{Stage: AtDot, Code: 451, Enhanced: "4.3.0", Reply: "451 later"})
	st.wantRow(c.DeliveryKey, "deferred claim 1 attempt 1 free ready 11-03 08:15 451 later")

	c = st.claimOne(now.Add(15 * time.Minute))
	st.ended(now.Add(15*time.Minute), c, 0, Ending{Stage: AtRcpt, Code: 450, Reply: "450 greylisted"}) // refused before the mark
	st.wantRow(c.DeliveryKey, "deferred claim 2 attempt 2 free ready 11-03 08:45 450 greylisted")

	c = st.claimOne(now.Add(45 * time.Minute))
	st.ended(now.Add(45*time.Minute), c, st.mark(now.Add(45*time.Minute), c), Ending{Stage: AtDot, Reply: "connection lost"})
	st.wantRow(c.DeliveryKey, "uncertain claim 3 attempt 3 free connection lost")
	if got := st.claimAll(now.AddDate(0, 0, 1)); len(got) != 0 {
		t.Errorf("an uncertain letter is claimed: %v", got)
	}

	st.wantAttempts(
		`1 deferred dot 451 4.3.0 '451 later' relay.exempel.se worker 1 marked 08:00:00 ended 11-03 08:00:00 bytes of lesson:natverk/brev1`,
		`2 deferred rcpt 450  '450 greylisted' relay.exempel.se worker 1 ended 11-03 08:15:00`,
		`3 uncertain dot 0  'connection lost' relay.exempel.se worker 1 marked 08:45:00 ended 11-03 08:45:00 bytes of lesson:natverk/brev1`)
}

func TestARejectionSettlesALetterBeforeAndAfterItsMark(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo)
	for _, c := range st.claimAll(now) {
		attempt := 0
		if c.Email == anna {
			attempt = st.mark(now, c)
		}
		st.ended(now, c, attempt, Ending{Stage: AtRcpt, Code: 550, Enhanced: "5.1.1", Reply: "550 no such user"})
	}
	for _, email := range []string{anna, bo} {
		st.wantRow(st.key(email, "brev1"), "rejected claim 1 attempt 1 free settled 11-03 08:00 550 no such user")
	}
}

// Row 37 of the faults: the reply comes long after the worker was given up.
func TestALate250TurnsUncertainIntoAccepted(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	attempt := st.mark(now, c)
	st.die(st.worker)
	st.wantRow(c.DeliveryKey, "uncertain claim 1 attempt 1 held the worker was lost before it heard the reply")

	late := now.Add(9 * time.Minute)
	st.ended(late, c, attempt, accepted)
	st.wantRow(c.DeliveryKey, "accepted claim 1 attempt 1 free settled 11-03 08:09 250 OK Q1")
	st.wantAttempts(`1 accepted dot 250  '250 OK' relay.exempel.se worker 1 marked 08:00:00 ended 11-03 08:09:00 bytes of lesson:natverk/brev1`)
}

func TestARecordOfAnotherAttemptChangesNothing(t *testing.T) {
	st, now := ready(t)
	first := st.claimOne(now)
	st.ended(now, first, st.mark(now, first), Ending{Stage: AtDot, Code: 451})
	second := st.claimOne(now.Add(time.Hour))
	st.unchanged("a record of the first attempt", func() { st.ended(now, first, 1, accepted) })
	st.unchanged("a record of the first claim, before its mark", func() {
		st.ended(now, first, 0, Ending{Stage: AtRcpt, Code: 550})
	})
	attempt := st.mark(now.Add(time.Hour), second)
	st.unchanged("records of other attempts", func() {
		st.ended(now, first, 1, Ending{Stage: AtRcpt, Code: 550})
		st.ended(now, second, attempt+1, accepted)
		st.ended(now, second, 0, Ending{Stage: AtRcpt, Code: 550})
	})
	st.ended(now.Add(time.Hour), second, attempt, accepted)
	st.unchanged("a record after the letter is settled", func() {
		st.ended(now.Add(time.Hour), second, attempt, Ending{Stage: AtDot})
		st.ended(now.Add(time.Hour), second, attempt, Ending{Stage: AtRcpt, Code: 451})
		st.ended(now.Add(time.Hour), second, attempt, accepted)
	})
}

// 15, 30, 60, 120, 240 minutes and then every eight hours: the seventeenth try
// is 95 h 45 min after the first, and an eighteenth would be past four days.
func TestALetterIsGivenUpAfterFourDays(t *testing.T) {
	st, now := ready(t)
	d := st.key(anna, "brev1")
	greylisted := Ending{Stage: AtRcpt, Code: 451, Reply: "451 not yet"}
	next := now
	for try := 1; try <= 17; try++ {
		if got := st.claimAll(next.Add(-time.Second)); len(got) != 0 {
			t.Fatalf("try %d is a second early", try)
		}
		c := st.claimOne(next)
		if try%2 == 0 {
			st.ended(next, c, 0, greylisted)
		} else {
			st.ended(next, c, st.mark(next, c), greylisted)
		}
		next = next.Add(min(15*time.Minute<<(try-1), 8*time.Hour))
	}
	st.wantRow(d, "rejected claim 17 attempt 17 free settled 11-07 07:45 451 not yet")
}

// The four days are those of trying: a letter that lay while every machine was
// down is tried as long as any other.
func TestALetterThatLayForAWeekIsStillTriedForFourDays(t *testing.T) {
	st, now := ready(t)
	back := now.AddDate(0, 0, 7)
	c := st.claimOne(back)
	st.ended(back, c, st.mark(back, c), Ending{Stage: AtRcpt, Code: 451, Reply: "451 greylisted"})
	st.wantRow(c.DeliveryKey, "deferred claim 1 attempt 1 free ready 11-10 08:15 451 greylisted")
}

// Anna leaves between the mark and the reply. The dot is out and cannot be
// called back, but the letter must never be tried again.
func TestALetterUnderWayToWhoLeftIsNotTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(st *story, now time.Time, c Claimed, attempt int)
		want string
	}{
		"deferred": {func(st *story, now time.Time, c Claimed, attempt int) {
			st.ended(now, c, attempt, Ending{Stage: AtDot, Code: 451, Reply: "451 later"})
		}, "cancelled claim 1 attempt 1 free settled 11-03 08:01 451 later left"},
		"withdrawn": {func(st *story, now time.Time, c Claimed, attempt int) {
			st.must(st.Withdraw(st.ctx, c, attempt))
		}, "cancelled claim 1 attempt 0 free settled 11-03 08:00 left"},
		"accepted": {func(st *story, now time.Time, c Claimed, attempt int) {
			st.ended(now, c, attempt, accepted)
		}, "accepted claim 1 attempt 1 free settled 11-03 08:01 250 OK Q1"},
		"deferred after the worker was lost": {func(st *story, now time.Time, c Claimed, attempt int) {
			st.die(st.worker)
			st.ended(now, c, attempt, Ending{Stage: AtDot, Code: 451, Reply: "451 later"})
		}, "cancelled claim 1 attempt 1 free settled 11-03 08:01 451 later left"},
	} {
		t.Run(name, func(t *testing.T) {
			st, now := ready(t)
			claimed := st.claimOne(now)
			attempt := st.mark(now, claimed)
			st.must(st.Unsubscribe(st.ctx, now.Add(time.Second), st.UnsubscribeToken(claimed.DeliveryKey)))
			st.wantRow(claimed.DeliveryKey, "sending claim 1 attempt 1 held left")
			c.end(st, now.Add(time.Minute), claimed, attempt)
			st.wantRow(claimed.DeliveryKey, c.want)
			st.check()
			if got := st.claimAll(now.AddDate(0, 0, 1)); len(got) != 0 {
				t.Errorf("it is claimed again: %v", got)
			}
		})
	}
}

// And if she comes back before the reply, it is hers again.
func TestALetterUnderWayToWhoLeftAndCameBackIsTriedAgain(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	attempt := st.mark(now, c)
	st.must(st.Unsubscribe(st.ctx, now, st.UnsubscribeToken(c.DeliveryKey)))
	st.must(st.Rejoin(st.ctx, now, st.UnsubscribeToken(c.DeliveryKey)))
	st.wantRow(c.DeliveryKey, "sending claim 1 attempt 1 held")
	st.ended(now, c, attempt, Ending{Stage: AtDot, Code: 451, Reply: "451 later"})
	st.wantRow(c.DeliveryKey, "deferred claim 1 attempt 1 free ready 11-03 08:15 451 later")
}
