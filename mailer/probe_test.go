package mailer_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
)

// A probe goes as far as a letter would, and sends none.
func TestProbe(t *testing.T) {
	t.Parallel()
	type server = func(testing.TB, func(relaytest.Event) relaytest.Action) *relaytest.Server
	for name, c := range map[string]struct {
		start    server
		user     *url.Userinfo
		secure   bool
		loggedIn bool
	}{
		"STARTTLS":           {relaytest.NewStartTLS, url.UserPassword("anna", "hemligt"), true, true},
		"smtps":              {relaytest.NewTLS, url.UserPassword("anna", "hemligt"), true, true},
		"STARTTLS, no login": {relaytest.NewStartTLS, nil, true, false},
		"loopback":           {relaytest.New, url.UserPassword("anna", "hemligt"), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said []string
			s := c.start(t, func(e relaytest.Event) relaytest.Action {
				verb, _, _ := strings.Cut(e.Line, " ")
				said = append(said, verb)
				return relaytest.Action{}
			})
			address, _ := url.Parse(s.URL())
			address.User = c.user
			p, err := relayAt(t, address.String()).Probe(t.Context(), quick(s))
			if err != nil {
				t.Fatal(err)
			}
			settle(t, s, 0, 0)
			if strings.HasPrefix(p.TLS, "TLS 1.") != c.secure || p.LoggedIn != c.loggedIn || !p.Pipelines || p.RoundTrip <= 0 {
				t.Errorf("got %+v", p)
			}
			if slices.Contains(said, "MAIL") || slices.Contains(said, "AUTH") != c.loggedIn || said[len(said)-1] != "QUIT" {
				t.Errorf("said %q", said)
			}
		})
	}
}

func TestProbeReadsWhatTheRelayOffers(t *testing.T) {
	t.Parallel()
	for offers, want := range map[string]mailer.Probe{
		"250-relaytest\r\n250-PIPELINING\r\n250 SIZE 10240000": {Pipelines: true, Size: 10240000},
		"250-relaytest\r\n250-SIZE 0\r\n250 PIPELINING":        {Pipelines: true},
		"250-relaytest\r\n250 SIZE":                            {},
		"250 relaytest":                                        {},
	} {
		s := relaytest.New(t, func(e relaytest.Event) relaytest.Action {
			if e.Stage == relaytest.Hello {
				return relaytest.Action{Reply: offers}
			}
			return relaytest.Action{}
		})
		got, err := relayAt(t, s.URL()).Probe(t.Context(), quick(s))
		if err != nil {
			t.Fatal(err)
		}
		if got.Pipelines != want.Pipelines || got.Size != want.Size {
			t.Errorf("%q: got %+v, want %+v", offers, got, want)
		}
	}
}

// Whatever stops a session stops a probe, and no connection is left behind.
func TestProbeSaysWhereItEnds(t *testing.T) {
	t.Parallel()
	for stage, want := range map[relaytest.Stage]mailer.Stage{
		relaytest.Connect: mailer.Greeting, relaytest.Hello: mailer.Hello, relaytest.Auth: mailer.Auth, relaytest.Reset: mailer.ResetMail,
	} {
		s := relaytest.New(t, func(e relaytest.Event) relaytest.Action {
			if e.Stage == stage {
				return relaytest.Action{Reply: "554 5.7.1 not you"}
			}
			return relaytest.Action{}
		})
		_, err := relayAt(t, strings.Replace(s.URL(), "://", "://anna:hemligt@", 1)).Probe(t.Context(), quick(s))
		if got := expect(t, err, want, 554, true); got.Reply.Enhanced != "5.7.1" {
			t.Errorf("got %v, want the relay's own words", got)
		}
		settle(t, s, 0, 0)
	}
}
