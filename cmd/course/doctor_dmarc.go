package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// dmarc looks at the policy for the domain that readers see, and whether what we sign and
// send with is aligned to it (RFC 7489).
func (d *doctor) dmarc(ctx context.Context) []finding {
	from := d.senderDomain()
	of := subject{"dmarc", from}
	const do = "publish at _dmarc.%s: v=DMARC1; p=none; rua=mailto:ADDRESS, and a stricter p= when the reports look right"
	at, records, err := d.findDMARC(ctx, from)
	if err != nil {
		return []finding{of.away(err)}
	}
	switch len(records) {
	case 0:
		return []finding{of.fail("has no DMARC record, and large receivers refuse bulk mail without one", fmt.Sprintf(do, organisation(from)))}
	case 1:
	default:
		return []finding{of.fail(fmt.Sprintf("_dmarc.%s has %d DMARC records, which counts as none", at, len(records)), "leave one")}
	}
	record, err := tags(records[0])
	if err != nil {
		return []finding{of.fail("the record is broken: "+err.Error(), fmt.Sprintf(do, at))}
	}
	policy := record["p"]
	if at != from {
		policy = cmp.Or(record["sp"], policy)
	}
	return []finding{judgePolicy(of, at, policy), d.alignment(from, record)}
}

// findDMARC asks at the domain, and then one label up at a time, as far as the domain that
// was registered.
func (d *doctor) findDMARC(ctx context.Context, from string) (at string, records []string, err error) {
	for at = from; ; {
		texts, err := d.dns.txt(ctx, "_dmarc."+at)
		if err != nil {
			return at, nil, err
		}
		records = slices.DeleteFunc(texts, func(text string) bool {
			version, _, _ := strings.Cut(text, ";")
			return strings.Join(strings.Fields(version), "") != "v=DMARC1"
		})
		_, above, more := strings.Cut(at, ".")
		if len(records) > 0 || at == organisation(from) || !more {
			return at, records, nil
		}
		at = above
	}
}

func judgePolicy(of subject, at, policy string) finding {
	switch strings.ToLower(policy) {
	case "quarantine", "reject":
		return of.ok(fmt.Sprintf("p=%s by _dmarc.%s", policy, at))
	case "none":
		return of.warn(fmt.Sprintf("p=none by _dmarc.%s: letters arrive, and so do those that others forge", at), "p=quarantine, when the reports look right")
	}
	return of.fail(fmt.Sprintf("the record of _dmarc.%s has no policy that is known: p=%s", at, policy), "write p=none, p=quarantine or p=reject")
}

// alignment compares From's domain with those that DKIM and SPF speak for. One of the two is
// enough for DMARC; both, where a forwarder breaks one.
func (d *doctor) alignment(from string, record map[string]string) finding {
	envelope := d.envelopeDomain()
	bySPF := aligned(from, envelope, record["aspf"])
	byDKIM := slices.ContainsFunc(d.keys, func(key dkimKey) bool { return aligned(from, domainOf(key.domain), record["adkim"]) })
	of := subject{"alignment", from}
	strays := fmt.Sprintf("the envelope's domain, %s,", envelope)
	do := "set COURSE_BOUNCE_DOMAIN to one that is aligned (under the same registered domain, or the same where aspf=s)"
	switch {
	case bySPF && (byDKIM || len(d.keys) == 0):
		return of.ok("of From, the envelope" + map[bool]string{true: " and DKIM's d="}[byDKIM])
	case byDKIM:
		return of.warn(strays+" is not aligned with From; DKIM alone carries DMARC", do)
	case bySPF:
		return of.warn("DKIM's d= is not aligned with From; SPF alone carries DMARC, and no forwarded letter passes", "set COURSE_DKIM_DOMAIN to From's domain")
	case len(d.keys) == 0:
		return of.warn(strays+" is not aligned with From: DMARC passes only if the relay signs for "+from, do)
	}
	return of.fail(strays+" and DKIM's d= are not aligned with From: every letter fails DMARC", do)
}

// aligned compares by mode (§3.1): strict ("s") wants the same domain, relaxed the same
// registered one.
func aligned(from, other, mode string) bool {
	if mode == "s" {
		return from == other
	}
	return organisation(from) == organisation(other)
}
