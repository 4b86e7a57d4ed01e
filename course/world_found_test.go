package course

import (
	"strings"
	"testing"
	"time"
)

// What worlds found, kept as stories.

// Anna's letter is in doubt and she leaves, so that it is not repeated. The
// reply comes at last. When she changes her mind she has the letter already.
func TestALateReplySettlesTheLetterOfWhoLeft(t *testing.T) {
	st, now := ready(t)
	c := st.silence(now)[0]
	link := st.UnsubscribeToken(c.DeliveryKey)
	now = now.Add(Quarantine)
	st.must(st.Unsubscribe(st.ctx, now, link))
	st.quarantined(now)
	st.wantLessons(anna, "brev1 cancelled")
	st.ended(now, c, 1, accepted)
	st.wantLessons(anna, "brev1 accepted")
	st.must(st.Rejoin(st.ctx, now.Add(UndoLife/2), link))
	if again := st.claimAll(now.Add(UndoLife)); len(again) != 0 {
		t.Errorf("%s goes out once more, though it was accepted", again[0].Letter)
	}
}

// Anna's letter was handed over twice without a reply, and then she leaves.
// Undoing that brings no third copy: the letter waits for a human, as before.
func TestComingBackBringsNoThirdCopy(t *testing.T) {
	for what, settled := range map[string]bool{"parked": true, "in quarantine": false} {
		t.Run(what, func(t *testing.T) {
			st, now := ready(t)
			st.silence(now)
			now = now.Add(Quarantine)
			st.quarantined(now)
			link := st.UnsubscribeToken(st.silence(now)[0].DeliveryKey)
			if settled {
				st.quarantined(now.Add(Quarantine))
			}
			now = now.Add(Quarantine)
			st.must(st.Unsubscribe(st.ctx, now, link))
			st.quarantined(now)
			st.must(st.Rejoin(st.ctx, now.Add(time.Minute), link))
			st.wantLessons(anna, "brev1 parked")
			if again := st.claimAll(now.Add(UndoLife)); len(again) != 0 {
				t.Errorf("%s goes out a third time", again[0].Letter)
			}
		})
	}
}

// Anna's confirm letter is being sent when an admin takes her off. The relay puts
// it off, or its dot came too late: it does not go out again.
func TestAConfirmLetterOfWhoWasTakenOffDoesNotComeBack(t *testing.T) {
	for what, back := range map[string]func(*story, time.Time, Claimed){
		"put off": func(st *story, now time.Time, c Claimed) {
			st.ended(now, c, 1, Ending{Stage: AtDot, Code: 451, Reply: "451 4.3.0 later"})
		},
		"withdrawn": func(st *story, _ time.Time, c Claimed) { st.must(st.Withdraw(st.ctx, c, 1)) },
		"in doubt": func(st *story, now time.Time, c Claimed) {
			st.ended(now, c, 1, Ending{Stage: AtDot, Reply: "connection lost"})
			st.quarantined(now.Add(Quarantine))
		},
	} {
		t.Run(what, func(t *testing.T) {
			st := begin(t)
			now := at("2026-11-03 08:00")
			st.signUp(now, anna)
			c := st.claimOne(now)
			st.mark(now, c)
			st.must(st.UnsubscribeAddress(st.ctx, now, anna))
			back(st, now, c)
			if again := st.claimAll(now.Add(24 * time.Hour)); len(again) != 0 {
				t.Errorf("%s goes out again", again[0].Letter)
			}
			if row := st.row(c.DeliveryKey); !strings.HasPrefix(row, "cancelled") || !strings.HasSuffix(row, "left") {
				t.Errorf("the letter is %q, want it cancelled, since she was taken off", row)
			}
		})
	}
}
