package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// An spfWalk reads a record and all that it leads to.
type spfWalk struct {
	dns      dns
	lookups  int
	void     int
	included []string
}

// read returns nil where a domain has no record. Its errors are an spfError, or DNS's own.
func (w *spfWalk) read(ctx context.Context, domain string) (*spfRecord, error) {
	texts, err := w.dns.txt(ctx, domain)
	if err != nil {
		return nil, err
	}
	texts = slices.DeleteFunc(texts, func(text string) bool { return !isSPF(text) })
	switch {
	case len(texts) == 0:
		return nil, nil
	case len(texts) > 1:
		return nil, spfError(fmt.Sprintf("%s has %d v=spf1 records; one is allowed", domain, len(texts)))
	}
	record := &spfRecord{text: texts[0]}
	redirect := ""
	for _, text := range strings.Fields(texts[0])[1:] {
		if name, value, ok := modifier(text); ok {
			if name == "redirect" {
				redirect = value
			}
			continue
		}
		term, err := w.term(ctx, domain, text)
		if err != nil {
			return nil, err
		}
		record.terms = append(record.terms, term)
		if term.all {
			return record, nil // what follows, a redirect too, is ignored (§5.1)
		}
	}
	if redirect != "" {
		record.redirect, err = w.follow(ctx, redirect)
	}
	return record, err
}

// modifier reads name=value (§4.6.1). An = may stand in a mechanism's domain too, but only
// after a colon or slash.
func modifier(text string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(text, "=")
	return strings.ToLower(name), value, ok && !strings.ContainsAny(name, ":/")
}

// follow reads the record that another one leans on, which must exist (§5.2, §6.1).
func (w *spfWalk) follow(ctx context.Context, domain string) (*spfRecord, error) {
	if err := w.ask(); err != nil || strings.Contains(domain, "%") {
		return &spfRecord{}, err
	}
	record, err := w.read(ctx, domain)
	if err == nil && record == nil {
		err = spfError(fmt.Sprintf("it leads to %s, which has no v=spf1 record", domain))
	}
	w.included = append(w.included, domain)
	return record, err
}

// ask counts a term that asks DNS.
func (w *spfWalk) ask() error {
	if w.lookups++; w.lookups > spfLookups {
		return spfError(fmt.Sprintf("it takes more than %d DNS lookups, where receivers stop", spfLookups))
	}
	return nil
}

func (w *spfWalk) term(ctx context.Context, domain, text string) (spfTerm, error) {
	t := spfTerm{qualifier: '+'}
	bare := strings.TrimLeft(text, "+-~?")
	if len(text)-len(bare) == 1 {
		t.qualifier = text[0]
	}
	end := len(bare)
	if i := strings.IndexAny(bare, ":/"); i >= 0 {
		end = i
	}
	value := strings.TrimPrefix(bare[end:], ":")
	var err error
	switch name := strings.ToLower(bare[:end]); {
	case len(text)-len(bare) > 1:
		err = spfError("it has a term that nobody understands, " + text)
	case name == "all" && value == "":
		t.all = true
	case name == "ip4" || name == "ip6":
		t.nets, err = ownNet(text, value, name == "ip4")
	case name == "include" && value != "":
		t.included, err = w.follow(ctx, value)
	case name == "a" || name == "mx":
		t.nets, err = w.hosts(ctx, name, domain, value)
	case name == "ptr" || name == "exists" && value != "":
		err = w.ask()
	default:
		err = spfError("it has a term that nobody understands, " + text)
	}
	return t, err
}

func ownNet(text, value string, v4 bool) ([]netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(value)
	if ip, single := netip.ParseAddr(value); single == nil {
		prefix, err = netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	if err != nil || prefix.Addr().Is4() != v4 {
		return nil, spfError("it has a term that names no network, " + text)
	}
	return []netip.Prefix{prefix.Masked()}, nil
}

// hosts is the networks around the hosts of an a or mx term, as a:relay.example/24//64.
func (w *spfWalk) hosts(ctx context.Context, name, domain, value string) ([]netip.Prefix, error) {
	if err := w.ask(); err != nil || strings.Contains(value, "%") {
		return nil, err
	}
	target, widths, _ := strings.Cut(value, "/")
	if target != "" {
		domain = target
	}
	names := []string{domain}
	if name == "mx" {
		records, err := w.dns.mx(ctx, domain)
		if err != nil {
			return nil, err
		}
		if len(records) > spfHosts {
			return nil, spfError(fmt.Sprintf("%s has more than %d MX records, which an mx term may not name", domain, spfHosts))
		}
		names = nil
		for _, record := range records {
			names = append(names, strings.TrimSuffix(record.Host, "."))
		}
	}
	return w.around(ctx, names, widths)
}

// around is the networks of those widths, "24//64", around hosts.
func (w *spfWalk) around(ctx context.Context, names []string, widths string) (nets []netip.Prefix, err error) {
	width4, width6, err := netWidths(widths)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		addresses, err := w.dns.host(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, address := range addresses {
			if ip, err := netip.ParseAddr(address); err == nil {
				width := width6
				if ip.Is4() {
					width = width4
				}
				nets = append(nets, netip.PrefixFrom(ip, width).Masked())
			}
		}
	}
	if len(nets) > 0 {
		return nets, nil
	}
	if w.void++; w.void > spfVoid {
		return nil, spfError(fmt.Sprintf("more than %d of its terms name hosts without an address, where receivers stop", spfVoid))
	}
	return nil, nil
}

// netWidths reads what stands after the first slash of a/24, a//64 or a/24//64.
func netWidths(text string) (width4, width6 int, err error) {
	four, six, _ := strings.Cut(text, "/")
	six = strings.TrimPrefix(six, "/")
	width4, width6 = 32, 128
	for _, w := range []struct {
		text string
		into *int
	}{{four, &width4}, {six, &width6}} {
		if w.text == "" {
			continue
		}
		n, err := strconv.Atoi(w.text)
		if err != nil || n < 0 || n > *w.into {
			return 0, 0, spfError("it has a network of impossible width, /" + text)
		}
		*w.into = n
	}
	return width4, width6, nil
}
