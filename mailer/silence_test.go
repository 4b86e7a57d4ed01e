package mailer_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
)

// The one case that nobody can decide: the relay has the letter, and we have no answer.
func TestRow36And38And39And41NoAnswerToTheDot(t *testing.T) {
	t.Parallel()
	for name, action := range map[string]relaytest.Action{
		"36 dropped":        {Drop: true},
		"38 hangs for ever": {Hang: true},
		"39 tarpit":         {Reply: "250 2.0.0 " + strings.Repeat("slowly ", 100), Drip: 20 * time.Millisecond},
		"41 malformed":      {Reply: "25O Ok"},
		"41 two codes":      {Reply: "250-Ok\r\n550 no"},
		"41 endless line":   {Reply: "250 " + strings.Repeat("x", 5<<20)},
		"41 out of place":   {Reply: "354 go on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := relaytest.New(t, at(relaytest.Dot, action))
			o := quick(s)
			o.ReplyTimeout = 300 * time.Millisecond
			_, err := send(t.Context(), dial(t, s, o), anna)
			expect(t, err, mailer.Dot, 0, true)
		})
	}
}

// The relay takes longer over the letter than over any command, and we are told to stop
// meanwhile: the answer is waited for all the same.
func TestRow37ALateAnswerIsAnAnswer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := relaytest.New(t, func(e relaytest.Event) relaytest.Action {
		if e.Stage == relaytest.Dot {
			cancel()
			return relaytest.Action{Delay: 600 * time.Millisecond}
		}
		return relaytest.Action{}
	})
	o := quick(s)
	o.Timeout = 300 * time.Millisecond
	reply, err := send(ctx, dial(t, s, o), anna)
	if err != nil || reply.Code != 250 {
		t.Errorf("got %v (%v), want 250", reply, err)
	}
}

func TestRow38And39SilenceEndsEachStage(t *testing.T) {
	t.Parallel()
	for stage, normal := range map[relaytest.Stage]struct {
		stage mailer.Stage
		code  string
	}{
		relaytest.Connect: {mailer.Greeting, "220 "}, relaytest.Hello: {mailer.Hello, "250 "},
		relaytest.StartTLS: {mailer.TLS, "220 "}, relaytest.Auth: {mailer.Auth, "235 "},
		relaytest.Mail: {mailer.Mail, "250 "}, relaytest.Rcpt: {mailer.Rcpt, "250 "}, relaytest.Data: {mailer.Data, "354 "},
	} {
		tarpit := relaytest.Action{Reply: normal.code + strings.Repeat("slowly ", 1000), Drip: 20 * time.Millisecond}
		for name, action := range map[string]relaytest.Action{"hang": {Hang: true}, "tarpit": tarpit} {
			want := normal.stage
			t.Run(want.String()+" "+name, func(t *testing.T) {
				t.Parallel()
				s := relaytest.NewStartTLS(t, at(stage, action))
				o := quick(s)
				o.Timeout = 400 * time.Millisecond
				_, err := dialAndSend(t.Context(), t, s, o)
				expect(t, err, want, 0, true)
				if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
					t.Errorf("got %v, want a timeout", err)
				}
			})
		}
	}
}

// The refusal counts, but the rest of it would be the answer to the next command.
func TestRow39ARefusalThatBreaksOff(t *testing.T) {
	t.Parallel()
	slow := relaytest.Action{Reply: "550 5.1.1 " + strings.Repeat("slowly ", 1000), Drip: 10 * time.Millisecond}
	s := relaytest.New(t, at(relaytest.Rcpt, slow))
	o := quick(s)
	o.Timeout = 500 * time.Millisecond
	_, err := dialAndSend(t.Context(), t, s, o)
	expect(t, err, mailer.Rcpt, 550, true)
}

func dialAndSend(ctx context.Context, t *testing.T, s *relaytest.Server, o mailer.Options) (mailer.Reply, error) {
	t.Helper()
	_, rest, _ := strings.Cut(s.URL(), "://")
	scheme, _, _ := strings.Cut(s.URL(), ":")
	conn, err := relayAt(t, scheme+"://anna:hemligt@"+rest).Dial(ctx, o)
	if err != nil {
		return mailer.Reply{}, err
	}
	t.Cleanup(conn.Abort)
	return send(ctx, conn, anna)
}

// Told to stop before the dot, we hang up at once, wherever we are.
func TestTheContextEndsEachWait(t *testing.T) {
	t.Parallel()
	for stage, want := range map[relaytest.Stage]mailer.Stage{
		relaytest.Hello: mailer.Hello, relaytest.StartTLS: mailer.TLS, relaytest.Auth: mailer.Auth,
		relaytest.Mail: mailer.Mail, relaytest.Rcpt: mailer.Rcpt, relaytest.Data: mailer.Data,
	} {
		t.Run(want.String(), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			s := relaytest.NewStartTLS(t, func(e relaytest.Event) relaytest.Action {
				if e.Stage == stage {
					cancel()
					return relaytest.Action{Hang: true}
				}
				return relaytest.Action{}
			})
			s.WithoutPipelining() // where several answers are waited for, any stage may be named
			_, err := dialAndSend(ctx, t, s, quick(s))
			expect(t, err, want, 0, true)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want it to say that the context ended", err)
			}
		})
	}
}
