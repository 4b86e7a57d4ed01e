package mailer

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// Options are what a session needs besides the relay.
type Options struct {
	Hello        string         // our full host name, for EHLO
	Timeout      time.Duration  // for each step; default 2 minutes
	ReplyTimeout time.Duration  // for the reply after the dot; default 10 minutes (RFC 5321 §4.5.3.2.6)
	RootCAs      *x509.CertPool // who may vouch for the relay; nil: the system's
}

// Dial opens a session: connection, greeting, EHLO, TLS and login. Its error says which of
// them failed and, if the relay gave one, why; no connection is left behind.
//
// The steps are taken one by one on go-mail's smtp.Client, because the Dial of its higher
// Client does not tell them apart, does not heed ctx once connected, and leaves the
// connection open when a later step fails.
func (r Relay) Dial(ctx context.Context, o Options) (*Conn, error) {
	o.Timeout = cmp.Or(o.Timeout, 2*time.Minute)
	o.ReplyTimeout = cmp.Or(o.ReplyTimeout, 10*time.Minute)
	socket, err := (&net.Dialer{Timeout: o.Timeout}).DialContext(ctx, "tcp", r.String())
	if err != nil {
		return nil, &Error{Stage: Connect, Lost: true, Err: err}
	}
	c := &Conn{relay: r, options: o, wire: &wire{Conn: socket}}
	if err := c.open(ctx); err != nil {
		c.Abort()
		err.Lost = true
		return nil, err
	}
	return c, nil
}

func (c *Conn) open(ctx context.Context) *Error {
	steps := []struct {
		wanted bool
		stage  Stage
		take   func() error
	}{
		{c.relay.security == wholeTLS, TLS, c.handshake},
		{true, Greeting, c.greet},
		{true, Hello, func() error { return c.smtp.Hello(c.options.Hello) }},
		{c.relay.security == startTLS, TLS, c.startTLS},
		{c.relay.user != "", Auth, c.login},
	}
	for _, step := range steps {
		if !step.wanted {
			continue
		}
		if err := c.step(ctx, step.stage, step.take); err != nil {
			return err
		}
	}
	c.pipelines, _ = c.smtp.Extension("PIPELINING") // as offered under TLS, if there is TLS
	return nil
}

func (c *Conn) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: c.relay.host, RootCAs: c.options.RootCAs, MinVersion: tls.VersionTLS12}
}

func (c *Conn) handshake() error {
	c.tls = tls.Client(c.wire, c.tlsConfig())
	return c.tls.Handshake()
}

func (c *Conn) greet() (err error) {
	var conn net.Conn = c.wire
	if c.tls != nil {
		conn = c.tls
	}
	if c.smtp, err = smtp.NewClient(conn, c.relay.host); err != nil {
		return err
	}
	c.smtp.SkipSMTPUTF8(true) // our addresses and headers are ASCII; not every next relay has it
	return nil
}

// startTLS insists: a relay that does not offer it may be someone else, listening.
func (c *Conn) startTLS() error {
	if offered, _ := c.smtp.Extension("STARTTLS"); !offered {
		return errors.New("the relay does not offer STARTTLS")
	}
	return c.smtp.StartTLS(c.tlsConfig())
}

// login takes the best way that the relay offers under TLS (or on loopback): offers made
// before TLS are not believed.
func (c *Conn) login() error {
	_, offers := c.smtp.Extension("AUTH")
	offered := func(mechanism string) bool { return slices.Contains(strings.Fields(offers), mechanism) }
	r := c.relay
	switch {
	case offered("SCRAM-SHA-256"):
		return c.smtp.Auth(smtp.ScramSHA256Auth(r.user, r.password))
	case offered("SCRAM-SHA-1"):
		return c.smtp.Auth(smtp.ScramSHA1Auth(r.user, r.password))
	case offered("PLAIN"):
		return c.smtp.Auth(smtp.PlainAuth("", r.user, r.password, r.host, r.security == noTLS))
	case offered("LOGIN"):
		return c.smtp.Auth(smtp.LoginAuth(r.user, r.password, r.host, r.security == noTLS))
	}
	return errors.New("the relay offers no way to log in that we know (PLAIN, LOGIN, SCRAM)")
}
