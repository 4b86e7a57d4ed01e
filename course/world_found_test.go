package course

import "testing"

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
