package course

import "testing"

// Expectations come from RFC 3463 §3 and delivery.md: hard is only what names the
// recipient's mailbox; 5.7.x speaks of us.
func TestJudgeReturn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind     ReturnedKind
		enhanced string
		code     int
		want     Judgement
	}{
		{ReturnFailed, "5.1.1", 550, Hard},
		{ReturnFailed, "5.1.1", 0, Hard},
		{ReturnFailed, "5.1.2", 550, Hard},
		{ReturnFailed, "5.1.3", 553, Hard},
		{ReturnFailed, "5.1.6", 551, Hard},
		{ReturnFailed, "5.1.10", 556, Hard},
		{ReturnFailed, "5.2.1", 550, Hard},

		{ReturnFailed, "5.7.1", 550, Ours},
		{ReturnFailed, "5.7.26", 550, Ours},
		{ReturnFailed, "5.7.515", 550, Ours},
		{ReturnFailed, "5.1.7", 550, Ours},
		{ReturnFailed, "5.1.8", 553, Ours},

		{ReturnFailed, "", 0, Soft},
		{ReturnFailed, "", 550, Soft},
		{ReturnFailed, "5.0.0", 550, Soft},
		{ReturnFailed, "5.1.0", 550, Soft},
		{ReturnFailed, "5.1.4", 550, Soft},
		{ReturnFailed, "5.1.11", 550, Soft},
		{ReturnFailed, "5.2.0", 550, Soft},
		{ReturnFailed, "5.2.2", 552, Soft},
		{ReturnFailed, "5.2.3", 552, Soft},
		{ReturnFailed, "5.2.10", 550, Soft},
		{ReturnFailed, "5.3.4", 552, Soft},
		{ReturnFailed, "5.4.4", 0, Soft},
		{ReturnFailed, "5.5.0", 550, Soft},
		{ReturnFailed, "4.1.1", 450, Soft},
		{ReturnFailed, "4.2.2", 452, Soft},
		{ReturnFailed, "4.4.7", 0, Soft},
		{ReturnFailed, "5.1.1", 450, Soft}, // says two things at once
		{ReturnFailed, "15.1.1", 550, Soft},

		{ReturnDelayed, "5.1.1", 550, Noted},
		{ReturnDelayed, "4.4.1", 0, Noted},
		{ReturnAutoReply, "5.1.1", 550, Noted},
		{ReturnUnclear, "5.1.1", 550, Noted},
		{"", "5.1.1", 550, Noted},
		{ReturnComplaint, "", 0, Complained},
		{ReturnOptOut, "", 0, OptedOut},
	} {
		if got := JudgeReturn(c.kind, c.enhanced, c.code); got != c.want {
			t.Errorf("%s %q %d is judged %s, want %s", c.kind, c.enhanced, c.code, got, c.want)
		}
	}
}
