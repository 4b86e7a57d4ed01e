package main

import (
	"cmp"
	"crypto"
	"crypto/rsa"
	"fmt"
	"net/mail"
	"os"
	"slices"
	"strings"

	"fortsatt/course"
	"fortsatt/mailer"
)

// checkDKIM looks at the settings only: the files are read by who sends, for the site
// runs without them. It shows nothing that may be a key.
func (c *config) checkDKIM() error {
	for _, list := range [][]string{c.DKIMKey, c.DKIMSelector} {
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
	}
	for i, file := range c.DKIMKey {
		if holdsKey(file) {
			return fmt.Errorf("COURSE_DKIM_KEY, key %d of %d: want the name of a file, not the key itself", i+1, len(c.DKIMKey))
		}
	}
	if keys, selectors := len(c.DKIMKey), len(c.DKIMSelector); keys != selectors {
		return fmt.Errorf("COURSE_DKIM_KEY has %d and COURSE_DKIM_SELECTOR %d: want a selector for each key, in the same order, comma-separated", keys, selectors)
	}
	for i, selector := range c.DKIMSelector {
		if !mailer.IsSelector(selector) {
			return fmt.Errorf("COURSE_DKIM_SELECTOR=%s: want a name of letters, digits and hyphens, as brev-2026", selector)
		}
		if slices.Contains(c.DKIMSelector[:i], selector) {
			return fmt.Errorf("COURSE_DKIM_SELECTOR: %s stands there twice; each key has a name of its own", selector)
		}
	}
	if _, err := course.ParseAddress("brev@" + c.DKIMDomain); c.DKIMDomain != "" && err != nil {
		return fmt.Errorf("COURSE_DKIM_DOMAIN=%s: want a domain, as brev.example.se", c.DKIMDomain)
	}
	return nil
}

// holdsKey says whether a setting is a key rather than a file's name: with the lines of
// PEM, or as these encode.
func holdsKey(text string) bool {
	return strings.ContainsAny(text, "\r\n") || strings.Contains(text, "-----") || strings.HasPrefix(text, "MII") || strings.HasPrefix(text, "MC4C")
}

func (c config) signsWith() string {
	if len(c.DKIMKey) == 0 {
		return "no key"
	}
	var all []string
	for i, file := range c.DKIMKey {
		all = append(all, fmt.Sprintf("%s (%s)", c.DKIMSelector[i], file))
	}
	return strings.Join(all, ", ")
}

// signingDomain is whose signatures letters bear, as DNS has it; "" if nothing says so.
func (c config) signingDomain(from mail.Address) string {
	domain := cmp.Or(c.DKIMDomain, from.Address[strings.LastIndexByte(from.Address, '@')+1:])
	address, _ := course.ParseAddress("brev@" + domain)
	_, domain, _ = strings.Cut(string(address), "@")
	return domain
}

// signer signs what is sent; nil where no key is set.
func (p *parts) signer(a *app, from mail.Address) (*mailer.Signer, error) {
	if len(p.DKIMKey) == 0 {
		return nil, nil
	}
	keys, err := a.readKeys(p.config)
	if err != nil {
		return nil, usage(err, "course dkim keygen makes a key that fits")
	}
	if !slices.ContainsFunc(keys, isRSA) {
		a.log.Warn("course: letters are signed by Ed25519 alone, which many receivers do not know; set an RSA key beside it")
	}
	domain := p.signingDomain(from)
	signer, err := mailer.NewSigner(domain, keys...)
	if err != nil {
		return nil, usage(fmt.Errorf("COURSE_DKIM_DOMAIN: %w", err), "")
	}
	if err := signer.Covers(from.Address); err != nil {
		return nil, usage(fmt.Errorf("COURSE_DKIM_DOMAIN=%s: the sender %s %w", domain, from.Address, err), "sign by the sender's own domain, or by one above it")
	}
	return signer, nil
}

// readKeys opens the files of COURSE_DKIM_KEY.
func (a *app) readKeys(c config) (keys []mailer.Key, err error) {
	for i, file := range c.DKIMKey {
		private, err := a.readKey(file)
		if err != nil {
			return nil, fmt.Errorf("COURSE_DKIM_KEY: %w", err)
		}
		keys = append(keys, mailer.Key{Selector: c.DKIMSelector[i], Private: private})
	}
	return keys, nil
}

func isRSA(k mailer.Key) bool {
	_, yes := k.Private.(*rsa.PrivateKey)
	return yes
}

// readKey reads a key. That others may read it too is said, and no reason to stop: where
// a platform mounts secrets, it decides.
func (a *app) readKey(file string) (crypto.Signer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	private, err := mailer.ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s %w", file, err)
	}
	if info, err := os.Stat(file); err == nil && info.Mode()&0o004 != 0 {
		a.log.Warn("course: everyone on this machine can read a key that signs letters; chmod 600 mends it", "file", file)
	}
	return private, nil
}
