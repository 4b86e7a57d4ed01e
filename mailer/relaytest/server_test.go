package relaytest_test

import (
	"fmt"
	stdmail "net/mail"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
)

// transcript plays the client's lines against the relay and returns its replies' codes.
func transcript(t *testing.T, s *relaytest.Server, lines ...string) []string {
	t.Helper()
	conn, err := textproto.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var codes []string
	for _, line := range append([]string{""}, lines...) {
		if line != "" {
			conn.W.WriteString(line)
			conn.W.Flush()
		}
		code, _, err := conn.ReadResponse(0)
		if err != nil {
			return append(codes, "closed")
		}
		codes = append(codes, fmt.Sprint(code))
	}
	return codes
}

func TestStrictness(t *testing.T) {
	t.Parallel()
	const mail, rcpt, data = "MAIL FROM:<a@example.org>\r\n", "RCPT TO:<anna@example.org>\r\n", "DATA\r\n"
	for name, test := range map[string]struct {
		lines []string
		want  string
	}{
		"a letter":             {[]string{"EHLO x\r\n", mail, rcpt, data, "hej\r\n.\r\n"}, "220 250 250 250 354 250"},
		"bare LF in a letter":  {[]string{mail, rcpt, data, "hej\nhopp\r\n.\r\n"}, "220 250 250 354 550"},
		"bare CR in a letter":  {[]string{mail, rcpt, data, "hej\rhopp\r\n.\r\n"}, "220 250 250 354 550"},
		"a line of one LF":     {[]string{mail, rcpt, data, "\n\r\n.\r\n"}, "220 250 250 354 550"},
		"bare LF in a command": {[]string{"EHLO x\n"}, "220 closed"},
		"no MAIL":              {[]string{rcpt}, "220 503"},
		"no RCPT":              {[]string{mail, data}, "220 250 503"},
		"MAIL twice":           {[]string{mail, mail}, "220 250 503"},
		"two recipients":       {[]string{mail, rcpt, rcpt}, "220 250 250 503"},
		"no brackets":          {[]string{"MAIL FROM:a@example.org\r\n"}, "220 503"},
		"RSET forgets":         {[]string{mail, rcpt, "RSET\r\n", data}, "220 250 250 250 503"},
		"unknown":              {[]string{"VRFY anna\r\n"}, "220 500"},
		"a line of 1000":       {[]string{mail, rcpt, data, strings.Repeat("x", 1000) + "\r\n.\r\n"}, "220 250 250 354 550"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := relaytest.New(t, nil).WithoutLint()
			got := strings.Join(transcript(t, s, test.lines...), " ")
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if took := len(s.Accepted()) == 1; took != (name == "a letter") {
				t.Errorf("accepted %d letters", len(s.Accepted()))
			}
		})
	}
}

// Commands may come together, but not ahead of an answer that they depend on.
func TestOutOfTurn(t *testing.T) {
	t.Parallel()
	const mail, rcpt, data = "MAIL FROM:<a@example.org>\r\n", "RCPT TO:<anna@example.org>\r\n", "DATA\r\n"
	for _, test := range []struct{ said, pipelining, stepwise string }{
		{mail + rcpt + data, "250 250 354", "503 closed closed"},
		{"EHLO x\r\n" + mail, "503 closed", "503 closed"},
		{mail + rcpt + data + "hej\r\n.\r\n", "250 250 503", "503 closed closed"},
		{mail + rcpt + "RSET\r\n" + mail, "250 250 250 250", "503 closed closed closed"},
	} {
		for s, want := range map[*relaytest.Server]string{
			relaytest.New(t, nil).WithoutLint():                     test.pipelining,
			relaytest.New(t, nil).WithoutLint().WithoutPipelining(): test.stepwise,
		} {
			conn, err := textproto.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			conn.ReadResponse(220)
			conn.W.WriteString(test.said)
			conn.W.Flush()
			var got []string
			for range strings.Fields(want) {
				code, _, err := conn.ReadResponse(0)
				if err != nil {
					got = append(got, "closed")
				} else {
					got = append(got, fmt.Sprint(code))
				}
			}
			conn.Close()
			if strings.Join(got, " ") != want {
				t.Errorf("%q: got %q, want %q", test.said, got, want)
			}
		}
	}
}

func TestPipeliningIsOffered(t *testing.T) {
	t.Parallel()
	for s, want := range map[*relaytest.Server]bool{
		relaytest.New(t, nil): true, relaytest.New(t, nil).WithoutPipelining(): false,
	} {
		client, err := smtp.Dial(s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := client.Extension("PIPELINING"); got != want {
			t.Errorf("got %t, want %t", got, want)
		}
		client.Close()
	}
}

func TestALetterWithoutItsDotHasNeverBeen(t *testing.T) {
	t.Parallel()
	s := relaytest.New(t, nil)
	transcript(t, s, "MAIL FROM:<a@example.org>\r\n", "RCPT TO:<b@example.org>\r\n", "DATA\r\n")
	if err := s.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Received()); n != 0 {
		t.Errorf("received %d letters, want none", n)
	}
}

