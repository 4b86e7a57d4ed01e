package mailer_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"fortsatt/mailer"
)

// The relay answers only when it has heard the dot and all three commands for the next: one
// wait for each letter.
func TestALetterCostsOneRoundTrip(t *testing.T) {
	t.Parallel()
	for _, dotted := range []string{letter, "Subject: Hej\r\n\r\n.Hej!\r\n"} {
		stuffed := strings.ReplaceAll(dotted, "\r\n.", "\r\n..")
		p := play(t, append(opening(),
			exchange{stuffed + end + forBo, []string{accepted + mailOK + rcptOK + goOn}},
			exchange{stuffed + end + forAnna, []string{accepted + mailOK + rcptOK + goOn}},
			exchange{stuffed + end, []string{accepted}},
			exchange{quit, []string{bye}},
		), false)
		toAnna, toBo := envelope(anna), envelope(bo)
		for i, next := range []*mailer.Envelope{&toBo, &toAnna, nil} {
			to := []string{anna, bo, anna}[i]
			if reply, err := sendText(t.Context(), p.conn, to, dotted, next); err != nil || reply.QueueID != "Q1" {
				t.Fatalf("letter %d: got %v (%v), want 250 and Q1", i+1, reply, err)
			}
		}
		p.conn.Close()
		if err := <-p.end; err != nil {
			t.Errorf("the relay heard %v", err)
		}
	}
}

// The word on a letter need not wait for the answers to the next: only where they all came
// with it are they here.
func TestAnsweredWhenAllTheAnswersAreHere(t *testing.T) {
	t.Parallel()
	for says, want := range map[string]bool{
		accepted + mailOK + rcptOK + goOn:             true,
		accepted + mailOK + "550 5.1.1 no\r\n" + goOn: true,
		accepted + mailOK + rcptOK:                    false,
		accepted + mailOK + rcptOK + "354 go":         false,
		accepted:                                      false,
	} {
		p := play(t, append(opening(), exchange{letter + end + forBo, []string{says}}), true)
		toBo := envelope(bo)
		if p.conn.Answered() {
			t.Errorf("%q: answered before anything was announced", says)
		}
		if _, err := sendText(t.Context(), p.conn, anna, letter, &toBo); err != nil {
			t.Fatal(err)
		}
		if got := p.conn.Answered(); got != want {
			t.Errorf("%q: answered %v, want %v", says, got, want)
		}
		p.conn.Abort()
		<-p.end
	}
}

// The relay hangs up in the middle of its answers: those given count, the others are missing.
func TestRow36HungUpInTheMiddleOfAGroup(t *testing.T) {
	t.Parallel()
	for says, want := range map[string]mailer.Stage{
		"":                                            mailer.Dot,
		"250":                                         mailer.Dot, // the rest of the line may be anything
		"250 2.0.0 Ok: queued as Q1":                  mailer.Dot,
		"250 2.0.0 Ok: queued as Q1\r":                mailer.Dot,
		"250-2.0.0 Ok: queued as Q1\r\n":              mailer.Dot,
		"250-2.0.0 Ok\r\n550 no\r\n" + mailOK:         mailer.Dot, // whose is the last?
		"250-2.0.0 Ok\r\n" + mailOK[1:]:               mailer.Dot,
		accepted:                                      mailer.Mail,
		"250\r\n":                                     mailer.Mail,
		accepted + "250 2.1.0":                        mailer.Mail,
		accepted + mailOK:                             mailer.Rcpt,
		accepted + mailOK + rcptOK:                    mailer.Data,
		accepted + mailOK + rcptOK + "354 go on":      mailer.Data,
		accepted + mailOK + goOn:                      mailer.Rcpt, // one too few
		accepted + rcptOK + mailOK + rcptOK:           mailer.Data, // one too many
		accepted + "550 5.7.1 no\r\n" + "2":           mailer.Mail,
		accepted + mailOK + "550 5.1.1 no\r\n":        mailer.Rcpt,
		accepted + "250-2.1.0\r\n250" + "-5\r\n" + "": mailer.Mail,
	} {
		p := play(t, append(opening(), exchange{letter + end + forBo, []string{says}}), true)
		reply, err := endAnnouncing(t, p.conn)
		if want == mailer.Dot {
			expect(t, err, mailer.Dot, 0, true)
			continue
		}
		if err != nil || reply.Code != 250 {
			t.Errorf("%q: Anna's letter: got %v (%v), want 250", says, reply, err)
		}
		code := 0
		if strings.Contains(says, "550 ") {
			code = 550
		}
		expect(t, p.conn.Offer(t.Context(), envelope(bo)), want, code, true)
	}
}

