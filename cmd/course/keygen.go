package main

import (
	"cmp"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fortsatt/mailer"
)

type keygenCommand struct {
	Selector string `placeholder:"NAME" help:"Name under which the key is published; by default its kind and today's date."`
	Ed25519  bool   `name:"ed25519" help:"Make an Ed25519 key, to sign beside an RSA key; alone it will not do, many receivers know only RSA."`
	Out      string `placeholder:"PATH" help:"File to write, or a directory for it; by default the current directory."`
}

// Run makes a key, and never writes over one. It needs no database.
func (cmd keygenCommand) Run(a *app) error {
	c, err := readConfig()
	if err != nil {
		return err
	}
	domain := c.signingDomain(c.from)
	if domain == "" {
		return usage(errors.New("whose letters are to be signed? neither COURSE_FROM nor COURSE_DKIM_DOMAIN is set"), "export COURSE_FROM='Åtta brev <brev@example.se>'")
	}
	kind := "rsa"
	if cmd.Ed25519 {
		kind = "ed25519"
	}
	key := mailer.Key{Selector: cmp.Or(cmd.Selector, kind+"-"+time.Now().Format("20060102"))}
	if !mailer.IsSelector(key.Selector) {
		return usage(fmt.Errorf("--selector %q: want letters, digits and hyphens, in lower case, as brev-2026", key.Selector), "")
	}
	if key.Private, err = makeKey(kind); err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	file, err := cmd.write(key)
	if err != nil {
		return err
	}
	return announce(a, key, domain, file)
}

func makeKey(kind string) (crypto.Signer, error) {
	if kind == "rsa" {
		return rsa.GenerateKey(rand.Reader, 2048) // a longer one costs more, and its record does not fit everywhere
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

// write keeps a key in a new file, for its owner only, and returns the file's full name.
func (cmd keygenCommand) write(key mailer.Key) (file string, err error) {
	octets, err := x509.MarshalPKCS8PrivateKey(key.Private)
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	if file, err = filepath.Abs(cmd.Out); err != nil {
		return "", fmt.Errorf("keep the key: %w", err)
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		file = filepath.Join(file, "dkim-"+key.Selector+".pem")
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return "", failure{exitFailed, fmt.Errorf("keep the key: %s is there already, and is left as it is", file), "choose another --out, or another --selector"}
	}
	if err != nil {
		return "", fmt.Errorf("keep the key: %w", err)
	}
	if err := errors.Join(pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: octets}), f.Close()); err != nil {
		os.Remove(file)
		return "", fmt.Errorf("keep the key: %w", err)
	}
	return file, nil
}

// announce tells what to do with a new key.
func announce(a *app, key mailer.Key, domain, file string) error {
	record, err := key.Record()
	if err != nil {
		return err
	}
	host, beside := key.Host(domain), ""
	if !isRSA(key) {
		beside = ", behind those of an RSA key and a comma"
	}
	fmt.Fprintf(a.stdout, strings.TrimLeft(`
The key is in %s; keep it from others, and keep a copy.

1. Publish its other half in DNS. In a zone file:

%s. IN TXT ( %s )

Where a web form asks for it, as a record of type TXT:

name:  %s
value: %s

2. When it can be seen (dig +short TXT %s), set%s:

COURSE_DKIM_KEY=%s
COURSE_DKIM_SELECTOR=%s
COURSE_DKIM_DOMAIN=%s
`, "\n"), file, host, zoneStrings(record), host, record, host, beside, file, key.Selector, domain)
	return nil
}

// zoneStrings writes a text as zone files have it: strings of 255 octets at most
// (RFC 1035 §3.3), which are read as one.
func zoneStrings(text string) string {
	var all []string
	for part := range slices.Chunk([]byte(text), 255) {
		all = append(all, `"`+string(part)+`"`)
	}
	return strings.Join(all, "\n\t")
}
