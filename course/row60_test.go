package course

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Row 60: Anna is erased while her letter is past its mark. Whatever is heard of
// it afterwards, in whatever order, brings no word of hers back.
func TestRow60ErasedPastTheMark(t *testing.T) {
	quoting := func(stage Stage, code int, enhanced string) Ending {
		return Ending{Stage: stage, Code: code, Enhanced: enhanced, Reply: fmt.Sprintf("%d <%s>", code, anna), QueueID: "Q-" + anna}
	}
	for what, c := range map[string]struct {
		end  Ending
		want string
	}{
		"taken":            {quoting(AtDot, 250, "2.0.0"), "accepted"},
		"refused":          {quoting(AtDot, 554, "5.6.0"), "rejected"},
		"no such mailbox":  {quoting(AtRcpt, 550, "5.1.1"), "rejected"},
		"put off":          {quoting(AtDot, 451, "4.3.0"), "cancelled"},
		"no reply":         {Ending{Stage: AtDot, Reply: "no reply about " + anna}, "uncertain"},
		"taken, long ago":  {quoting(AtDot, 250, "2.0.0"), "accepted"},
		"lost with worker": {quoting(AtDot, 250, "2.0.0"), "accepted"},
	} {
		t.Run(what, func(t *testing.T) {
			st, now := ready(t)
			letter := st.claimOne(now)
			attempt := st.mark(now, letter)
			st.must(st.Erase(st.ctx, now, anna))
			if what == "lost with worker" {
				st.die(st.worker)
			}
			st.check()
			if what == "taken, long ago" {
				st.ended(now, letter, attempt, Ending{Stage: AtDot, Reply: "no reply about " + anna})
				st.endsQuarantine(now.Add(Quarantine))
				st.wantOf(letter.SubscriberID, "brev1 cancelled", "confirm:1 accepted")
			}
			st.ended(now, letter, attempt, c.end)
			st.wantOf(letter.SubscriberID, "brev1 "+c.want, "confirm:1 accepted")
			st.endsQuarantine(now.Add(time.Hour))
			if c.want == "uncertain" {
				st.wantOf(letter.SubscriberID, "brev1 cancelled", "confirm:1 accepted")
			}
			st.nothingOf(anna)
		})
	}
}

func (st *story) endsQuarantine(now time.Time) {
	st.Helper()
	_, err := st.EndQuarantine(st.ctx, now, Quarantine)
	st.must(err)
	st.check()
}

// nothingOf fails the story where the database knows a word.
func (st *story) nothingOf(word string) {
	st.Helper()
	for line := range strings.Lines(st.dump()) {
		if strings.Contains(line, word) || strings.Contains(line, fmt.Sprintf("%x", word)) {
			st.Errorf("the database still says %s", line)
		}
	}
}

// Her letter was not sent after all: it is cancelled, not queued.
func TestRow60ErasedAndWithdrawn(t *testing.T) {
	st, now := ready(t)
	letter := st.claimOne(now)
	attempt := st.mark(now, letter)
	st.must(st.Erase(st.ctx, now, anna))
	st.must(st.Withdraw(st.ctx, letter, attempt))
	st.check()
	st.wantOf(letter.SubscriberID, "brev1 cancelled", "confirm:1 accepted")
}

// An admin cancels what is in doubt; the reply comes after all.
func TestRow60ErasedCancelledAndHeardOf(t *testing.T) {
	st, now := ready(t)
	letter := st.claimOne(now)
	attempt := st.mark(now, letter)
	st.ended(now, letter, attempt, Ending{Stage: AtDot})
	st.must(st.Erase(st.ctx, now, anna))
	if _, changed, err := st.Cancel(st.ctx, now, letter.handle()); err != nil || !changed {
		t.Fatalf("cancelling: %v, %v", changed, err)
	}
	st.ended(now, letter, attempt, Ending{Stage: AtDot, Code: 250, Reply: "250 for " + anna})
	st.wantOf(letter.SubscriberID, "brev1 accepted", "confirm:1 accepted")
	st.nothingOf(anna)
}

// The relay's reply was on its way into the ledger, and had to wait for the
// erasure: it was asked while Anna was known, and is written when she is not.
func TestRow60ARecordThatWaitedForTheErasure(t *testing.T) {
	for what, verdict := range map[string]Ending{
		"taken":   {Stage: AtDot, Code: 250, Reply: "250 for " + anna, QueueID: anna},
		"put off": {Stage: AtDot, Code: 451, Reply: "451 for " + anna},
	} {
		t.Run(what, func(t *testing.T) {
			st, now := ready(t)
			letter := st.claimOne(now)
			attempt := st.mark(now, letter)
			tx := st.db.MustBegin()
			st.must(erase(st.ctx, tx, now, []int64{letter.SubscriberID}))
			done := make(chan error, 1)
			go func() {
				_, err := st.Advance(st.ctx, []Record{{At: now, Claimed: letter, Worker: st.worker, Attempt: attempt, Relay: "relay", Ending: verdict, Verdict: Judge(verdict)}}, nil)
				done <- err
			}()
			st.until(`select count(*) = 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
			st.must(tx.Commit())
			st.must(<-done)
			st.check()
			st.nothingOf(anna)
		})
	}
}

// A late bounce or complaint for who was erased changes nothing, and nothing of
// it is kept.
func TestRow60ALateBounceForWhoWasErased(t *testing.T) {
	for _, state := range []string{"accepted", "uncertain"} {
		t.Run(state, func(t *testing.T) {
			st, now := ready(t)
			d := st.key(anna, "brev1")
			letter := st.claimOne(now)
			end := accepted
			if state == "uncertain" {
				end = Ending{Stage: AtDot}
			}
			st.ended(now, letter, st.mark(now, letter), end)
			st.must(st.Erase(st.ctx, now, anna))
			st.unchanged("what comes back", func() {
				for _, m := range []ReturnedMail{noMailbox, fullBox, isSpam, {Kind: ReturnOptOut}, {Kind: ReturnAutoReply}} {
					m.Diagnostic, m.Raw = anna+" is unknown", []byte(anna)
					if got := st.returned(now, m, d); got.Suppressed {
						t.Errorf("%s gave %+v", m.Kind, got)
					}
				}
			})
			st.endsQuarantine(now.Add(time.Hour))
		})
	}
}
