package mailer

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// A Relay is a mail server that takes our letters onward. It prints without its password.
type Relay struct {
	host, port     string
	user, password string // both or neither
	security       security
}

type security int

const (
	startTLS security = iota // smtp://, the greeting in the clear and TLS before anything else
	wholeTLS                 // smtps://, TLS from the first byte (RFC 8314)
	noTLS                    // ?tls=none, loopback only
)

// String is where the relay is, without credentials: relay.example:587.
func (r Relay) String() string { return net.JoinHostPort(r.host, r.port) }

// GoString keeps the password out of %#v too.
func (r Relay) GoString() string { return "mailer.Relay(" + r.String() + ")" }

// ParseRelays reads SMTP_URL: one or several addresses, separated by commas.
//
//	smtp://user:password@host:587        STARTTLS, always; the port may be left out
//	smtps://user:password@host:465       TLS from the start; the port may be left out
//	smtp://127.0.0.1:2525?tls=none       no TLS, on loopback only
//
// Its errors never hold any of the text: a password may stand where none is expected.
func ParseRelays(smtpURL string) ([]Relay, error) {
	if strings.TrimSpace(smtpURL) == "" {
		return nil, errors.New("SMTP_URL is empty; write smtp://user:password@host:587")
	}
	var relays []Relay
	addresses := strings.Split(smtpURL, ",")
	for i, address := range addresses {
		relay, err := parseRelay(strings.TrimSpace(address))
		if err != nil && len(addresses) > 1 {
			return nil, fmt.Errorf("SMTP_URL, relay %d of %d: %w", i+1, len(addresses), err)
		}
		if err != nil {
			return nil, fmt.Errorf("SMTP_URL: %w", err)
		}
		relays = append(relays, relay)
	}
	return relays, nil
}

func parseRelay(address string) (Relay, error) {
	if !strings.HasPrefix(address, "smtp://") && !strings.HasPrefix(address, "smtps://") {
		return Relay{}, errors.New("must begin with smtp:// or smtps:// (write a comma in a password as %2C)")
	}
	u, err := url.Parse(address)
	if err != nil || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return Relay{}, errors.New("is not of the form smtp://user:password@host:587 " +
			"(write / ? # @ : % and spaces in a password as %2F %3F %23 %40 %3A %25 %20)")
	}
	var r Relay
	if r.security, err = securityOf(u); err != nil {
		return Relay{}, err
	}
	if r.port, err = portOf(u); err != nil {
		return Relay{}, err
	}
	if r.host, err = idna.Punycode.ToASCII(u.Hostname()); err != nil || r.host == "" {
		return Relay{}, errors.New("has no host; write smtp://user:password@host:587")
	}
	r.user = u.User.Username()
	r.password, _ = u.User.Password()
	if (r.user == "") != (r.password == "") {
		return Relay{}, errors.New("needs both user and password, or neither")
	}
	return r, nil
}

func securityOf(u *url.URL) (security, error) {
	query, err := url.ParseQuery(u.RawQuery)
	switch {
	case err == nil && len(query) == 0 && u.Scheme == "smtps":
		return wholeTLS, nil
	case err == nil && len(query) == 0:
		return startTLS, nil
	case u.RawQuery != "tls=none" || u.Scheme == "smtps":
		return 0, errors.New("may be followed by nothing but ?tls=none, and that only after smtp://")
	case !isLoopback(u.Hostname()):
		return 0, errors.New("has ?tls=none, which is for loopback only (127.0.0.1, ::1, localhost); leave it out")
	}
	return noTLS, nil
}

func portOf(u *url.URL) (string, error) {
	switch {
	case u.Port() == "" && u.Scheme == "smtps":
		return "465", nil
	case u.Port() == "":
		return "587", nil
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return "", errors.New("has an impossible port; 587 and 465 are usual")
	}
	return strconv.FormatUint(port, 10), nil
}
