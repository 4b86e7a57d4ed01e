package main

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/mail"
	"os"
	"strings"
	"testing"
)

// RFC 6376 §3.6.1, and RFC 8463 for Ed25519.
func TestDoctorOnDKIM(t *testing.T) {
	t.Parallel()
	good := spki(attaKeys().rsa.Public())
	old := base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&attaKeys().rsa.PublicKey))
	folded := good[:70] + " \t" + good[70:200] + "  " + good[200:]
	rsa := func(records ...string) zone { return zone{"brev._domainkey.attabrev.example TXT": records} }
	ed := func(records ...string) zone { return zone{"brev2._domainkey.attabrev.example TXT": records} }
	at := "brev._domainkey.attabrev.example"
	playDNS(t, map[string]dnsStory{
		"no record":              {rsa(), "dkim", isFail, []string{at, "no TXT record", "keygen"}},
		"two records":            {rsa("p="+good, "v=DKIM1; p="+good), "dkim", isFail, []string{at, "2 TXT records"}},
		"another key":            {rsa("v=DKIM1; p=" + spki(attaKeys().other.Public())), "dkim", isFail, []string{at, "another key"}},
		"another Ed25519 key":    {ed("v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(make([]byte, 32))), "dkim", isFail, []string{"brev2", "another key"}},
		"cut short":              {rsa("v=DKIM1; p=" + good[:200]), "dkim", isFail, []string{at, "another key"}},
		"revoked":                {rsa("v=DKIM1; p="), "dkim", isFail, []string{at, "revoked"}},
		"no p":                   {rsa("v=DKIM1; k=rsa"), "dkim", isFail, []string{at, "revoked"}},
		"test mode":              {rsa("v=DKIM1; t=s:y; p=" + good), "dkim", isWarn, []string{at, "t=y"}},
		"t=s":                    {rsa("v=DKIM1; t=s; p=" + good), "dkim", isOK, []string{at, "matches"}},
		"bare":                   {rsa("p=" + good), "dkim", isOK, []string{at, "matches"}},
		"folded":                 {rsa("v=DKIM1 ; k = rsa; n=a note; p=" + folded), "dkim", isOK, []string{at, "matches"}},
		"old form":               {rsa("p=" + old), "dkim", isOK, []string{at, "matches"}},
		"old form, another key":  {rsa("p=" + base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&attaKeys().other.PublicKey))), "dkim", isFail, []string{at, "another key"}},
		"other version":          {rsa("v=DKIM2; p=" + good), "dkim", isFail, []string{at, "DKIM2"}},
		"RSA under ed25519":      {rsa("v=DKIM1; k=ed25519; p=" + good), "dkim", isFail, []string{at, "type ed25519"}},
		"Ed25519 under no k":     {ed("v=DKIM1; p=" + base64.StdEncoding.EncodeToString(attaKeys().ed)), "dkim", isFail, []string{"brev2", "type rsa"}},
		"sha1 only":              {rsa("v=DKIM1; h=sha1; p=" + good), "dkim", isFail, []string{at, "sha1"}},
		"sha1 too":               {rsa("v=DKIM1; h=sha1:sha256; p=" + good), "dkim", isOK, []string{at, "matches"}},
		"not for email":          {rsa("v=DKIM1; s=tlsrpt; p=" + good), "dkim", isFail, []string{at, "s=tlsrpt"}},
		"not a list":             {rsa("k=rsa; hello; p=" + good), "dkim", isFail, []string{at, "broken"}},
		"a tag that comes twice": {rsa("p=" + good + "; p=" + good), "dkim", isFail, []string{at, "broken"}},
		"away":                   {rsa("away"), "dkim", isWarn, []string{at, "could not be looked up"}},
	}, nil)
}

func TestDoctorWithoutAKey(t *testing.T) {
	t.Parallel()
	d := doctorOf(t, atta())
	d.keys = nil
	expectFinding(t, d.foundInDNS(t), "dkim", isWarn, "COURSE_DKIM_KEY", "keygen")
	d.keyless = errors.New("COURSE_DKIM_KEY: brev.pem: no such file")
	expectFinding(t, d.foundInDNS(t), "dkim", isFail, "brev.pem", "keygen")
}

// What the settings sign with is what doctor holds against DNS: the key that was
// made for a selector, under the domain that signs.
func TestDoctorTakesTheKeysOfTheSettings(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/brev.pem"
	der, err := x509.MarshalPKCS8PrivateKey(attaKeys().rsa)
	if err == nil {
		err = os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	a := &app{log: slog.New(slog.DiscardHandler)}
	c := config{from: mail.Address{Address: "brev@attabrev.example"}}
	c.DKIMKey, c.DKIMSelector = []string{file}, []string{"brev"}
	keys, err := a.dkimKeys(c)
	if err != nil || len(keys) != 1 || keys[0].domain != "attabrev.example" || keys[0].selector != "brev" || !attaKeys().rsa.PublicKey.Equal(keys[0].public) {
		t.Errorf("the settings sign with %+v, want brev's key for attabrev.example: %v", keys, err)
	}
	c.DKIMKey = []string{file + "x"}
	if _, err := a.dkimKeys(c); err == nil || !strings.Contains(err.Error(), file+"x") {
		t.Errorf("a file that is not there: %v", err)
	}
}
