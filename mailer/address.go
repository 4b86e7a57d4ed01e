package mailer

import (
	"errors"
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
	domain, err := domains.ToASCII(address[at+1:])
	if err != nil || len(local)+1+len(domain) > 254 {
		return "", errors.New("has an address with an impossible domain")
	}
	return local + "@" + domain, nil
}
