package mailer_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
)

const cilla = "cilla@example.net"

// endAnnouncing sends Anna's letter; its dot takes Bo's envelope along.
func endAnnouncing(t *testing.T, conn *mailer.Conn) (mailer.Reply, error) {
	t.Helper()
	next := envelope(bo)
	return sendText(t.Context(), conn, anna, letter, &next)
}

// Bo's letter is announced with Anna's dot, and refused; Cilla's goes on the same connection.
func TestRow30To33TheAnnouncedLetterIsRefused(t *testing.T) {
	t.Parallel()
	for at, want := range map[relaytest.Stage]mailer.Stage{
		relaytest.Mail: mailer.Mail, relaytest.Rcpt: mailer.Rcpt, relaytest.Data: mailer.Data, relaytest.Dot: mailer.Dot,
	} {
		for reply, code := range map[string]int{"450 4.2.0 later": 450, "550-5.1.1 no\r\n550 5.1.1 never": 550} {
			t.Run(want.String()+reply[:3], bothWays(atNth(at, 2, relaytest.Action{Reply: reply}), func(t *testing.T, s *relaytest.Server) {
				conn := dial(t, s, quick(s))
				if reply, err := endAnnouncing(t, conn); err != nil || reply.QueueID != "Q1-1" {
					t.Errorf("Anna's letter: got %v (%v), want 250 and Q1-1", reply, err)
				}
				_, err := send(t.Context(), conn, bo)
				expect(t, err, want, code, false)
				if want != mailer.Dot {
					if err := conn.Reset(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := send(t.Context(), conn, cilla); err != nil {
					t.Errorf("Cilla's letter: %v", err)
				}
				conn.Close()
				settle(t, s, 2, 2)
				if got := recipients(s); !slices.Equal(got, []string{anna, cilla}) {
					t.Errorf("accepted for %q, want Anna and Cilla", got)
				}
			}))
		}
	}
}

func recipients(s *relaytest.Server) (all []string) {
	for _, letter := range s.Accepted() {
		all = append(all, letter.To)
	}
	return all
}

// Anna's letter is refused at its end; Bo's, announced in the same breath, goes through.
func TestRow30And33TheDotBeforeIsRefused(t *testing.T) {
	t.Parallel()
	for reply, code := range map[string]int{"452 4.3.1 disk": 452, "550-5.7.1 no\r\n550 5.7.1 spam": 550} {
		t.Run(reply[:3], bothWays(at(relaytest.Dot, relaytest.Action{Reply: reply}), func(t *testing.T, s *relaytest.Server) {
			conn := dial(t, s, quick(s))
			_, err := endAnnouncing(t, conn)
			expect(t, err, mailer.Dot, code, false)
			if _, err := send(t.Context(), conn, bo); err != nil {
				t.Errorf("Bo's letter: %v", err)
			}
			conn.Close()
			settle(t, s, 1, 1)
			if got := recipients(s); !slices.Equal(got, []string{bo}) {
				t.Errorf("accepted for %q, want Bo", got)
			}
		}))
	}
}

// After 421 the relay hangs up, or ought to: nothing more goes by it.
func TestRow34HungUpAtADotThatAnnounces(t *testing.T) {
	t.Parallel()
	for name, goodbye := range map[string]relaytest.Action{
		"closes": {Reply: "421 4.3.2 shutting down", Drop: true}, "lingers": {Reply: "421 4.3.2 shutting down"},
	} {
		t.Run(name, bothWays(at(relaytest.Dot, goodbye), func(t *testing.T, s *relaytest.Server) {
			conn := dial(t, s, quick(s))
			_, err := endAnnouncing(t, conn)
			expect(t, err, mailer.Dot, 421, true)
			expect(t, conn.Offer(t.Context(), envelope(bo)), mailer.Mail, 0, true)
			settle(t, s, 0, 0)
		}))
	}
}

// The relay drops the connection at Anna's dot: her letter is in doubt, and Bo's has not gone.
func TestRow36NoAnswerToADotThatAnnounces(t *testing.T) {
	t.Parallel()
	s := relaytest.New(t, at(relaytest.Dot, relaytest.Action{Drop: true}))
	conn := dial(t, s, quick(s))
	_, err := endAnnouncing(t, conn)
	expect(t, err, mailer.Dot, 0, true)
	settle(t, s, 0, 1)
}

// Each reply has a wait of its own: that to the dot may be long, those to commands not.
func TestRow37And38WaitsOfAGroup(t *testing.T) {
	t.Parallel()
	t.Run("the dot's is late", func(t *testing.T) {
		t.Parallel()
		s := relaytest.New(t, at(relaytest.Dot, relaytest.Action{Delay: 600 * time.Millisecond}))
		o := quick(s)
		o.Timeout = 300 * time.Millisecond
		conn := dial(t, s, o)
		if reply, err := endAnnouncing(t, conn); err != nil || reply.Code != 250 {
			t.Errorf("got %v (%v), want 250", reply, err)
		}
		if _, err := send(t.Context(), conn, bo); err != nil {
			t.Errorf("Bo's letter: %v", err)
		}
	})
	for at, want := range map[relaytest.Stage]mailer.Stage{
		relaytest.Mail: mailer.Mail, relaytest.Rcpt: mailer.Rcpt, relaytest.Data: mailer.Data,
	} {
		t.Run(want.String()+" hangs", func(t *testing.T) {
			t.Parallel()
			s := relaytest.New(t, atNth(at, 2, relaytest.Action{Hang: true}))
			o := quick(s)
			o.Timeout = 300 * time.Millisecond
			o.ReplyTimeout = time.Hour
			conn := dial(t, s, o)
			if _, err := endAnnouncing(t, conn); err != nil {
				t.Fatal(err)
			}
			expect(t, conn.Offer(t.Context(), envelope(bo)), want, 0, true)
		})
	}
}

// The next letter's address is nothing that this letter should suffer for.
func TestAWrongAddressHarmsNoOtherLetter(t *testing.T) {
	t.Parallel()
	s := relaytest.New(t, nil)
	conn := dial(t, s, quick(s))
	for wrong, stage := range wrongEnvelopes {
		if _, err := sendText(t.Context(), conn, anna, letter, &wrong); err != nil {
			t.Errorf("Anna's letter, before one for %q: %v", wrong.To, err)
		}
		expect(t, conn.Offer(t.Context(), wrong), stage, 0, false)
	}
	conn.Close()
	settle(t, s, len(wrongEnvelopes), len(wrongEnvelopes))
}

// What has been announced cannot be changed for something else; nobody gets anything.
func TestAnAnnouncedLetterIsOfferedOrAborted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do    func(context.Context, *mailer.Conn) error
		stage mailer.Stage
	}{
		"another letter": {func(ctx context.Context, c *mailer.Conn) error { return c.Offer(ctx, envelope(cilla)) }, mailer.Mail},
		"another sender": {func(ctx context.Context, c *mailer.Conn) error {
			return c.Offer(ctx, mailer.Envelope{From: anna, To: bo})
		}, mailer.Mail},
		"a text": {func(ctx context.Context, c *mailer.Conn) error { return c.Write(ctx, []byte(letter)) }, mailer.Data},
		"a dot": {func(ctx context.Context, c *mailer.Conn) error {
			_, err := c.Dot(ctx, nil)
			return err
		}, mailer.Data},
		"a reset": {func(ctx context.Context, c *mailer.Conn) error { return c.Reset(ctx) }, mailer.ResetMail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := relaytest.New(t, nil)
			conn := dial(t, s, quick(s))
			if _, err := endAnnouncing(t, conn); err != nil {
				t.Fatal(err)
			}
			expect(t, test.do(t.Context(), conn), test.stage, 0, true)
			settle(t, s, 1, 1)
		})
	}
}

