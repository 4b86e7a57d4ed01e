package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"golang.org/x/net/idna"
)

// A resolver answers questions to DNS; *net.Resolver is one.
type resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupHost(ctx context.Context, host string) ([]string, error)
}

// dns is a resolver by which a record that is not there is an answer, not an error.
type dns struct{ resolver resolver }

func (d dns) txt(ctx context.Context, name string) ([]string, error) {
	texts, err := d.resolver.LookupTXT(ctx, whole(name))
	return texts, d.settle(ctx, err)
}

func (d dns) mx(ctx context.Context, name string) ([]*net.MX, error) {
	records, err := d.resolver.LookupMX(ctx, whole(name))
	return records, d.settle(ctx, err)
}

func (d dns) host(ctx context.Context, name string) ([]string, error) {
	if net.ParseIP(name) != nil {
		return []string{name}, nil
	}
	addresses, err := d.resolver.LookupHost(ctx, whole(name))
	return addresses, d.settle(ctx, err)
}

// settle makes no error of a name that is not there, if that is to be believed: the resolver
// of a closed network denies all names but its own, a root server's too.
func (d dns) settle(ctx context.Context, err error) error {
	if !isNotFound(err) {
		return err
	}
	if _, err := d.resolver.LookupHost(ctx, "a.root-servers.net."); err != nil {
		return fmt.Errorf("this machine's resolver knows no public names: %w", err)
	}
	return nil
}

// whole is a name as it stands: without the dot at its end, this machine's search domains
// would answer too.
func whole(name string) string { return strings.TrimSuffix(name, ".") + "." }

func isNotFound(err error) bool {
	unknown, ok := errors.AsType[*net.DNSError](err)
	return ok && unknown.IsNotFound
}

// away is for what DNS did not answer: it may be this machine that cannot ask.
func (s subject) away(err error) finding {
	return s.warn("could not be looked up: "+oneLine(err), "run it again where DNS answers")
}

// domainOf is an address's domain as DNS knows it.
func domainOf(address string) string {
	domain := address[strings.LastIndexByte(address, '@')+1:]
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		return ascii
	}
	return strings.ToLower(domain)
}

// senderDomain is what readers see, envelopeDomain where bounces go.
func (d *doctor) senderDomain() string { return domainOf(d.from.Address) }

func (d *doctor) envelopeDomain() string {
	if d.BounceDomain != "" {
		return domainOf(d.BounceDomain)
	}
	return d.senderDomain()
}

// mx says whether returned mail has somewhere to go (RFC 5321 §5.1, RFC 7505).
func (d *doctor) mx(ctx context.Context) []finding {
	domain := d.envelopeDomain()
	of := subject{"mx", domain}
	const do = "publish an MX record for it that leads to the server that hands returned mail to us"
	records, err := d.dns.mx(ctx, domain)
	if err != nil {
		return []finding{of.away(err)}
	}
	if len(records) == 0 {
		hosts, err := d.dns.host(ctx, domain)
		switch {
		case err != nil:
			return []finding{of.away(err)}
		case len(hosts) == 0:
			return []finding{of.fail("has no MX record, and no address either: bounces go nowhere", do)}
		}
		return []finding{of.warn("has no MX record: bounces go to its own address, "+hosts[0], do)}
	}
	var named []string
	for _, record := range records {
		host := strings.TrimSuffix(record.Host, ".")
		if host == "" {
			return []finding{of.fail("has a null MX record: it takes no mail, and receivers refuse letters from it", do)}
		}
		addresses, err := d.dns.host(ctx, host)
		if err != nil {
			return []finding{of.away(err)}
		}
		if len(addresses) > 0 {
			named = append(named, host)
		}
	}
	if len(named) == 0 {
		return []finding{of.fail("has MX records, and none of their hosts has an address", do)}
	}
	return []finding{of.ok(fmt.Sprintf("mail goes to %s; whether it is handed on to us cannot be seen from here", strings.Join(named, ", ")))}
}

// tags reads a list as DKIM and DMARC write theirs (RFC 6376 §3.2); a tag that stands twice
// or has no name makes it void.
func tags(text string) (map[string]string, error) {
	all := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		if _, twice := all[name]; !ok || name == "" || twice {
			return nil, fmt.Errorf("%q is no list of tags", part)
		}
		all[name] = strings.TrimSpace(value)
	}
	return all, nil
}
