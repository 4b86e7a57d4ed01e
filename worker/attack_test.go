package worker_test

import (
	"bytes"
	"strings"
	"testing"

	"fortsatt/course"
	"fortsatt/mailer/relaytest"
)

// hostileWire would say more to a relay than one letter's envelope, if it were
// let out as it is.
var hostileWire = []string{
	"x@exempel.se>\r\nRCPT TO:<y@exempel.se", "x@exempel.se\r\n.\r\nMAIL FROM:<y@exempel.se>", "x@exempel.se\nDATA", "x@exempel.se\rRSET", "x\x00@exempel.se",
	"x@exempel.se> NOTIFY=SUCCESS", `"x y"@exempel.se`, `"x>"@exempel.se`, "\"x\\\r\n\"@exempel.se", "x@exempel.se,y@exempel.se", "<x@exempel.se>", "x y@exempel.se",
	"x@exempel.se\u2028", "@a,@b:x@exempel.se", "x@[127.0.0.1]", "x@exempel.se\x85",
}

// The ledger holds addresses that no form of ours lets in, as an old dump may,
// and names that would like to be more than names. The relay hears one MAIL and
// one RCPT for each letter that can travel, and not a word of the others.
func TestCVE_2025_59937_OneEnvelopeALetter(t *testing.T) {
	st := begin(t, "2026-11-05 07:30")
	relay := st.relay(nil)
	for i, hostile := range hostileWire {
		if strings.Contains(hostile, "\x00") || strings.Contains(hostile, "\x85") {
			continue // no text of Postgres'
		}
		st.enrolled(st.clock.Now(), course.Person{Address: course.Address(hostile)})
		name := "Eva" + strings.ReplaceAll(hostile, "\x00", "")
		st.enrolled(st.clock.Now(), course.Person{Address: course.Address(string(rune('a'+i)) + "@exempel.se"), Name: name})
	}
	st.must(st.worker(nil, relay).Work(st.ctx, lesson(1), nil))

	sent, good := relay.Accepted(), map[string]bool{}
	for _, letter := range sent {
		if good[letter.To] || len(letter.To) != len("a@exempel.se") {
			t.Errorf("a letter to %q arrived, or arrived twice", letter.To)
		}
		good[letter.To] = true
		if bare := bytes.ReplaceAll(letter.Bytes, []byte("\r\n"), nil); bytes.ContainsAny(bare, "\r\n\x00") {
			t.Errorf("the letter to %s has a CR, LF or NUL of its own", letter.To)
		}
		if head, _, _ := bytes.Cut(letter.Bytes, []byte("\r\n\r\n")); bytes.Contains(head, []byte("RCPT")) || bytes.Contains(head, []byte("DATA")) {
			t.Errorf("the letter to %s says in its header\n%s", letter.To, head)
		}
	}
	if want := st.count(`select count(*) from subscribers where email like '_@exempel.se'`); len(sent) != want {
		t.Errorf("%d letters arrived, want %d", len(sent), want)
	}
	for _, stage := range []relaytest.Stage{relaytest.Mail, relaytest.Rcpt} {
		if n := relay.times(stage); n != len(sent) {
			t.Errorf("the relay heard %s %d times for %d letters", stage, n, len(sent))
		}
	}
	if states := st.states(); states["parked"] != len(sent) {
		t.Errorf("the letters are %v, want those that cannot travel to be parked", states)
	}
}