// Told to stop while the replies for Bo's letter are waited for, we hang up at once.
func TestTheContextEndsAnAnnouncedLetter(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := relaytest.New(t, func(e relaytest.Event) relaytest.Action {
		if e.Stage == relaytest.Mail && e.N == 2 {
			cancel()
			return relaytest.Action{Hang: true}
		}
		return relaytest.Action{}
	})
	conn := dial(t, s, quick(s))
	if _, err := endAnnouncing(t, conn); err != nil {
		t.Fatal(err)
	}
	err := conn.Offer(ctx, envelope(bo))
	if expect(t, err, mailer.Mail, 0, true); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it to say that the context ended", err)
	}
}

// What is offered before TLS, by whoever sits on the line, is not believed under TLS: this
// relay hangs up on a client that does not wait.
func TestRow42PipeliningIsOfferedUnderTLS(t *testing.T) {
	t.Parallel()
	s := relaytest.NewStartTLS(t, at(relaytest.Hello, relaytest.Action{
		Reply: "250-relaytest\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 AUTH PLAIN",
	})).WithoutPipelining()
	conn := dial(t, s, quick(s))
	if _, err := endAnnouncing(t, conn); err != nil {
		t.Error(err)
	}
	if _, err := send(t.Context(), conn, bo); err != nil {
		t.Error(err)
	}
}
