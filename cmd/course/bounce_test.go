package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// bounce gives course a mail as a mail server does, through a pipe.
func (h *house) bounce(mail []byte, args ...string) (out string, err error) {
	h.t.Helper()
	cmd := exec.CommandContext(inTime(h.t), h.program, append([]string{"bounce"}, args...)...)
	cmd.Env = h.settings()
	in, err := cmd.StdinPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	said := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	if _, err := in.Write(mail); err != nil {
		h.t.Errorf("the pipe breaks: %v", err)
	}
	in.Close()
	err = cmd.Wait()
	return said.String(), err
}

// sentTo is the address that somebody's letter comes back to.
func (h *house) sentTo(email string) string {
	h.t.Helper()
	for _, letter := range h.relay.Accepted() {
		if letter.To == email {
			return letter.From
		}
	}
	h.t.Fatalf("no letter to %s", email)
	return ""
}

func failed(header string) []byte {
	return fmt.Appendf(nil, `From: MAILER-DAEMON@mx.example.net
%sSubject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; somebody@example.net
Action: failed
Status: 5.1.1

--x--
`, header)
}

// Anna's and Bo's letters come back: of one the mail server says whom it came back to, of
// the other the mail does. Cilla is none the worse. The log names nobody.
func TestBounceSuppressesWhoseLetterCameBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.people("anna@example.se", "bo@example.se", "cilla@example.se")
	h.course("send", "--week", "1", "--yes")
	for _, c := range []struct {
		mail []byte
		args []string
	}{
		{failed("To: brev@example.se\n"), []string{"--recipient=" + h.sentTo("anna@example.se")}},
		{failed("Delivered-To: " + strings.ToUpper(h.sentTo("bo@example.se")) + "\n"), nil},
	} {
		out, err := h.bounce(c.mail, c.args...)
		if want := "a mail came back: hard; the address is suppressed\n"; err != nil || out != want {
			t.Errorf("got %q, %v, want %q", out, err, want)
		}
		out, err = h.bounce(c.mail, c.args...)
		if want := "a mail came back: hard, known before\n"; err != nil || out != want {
			t.Errorf("again: got %q, %v, want %q", out, err, want)
		}
	}
	if n := h.count(`select count(*) from subscribers where state = 'blocked' and email in ('anna@example.se', 'bo@example.se')`); n != 2 {
		t.Errorf("%d of Anna and Bo are suppressed, want both", n)
	}
	if n := h.count(`select count(*) from subscribers where state = 'active' and email = 'cilla@example.se'`); n != 1 {
		t.Error("Cilla is not active any more")
	}
}

// Of a mail of 20 MB the beginning counts, and who writes it is heard out.
func TestBounceHearsAHugeMailOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.people("anna@example.se")
	h.course("send", "--week", "1", "--yes")
	mail := append(failed("To: "+h.sentTo("anna@example.se")+"\n"), bytes.Repeat([]byte("x\n"), 10<<20)...)
	if out, err := h.bounce(mail); err != nil || !strings.Contains(out, "hard") {
		t.Errorf("got %q, %v, want the bounce", out, err)
	}
	if n := h.count(`select max(length(raw)) from returns`); n != 1<<20 {
		t.Errorf("kept %d octets, want 1 MB", n)
	}
}

// Two may not listen at one address; the second says so and does not begin.
func TestWorkerWhoseDoorIsTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.env = append(h.env, "COURSE_INBOUND="+h.relay.Addr())
	p := h.start("worker")
	if code := p.end(); code != exitFailed {
		t.Errorf("got exit code %d, want %d", code, exitFailed)
	}
	if text := p.said.text(); !strings.Contains(text, "course: take returned mail in at COURSE_INBOUND="+h.relay.Addr()+": ") || strings.Count(text, "\n") != 1 {
		t.Errorf("said %q, want one line about the address", text)
	}
}
