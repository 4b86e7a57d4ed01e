package course

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// ErrAddress says that a text cannot be an email address that we can write to.
var ErrAddress = errors.New("not an email address")

// ErrName says that a text cannot stand as a name in a letter.
var ErrName = errors.New("not a name")

// Address is a normalised email address: lower case, and the domain in the
// form that travels on the wire (RFC 5891). Two spellings of one mailbox are
// one Address.
type Address string

// dotString is RFC 5321 §4.1.2, without the quoted form: nobody has such a
// mailbox, and many have been attacked through it.
var dotString = regexp.MustCompile(`^[a-z0-9!#$%&'*+/=?^_{|}~\x60-]+(\.[a-z0-9!#$%&'*+/=?^_{|}~\x60-]+)*$`)

// ParseAddress normalises what a person typed. The limits are RFC 5321 §4.5.3.1:
// 64 octets before the @ and 254 in all. Errors: ErrAddress.
func ParseAddress(typed string) (Address, error) {
	text := strings.ToLower(norm.NFC.String(strings.TrimSpace(typed)))
	at := strings.LastIndexByte(text, '@')
	if at < 1 || at > 64 || !dotString.MatchString(text[:at]) {
		return "", ErrAddress
	}
	domain, err := idna.Lookup.ToASCII(text[at+1:])
	if err != nil || !mailDomain(domain) || at+1+len(domain) > 254 {
		return "", ErrAddress
	}
	return Address(text[:at+1] + domain), nil
}

// mailDomain wants a dot, since a forgotten ".se" is the usual slip; localhost
// is for trying things out.
func mailDomain(domain string) bool {
	if domain == "localhost" {
		return true
	}
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	return len(labels) > 1 && strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// NameLength is the most characters of a name.
const NameLength = 60

// CleanName trims a name and refuses what does not belong in one: control
// characters, an address, a link, more than NameLength characters. A stranger
// could otherwise write letters of their own through our form. Errors: ErrName.
func CleanName(typed string) (string, error) {
	name := strings.Join(strings.Fields(norm.NFC.String(typed)), " ")
	switch {
	case !utf8.ValidString(typed):
		return "", fmt.Errorf("%w: not UTF-8", ErrName)
	case utf8.RuneCountInString(name) > NameLength:
		return "", fmt.Errorf("%w: over %d characters", ErrName, NameLength)
	case strings.ContainsAny(name, "@\\") || strings.Contains(name, "//") || strings.Contains(strings.ToLower(name), "www."):
		return "", fmt.Errorf("%w: an address or a link", ErrName)
	case strings.ContainsFunc(typed, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }):
		return "", fmt.Errorf("%w: a control character", ErrName)
	}
	return name, nil
}