// A relay may wait for a text although it has no one to give it to (RFC 2920 §3.1). It gets
// none, and its opinion of that is no letter's.
func TestATextForNobodyIsEnded(t *testing.T) {
	t.Parallel()
	for says, lost := range map[string]bool{
		"554 5.5.1 no valid recipients\r\n":   false,
		"250 2.0.0 Ok: queued as NOTHING\r\n": false,
		"421 4.3.2 shutting down\r\n":         true,
		"what?\r\n":                           true,
	} {
		p := play(t, append(opening(),
			exchange{letter + end + forBo, []string{accepted, mailOK + "550 5.1.1 no such user\r\n" + goOn}},
			exchange{end, []string{says}},
			exchange{"RSET\r\n", []string{"250 2.0.0 Ok\r\n"}},
			exchange{forAnna, []string{mailOK + rcptOK + goOn}},
			exchange{letter + end, []string{accepted}},
			exchange{quit, []string{bye}},
		), false)
		if _, err := endAnnouncing(t, p.conn); err != nil {
			t.Fatal(err)
		}
		expect(t, p.conn.Offer(t.Context(), envelope(bo)), mailer.Rcpt, 550, lost)
		if lost {
			if err := <-p.end; !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%q: the connection ended with %v, want a reset", says, err)
			}
			continue
		}
		if err := p.conn.Reset(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := send(t.Context(), p.conn, anna); err != nil {
			t.Error(err)
		}
		p.conn.Close()
		if err := <-p.end; err != nil {
			t.Errorf("%q: the relay heard %v", says, err)
		}
	}
}

// Where a dot or QUIT could make a letter of nothing, or of half, the connection is reset.
func TestNoLetterIsMadeOfNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		says string
		end  func(*testing.T, *mailer.Conn)
	}{
		"no sender, but a recipient": {accepted + "550 5.7.1 no\r\n" + rcptOK + goOn, func(t *testing.T, c *mailer.Conn) {
			expect(t, c.Offer(t.Context(), envelope(bo)), mailer.Mail, 550, true)
		}},
		"reset when announced": {accepted, func(t *testing.T, c *mailer.Conn) {
			expect(t, c.Reset(t.Context()), mailer.ResetMail, 0, true)
		}},
		"closed when announced": {accepted + mailOK + rcptOK + goOn, func(_ *testing.T, c *mailer.Conn) { c.Close() }},
		"closed when offered": {accepted + mailOK + rcptOK + goOn, func(t *testing.T, c *mailer.Conn) {
			if err := c.Offer(t.Context(), envelope(bo)); err != nil {
				t.Error(err)
			}
			c.Close()
		}},
		"the text is wrong": {accepted + mailOK + rcptOK + goOn, func(t *testing.T, c *mailer.Conn) {
			expect(t, write(t.Context(), c, bo, "a\n.\r\n"), mailer.Data, 0, true)
		}},
		"more than was asked": {accepted + mailOK + "550 5.1.1 no\r\n" + goOn + "250 2.0.0 Ok\r\n", func(t *testing.T, c *mailer.Conn) {
			expect(t, c.Offer(t.Context(), envelope(bo)), mailer.Rcpt, 550, true)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := play(t, append(opening(), exchange{letter + end + forBo, []string{test.says}}), false)
			if _, err := endAnnouncing(t, p.conn); err != nil {
				t.Fatal(err)
			}
			test.end(t, p.conn)
			if err := <-p.end; !errors.Is(err, syscall.ECONNRESET) || errors.Is(err, errOutOfScript) {
				t.Errorf("the connection ended with %v, want a reset and no word", err)
			}
		})
	}
}

// However the network cuts the relay's answers, they mean the same.
func TestAnyCutOfTheAnswersIsTheSame(t *testing.T) {
	t.Parallel()
	const dot = "250-2.0.0 Ok\r\n250 2.0.0 queued as Q1\r\n"
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.SampledFrom([]string{
			dot + mailOK + rcptOK + goOn,
			dot + mailOK + "550-5.1.1 no such\r\n550 5.1.1 user\r\n" + "503 5.5.1 nobody\r\n",
		}).Draw(r, "answers")
		var says []string
		for len(text) > 0 {
			n := rapid.IntRange(1, len(text)).Draw(r, "piece")
			says, text = append(says, text[:n]), text[n:]
		}
		p := play(t, append(opening(), exchange{letter + end + forBo, says}), false)
		defer p.conn.Abort()
		if reply, err := endAnnouncing(t, p.conn); err != nil || reply.QueueID != "Q1" {
			r.Fatalf("Anna's letter: got %v (%v), want 250 and Q1", reply, err)
		}
		err := p.conn.Offer(t.Context(), envelope(bo))
		if strings.Contains(strings.Join(says, ""), "550") {
			refused := expect(t, err, mailer.Rcpt, 550, false)
			if want := (mailer.Reply{Code: 550, Enhanced: "5.1.1", Text: "no such user"}); refused.Reply != want {
				r.Fatalf("got %+v, want %+v", refused.Reply, want)
			}
		} else if err != nil {
			r.Fatalf("Bo's letter: %v", err)
		}
	})
}
