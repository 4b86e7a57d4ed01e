package mailer

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
)

// A Key signs letters. Its public half stands in DNS, under its selector.
type Key struct {
	Selector string        // for example kurs2026
	Private  crypto.Signer // an RSA or an Ed25519 key, as ParseKey returns it
}

// minimumRSA is what Gmail and others ask of bulk mail; RFC 8301 §3.2 recommends it.
const minimumRSA = 2048

// ParseKey reads a private key from a PEM file, PKCS#8 or PKCS#1. An error says what the
// file holds instead, and nothing of the key.
func ParseKey(file []byte) (crypto.Signer, error) {
	block, rest := pem.Decode(file)
	if block == nil {
		return nil, errors.New("is no PEM file")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("holds more than one private key and nothing else")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("holds a block %q, want PRIVATE KEY or RSA PRIVATE KEY, unencrypted", block.Type)
	}
	if err != nil {
		return nil, errors.New("is damaged: it holds no private key")
	}
	return checkKey(key)
}

func checkKey(key any) (crypto.Signer, error) {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < minimumRSA {
			return nil, fmt.Errorf("holds an RSA key of %d bits, want %d or more", bits, minimumRSA)
		}
		return key, nil
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, errors.New("holds a key that is neither RSA nor Ed25519")
}

// Host is the name under which a domain publishes the key.
func (k Key) Host(domain string) string { return k.Selector + "._domainkey." + domain }

// Record is what stands there, a TXT record (RFC 6376 §3.6.1, RFC 8463 §4).
func (k Key) Record() (string, error) {
	public := []byte(nil)
	switch key := k.Private.Public().(type) {
	case ed25519.PublicKey:
		public = key
	default:
		var err error
		if public, err = x509.MarshalPKIXPublicKey(key); err != nil {
			return "", fmt.Errorf("write the record of %s: %w", k.Selector, err)
		}
	}
	return "v=DKIM1; k=" + k.kind() + "; p=" + base64.StdEncoding.EncodeToString(public), nil
}

// kind is what DKIM calls the key's algorithm.
func (k Key) kind() string {
	if _, ok := k.Private.(ed25519.PrivateKey); ok {
		return "ed25519"
	}
	return "rsa"
}

func (k Key) signatureSize() int {
	if key, ok := k.Private.(*rsa.PrivateKey); ok {
		return key.Size()
	}
	return ed25519.SignatureSize
}

// IsSelector says whether a key can be published under that name.
func IsSelector(name string) bool { return isPlainDomain(name) }
