package mailer_test

import (
	"context"
	"errors"
	"net/mail"
	"testing"
	"time"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
)

// What the stories about sessions are told with.

const (
	sender = "b+3f6c1e@example.org"
	anna   = "anna@example.net"
	bo     = "bo@example.net"
)

// letter is Anna's lesson as it travels.
var letter = letterTo(anna)

// letterTo is somebody's lesson.
func letterTo(to string) string {
	m := lesson()
	m.To = mail.Address{Address: to}
	raw, err := m.Bytes()
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// quick are Options for relays that answer at once. A test that needs a wait to run out
// shortens it further.
func quick(s *relaytest.Server) mailer.Options {
	return mailer.Options{
		Hello:        "kurs.example.org",
		Timeout:      20 * time.Second,
		ReplyTimeout: 20 * time.Second,
		RootCAs:      s.Roots(),
	}
}

func relayAt(t testing.TB, url string) mailer.Relay {
	t.Helper()
	relays, err := mailer.ParseRelays(url)
	if err != nil {
		t.Fatal(err)
	}
	return relays[0]
}

func dial(t testing.TB, s *relaytest.Server, o mailer.Options) *mailer.Conn {
	t.Helper()
	conn, err := relayAt(t, s.URL()).Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Abort)
	return conn
}

// bothWays tells a story with a relay that pipelines, and with one that does not.
func bothWays(behave func(relaytest.Event) relaytest.Action, story func(*testing.T, *relaytest.Server)) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		t.Run("pipelining", func(t *testing.T) {
			t.Parallel()
			story(t, relaytest.New(t, behave))
		})
		t.Run("step by step", func(t *testing.T) {
			t.Parallel()
			story(t, relaytest.New(t, behave).WithoutPipelining())
		})
	}
}

// send offers a letter, writes it and ends it.
func send(ctx context.Context, conn *mailer.Conn, to string) (mailer.Reply, error) {
	return sendText(ctx, conn, to, letterTo(to), nil)
}

func sendText(ctx context.Context, conn *mailer.Conn, to, text string, next *mailer.Envelope) (mailer.Reply, error) {
	if err := write(ctx, conn, to, text); err != nil {
		return mailer.Reply{}, err
	}
	return conn.Dot(ctx, next)
}

// write sends a letter up to its dot.
func write(ctx context.Context, conn *mailer.Conn, to, text string) error {
	if err := conn.Offer(ctx, envelope(to)); err != nil {
		return err
	}
	return conn.Write(ctx, []byte(text))
}

func envelope(to string) mailer.Envelope { return mailer.Envelope{From: sender, To: to} }

// at makes a script that does one thing, the first time that a stage is reached.
func at(stage relaytest.Stage, action relaytest.Action) func(relaytest.Event) relaytest.Action {
	return atNth(stage, 1, action)
}

func atNth(stage relaytest.Stage, n int, action relaytest.Action) func(relaytest.Event) relaytest.Action {
	return func(e relaytest.Event) relaytest.Action {
		if e.Stage == stage && e.N == n {
			return action
		}
		return relaytest.Action{}
	}
}

// expect wants an Error at a stage, with a code or (0) without a reply.
func expect(t *testing.T, err error, stage mailer.Stage, code int, lost bool) *mailer.Error {
	t.Helper()
	var got *mailer.Error
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want an Error at %s", err, stage)
	}
	if got.Stage != stage || got.Reply.Code != code || got.Lost != lost {
		t.Errorf("got stage %s, code %d, lost %t; want %s, %d, %t (%v)",
			got.Stage, got.Reply.Code, got.Lost, stage, code, lost, err)
	}
	return got
}

// settle waits until the relay has seen the end of every connection, and counts what it has.
func settle(t *testing.T, s *relaytest.Server, accepted, received int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.WaitIdle(ctx); err != nil {
		t.Fatalf("a connection was left open: %v", err)
	}
	if a, r := len(s.Accepted()), len(s.Received()); a != accepted || r != received {
		t.Errorf("the relay accepted %d and received %d letters, want %d and %d", a, r, accepted, received)
	}
}
