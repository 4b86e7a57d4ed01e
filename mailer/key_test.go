package mailer_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/mail"
	"strings"
	"testing"
	"time"

	"fortsatt/mailer"
)

func block(kind string, octets []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: octets}))
}

func pkcs8(t *testing.T, key any) string {
	t.Helper()
	octets, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return block("PRIVATE KEY", octets)
}

func TestKeysAreRead(t *testing.T) {
	t.Parallel()
	rsaKey, edKey := keys()[0].Private.(*rsa.PrivateKey), keys()[1].Private.(ed25519.PrivateKey)
	pkcs1 := block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))
	for name, file := range map[string]string{
		"PKCS#1": pkcs1, "PKCS#8": pkcs8(t, rsaKey), "with a note and blank lines": "Key of brev.example\n\n" + pkcs1 + "\n\n",
		"with CRLF": strings.ReplaceAll(pkcs1, "\n", "\r\n"),
	} {
		if got, err := mailer.ParseKey([]byte(file)); err != nil || !rsaKey.Equal(got) {
			t.Errorf("%s: error %v, or another key", name, err)
		}
	}
	if got, err := mailer.ParseKey([]byte(pkcs8(t, edKey))); err != nil || !edKey.Equal(got) {
		t.Errorf("Ed25519: error %v, or another key", err)
	}
}

// A refusal says what is wrong, and never shows the key.
func TestWhatIsNoKeyIsRefused(t *testing.T) {
	t.Parallel()
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := pkcs8(t, keys()[1].Private)
	public, _ := x509.MarshalPKIXPublicKey(keys()[0].Private.Public())
	for _, c := range []struct{ name, file, says string }{
		{"short", pkcs8(t, short), "RSA key of 1024 bits, want 2048"},
		{"short PKCS#1", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(short)), "RSA key of 1024 bits, want 2048"},
		{"ECDSA", pkcs8(t, curve), "neither RSA nor Ed25519"},
		{"public", block("PUBLIC KEY", public), `"PUBLIC KEY", want PRIVATE KEY`},
		{"encrypted", block("ENCRYPTED PRIVATE KEY", []byte("x")), `"ENCRYPTED PRIVATE KEY", want PRIVATE KEY or RSA PRIVATE KEY, unencrypted`},
		{"two", good + good, "more than one"},
		{"damaged", block("PRIVATE KEY", []byte("nothing")), "damaged"},
		{"PKCS#1 as PKCS#8", block("PRIVATE KEY", x509.MarshalPKCS1PrivateKey(keys()[0].Private.(*rsa.PrivateKey))), "damaged"},
		{"empty", "", "no PEM"},
		{"a record", "v=DKIM1; k=rsa; p=MIIB", "no PEM"},
	} {
		got, err := mailer.ParseKey([]byte(c.file))
		if err == nil || got != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got error %v, want one that says %q", c.name, err, c.says)
		}
	}
}

func TestWhoCanSign(t *testing.T) {
	t.Parallel()
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	key := keys()[1].Private
	for _, c := range []struct {
		domain string
		key    mailer.Key
		says   string // "": it can
	}{
		{"example.org", mailer.Key{Selector: "s1", Private: key}, ""},
		{"Räksmörgås.example", mailer.Key{Selector: "2026-11.brev", Private: key}, ""},
		{"", mailer.Key{Selector: "s1", Private: key}, "not a domain"},
		{"example .org", mailer.Key{Selector: "s1", Private: key}, "not a domain"},
		{"example.org;t=y", mailer.Key{Selector: "s1", Private: key}, "not a domain"},
		{"example.org", mailer.Key{Private: key}, "cannot be a selector"},
		{"example.org", mailer.Key{Selector: "s1; l=0", Private: key}, "cannot be a selector"},
		{"example.org", mailer.Key{Selector: "s_1", Private: key}, "cannot be a selector"},
		{"example.org", mailer.Key{Selector: strings.Repeat("s", 64), Private: key}, "cannot be a selector"},
		{strings.Repeat("a.", 118) + "example", mailer.Key{Selector: "s1", Private: key}, "cannot be a selector"}, // 243 octets, and s1._domainkey.
		{"example.org", mailer.Key{Selector: "s1", Private: short}, "1024 bits"},
		{"example.org", mailer.Key{Selector: "s1"}, "neither"},
	} {
		s, err := mailer.NewSigner(c.domain, c.key)
		if c.says == "" && err != nil || c.says != "" && (err == nil || s != nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%q, %q: got error %v, want %q", c.domain, c.key.Selector, err, c.says)
		}
	}
}

func TestNobodySignsWithoutAKey(t *testing.T) {
	t.Parallel()
	if s, err := mailer.NewSigner("example.org"); err == nil || s != nil {
		t.Errorf("got a signer and error %v, want none without a key", err)
	}
}

// A signature has room for ten digits of Unix time.
func TestOnlyDatesOfOurTimeAreSigned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		year int
		good bool
	}{{1969, false}, {1971, true}, {2286, true}, {2287, false}} {
		m := lesson()
		m.Date, m.Signer = time.Date(c.year, time.January, 1, 12, 0, 0, 0, time.UTC), signer(t, "example.org")
		if raw, err := m.Bytes(); (err == nil) != c.good || (raw != nil) != c.good {
			t.Errorf("%d: got error %v, want none: %t", c.year, err, c.good)
		}
	}
}

// Receivers ask whether the signature is by the sender's domain, or by one above it (E05).
func TestOnlyTheSendersDomainSigns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		signs, from string
		good        bool
	}{
		{"example.org", "kurs@example.org", true},
		{"example.org", "kurs@brev.example.org", true},
		{"Example.ORG", "kurs@EXAMPLE.org", true},
		{"räksmörgås.example", "kurs@xn--rksmrgs-5wao1o.example", true},
		{"brev.example.org", "kurs@example.org", false},
		{"example.org", "kurs@badexample.org", false},
		{"example.org", "kurs@example.org.example", false},
		{"example.org", "example.org@example.net", false},
	} {
		m := lesson()
		m.From, m.Signer = mail.Address{Address: c.from}, signer(t, c.signs)
		raw, err := m.Bytes()
		if covered := m.Signer.Covers(c.from); (err == nil) != c.good || (covered == nil) != c.good || (raw != nil) != c.good {
			t.Errorf("%s signs a letter from %s: got errors %v and %v, want none: %t", c.signs, c.from, err, covered, c.good)
		}
	}
}
