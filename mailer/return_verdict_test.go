package mailer_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fortsatt/mailer"
)

// reportOf is a report with a Status and a Diagnostic-Code.
func reportOf(action, status, said string) mailer.Return {
	return mailer.ReadReturn(fmt.Appendf(nil, "From: mailer-daemon@example.net\r\nContent-Type: message/delivery-status\r\n\r\n"+
		"Reporting-MTA: dns; mx.example.net\r\n\r\n"+
		"Final-Recipient: rfc822; anna@example.net\r\nAction: %s\r\nStatus: %s\r\nDiagnostic-Code: smtp; %s\r\n", action, status, said))
}

func TestTheMoreSpecificWins(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status, said, want string
		code               int
	}{
		{"5.1.1", "550 5.1.1 user unknown", "5.1.1", 550},
		{"5.1.1", "", "5.1.1", 0},
		{"", "550 5.1.1 no", "5.1.1", 550},
		{"5.0.0", "550 5.1.1 no", "5.1.1", 550},
		{"5.1.1", "550 5.0.0 no", "5.1.1", 550},
		{"5.0.0", "550 no", "5.0.0", 550},
		{"", "550 no", "", 550},
		{"", "", "", 0},
		{"5.1.0", "550 no such user", "5.1.1", 550},
		{"5.1.10", "550 5.1.1 no such user", "5.1.10", 550},
		// They disagree about whose fault it is: not the mailbox's.
		{"5.1.1", "550 5.7.1 no", "5.7.1", 550},
		{"5.7.1", "550 5.1.1 user unknown", "5.7.1", 550},
		{"5.1.1", "552 5.2.2 no", "5.2.2", 552},
		{"5.4.1", "550 5.1.1 user unknown", "5.4.1", 550},
		{"5.7.0", "550 user unknown", "5.7.0", 550},
		{"5.1.1", "550 5.1.1 greylisted", "4.7.1", 550},
		{"5.1.1", "550 5.1.1 client host blocked", "5.7.1", 550},
		{"5.2.1", "550 5.2.1 mailbox full", "5.2.2", 550},
		{"5.1.1", "550 5.1.1 message too large", "5.3.4", 550},
		{"5.1.1", "550 5.1.1 timed out", "4.4.7", 550},
		{"5.1.2", "550 5.1.2 host unknown", "5.1.2", 550},
		{"5.1.1", "550 5.1.1 host unknown", "5.4.4", 550},
		// They disagree about how long: not for ever.
		{"5.1.1", "450 4.1.1 user unknown", "4.1.1", 450},
		{"5.1.1", "450 user unknown", "4.1.1", 450},
		{"4.1.1", "550 5.1.1 user unknown", "4.1.1", 550},
		{"4.0.0", "550 user unknown", "4.1.1", 550},
		// Names of hosts, addresses and links have no meaning, nor have numbers in them.
		{"5.1.1", "550 5.1.1 <spam.policy@blocked.example.net> user unknown, see https://spam.example.net/blocked", "5.1.1", 550},
		{"", "550 host mx.quota-exceeded.example.net[5.1.1.10] refuses", "", 550},
		{"", "550 from 192.5.1.1 and Software 4.1.1b", "", 550},
		{"", "host mx.example.net said: 550-5.1.1 No such user 550 5.1.1 here", "5.1.1", 550},
		{"", "refused a letter of 550 octets", "", 0},
	} {
		got := reportOf("failed", test.status, test.said)
		if got.Kind != mailer.Failed || got.Enhanced != test.want || got.Code != test.code {
			t.Errorf("%s and %q: got %v %q %d, want failed %q %d", test.status, test.said, got.Kind, got.Enhanced, got.Code, test.want, test.code)
		}
	}
}

func TestOnlyActionFailedFails(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]mailer.ReturnKind{
		"failed": mailer.Failed, "Failed (bounced)": mailer.Failed, "delayed": mailer.Delayed,
		"delivered": mailer.Unclear, "relayed": mailer.Unclear, "expanded": mailer.Unclear, "unfailed": mailer.Unclear, "?": mailer.Unclear,
	} {
		if got := reportOf(action, "5.1.1", "550 5.1.1 user unknown"); got.Kind != want {
			t.Errorf("%s: got %v, want %v", action, got.Kind, want)
		}
	}
}

// No reader is cut off for what was not said about the mailbox: not by unknown words, nor
// where anything speaks for the reader.
func TestNoFalseHardBounce(t *testing.T) {
	t.Parallel()
	words := rapid.SliceOfN(rapid.SampledFrom(strings.Fields("the message was refused by our server mailbox unavailable address "+
		"rejected recipient delivery not accepted transaction failed for anna@example.net error because of this user contact "+
		"postmaster 5.0.0 5.5.0 550 sorry unrouteable requested action taken")), 0, 12)
	vague := rapid.SampledFrom([]string{"", "5.0.0", "5.5.0", "5.3.0", "5.4.0", "5.7.0", "5.7.1", "5.4.4", "5.2.2", "?"})
	excuses := rapid.SampledFrom([]string{"blocked", "listed as SPAM", "5.7.1", "over quota", "mailbox full", "Greylisted", "policy",
		"relay access denied", "Sender address rejected", "too large", "timed out", "connection refused", "temporarily", "DMARC", "4.2.2"})
	rapid.Check(t, func(t *rapid.T) {
		status, said := vague.Draw(t, "status"), "550 "+strings.Join(words.Draw(t, "words"), " ")
		if rapid.Bool().Draw(t, "excuse") {
			status, said = "5.1.1", said+" user unknown "+excuses.Draw(t, "excuse")
		}
		if r := reportOf("failed", status, said); blamesMailbox(r) {
			t.Fatalf("%s and %q: got %q, which blames the mailbox", status, said, r.Enhanced)
		}
	})
}
