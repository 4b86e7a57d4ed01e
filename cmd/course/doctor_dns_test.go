package main

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"fortsatt/mailer"
)

// atta is a domain where all is as it should be: letters are from attabrev.example, and go
// by smtp.relay.example.
var atta = sync.OnceValue(func() zone {
	return zone{
		"a.root-servers.net A":                  {"198.41.0.4"},
		"attabrev.example TXT":                  {"some-verification=abc", "v=spf1 include:spf.relay.example -all"},
		"spf.relay.example TXT":                 {"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"},
		"smtp.relay.example A":                  {"192.0.2.7"},
		"smtp.relay.example AAAA":               {"2001:db8::7"},
		"attabrev.example MX":                   {"10 mx.attabrev.example."},
		"mx.attabrev.example A":                 {"198.51.100.1"},
		"_dmarc.attabrev.example TXT":           {"v=DMARC1; p=quarantine; rua=mailto:rua@attabrev.example"},
		"brev._domainkey.attabrev.example TXT":  {"v=DKIM1; k=rsa; p=" + spki(attaKeys().rsa.Public())},
		"brev2._domainkey.attabrev.example TXT": {"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(attaKeys().ed)},
	}
})

type keyPair struct {
	rsa, other *rsa.PrivateKey
	ed         ed25519.PublicKey
}

var attaKeys = sync.OnceValue(func() (k keyPair) {
	var errs [3]error
	k.rsa, errs[0] = rsa.GenerateKey(rand.Reader, 2048)
	k.other, errs[1] = rsa.GenerateKey(rand.Reader, 2048)
	k.ed, _, errs[2] = ed25519.GenerateKey(rand.Reader)
	if errs != [3]error{} {
		panic(fmt.Sprint(errs))
	}
	return k
})

func spki(key crypto.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// doctorOf is one for attabrev.example, where DNS knows the zone.
func doctorOf(t testing.TB, z zone) *doctor {
	t.Helper()
	relays, err := mailer.ParseRelays("smtp://course:hemligt@smtp.relay.example")
	if err != nil {
		t.Fatal(err)
	}
	d := &doctor{dns: dns{z.served(t)}, now: time.Now, patience: time.Minute}
	d.from = mail.Address{Address: "brev@attabrev.example"}
	d.relays = relays
	d.keys = []dkimKey{
		{"attabrev.example", "brev", attaKeys().rsa.Public()},
		{"attabrev.example", "brev2", attaKeys().ed},
	}
	return d
}

// foundInDNS is all that doctor finds there.
func (d *doctor) foundInDNS(t testing.TB) []finding { return d.examine(t.Context(), d.inDNS()) }

// expectFinding wants one finding of a check with that verdict, which tells these words. What is
// not ok says what to do.
func expectFinding(t *testing.T, all []finding, check string, want verdict, words ...string) {
	t.Helper()
	for _, f := range all {
		if (f.State == isOK) != (f.Do == "") {
			t.Errorf("%s is %s, to do: %q", f.Check, f.State, f.Do)
		}
	}
	for _, f := range all {
		told := f.About + ": " + f.Found + "; " + f.Do
		if f.Check == check && f.State == want && containsAll(told, words) {
			return
		}
	}
	t.Errorf("got %+v\nwant %s to be %s and tell %q", all, check, want, words)
}

func containsAll(text string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			return false
		}
	}
	return true
}

func TestDoctorFindsAGoodDomainGood(t *testing.T) {
	t.Parallel()
	all := doctorOf(t, atta()).foundInDNS(t)
	for _, f := range all {
		if f.State != isOK {
			t.Errorf("got %+v, want all ok", f)
		}
	}
	for check, n := range map[string]int{"spf": 2, "dkim": 2, "dmarc": 1, "alignment": 1, "mx": 1} {
		for range n {
			expectFinding(t, all, check, isOK)
		}
		if got := countOf(all, check); got != n {
			t.Errorf("got %d findings of %s, want %d", got, check, n)
		}
	}
}

func countOf(all []finding, check string) (n int) {
	for _, f := range all {
		if f.Check == check {
			n++
		}
	}
	return n
}

// A resolver that is away, or that knows only its own network, is no fault of the domain.
func TestDoctorWithoutDNS(t *testing.T) {
	t.Parallel()
	away := zone{}
	for name := range atta() {
		away[name] = []string{"away"}
	}
	for name, z := range map[string]zone{"answers SERVFAIL": away, "knows only its own network": {"printer.home.arpa A": {"192.168.0.9"}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := doctorOf(t, z).foundInDNS(t)
			if len(all) != 5 {
				t.Errorf("got %d findings, want one of each check", len(all))
			}
			for _, f := range all {
				if f.State != isWarn || !strings.Contains(f.Found, "could not be looked up") {
					t.Errorf("got %+v, want a warning that it could not be looked up", f)
				}
			}
		})
	}
}

// Names go out as they stand, whatever search domains this machine has.
func TestDoctorAsksForWholeNames(t *testing.T) {
	t.Parallel()
	asked := &names{resolver: atta().served(t)}
	d := doctorOf(t, atta())
	d.dns = dns{asked}
	d.foundInDNS(t)
	if len(asked.all) < 8 {
		t.Errorf("asked for %q, want more", asked.all)
	}
	for _, name := range asked.all {
		if !strings.HasSuffix(name, ".") || strings.HasSuffix(name, "..") {
			t.Errorf("asked for %q", name)
		}
	}
}

type dnsStory struct {
	change zone
	check  string
	want   verdict
	words  []string
}

func playDNS(t *testing.T, stories map[string]dnsStory, set func(*doctor)) {
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := doctorOf(t, atta().with(story.change))
			if set != nil {
				set(d)
			}
			expectFinding(t, d.foundInDNS(t), story.check, story.want, story.words...)
		})
	}
}
