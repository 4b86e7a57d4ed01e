package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fortsatt/mailer"
)

// roomyLetter is the size that a relay should take: several times the largest of ours.
const roomyLetter = 1 << 20

// relay makes a session as the worker does, without a letter.
func (d *doctor) relay(ctx context.Context, relay mailer.Relay) []finding {
	of := subject{"relay", relay.String()}
	probe, err := relay.Probe(ctx, mailer.Options{Hello: d.hello(), RootCAs: d.roots, Timeout: d.patience})
	if err != nil {
		return []finding{of.fail(oneLine(err), relayAdvice(err))}
	}
	found := []string{security(probe), "round trip " + probe.RoundTrip.Round(time.Millisecond/10).String()}
	if !probe.Pipelines {
		found = append(found, "no PIPELINING, so that a letter takes four of them")
	}
	told := strings.Join(found, ", ")
	if probe.Size > 0 && probe.Size < roomyLetter {
		return []finding{of.warn(fmt.Sprintf("%s; takes letters of %d kB at most", told, probe.Size>>10), "ask the relay for a SIZE of 1 MB or more")}
	}
	return []finding{of.ok(told)}
}

// hello is how the worker greets a relay.
func (d *doctor) hello() string {
	if name := d.envelopeDomain(); name != "" {
		return name
	}
	return "localhost"
}

func security(p mailer.Probe) string {
	how := "no TLS (loopback)"
	if p.TLS != "" {
		how = p.TLS + " with a certificate that is good"
	}
	if p.LoggedIn {
		return how + ", login accepted"
	}
	return how + ", no login in SMTP_URL"
}

// relayAdvice is by how far a session came.
func relayAdvice(err error) string {
	wire, _ := errors.AsType[*mailer.Error](err)
	if wire == nil {
		return "look at SMTP_URL"
	}
	switch wire.Stage {
	case mailer.Connect:
		return "look at host and port in SMTP_URL, and whether a firewall lets them out"
	case mailer.TLS:
		return "the relay must offer TLS, with a certificate for the host name in SMTP_URL by an authority that this machine trusts; without it no password is sent"
	case mailer.Auth:
		return "look at user and password in SMTP_URL (write / ? # @ : % in them as %2F %3F %23 %40 %3A %25)"
	}
	return "the relay turns us away; ask whoever runs it"
}
