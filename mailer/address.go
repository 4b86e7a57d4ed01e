package mailer

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// domains turns a domain into what DNS asks for (RFC 5891): punycode, lower case. Hyphens
// in third and fourth place are let through: such domains exist.
var domains = idna.New(idna.MapForLookup(), idna.CheckHyphens(false), idna.VerifyDNSLength(true))

// wireAddress is an address as every relay understands it, without SMTPUTF8: a plain local
// part and an ASCII domain. Quoted local parts and domain literals are refused, although
// RFC 5321 allows them: nobody has one who is not trying something.
func wireAddress(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	if address == "" {
		return "", errors.New("has no address")
	}
	if at < 0 {
		return "", errors.New("has an address without @")
	}
	local := address[:at]
	if !isDotAtom(local) || len(local) > 64 {
		return "", errors.New("has an address with a local part that cannot be sent to")
	}
	domain, err := WireDomain(address[at+1:])
	if err != nil || len(local)+1+len(domain) > 254 {
		return "", errors.New("has an address with an impossible domain")
	}
	return local + "@" + domain, nil
}

// WireDomain is a domain as it travels: in ASCII and lower case, å as xn-- (RFC 5891).
func WireDomain(domain string) (string, error) {
	if isPlainDomain(domain) {
		return domain, nil
	}
	return domains.ToASCII(domain)
}

// WireURL is a web address with its host as WireDomain has it.
func WireURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	if host := u.Hostname(); strings.ContainsFunc(host, func(r rune) bool { return r > '~' }) {
		domain, err := WireDomain(host)
		if err != nil {
			return "", fmt.Errorf("the host of %s: %w", address, err)
		}
		u.Host = strings.Replace(u.Host, host, domain, 1)
	}
	return u.String(), nil
}

// isPlainDomain says whether a domain is one that ToASCII, which takes its time, leaves as it
// is: as most are, lower-case labels of letters, digits and a hyphen here and there.
func isPlainDomain(domain string) bool {
	label := 0 // how long it is so far
	for i := range len(domain) {
		switch c := domain[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			label++
		case c == '-' && label > 0 && domain[i-1] != '-': // which leaves punycode to ToASCII
			label++
		case c == '.' && label > 0:
			label = 0
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return label > 0
}
