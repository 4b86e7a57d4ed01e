package course

import (
	"errors"
	"testing"
	"time"
)

// silence sends everything that is ready and hears no reply.
func (st *story) silence(now time.Time) []Claimed {
	st.Helper()
	claimed := st.claimAll(now)
	for _, c := range claimed {
		st.ended(now, c, st.mark(now, c), Ending{Stage: AtDot, Reply: "connection lost"})
	}
	return claimed
}

// quarantined ends the quarantine at now and says on how many letters it decided.
func (st *story) quarantined(now time.Time) int {
	st.Helper()
	n, err := st.EndQuarantine(st.ctx, now, Quarantine)
	st.must(err)
	st.check()
	return n
}

func TestAnUncertainLessonIsSentOnceMore(t *testing.T) {
	st, now := ready(t)
	first := st.silence(now)[0]
	if n := st.quarantined(now.Add(Quarantine - time.Second)); n != 0 {
		t.Errorf("%d letters left the quarantine a second early", n)
	}
	st.wantLessons(anna, "brev1 uncertain")

	now = now.Add(Quarantine)
	if n := st.quarantined(now); n != 1 {
		t.Errorf("the quarantine ended for %d letters, want one", n)
	}
	st.wantLessons(anna, "brev1 queued")
	c := st.claimOne(now)
	if c.Doubts != 1 || string(c.SHA256) == "" || !c.DatedAt.Equal(first.DatedAt) {
		t.Errorf("claimed again as %+v, want one doubt, the bytes' hash and the date %v", c, first.DatedAt)
	}
	st.ended(now, c, st.mark(now, c), accepted)
	status, err := st.Status(st.ctx, now)
	st.must(err)
	if status.Resent != 1 {
		t.Errorf("resent %d, want 1", status.Resent)
	}
}

func TestASecondSilenceWaitsForAHuman(t *testing.T) {
	st, now := ready(t)
	st.silence(now)
	now = now.Add(Quarantine)
	st.quarantined(now)
	st.silence(now)
	st.quarantined(now.Add(Quarantine))
	st.wantLessons(anna, "brev1 parked")
	st.wantWhy(now, anna, 1, "parked, waits for an admin: handed over twice without a reply; see course deliveries list; 2 attempts; second copy after a lost connection")
	if n := st.quarantined(now.Add(100 * Quarantine)); n != 0 {
		t.Errorf("%d letters were decided on once more", n)
	}
}

func TestAnUncertainConfirmLetterIsCancelled(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.signUp(now, anna)
	c := st.silence(now)[0]
	st.quarantined(now.Add(Quarantine))
	if got := st.lines(`select state || ' ' || reason from deliveries`); got[0] != "cancelled no reply" {
		t.Errorf("the confirm letter is %s, want it cancelled: she can ask again", got)
	}
	st.ended(now.Add(2*Quarantine), c, 1, accepted) // the reply comes at last: that is the truth
	if got := st.lines(`select state from deliveries`); got[0] != "accepted" {
		t.Errorf("the confirm letter is %s after a late 250, want accepted", got)
	}
}

func TestAnUncertainLetterIsNotRepeatedToWhoLeft(t *testing.T) {
	st, now := ready(t)
	st.silence(now)
	st.leave(now.Add(time.Minute), anna, "brev1")
	st.quarantined(now.Add(Quarantine))
	st.wantLessons(anna, "brev1 cancelled")
}

// The reply comes at last, when the letter was already queued to go once more,
// and when it was claimed for that: it does not go.
func TestALateReplyStopsTheRepeat(t *testing.T) {
	for what, claimed := range map[string]bool{"queued": false, "claimed": true} {
		t.Run(what, func(t *testing.T) {
			st, now := ready(t)
			c := st.silence(now)[0]
			now = now.Add(Quarantine)
			st.quarantined(now)
			if claimed {
				again := st.claimOne(now)
				st.ended(now, c, 1, accepted)
				if _, err := st.tryMark(now, again, []byte("sum")); !errors.Is(err, ErrFenced) {
					t.Errorf("a letter that was accepted is marked once more: %v", err)
				}
			} else {
				st.ended(now, c, 1, accepted)
				if more := st.claimAll(now); len(more) != 0 {
					t.Errorf("%v goes out though it was accepted", more)
				}
			}
			st.wantLessons(anna, "brev1 accepted")
		})
	}
}

// A worker is taken for dead while it waits, and then hears nothing itself:
// that is one silence, not two.
func TestOneSilenceIsCountedOnce(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	attempt := st.mark(now, c)
	st.exec(`update workers set heartbeat_at = now() - interval '1 hour'`)
	_, err := st.Recover(st.ctx, now, time.Minute)
	st.must(err)
	st.ended(now, c, attempt, Ending{Stage: AtDot, Reply: "connection lost"})
	st.quarantined(now.Add(Quarantine))
	st.wantLessons(anna, "brev1 queued")
}

// A repeat that is refused for now is no copy: only marks are counted.
func TestWithdrawingARepeatCountsNoCopy(t *testing.T) {
	st, now := ready(t)
	st.silence(now)
	now = now.Add(Quarantine)
	st.quarantined(now)
	c := st.claimOne(now)
	st.must(st.Withdraw(st.ctx, c, st.mark(now, c)))
	status, err := st.Status(st.ctx, now)
	st.must(err)
	if status.Resent != 0 {
		t.Errorf("resent %d though no dot was sent, want 0", status.Resent)
	}
}
