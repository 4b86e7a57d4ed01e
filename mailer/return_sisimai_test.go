package mailer_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fortsatt/mailer"
)

// sisimai prints for each file why Debian's Sisimai, which reads bounces for many, thinks that
// the mail came back.
const sisimai = `use strict; use warnings; use Sisimai;
for my $file (@ARGV) {
	my $read = Sisimai->make($file, delivered => 1);
	print $read && @$read ? $read->[0]->reason : "not understood", "\n";
}`

// verdictsOfSisimai are its reasons, by our rule: hard is an address that does not exist or a
// mailbox that is closed. A reason that is not here is soft.
var verdictsOfSisimai = map[string]string{
	"userunknown": "hard", "hasmoved": "hard", "suspend": "hard",
	"delivered": "none", "feedback": "none", "vacation": "none",
	"hostunknown": "hard or soft", // with us the code says which: 5.1.2, or 5.4.4
	"filtered":    "", "onhold": "", "undefined": "", "not understood": "",
}

// Where Sisimai blames the mailbox, and why we do not.
var differs = map[string]string{
	"hotmail-mailbox-unavailable": "5.5.0 mailbox unavailable is also what is said of policy",
	"microsoft-access-denied":     "5.4.1 is no code about the mailbox, and access is what was denied",
	"sender-unknown":              "the unknown user is the sender",
	"status-unknown-said-spam":    "the words take the code back",
	"status-without-action":       "without Action: failed nothing has failed",
}

func TestReturnsAgainstSisimai(t *testing.T) {
	t.Parallel()
	if exec.Command("perl", "-MSisimai", "-e", "1").Run() != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("libsisimai-perl is not installed")
		}
		t.Skip("libsisimai-perl is not installed")
	}
	all := samples(t)
	undecided, differences := 0, 0
	for i, reason := range askSisimai(t, all) {
		name, ours := all[i].name, verdictOn(mailer.ReadReturn(all[i].raw))
		theirs, known := verdictsOfSisimai[reason]
		if !known {
			theirs = "soft"
		}
		why, excused := differs[name]
		switch agree := strings.Contains(theirs, ours); {
		case theirs == "":
			undecided++
		case agree && excused:
			t.Errorf("%s: both say %s, so it is no longer that %s", name, ours, why)
		case agree:
		case excused && ours != "hard":
			differences++
			t.Logf("%s: we say %s, Sisimai %s: %s", name, ours, reason, why)
		default:
			differences++
			t.Errorf("%s: we say %s, Sisimai %s", name, ours, reason)
		}
	}
	decided := len(all) - undecided
	t.Logf("of %d mails Sisimai knows the reason of %d, and we agree on %d", len(all), decided, decided-differences)
	if decided < 100 || 20*differences > decided {
		t.Errorf("got %d differences among %d, want at most one in twenty", differences, decided)
	}
}

func askSisimai(t *testing.T, all []sample) []string {
	t.Helper()
	arguments := []string{"-e", sisimai, "--"}
	for _, s := range all {
		arguments = append(arguments, filepath.Join("testdata/returned", s.name+".eml"))
	}
	out, err := exec.CommandContext(t.Context(), "perl", arguments...).Output()
	if err != nil {
		t.Fatal(err)
	}
	reasons := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(reasons) != len(all) {
		t.Fatalf("got %d reasons for %d mails", len(reasons), len(all))
	}
	return reasons
}

// verdictOn puts our reading into the same words. A letter that is late counts as soft, as it
// does for Sisimai; complaints and answers are not bounces.
func verdictOn(r mailer.Return) string {
	switch {
	case blamesMailbox(r):
		return "hard"
	case r.Kind == mailer.Failed, r.Kind == mailer.Delayed:
		return "soft"
	}
	return "none"
}

// blamesMailbox is the rule for hard bounces: failed, with 5.1.x, but for the codes of the
// sender's own address, or 5.2.1.
func blamesMailbox(r mailer.Return) bool {
	code, sender := r.Enhanced, r.Enhanced == "5.1.7" || r.Enhanced == "5.1.8"
	return r.Kind == mailer.Failed && (strings.HasPrefix(code, "5.1.") && !sender || code == "5.2.1")
}
