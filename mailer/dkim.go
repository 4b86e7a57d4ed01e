package mailer

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Signer vouches for letters in a domain's name (DKIM: RFC 6376, RFC 8463). It may be
// used by many at once. A nil Signer leaves letters unsigned.
//
// The header is signed in relaxed form, since relays fold and space it as they like. The
// body is signed as it is, in simple form: it is quoted-printable, in which no blank ends a
// line and no relay has anything to mend.
type Signer struct {
	domain string
	seals  []seal
}

// signed are the fields that are signed, whether a letter has them or not. Each is named
// twice, so that a second one cannot be added to a letter that has it, nor the first one
// to a letter that has not (RFC 6376 §8.15).
var signed = [...]string{
	"Date", "From", "Sender", "Reply-To", "To", "Cc", "Subject", "Message-ID",
	"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
	"MIME-Version", "Content-Type", "Content-Transfer-Encoding",
}

// NewSigner makes one that signs with each of the keys; their selectors must differ. An
// error says which of them, or the domain, is of no use.
func NewSigner(domain string, keys ...Key) (*Signer, error) {
	wire, err := WireDomain(domain)
	if err != nil || domain == "" {
		return nil, fmt.Errorf("sign as %q: is not a domain", domain)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("sign as %s: there is no key", domain)
	}
	s := &Signer{domain: wire}
	for _, k := range keys {
		if !IsSelector(k.Selector) || len(k.Host(wire)) > 253 {
			return nil, fmt.Errorf("sign as %s: %q cannot be a selector", domain, k.Selector)
		}
		if _, err := checkKey(k.Private); err != nil {
			return nil, fmt.Errorf("sign as %s: %s %w", domain, k.Selector, err)
		}
		s.seals = append(s.seals, newSeal(wire, k))
	}
	return s, nil
}

// Covers says whether a signature vouches for letters from an address: receivers want the
// sender's domain, or one above it (DMARC, RFC 7489 §3.1.1).
func (s *Signer) Covers(address string) error {
	wire, err := wireAddress(address)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(wire, "@"+s.domain) && !strings.HasSuffix(wire, "."+s.domain) {
		return fmt.Errorf("is not an address at %s, which signs", s.domain)
	}
	return nil
}

// room is how much the signatures take up at the top of a letter.
func (s *Signer) room() (n int) {
	if s == nil {
		return 0
	}
	for _, seal := range s.seals {
		n += seal.size
	}
	return n
}

// sign fills the room that a letter, whole otherwise, has for its signatures. The time is
// the letter's own, never the clock's, so that a letter comes out the same twice.
func (s *Signer) sign(letter []byte, at time.Time) error {
	if at.Unix() < 0 || at.Unix() > 9_999_999_999 {
		return errors.New("the date is too far away to be signed")
	}
	room, text := letter[:s.room()], letter[s.room():]
	head := text[:bytes.Index(text, []byte("\r\n\r\n"))+2]
	variable := variablePart(at.Unix(), sha256.Sum256(text[len(head)+2:]))
	var space [4096]byte
	canonical := appendSigned(space[:0], head)
	fields := len(canonical)
	for _, seal := range s.seals {
		// RFC 6376 §3.7: the signature's own field comes last, without what it is to hold.
		canonical = append(append(append(canonical[:fields], seal.canonical...), variable...), " b="...)
		signature, err := seal.sign(sha256.Sum256(canonical))
		if err != nil {
			return fmt.Errorf("sign with %s: %w", seal.Selector, err)
		}
		seal.appendField(room[:0:seal.size], variable, signature)
		room = room[seal.size:]
	}
	return nil
}

// appendSigned writes the fields that are signed, in their order, as RFC 6376 §3.4.2 has
// them. A letter has at most one of each.
func appendSigned(canonical, head []byte) []byte {
	var found [len(signed)][]byte
	for len(head) > 0 {
		end := bytes.Index(head, crlf)
		for end+2 < len(head) && head[end+2] == ' ' { // folded
			end += 2 + bytes.Index(head[end+2:], crlf)
		}
		for i, name := range signed {
			if end > len(name) && head[len(name)] == ':' && string(head[:len(name)]) == name {
				found[i] = head[:end]
			}
		}
		head = head[end+2:]
	}
	for _, field := range found {
		if field != nil {
			canonical = append(appendRelaxed(canonical, field), crlf...)
		}
	}
	return canonical
}

var crlf = []byte("\r\n")

// appendRelaxed writes a field, which is ASCII, in lower case before the colon, unfolded and
// with single blanks.
func appendRelaxed(canonical, field []byte) []byte {
	name, value, _ := bytes.Cut(field, []byte(":"))
	canonical = append(append(canonical, bytes.ToLower(name)...), ':')
	start := len(canonical)
	for word := range bytes.FieldsSeq(value) {
		if len(canonical) > start {
			canonical = append(canonical, ' ')
		}
		canonical = append(canonical, word...)
	}
	return canonical
}

// A seal is a key, and what its signatures have in common.
type seal struct {
	Key
	opening   []byte // of the field, as it is written
	canonical []byte // the same, as it is signed
	size      int    // of the whole field
}

func newSeal(domain string, k Key) seal {
	var h header
	h.field("DKIM-Signature")
	for _, tag := range []string{"v=1;", "a=" + k.kind() + "-sha256;", "c=relaxed/simple;", "d=" + domain + ";", "s=" + k.Selector + ";"} {
		h.word(tag)
	}
	before, after := "h=", ":"
	for i, name := range signed {
		if i == len(signed)-1 {
			after = ";"
		}
		h.word(before, name, ":", name, after)
		before = ""
	}
	h.end()
	s := seal{Key: k, opening: h.letter, canonical: appendRelaxed(nil, h.letter)}
	s.size = len(s.appendField(nil, variablePart(0, [sha256.Size]byte{}), make([]byte, k.signatureSize())))
	return s
}

// variablePart is what differs from letter to letter, always of one length.
func variablePart(at int64, body [sha256.Size]byte) []byte {
	return fmt.Appendf(nil, " t=%010d; bh=%s;", at, base64.StdEncoding.EncodeToString(body[:]))
}

// appendField writes the whole field. Lines of the signature are 72 characters long.
func (s seal) appendField(letter, variable, signature []byte) []byte {
	letter = append(append(letter, s.opening...), variable...)
	separator := "\r\n b="
	for line := range slices.Chunk(signature, 54) {
		letter = base64.StdEncoding.AppendEncode(append(letter, separator...), line)
		separator = "\r\n "
	}
	return append(letter, "\r\n"...)
}

func (s seal) sign(digest [sha256.Size]byte) ([]byte, error) {
	if key, ok := s.Private.(ed25519.PrivateKey); ok {
		return ed25519.Sign(key, digest[:]), nil // of the digest, not of the text: RFC 8463 §3
	}
	return s.Private.Sign(nil, digest[:], crypto.SHA256) // PKCS #1 v1.5, which needs no chance
}
