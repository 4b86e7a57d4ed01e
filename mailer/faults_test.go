package mailer_test

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
)

// A test that proves a row of the list of faults to survive (tools/faults.go) has its number.

func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	relay := relayAt(t, "smtp://"+closed.Addr().String()+"?tls=none")
	_, err = relay.Dial(t.Context(), mailer.Options{Hello: "kurs.example.org"})
	expect(t, err, mailer.Connect, 0, true)
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want connection refused", err)
	}
}

func TestRow29And30And33And42And44RefusedBeforeTheFirstLetter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		at    relaytest.Stage
		reply string
		stage mailer.Stage
		code  int
	}{
		"29 greeting 421": {relaytest.Connect, "421 4.3.2 too many connections", mailer.Greeting, 421},
		"29 greeting 554": {relaytest.Connect, "554 5.7.1 go away", mailer.Greeting, 554},
		"30 EHLO 421":     {relaytest.Hello, "421 4.3.2 later", mailer.Hello, 421},
		"33 EHLO 550":     {relaytest.Hello, "550 5.7.1 bad name", mailer.Hello, 550},
		"42 no STARTTLS":  {relaytest.Hello, "250-relaytest\r\n250 AUTH PLAIN", mailer.TLS, 0},
		"42 STARTTLS 454": {relaytest.StartTLS, "454 4.7.0 not just now", mailer.TLS, 454},
		"44 AUTH 535":     {relaytest.Auth, "535 5.7.8 wrong password", mailer.Auth, 535},
		"44 AUTH 454":     {relaytest.Auth, "454 4.7.0 not just now", mailer.Auth, 454},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var after []relaytest.Stage
			s := relaytest.NewStartTLS(t, func(e relaytest.Event) relaytest.Action {
				after = append(after, e.Stage)
				if e.Stage == test.at {
					return relaytest.Action{Reply: test.reply}
				}
				return relaytest.Action{}
			})
			relay := relayAt(t, "smtp://anna:hemligt@"+s.Addr())
			_, err := relay.Dial(t.Context(), quick(s))
			expect(t, err, test.stage, test.code, true)
			if strings.Contains(err.Error(), "hemligt") {
				t.Errorf("the error tells the password: %v", err)
			}
			settle(t, s, 0, 0)
			for _, stage := range after {
				if stage == relaytest.Auth && test.stage != mailer.Auth || stage == relaytest.Mail {
					t.Errorf("went on to %s", stage)
				}
			}
		})
	}
}

// Anna's letter is refused; Bo's goes out on the same connection.
func TestRow30To33And45RefusedAtEachStage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		at       relaytest.Stage
		reply    string
		stage    mailer.Stage
		code     int
		enhanced string
	}{
		"30 MAIL 451":     {relaytest.Mail, "451 4.3.0 disk", mailer.Mail, 451, "4.3.0"},
		"30 RCPT 452":     {relaytest.Rcpt, "452 4.2.2 full", mailer.Rcpt, 452, "4.2.2"},
		"30 DATA 451":     {relaytest.Data, "451 4.3.0 disk", mailer.Data, 451, "4.3.0"},
		"30 dot 452":      {relaytest.Dot, "452 4.3.1 disk", mailer.Dot, 452, "4.3.1"},
		"31 greylisting":  {relaytest.Rcpt, "450 4.7.1 come back in five minutes", mailer.Rcpt, 450, "4.7.1"},
		"32 no such user": {relaytest.Rcpt, "550 5.1.1 no such user", mailer.Rcpt, 550, "5.1.1"},
		"33 MAIL 550":     {relaytest.Mail, "550 5.7.1 you may not", mailer.Mail, 550, "5.7.1"},
		"33 dot 550":      {relaytest.Dot, "550 5.7.515 not authenticated", mailer.Dot, 550, "5.7.515"},
		"45 MAIL 552":     {relaytest.Mail, "552 5.3.4 too big", mailer.Mail, 552, "5.3.4"},
		"45 dot 552":      {relaytest.Dot, "552 5.3.4 too big", mailer.Dot, 552, "5.3.4"},
	} {
		t.Run(name, bothWays(at(test.at, relaytest.Action{Reply: test.reply}), func(t *testing.T, s *relaytest.Server) {
			conn := dial(t, s, quick(s))
			_, err := send(t.Context(), conn, anna)
			if got := expect(t, err, test.stage, test.code, false); got.Reply.Enhanced != test.enhanced {
				t.Errorf("got enhanced code %q, want %q", got.Reply.Enhanced, test.enhanced)
			}
			if test.stage != mailer.Dot {
				if err := conn.Reset(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := send(t.Context(), conn, bo); err != nil {
				t.Errorf("the next letter: %v", err)
			}
			conn.Close()
			settle(t, s, 1, 1)
			if got := s.Accepted(); len(got) == 1 && got[0].To != bo {
				t.Errorf("accepted for %s, want %s", got[0].To, bo)
			}
		}))
	}
}

func TestRow34HungUpBetweenLetters(t *testing.T) {
	t.Parallel()
	for stage, want := range map[relaytest.Stage]mailer.Stage{
		relaytest.Mail: mailer.Mail, relaytest.Rcpt: mailer.Rcpt, relaytest.Data: mailer.Data, relaytest.Dot: mailer.Dot,
	} {
		goodbye := relaytest.Action{Reply: "421 4.3.2 shutting down", Drop: true}
		t.Run(string(stage), bothWays(atNth(stage, 2, goodbye), func(t *testing.T, s *relaytest.Server) {
			conn := dial(t, s, quick(s))
			if _, err := send(t.Context(), conn, anna); err != nil {
				t.Fatal(err)
			}
			_, err := send(t.Context(), conn, bo)
			expect(t, err, want, 421, true)
			settle(t, s, 1, 1)
		}))
	}
}

// What is said at RSET and QUIT changes nothing about the letter before.
func TestRow35AcceptedThenFails(t *testing.T) {
	t.Parallel()
	for name, action := range map[string]relaytest.Action{
		"refused": {Reply: "451 4.3.0 out of order"}, "dropped": {Drop: true}, "nonsense": {Reply: "?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := relaytest.New(t, func(e relaytest.Event) relaytest.Action {
				if e.Stage == relaytest.Quit || e.Stage == relaytest.Reset {
					return action
				}
				return relaytest.Action{}
			})
			first, second := dial(t, s, quick(s)), dial(t, s, quick(s))
			for _, conn := range []*mailer.Conn{first, second} {
				if reply, err := send(t.Context(), conn, anna); err != nil || reply.Code != 250 {
					t.Errorf("got %v (%v), want 250", reply, err)
				}
			}
			if err := first.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
			code := map[string]int{"refused": 451}[name]
			expect(t, second.Reset(t.Context()), mailer.ResetMail, code, true)
			settle(t, s, 2, 2)
		})
	}
}

