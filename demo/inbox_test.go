package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"strings"
	"testing"
	"time"
)

// openInbox listens on loopback and returns the address to send to.
func openInbox(t *testing.T) (*Inbox, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	in := NewInbox()
	served := make(chan error, 1)
	go func() { served <- in.Serve(l) }()
	t.Cleanup(func() {
		in.Close()
		l.Close()
		if err := <-served; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error("serve: ", err)
		}
	})
	return in, l.Addr().String()
}

func send(t *testing.T, addr, from string, to []string, raw string) {
	t.Helper()
	if err := smtp.SendMail(addr, nil, from, to, []byte(raw)); err != nil {
		t.Fatal(err)
	}
}

func letterTo(to, subject, body string) string {
	return "From: Kursen <kurs@example.se>\r\nTo: " + to + "\r\nSubject: " + subject +
		"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + body + "\r\n"
}

func TestTheInboxKeepsWhatTheWireBrought(t *testing.T) {
	t.Parallel()
	in, addr := openInbox(t)
	raw := letterTo("anna@example.se", "Brev 1", "Hej Anna!\r\n.en rad som börjar med punkt\r\n\r\nslut")
	send(t, addr, "studs+a1@example.se", []string{"anna@example.se"}, raw)
	send(t, addr, "", []string{"anna@example.se", "bertil@example.se"}, letterTo("anna@example.se", "Brev 2", "två"))

	letters := in.Letters()
	if len(letters) != 2 {
		t.Fatalf("%d letters, want 2", len(letters))
	}
	first, second := letters[0], letters[1]
	if first.From != "studs+a1@example.se" || strings.Join(first.To, " ") != "anna@example.se" {
		t.Errorf("the first envelope is %q to %q", first.From, first.To)
	}
	if !bytes.Equal(first.Raw, []byte(raw)) {
		t.Errorf("the bytes changed: got\n%q\nwant\n%q", first.Raw, raw)
	}
	if first.Received.IsZero() || second.Received.Before(first.Received) {
		t.Errorf("received at %v and then %v", first.Received, second.Received)
	}
	if second.From != "" || strings.Join(second.To, " ") != "anna@example.se bertil@example.se" {
		t.Errorf("the second envelope is %q to %q", second.From, second.To)
	}
}

func TestEveryLetterOnAConnectionHasItsOwnEnvelope(t *testing.T) {
	t.Parallel()
	in, addr := openInbox(t)
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, to := range []string{"anna@example.se", "bertil@example.se"} {
		if err := errors.Join(c.Mail("kurs@example.se"), c.Rcpt(to)); err != nil {
			t.Fatal(err)
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(letterTo(to, "Brev 1", "hej"))); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if letters := in.Letters(); strings.Join(letters[1].To, " ") != "bertil@example.se" {
		t.Errorf("the second letter is to %v, want Bertil alone", letters[1].To)
	}
}

func TestWaitReturnsAtTheLetterThatIsEnough(t *testing.T) {
	t.Parallel()
	in, addr := openInbox(t)
	asked := make(chan int, 10)
	waited := make(chan error, 1)
	go func() {
		waited <- in.Wait(inTime(t), func(letters []Letter) bool {
			asked <- len(letters)
			return len(letters) == 2
		})
	}()

	for n := range 2 {
		select {
		case got := <-asked:
			if got != n {
				t.Errorf("asked with %d letters, want %d", got, n)
			}
		case err := <-waited:
			t.Fatalf("not asked with %d letters: %v", n, err)
		}
		send(t, addr, "", []string{"anna@example.se"}, letterTo("anna@example.se", "Brev", "hej"))
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

func TestWaitGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := NewInbox().Wait(ctx, func([]Letter) bool { return false })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want context.Canceled", err)
	}
}

func TestTheNewest2000LettersAreKeptUnderTheirNumbers(t *testing.T) {
	t.Parallel()
	in := NewInbox()
	for n := range 2003 {
		in.keep(Letter{Raw: fmt.Appendf(nil, "Subject: %d\r\n\r\n", n+1)})
	}
	letters := in.Letters()
	if len(letters) != 2000 || !strings.HasPrefix(string(letters[0].Raw), "Subject: 4\r\n") {
		t.Errorf("%d letters from %q, want 2000 from the fourth", len(letters), letters[0].Raw)
	}
	if a, ok := in.letter(4); !ok || a.Subject != "4" {
		t.Errorf("number 4 is %q, %v", a.Subject, ok)
	}
	if _, ok := in.letter(3); ok {
		t.Error("number 3 is still there")
	}
}

func TestALetterThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	in, addr := openInbox(t)
	line := strings.Repeat("x", 76) + "\r\n"
	raw := letterTo("anna@example.se", "Stor", strings.Repeat(line, letterBytes/len(line)+1))
	err := smtp.SendMail(addr, nil, "", []string{"anna@example.se"}, []byte(raw))
	if err == nil || !strings.HasPrefix(err.Error(), "552 ") { // RFC 5321, 4.5.3.1.9
		t.Errorf("got error %v, want 552", err)
	}
	if n := len(in.Letters()); n != 0 {
		t.Errorf("%d letters kept, want none", n)
	}
}

// Whoever starts an inbox beside other things may have to stop before it serves.
func TestAnInboxThatIsClosedBeforeItServes(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	in := NewInbox()
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- in.Serve(listener) }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Serve returned %v, want nil", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it serves for ever")
	}
	if err := in.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}
