package worker_test

import (
	"errors"
	"strings"
	"testing"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// A relay that cannot prove who it is, or does not let us in, gets neither
// password nor letter; the admin hears why. No attempt is burnt, and by a relay
// that is well all goes out.
func TestRow42To44NoLetterWithoutTrust(t *testing.T) {
	plain := "250-relaytest\r\n250 AUTH PLAIN"
	for what, c := range map[string]struct {
		tls     string // the scheme, where the relay speaks TLS
		stage   relaytest.Stage
		reply   string
		reason  string
		letters relaytest.Stage // what must not be heard
	}{
		"STARTTLS stripped":             {"smtp", relaytest.Hello, plain, "STARTTLS", relaytest.Auth},
		"STARTTLS refused":              {"smtp", relaytest.StartTLS, "454 4.7.0 not available", "454", relaytest.Auth},
		"a stranger's certificate":      {"smtp", "", "", "certificate", relaytest.Auth},
		"a stranger's, TLS from before": {"smtps", "", "", "certificate", relaytest.Auth},
		"wrong password":                {"", relaytest.Auth, "535 5.7.8 wrong password", "535", relaytest.Mail},
		"no login":                      {"", relaytest.Hello, "250 relaytest", "log in", relaytest.Mail},
	} {
		t.Run(what, func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			relay := st.relaySpeaking(c.tls, whenever(c.stage, relaytest.Action{Reply: c.reply}))
			st.readers(anna, bo)
			w := st.worker(func(o *worker.Options) {
				if c.tls != "" {
					o.Relays = parsed(st, c.tls+"://brev:losen@"+relay.Addr())
				}
			}, relay)
			err := w.Work(st.ctx, lesson(1), nil)
			if !errors.Is(err, worker.ErrRelayAway) || !strings.Contains(err.Error(), c.reason) || strings.Contains(err.Error(), "losen") {
				t.Errorf("Work ended with %v, want ErrRelayAway with %q, and no password", err, c.reason)
			}
			if n := relay.times(c.letters); n != 0 {
				t.Errorf("went on to %s", c.letters)
			}
			st.wants("queued", 2)
			if n := st.attempts(); n != 0 {
				t.Errorf("%d attempts burnt", n)
			}
			st.must(st.worker(nil, st.relay(nil)).Work(st.ctx, lesson(1), nil))
			st.wants("accepted", 2)
		})
	}
}

// relaySpeaking opens a relay with STARTTLS (smtp), TLS from before (smtps) or none.
func (st *story) relaySpeaking(tls string, rule rule) *relay {
	r := st.relay(rule)
	switch tls {
	case "smtp":
		r.Server = relaytest.NewStartTLS(st, r.behave)
	case "smtps":
		r.Server = relaytest.NewTLS(st, r.behave)
	}
	return r
}

func parsed(st *story, smtpURL string) []mailer.Relay {
	st.Helper()
	relays, err := mailer.ParseRelays(smtpURL)
	st.must(err)
	return relays
}

// A relay's name that leads nowhere is passed over for one that does; alone, it
// lets letters wait with no attempt burnt.
func TestRow46ARelayWithoutAnAddress(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	nowhere := parsed(st, "smtp://brev:losen@relay.invalid")
	st.readers(anna, bo, cilla)
	alone := st.worker(func(o *worker.Options) { o.Relays = nowhere })
	if err := alone.Work(st.ctx, lesson(1), nil); !errors.Is(err, worker.ErrRelayAway) || !strings.Contains(err.Error(), "relay.invalid") {
		t.Errorf("Work ended with %v, want ErrRelayAway and the relay's name", err)
	}
	st.wants("queued", 3)
	if n := st.attempts(); n != 0 {
		t.Errorf("%d attempts burnt", n)
	}
	both := st.worker(func(o *worker.Options) { o.Relays = append(nowhere, o.Relays...) }, st.relay(nil))
	st.must(both.Work(st.ctx, lesson(1), nil))
	st.wants("accepted", 3)
}
