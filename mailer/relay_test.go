package mailer_test

import (
	"fmt"
	"strings"
	"testing"

	"fortsatt/mailer"
)

func TestSMTPURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"smtp://user:pass@relay.example":                              "relay.example:587",
		"smtp://user:pass@relay.example:2525":                         "relay.example:2525",
		"smtp://relay.example/":                                       "relay.example:587",
		"smtps://user:pass@relay.example":                             "relay.example:465",
		"smtps://user:pass@relay.example:587":                         "relay.example:587",
		"smtp://127.0.0.1:2525?tls=none":                              "127.0.0.1:2525",
		"smtp://localhost?tls=none":                                   "localhost:587",
		"smtp://[::1]:25?tls=none":                                    "[::1]:25",
		"smtp://user:p%2Ca%2Fs%40s@relay.example":                     "relay.example:587",
		"smtp://user:pass@räksmörgås.example":                         "xn--rksmrgs-5wao1o.example:587",
		"smtp://relay.example, smtps://b:c@other.example:4650":        "relay.example:587 other.example:4650",
		"smtp://mail_server:25,smtp://mail_server:26,smtps://c.local": "mail_server:25 mail_server:26 c.local:465",
	} {
		relays, err := mailer.ParseRelays(url)
		var got []string
		for _, relay := range relays {
			got = append(got, relay.String())
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: got %q (%v), want %q", url, got, err, want)
		}
	}
}

func TestWrongSMTPURLs(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                                "is empty",
		"  ":                              "is empty",
		"hemligt":                         "must begin with smtp://",
		"user:hemligt@relay.example":      "must begin with smtp://",
		"http://user:hemligt@relay.org":   "must begin with smtp://",
		"smtp://user:hem,ligt@relay.org":  "relay 1 of 2: is not of the form",
		"smtp://relay.org,":               "relay 2 of 2: must begin with",
		"smtp://a:b@relay.org,hemligt":    "relay 2 of 2: must begin with smtp:// or smtps:// (write a comma in a password as %2C)",
		"smtp://user:hem/ligt@relay.org":  "is not of the form",
		"smtp://user:hem#ligt@relay.org":  "is not of the form",
		"smtp://user:hem ligt@relay.org":  "is not of the form",
		"smtp://user:hem%zzligt@relay":    "is not of the form",
		"smtp://relay.org#hemligt":        "is not of the form",
		"smtp://user:a@relay.org/hemligt": "is not of the form",
		"smtp://user:hemligt@":            "has no host",
		"smtp://user:hemligt@:25":         "has no host",
		"smtp://user:hemligt@relay:0":     "has an impossible port",
		"smtp://user:hemligt@relay:65536": "has an impossible port",
		"smtp://user@relay.org":           "needs both user and password",
		"smtp://:hemligt@relay.org":       "needs both user and password",
		"smtp://10.0.0.1?tls=none":        "is for loopback only",
		"smtp://relay.org?tls=none":       "is for loopback only",
		"smtp://127.0.0.1.org?tls=none":   "is for loopback only",
		"smtps://127.0.0.1?tls=none":      "nothing but ?tls=none",
		"smtp://127.0.0.1?tls=hemligt":    "nothing but ?tls=none",
		"smtp://a:b@127.0.0.1?hemligt=1":  "nothing but ?tls=none",
	} {
		relays, err := mailer.ParseRelays(url)
		if err == nil {
			t.Errorf("%s: became %v", url, relays)
			continue
		}
		if !strings.HasPrefix(err.Error(), "SMTP_URL") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, want %q", url, err, want)
		}
		if strings.Contains(err.Error(), "hem") || strings.Contains(err.Error(), "ligt") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error tells the password, or has two lines: %q", url, err)
		}
	}
}

func TestARelayPrintsWithoutItsPassword(t *testing.T) {
	t.Parallel()
	relays, err := mailer.ParseRelays("smtp://anna:hemligt@relay.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, value := range []any{relays[0], &relays[0], relays} {
			if got := fmt.Sprintf(verb, value); strings.Contains(got, "hemligt") || !strings.Contains(got, "relay.example:587") {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
}
