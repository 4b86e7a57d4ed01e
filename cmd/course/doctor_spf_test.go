package main

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// RFC 7208.
func TestDoctorOnSPF(t *testing.T) {
	t.Parallel()
	own := func(records ...string) zone { return zone{"attabrev.example TXT": records} }
	playDNS(t, map[string]dnsStory{
		"none":      {own("some-verification=abc"), "spf", isFail, []string{"attabrev.example", "no v=spf1 record"}},
		"two":       {own("v=spf1 -all", "V=SPF1 ip4:192.0.2.7 -all"), "spf", isFail, []string{"2 v=spf1 records"}},
		"alike":     {own("v=spf10 +all", "v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 -all"), "spf", isOK, []string{"0 of at most 10"}},
		"no end":    {own("v=spf1 ip4:192.0.2.7"), "spf", isWarn, []string{"other senders", "-all"}},
		"?all":      {own("v=spf1 ip4:192.0.2.7 ?all"), "spf", isWarn, []string{"other senders", "-all"}},
		"all":       {own("v=spf1 ip4:192.0.2.7 all"), "spf", isFail, []string{"anyone", "-all"}},
		"~all":      {own("v=spf1 ip4:192.0.2.7 ~all"), "spf", isOK, []string{"0 of at most 10"}},
		"unknown":   {own("v=spf1 ipv4:192.0.2.7 -all"), "spf", isFail, []string{"ipv4:192.0.2.7"}},
		"no net":    {own("v=spf1 ip4:192.0.2.777 -all"), "spf", isFail, []string{"ip4:192.0.2.777"}},
		"wrong net": {own("v=spf1 ip4:2001:db8::7 -all"), "spf", isFail, []string{"ip4:2001:db8::7"}},
		"too wide":  {own("v=spf1 a/33 -all"), "spf", isFail, []string{"/33"}},
		"signs":     {own("v=spf1 ++all"), "spf", isFail, []string{"++all"}},
		"modifiers": {own("v=spf1 ip4:192.0.2.7 exp=why.example x=y:z/1 -all"), "spf", isOK, []string{"0 of at most 10"}},

		"redirect":          {own("v=spf1 redirect=spf.relay.example"), "spf", isOK, []string{"1 of at most 10"}},
		"redirect to none":  {own("v=spf1 redirect=nowhere.example"), "spf", isFail, []string{"nowhere.example"}},
		"redirect idle":     {own("v=spf1 ip4:192.0.2.7 -all redirect=nowhere.example"), "spf", isOK, []string{"0 of at most 10"}},
		"include of none":   {own("v=spf1 include:nowhere.example -all"), "spf", isFail, []string{"nowhere.example"}},
		"include of itself": {own("v=spf1 include:attabrev.example -all"), "spf", isFail, []string{"more than 10"}},
		"include of broken": {own("v=spf1 include:broken.example -all").with(zone{"broken.example TXT": {"v=spf1 -all", "v=spf1 -all"}}),
			"spf", isFail, []string{"broken.example has 2"}},
		"include away": {zone{"spf.relay.example TXT": {"away"}}, "spf", isWarn, []string{"could not be looked up"}},

		"three empty": {own("v=spf1 a:a.example a:b.example mx:c.example -all"), "spf", isFail, []string{"more than 2"}},
		"two empty":   {own("v=spf1 a:a.example mx:c.example -all"), "spf", isOK, []string{"2 of at most 10"}},
		"eleven MX":   {own("v=spf1 mx -all").with(zone{"attabrev.example MX": manyMX(11)}), "spf", isFail, []string{"more than 10 MX"}},
	}, nil)
}

func manyMX(n int) (records []string) {
	for i := range n {
		records = append(records, fmt.Sprintf("10 mx%d.attabrev.example.", i))
	}
	return records
}

