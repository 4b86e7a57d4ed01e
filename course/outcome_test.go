package course

import (
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	names := map[Verdict]string{Accepted: "accepted", Deferred: "deferred", Rejected: "rejected", Uncertain: "uncertain", Refused: "refused"}
	for _, c := range []struct {
		stage    Stage
		code     int
		enhanced string
		want     Verdict
	}{
		// after the dot
		{AtDot, 250, "", Accepted},
		{AtDot, 250, "2.0.0", Accepted},
		{AtDot, 251, "", Accepted},
		{AtDot, 0, "", Uncertain},
		{AtDot, 451, "4.3.0", Deferred},
		{AtDot, 452, "", Deferred},
		{AtDot, 550, "", Rejected},
		{AtDot, 554, "5.6.0", Rejected},
		{AtDot, 552, "5.3.4", Rejected}, // too big
		// the recipient
		{AtRcpt, 550, "5.1.1", Rejected},
		{AtRcpt, 550, "", Rejected},
		{AtRcpt, 553, "5.1.3", Rejected},
		{AtRcpt, 550, "5.2.1", Rejected},
		{AtRcpt, 451, "4.7.1", Deferred}, // greylisting
		{AtRcpt, 450, "", Deferred},
		{AtRcpt, 452, "4.2.2", Deferred},
		{AtData, 451, "", Deferred},
		{AtData, 554, "", Rejected},
		// a lost connection before the dot is harmless
		{AtConnect, 0, "", Refused},
		{AtGreeting, 0, "", Refused},
		{AtTLS, 0, "", Refused},
		{AtAuth, 0, "", Refused},
		{AtMail, 0, "", Refused},
		{AtRcpt, 0, "", Refused},
		{AtData, 0, "", Refused},
		// a verdict on us
		{AtGreeting, 554, "", Refused},
		{AtGreeting, 421, "", Refused},
		{AtTLS, 454, "", Refused},
		{AtAuth, 535, "5.7.8", Refused},
		{AtAuth, 454, "", Refused},
		{AtMail, 550, "", Refused},
		{AtMail, 553, "5.1.8", Refused},
		{AtMail, 451, "", Refused},
		{AtRcpt, 550, "5.7.1", Refused},
		{AtData, 554, "5.7.1", Refused},
		{AtDot, 550, "5.7.26", Refused},
		{AtDot, 554, "5.7.509", Refused},
		// the session ends
		{AtRcpt, 421, "4.3.2", Refused},
		{AtData, 421, "", Refused},
		{AtDot, 421, "", Refused},
		// not 5.7.x
		{AtRcpt, 550, "5.17.1", Rejected},
		{AtDot, 554, "5.70.1", Rejected},
	} {
		if got := Judge(Ending{Stage: c.stage, Code: c.code, Enhanced: c.enhanced}); got != c.want {
			t.Errorf("%s, code %d %s: %s, want %s", c.stage, c.code, c.enhanced, names[got], names[c.want])
		}
	}
}

func TestBackoffDoublesUpToEightHours(t *testing.T) {
	t.Parallel()
	want := []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 8 * time.Hour}
	for i, w := range want {
		if got := Backoff(i + 1); got != w {
			t.Errorf("after %d attempts wait %s, want %s", i+1, got, w)
		}
	}
	if got := Backoff(10_000); got != 8*time.Hour {
		t.Errorf("after 10,000 attempts wait %s, want 8h", got)
	}
}