func TestRow40HungUpInTheMiddleOfALetter(t *testing.T) {
	t.Parallel()
	s := relaytest.New(t, at(relaytest.Body, relaytest.Action{Drop: true}))
	conn := dial(t, s, quick(s))
	body := strings.Repeat("0123456789\r\n", 1<<20) // more than fits between us and the relay
	err := write(t.Context(), conn, anna, body)
	expect(t, err, mailer.Data, 0, true)
	conn.Close()
	settle(t, s, 0, 0)
}

func TestRow41RepliesThatAreNone(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]string{
		"no code":         "hello there",
		"not a number":    "2x0 Ok",
		"too short":       "25",
		"code 999":        "999 Ok",
		"code 100":        "100 Ok",
		"a line of 5 MB":  "250 " + strings.Repeat("x", 5<<20),
		"5 MB of lines":   strings.Repeat("250-more\r\n", 5<<17) + "250 Ok",
		"binary":          "\x00\x01\x02\x03",
		"two codes":       "250-Ok\r\n251 Ok",
		"wrong, positive": "354 go on",
	} {
		for stage, want := range map[relaytest.Stage]mailer.Stage{relaytest.Mail: mailer.Mail, relaytest.Rcpt: mailer.Rcpt} {
			t.Run(name+" at "+string(stage), bothWays(at(stage, relaytest.Action{Reply: reply}), func(t *testing.T, s *relaytest.Server) {
				_, err := send(t.Context(), dial(t, s, quick(s)), anna)
				expect(t, err, want, 0, true)
				settle(t, s, 0, 0)
			}))
		}
	}
}

// A reply too many is noticed when the next question is due or, where all are asked at once,
// by the last, which no answer fits but its own.
func TestRow41OneReplyTooMany(t *testing.T) {
	t.Parallel()
	for stage, next := range map[relaytest.Stage]mailer.Stage{relaytest.Mail: mailer.Rcpt, relaytest.Rcpt: mailer.Data} {
		twice := at(stage, relaytest.Action{Reply: "250 2.0.0 Ok\r\n250 2.0.0 Ok"})
		for s, want := range map[*relaytest.Server]mailer.Stage{
			relaytest.New(t, twice): mailer.Data, relaytest.New(t, twice).WithoutPipelining(): next,
		} {
			_, err := send(t.Context(), dial(t, s, quick(s)), anna)
			expect(t, err, want, 0, true)
			settle(t, s, 0, 0)
		}
	}
}

// A relay that says 250 before the dot is not believed.
func TestRow41TheAnswerBeforeTheQuestion(t *testing.T) {
	eager := relaytest.Action{Reply: "354 go on\r\n250 2.0.0 Ok: queued as ABC"}
	bothWays(at(relaytest.Data, eager), func(t *testing.T, s *relaytest.Server) {
		_, err := send(t.Context(), dial(t, s, quick(s)), anna)
		expect(t, err, mailer.Data, 0, true)
		settle(t, s, 0, 0)
	})(t)
}

func TestRow46NoSuchHost(t *testing.T) {
	t.Parallel()
	o := mailer.Options{Hello: "kurs.example.org", Timeout: 3 * time.Second}
	_, err := relayAt(t, "smtp://relay.invalid").Dial(t.Context(), o)
	expect(t, err, mailer.Connect, 0, true)
}
