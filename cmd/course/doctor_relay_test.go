package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
)

// relayFound is what doctor finds at a relay, which stays without letters.
func relayFound(t *testing.T, s *relaytest.Server, set func(*doctor)) []finding {
	t.Helper()
	d := doctorOf(t, atta())
	relays, err := mailer.ParseRelays(strings.Replace(s.URL(), "://", "://course:hemligt@", 1))
	if err != nil {
		t.Fatal(err)
	}
	d.roots = s.Roots()
	if set != nil {
		set(d)
	}
	all := d.examine(t.Context(), []check{func(ctx context.Context) []finding { return d.relay(ctx, relays[0]) }})
	if err := s.WaitIdle(inTime(t)); err != nil {
		t.Errorf("it does not hang up: %v", err)
	}
	if n := len(s.Received()); n > 0 {
		t.Errorf("it sent %d letters", n)
	}
	for _, f := range all {
		if strings.Contains(f.About+f.Found+f.Do, "hemligt") {
			t.Errorf("tells the password: %+v", f)
		}
	}
	return all
}

func TestDoctorOnGoodRelays(t *testing.T) {
	t.Parallel()
	expectFinding(t, relayFound(t, relaytest.NewStartTLS(t, nil), nil), "relay", isOK, "127.0.0.1:", "TLS 1.3", "login accepted", "round trip")
	expectFinding(t, relayFound(t, relaytest.NewTLS(t, nil), nil), "relay", isOK, "TLS 1.3", "login accepted")
	expectFinding(t, relayFound(t, relaytest.New(t, nil), nil), "relay", isOK, "no TLS", "login accepted")
	expectFinding(t, relayFound(t, relaytest.New(t, nil).WithoutPipelining(), nil), "relay", isOK, "no PIPELINING")
}

func TestDoctorOnRelaysInTrouble(t *testing.T) {
	t.Parallel()
	at := func(stage relaytest.Stage, reply string) func(relaytest.Event) relaytest.Action {
		return func(e relaytest.Event) relaytest.Action {
			if e.Stage == stage {
				return relaytest.Action{Reply: reply}
			}
			return relaytest.Action{}
		}
	}
	for name, c := range map[string]struct {
		relay *relaytest.Server
		set   func(*doctor)
		want  verdict
		words []string
	}{
		"unknown certificate":        {relaytest.NewStartTLS(t, nil), func(d *doctor) { d.roots = nil }, isFail, []string{"certificate", "authority that this machine trusts"}},
		"unknown certificate, smtps": {relaytest.NewTLS(t, nil), func(d *doctor) { d.roots = nil }, isFail, []string{"certificate"}},
		"no STARTTLS":                {relaytest.NewStartTLS(t, at(relaytest.Hello, "250-relaytest\r\n250 AUTH PLAIN")), nil, isFail, []string{"does not offer STARTTLS"}},
		"login refused":              {relaytest.NewStartTLS(t, at(relaytest.Auth, "535 5.7.8 wrong password")), nil, isFail, []string{"535 5.7.8 wrong password", "user and password in SMTP_URL"}},
		"turned away":                {relaytest.NewTLS(t, at(relaytest.Connect, "554 5.7.1 not from there")), nil, isFail, []string{"not from there", "ask whoever runs it"}},
		"small letters only":         {relaytest.New(t, at(relaytest.Hello, "250-relaytest\r\n250-SIZE 51200\r\n250 AUTH PLAIN")), nil, isWarn, []string{"50 kB", "SIZE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectFinding(t, relayFound(t, c.relay, c.set), "relay", c.want, c.words...)
		})
	}
}

func TestDoctorOnARelayThatIsAway(t *testing.T) {
	t.Parallel()
	d := doctorOf(t, atta())
	relays, err := mailer.ParseRelays("smtp://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	expectFinding(t, d.relay(t.Context(), relays[0]), "relay", isFail, "127.0.0.1:1", "refused", "host and port")
}

// A relay, a database or a name server that says nothing holds nobody up.
func TestDoctorDoesNotWaitForTheSilent(t *testing.T) {
	t.Parallel()
	began := time.Now()
	silent := zone{}
	for name := range atta() {
		silent[name] = []string{"silent"}
	}
	d := doctorOf(t, silent)
	d.patience = 200 * time.Millisecond
	for _, f := range d.foundInDNS(t) {
		if f.State != isWarn || !strings.Contains(f.Found, "could not be looked up") {
			t.Errorf("got %+v, want a warning", f)
		}
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	d.app = &app{ctx: t.Context()}
	d.DatabaseURL = "postgres://course@" + listener.Addr().String() + "/course?sslmode=disable"
	relays, err := mailer.ParseRelays("smtp://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	all := d.examine(t.Context(), []check{d.database, func(ctx context.Context) []finding { return d.relay(ctx, relays[0]) }})
	expectFinding(t, all, "database", isFail, "away", "DATABASE_URL")
	expectFinding(t, all, "relay", isFail, "smtp greeting")
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}
