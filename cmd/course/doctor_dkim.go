package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// A dkimKey is a key that letters are signed with, and where its public half must stand.
type dkimKey struct {
	domain, selector string
	public           crypto.PublicKey
}

// dkimKeys are the keys of the settings.
func (a *app) dkimKeys(c config) (keys []dkimKey, err error) {
	read, err := a.readKeys(c)
	for _, key := range read {
		keys = append(keys, dkimKey{c.signingDomain(c.from), key.Selector, key.Private.Public()})
	}
	return keys, err
}

// unsigned is what there is to say without a key.
func (d *doctor) unsigned(context.Context) []finding {
	of := subject{"dkim", d.senderDomain()}
	if d.keyless != nil {
		return []finding{of.fail(oneLine(d.keyless), "course dkim keygen makes a key that fits")}
	}
	return []finding{of.warn("COURSE_DKIM_KEY is not set: letters are signed only if the relay does it, and large receivers refuse unsigned ones",
		"course dkim keygen makes a key and prints its DNS record")}
}

// dkim holds a key against its record in DNS (RFC 6376 §3.6.1, RFC 8463).
func (d *doctor) dkim(ctx context.Context, key dkimKey) []finding {
	name := key.selector + "._domainkey." + domainOf(key.domain)
	of := subject{"dkim", name}
	records, err := d.dns.txt(ctx, name)
	switch {
	case err != nil:
		return []finding{of.away(err)}
	case len(records) == 0:
		return []finding{of.fail("has no TXT record", "publish the record that course dkim keygen printed for this key")}
	case len(records) > 1:
		return []finding{of.fail(fmt.Sprintf("has %d TXT records, and receivers may take any", len(records)), "leave the one of this key")}
	}
	return []finding{judgeDKIM(of, records[0], key.public)}
}

func judgeDKIM(of subject, text string, key crypto.PublicKey) finding {
	const again = "publish the record that course dkim keygen printed for this key"
	record, err := tags(text)
	if err != nil {
		return of.fail("the record is broken: "+err.Error(), again)
	}
	flags := listed(record["t"])
	switch want := keyType(key); {
	case record["v"] != "" && record["v"] != "DKIM1":
		return of.fail(fmt.Sprintf("the record is of version %q, want DKIM1", record["v"]), again)
	case orRSA(record["k"]) != want:
		return of.fail(fmt.Sprintf("the record is for a key of type %s, and COURSE_DKIM_KEY is %s", orRSA(record["k"]), want), again)
	case record["h"] != "" && !slices.Contains(listed(record["h"]), "sha256"):
		return of.fail("the record allows only h="+record["h"]+", and we sign with sha256", "take h= out of the record")
	case record["s"] != "" && !slices.Contains(listed(record["s"]), "*") && !slices.Contains(listed(record["s"]), "email"):
		return of.fail("the record is not for email: s="+record["s"], "take s= out of the record")
	case record["p"] == "":
		return of.fail("the key is revoked: p= is empty", "make a new key under another selector with course dkim keygen")
	case !isPublished(record["p"], key):
		return of.fail("the record has another key than COURSE_DKIM_KEY: every signature fails", again+", or set the key that the record belongs to")
	case slices.Contains(flags, "y"):
		return of.warn("the key matches, but t=y says that it is a test: receivers may treat letters as unsigned", "take y out of t= in the record")
	}
	return of.ok("the key matches the record")
}

func listed(colons string) []string {
	items := strings.Split(colons, ":")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

func keyType(key crypto.PublicKey) string {
	if _, ok := key.(ed25519.PublicKey); ok {
		return "ed25519"
	}
	return "rsa"
}

// orRSA is k=, which stands for rsa where it is left out.
func orRSA(k string) string {
	if k == "" {
		return "rsa"
	}
	return k
}

// isPublished compares a key with p=, which may be folded: for RSA a SubjectPublicKeyInfo
// or, in old records, an RSAPublicKey; for Ed25519 the 32 octets.
func isPublished(p string, key crypto.PublicKey) bool {
	octets, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(p), ""))
	if err != nil {
		return false
	}
	switch key := key.(type) {
	case ed25519.PublicKey:
		return bytes.Equal(octets, key)
	case *rsa.PublicKey:
		if old, err := x509.ParsePKCS1PublicKey(octets); err == nil {
			return key.Equal(old)
		}
		published, err := x509.ParsePKIXPublicKey(octets)
		return err == nil && key.Equal(published)
	}
	return false
}