// include, a, mx, ptr, exists and redirect count, wherever they stand; ip4, ip6 and all do
// not. Ten are allowed, the eleventh is not (§4.6.4).
func TestDoctorCountsSPFLookups(t *testing.T) {
	t.Parallel()
	inner := "v=spf1 a:smtp.relay.example mx:attabrev.example ptr exists:%{i}.relay.example include:spf.relay.example ip4:192.0.2.0/24 ?all"
	ten := zone{
		"attabrev.example TXT": {"v=spf1 include:in.example a:smtp.relay.example a mx redirect=spf.relay.example"},
		"in.example TXT":       {inner},
		"attabrev.example A":   {"192.0.2.80"},
	}
	eleven := ten.with(zone{"attabrev.example TXT": {"v=spf1 include:in.example a:smtp.relay.example a mx mx redirect=spf.relay.example"}})
	playDNS(t, map[string]dnsStory{
		"ten":    {ten, "spf", isOK, []string{"10 of at most 10"}},
		"eleven": {eleven, "spf", isFail, []string{"more than 10 DNS lookups"}},
	}, nil)
}

// Whether the relay may send is told by its addresses, or by an include of its company's.
func TestDoctorOnTheRelayInSPF(t *testing.T) {
	t.Parallel()
	own := func(record string) zone { return zone{"attabrev.example TXT": {record}} }
	covered := []string{"relay smtp.relay.example", "has its addresses"}
	not := []string{"relay smtp.relay.example", "does not have"}
	playDNS(t, map[string]dnsStory{
		"by address":       {own("v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 -all"), "spf", isOK, covered},
		"by network":       {own("v=spf1 ip4:192.0.2.0/29 ip6:2001:db8::/64 -all"), "spf", isOK, covered},
		"by host":          {own("v=spf1 a:smtp.relay.example -all"), "spf", isOK, covered},
		"by neighbours":    {own("v=spf1 a:neighbour.example/24//64 -all").with(zone{"neighbour.example A": {"192.0.2.99"}, "neighbour.example AAAA": {"2001:db8::99"}}), "spf", isOK, covered},
		"by whole names":   {own("v=spf1 a:smtp.relay.example. -all"), "spf", isOK, covered},
		"by MX":            {own("v=spf1 mx:in.example -all").with(zone{"in.example MX": {"5 smtp.relay.example."}}), "spf", isOK, covered},
		"by include":       {own("v=spf1 include:elsewhere.example -all").with(zone{"elsewhere.example TXT": {"v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 ~all"}}), "spf", isOK, covered},
		"by redirect":      {own("v=spf1 redirect=elsewhere.example").with(zone{"elsewhere.example TXT": {"v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 -all"}}), "spf", isOK, covered},
		"by company":       {zone{"spf.relay.example TXT": {"v=spf1 ip4:203.0.113.0/24 -all"}}, "spf", isOK, []string{"includes spf.relay.example"}},
		"only one address": {own("v=spf1 ip4:192.0.2.7 -all"), "spf", isWarn, append(not, "2001:db8::7")},
		"not at all":       {own("v=spf1 ip4:192.0.2.8 ip6:2001:db8::7 -all"), "spf", isWarn, append(not, "192.0.2.7")},
		"by ~all only":     {own("v=spf1 ip4:192.0.2.7 ~all"), "spf", isWarn, append(not, "2001:db8::7")},
		"barred before":    {own("v=spf1 -ip4:192.0.2.7 ip4:192.0.2.0/24 ip6:2001:db8::7 -all"), "spf", isWarn, append(not, "192.0.2.7")},
		"include says no":  {own("v=spf1 include:elsewhere.example -all").with(zone{"elsewhere.example TXT": {"v=spf1 ip6:2001:db8::7 -ip4:192.0.2.7 +all"}}), "spf", isWarn, append(not, "192.0.2.7")},
		"no such host":     {zone{"smtp.relay.example A": nil, "smtp.relay.example AAAA": nil}, "spf", isWarn, []string{"no address", "SMTP_URL"}},
	}, nil)
}

func TestSPFVerdictIsTheFirstThatMatches(t *testing.T) {
	t.Parallel()
	d := doctorOf(t, atta().with(zone{"attabrev.example TXT": {"v=spf1 ~ip4:192.0.2.1 -ip4:192.0.2.2 ?ip4:192.0.2.3 ip4:192.0.2.0/24 -all"}}))
	walk := &spfWalk{dns: d.dns}
	record, err := walk.read(t.Context(), "attabrev.example")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, ip := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.3.1", "2001:db8::1"} {
		got = append(got, string(record.verdict(netip.MustParseAddr(ip))))
	}
	if strings.Join(got, "") != "~-?+--" {
		t.Errorf("got %q, want ~-?+--", got)
	}
}