// The standard library's client serves as the other opinion on what SMTP is.
func TestWhatWasSentIsWhatIsKept(t *testing.T) {
	t.Parallel()
	s := relaytest.New(t, func(e relaytest.Event) relaytest.Action {
		if e.Stage == relaytest.Dot && e.N == 2 {
			return relaytest.Action{Drop: true}
		}
		return relaytest.Action{}
	}).WithoutLint()
	for i, text := range []string{"one\r\n.dot\r\n..\r\n", "two\r\n", "three\r\n"} {
		to := fmt.Sprintf("reader%d@example.org", i+1)
		err := smtp.SendMail(s.Addr(), nil, "kurs@example.org", []string{to}, []byte(text))
		if failed := err != nil; failed != (i == 1) {
			t.Errorf("letter %d: error %v", i+1, err)
		}
	}
	if err := s.Wait(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	want := []string{"reader1@example.org", "reader3@example.org"}
	if got := recipients(s.Accepted()); !slices.Equal(got, want) {
		t.Errorf("accepted for %q, want %q", got, want)
	}
	want = []string{"reader1@example.org", "reader2@example.org", "reader3@example.org"}
	if got := recipients(s.Received()); !slices.Equal(got, want) {
		t.Errorf("received for %q, want %q", got, want)
	}
	if got := string(s.Accepted()[0].Bytes); got != "one\r\n.dot\r\n..\r\n" {
		t.Errorf("kept %q", got)
	}
}

func TestScriptCounts(t *testing.T) {
	t.Parallel()
	var seen []string
	s := relaytest.New(t, func(e relaytest.Event) relaytest.Action {
		seen = append(seen, fmt.Sprintf("%s %d/%d %s", e.Stage, e.Conn, e.N, e.To))
		return relaytest.Action{}
	})
	for range 2 {
		transcript(t, s, "EHLO x\r\n", "MAIL FROM:<a@example.org>\r\n", "RCPT TO:<b@example.org>\r\n")
	}
	if err := s.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"connect 1/1 ", "EHLO 1/1 ", "MAIL 1/1 ", "RCPT 1/1 b@example.org",
		"connect 2/2 ", "EHLO 2/2 ", "MAIL 2/2 ", "RCPT 2/2 b@example.org",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("saw %q, want %q", seen, want)
	}
}

func TestDelayComesBeforeTheReply(t *testing.T) {
	t.Parallel()
	s := relaytest.New(t, func(relaytest.Event) relaytest.Action {
		return relaytest.Action{Delay: 30 * time.Millisecond}
	})
	start := time.Now()
	transcript(t, s)
	if took := time.Since(start); took < 30*time.Millisecond {
		t.Errorf("the greeting came after %v", took)
	}
}

func recipients(letters []relaytest.Letter) []string {
	var all []string
	for _, letter := range letters {
		all = append(all, letter.To)
	}
	return all
}

// A note is what a test may hand to the relay, and what came of it.
type note struct {
	testing.TB
	errors []string
}

func (n *note) Helper() {}
func (n *note) Errorf(format string, args ...any) {
	n.errors = append(n.errors, fmt.Sprintf(format, args...))
}

// Whoever sends a letter that breaks the rules has a test that fails, and is told which rule.
func TestTheRelayReadsWhatItTakes(t *testing.T) {
	t.Parallel()
	m := mailer.Message{
		From: stdmail.Address{Address: "kurs@example.org"}, To: stdmail.Address{Address: "anna@example.org"}, Subject: "Hej",
		Date: time.Date(2026, time.June, 16, 7, 30, 0, 0, time.UTC), MessageID: "1@example.org",
		Text: []mailer.Piece{mailer.Encode("Hej Åsa!\n")}, HTML: []mailer.Piece{mailer.Encode("<p>Hej Åsa!</p>\n")},
	}
	good, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for letter, want := range map[string]string{
		string(good): "",
		strings.Replace(string(good), "Date:", "X-Date:", 1): "breaks E03",
		strings.Replace(string(good), "anna@", "bo@", 1):     "breaks E06",
	} {
		told := &note{TB: t}
		s := relaytest.New(told, nil)
		if err := smtp.SendMail(s.Addr(), nil, "b@example.org", []string{"anna@example.org"}, []byte(letter)); err != nil {
			t.Fatal(err)
		}
		if err := s.WaitIdle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(told.errors, "\n"); (got != "") != (want != "") || !strings.Contains(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	}
}
