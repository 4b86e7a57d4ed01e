package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"fortsatt/mailer"
)

// spf looks at who may send for the domain of the envelope senders (RFC 7208).
func (d *doctor) spf(ctx context.Context) []finding {
	domain := d.envelopeDomain()
	of := subject{"spf", domain}
	walk := &spfWalk{dns: d.dns}
	record, err := walk.read(ctx, domain)
	if broken, ok := err.(spfError); ok {
		return []finding{of.fail(string(broken), "mend the TXT record: as it stands, receivers count it as broken")}
	}
	if err != nil {
		return []finding{of.away(err)}
	}
	if record == nil {
		return []finding{of.fail("has no v=spf1 record", "publish one TXT record, as v=spf1 include:RELAY -all; your relay says what to include")}
	}
	findings := []finding{judgeSPF(of, record, walk.lookups)}
	for _, relay := range d.relays {
		findings = append(findings, d.covered(ctx, record, walk, relay))
	}
	return findings
}

func judgeSPF(of subject, record *spfRecord, lookups int) finding {
	found := fmt.Sprintf("%s; %d of at most %d DNS lookups", record.text, lookups, spfLookups)
	switch record.ending() {
	case '+':
		return of.fail(found+"; it lets anyone send for you", "end it in -all or ~all")
	case '?':
		return of.warn(found+"; it says nothing of other senders", "end it in -all or ~all")
	}
	return of.ok(found)
}

// covered says, as far as can be told, whether the record lets a relay send: by the relay's
// addresses, or because it includes a record of the relay's own company.
func (d *doctor) covered(ctx context.Context, record *spfRecord, walk *spfWalk, relay mailer.Relay) finding {
	host, _, _ := net.SplitHostPort(relay.String())
	of := subject{"spf", "relay " + host}
	if loopback(host) {
		return of.warn("is on this machine; from which address it sends on cannot be told", "see to it that the SPF record has that address")
	}
	addresses, err := d.dns.host(ctx, host)
	if err != nil {
		return of.away(err)
	}
	if len(addresses) == 0 {
		return of.warn("has no address", "look at SMTP_URL")
	}
	for _, included := range walk.included {
		if organisation(included) == organisation(host) {
			return of.ok("the record includes " + included)
		}
	}
	outside := slices.DeleteFunc(addresses, func(address string) bool {
		ip, err := netip.ParseAddr(address)
		return err == nil && record.verdict(ip.Unmap()) == '+'
	})
	if len(outside) == 0 {
		return of.ok("the record has its addresses")
	}
	return of.warn("the record does not have "+outside[0], "ask the relay which include: its senders need, and put it in; it may send from other addresses than it takes letters on")
}

// What a record may cost those who read it (§4.6.4).
const (
	spfLookups = 10 // terms that ask DNS
	spfVoid    = 2  // of them, those that come back empty
	spfHosts   = 10 // that one mx term may name
)

// An spfError is what makes a record void for every receiver (permerror, §2.6.7).
type spfError string

func (e spfError) Error() string { return string(e) }

// An spfRecord is one record, with all that it leads to.
type spfRecord struct {
	text     string
	terms    []spfTerm
	redirect *spfRecord
}

// An spfTerm is one mechanism. One whose meaning hangs on the letter (ptr, exists, macros)
// matches nothing here.
type spfTerm struct {
	qualifier byte // + - ~ ?
	all       bool
	nets      []netip.Prefix
	included  *spfRecord
}

// verdict is what the record says of a sender's address.
func (r *spfRecord) verdict(ip netip.Addr) byte {
	for _, term := range r.terms {
		if term.matches(ip) {
			return term.qualifier
		}
	}
	if r.redirect != nil {
		return r.redirect.verdict(ip)
	}
	return '?'
}

func (t spfTerm) matches(ip netip.Addr) bool {
	if t.included != nil {
		return t.included.verdict(ip) == '+'
	}
	return t.all || slices.ContainsFunc(t.nets, func(net netip.Prefix) bool { return net.Contains(ip) })
}

// ending is what it says of everyone who is not named.
func (r *spfRecord) ending() byte {
	for _, term := range r.terms {
		if term.all {
			return term.qualifier
		}
	}
	if r.redirect != nil {
		return r.redirect.ending()
	}
	return '?'
}

func isSPF(text string) bool {
	version, _, _ := strings.Cut(text, " ")
	return strings.EqualFold(version, "v=spf1")
}
