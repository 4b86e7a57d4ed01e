package main

import (
	"net/mail"
	"testing"
)

// RFC 7489.
func TestDoctorOnDMARC(t *testing.T) {
	t.Parallel()
	at := func(records ...string) zone { return zone{"_dmarc.attabrev.example TXT": records} }
	playDNS(t, map[string]dnsStory{
		"none":             {at(), "dmarc", isFail, []string{"attabrev.example", "no DMARC record", "v=DMARC1; p=none"}},
		"other text":       {at("v=DMARC10; p=reject", "hello"), "dmarc", isFail, []string{"no DMARC record"}},
		"two":              {at("v=DMARC1; p=reject", "v=DMARC1; p=none"), "dmarc", isFail, []string{"2 DMARC records"}},
		"p=none":           {at("v=DMARC1;p=none"), "dmarc", isWarn, []string{"p=none", "quarantine"}},
		"p=reject":         {at("v=DMARC1; p=reject"), "dmarc", isOK, []string{"p=reject"}},
		"spaced":           {at("v = DMARC1 ; p = quarantine ;"), "dmarc", isOK, []string{"p=quarantine"}},
		"no policy":        {at("v=DMARC1; rua=mailto:a@attabrev.example"), "dmarc", isFail, []string{"no policy"}},
		"unknown policy":   {at("v=DMARC1; p=maybe"), "dmarc", isFail, []string{"p=maybe"}},
		"broken":           {at("v=DMARC1; p=none; p=reject"), "dmarc", isFail, []string{"broken"}},
		"away":             {at("away"), "dmarc", isWarn, []string{"could not be looked up"}},
		"sp is for others": {at("v=DMARC1; p=reject; sp=none"), "dmarc", isOK, []string{"p=reject"}},
	}, nil)
}

// A domain without a record of its own has that of the nearest one above, up to the one that
// was registered, and of that its sp=.
func TestDoctorWalksUpToTheDMARCRecord(t *testing.T) {
	t.Parallel()
	top := "_dmarc.attabrev.example TXT"
	playDNS(t, map[string]dnsStory{
		"registered domain": {zone{top: {"v=DMARC1; p=reject"}}, "dmarc", isOK, []string{"p=reject by _dmarc.attabrev.example"}},
		"sp":                {zone{top: {"v=DMARC1; p=reject; sp=none"}}, "dmarc", isWarn, []string{"p=none by _dmarc.attabrev.example"}},
		"half-way":          {zone{top: {"v=DMARC1; p=none"}, "_dmarc.kurs.attabrev.example TXT": {"v=DMARC1; p=quarantine"}}, "dmarc", isOK, []string{"by _dmarc.kurs.attabrev.example"}},
		"its own":           {zone{top: {"v=DMARC1; p=none"}, "_dmarc.brev.kurs.attabrev.example TXT": {"v=DMARC1; p=reject; sp=none"}}, "dmarc", isOK, []string{"p=reject by _dmarc.brev.kurs.attabrev.example"}},
		"not beyond":        {zone{top: nil, "_dmarc.example TXT": {"v=DMARC1; p=reject"}}, "dmarc", isFail, []string{"no DMARC record"}},
	}, func(d *doctor) { d.from = mail.Address{Address: "anna@brev.kurs.attabrev.example"} })
}

// DMARC passes by DKIM or by SPF, where its domain is From's: the same one in strict mode,
// of the same registered domain in relaxed mode.
func TestDoctorOnAlignment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		record, signs, envelope string
		want                    verdict
		words                   []string
	}{
		"same domains":             {"", "attabrev.example", "attabrev.example", isOK, []string{"envelope", "d="}},
		"below, relaxed":           {"", "kurs.attabrev.example", "studs.attabrev.example", isOK, nil},
		"below, strict DKIM":       {"; adkim=s", "kurs.attabrev.example", "studs.attabrev.example", isWarn, []string{"d=", "SPF alone"}},
		"below, strict SPF":        {"; aspf=s", "kurs.attabrev.example", "studs.attabrev.example", isWarn, []string{"studs.attabrev.example", "DKIM alone"}},
		"below, strict both":       {"; adkim=s; aspf=s", "kurs.attabrev.example", "studs.attabrev.example", isFail, []string{"every letter fails"}},
		"strict and the same":      {"; adkim=s; aspf=s", "attabrev.example", "attabrev.example", isOK, nil},
		"envelope elsewhere":       {"", "attabrev.example", "studs.relay.example", isWarn, []string{"studs.relay.example", "DKIM alone"}},
		"signed elsewhere":         {"", "relay.example", "attabrev.example", isWarn, []string{"d=", "SPF alone", "COURSE_DKIM_DOMAIN"}},
		"all elsewhere":            {"", "relay.example", "relay.example", isFail, []string{"every letter fails", "COURSE_BOUNCE_DOMAIN"}},
		"a name that ends alike":   {"", "otherattabrev.example", "otherattabrev.example", isFail, nil},
		"unsigned":                 {"", "", "attabrev.example", isOK, []string{"envelope"}},
		"unsigned, sent elsewhere": {"", "", "relay.example", isWarn, []string{"relay.example", "only if the relay signs"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := doctorOf(t, atta().with(zone{"_dmarc.attabrev.example TXT": {"v=DMARC1; p=reject" + c.record}}))
			d.BounceDomain = c.envelope
			d.keys = []dkimKey{{c.signs, "brev", attaKeys().rsa.Public()}}
			if c.signs == "" {
				d.keys = nil
			}
			expectFinding(t, d.dmarc(t.Context()), "alignment", c.want, c.words...)
		})
	}
}

// RFC 5321 §5.1, RFC 7505.
func TestDoctorOnMX(t *testing.T) {
	t.Parallel()
	playDNS(t, map[string]dnsStory{
		"null":       {zone{"attabrev.example MX": {"0 ."}}, "mx", isFail, []string{"null MX"}},
		"none":       {zone{"attabrev.example MX": nil}, "mx", isFail, []string{"no MX record", "nowhere"}},
		"an address": {zone{"attabrev.example MX": nil, "attabrev.example A": {"198.51.100.9"}}, "mx", isWarn, []string{"no MX record", "198.51.100.9"}},
		"nobody":     {zone{"mx.attabrev.example A": nil}, "mx", isFail, []string{"none of their hosts"}},
		"one of two": {zone{"attabrev.example MX": {"10 mx.attabrev.example.", "20 gone.attabrev.example."}}, "mx", isOK, []string{"mx.attabrev.example", "cannot be seen from here"}},
		"away":       {zone{"attabrev.example MX": {"away"}}, "mx", isWarn, []string{"could not be looked up"}},
		"host away":  {zone{"mx.attabrev.example A": {"away"}, "mx.attabrev.example AAAA": {"away"}}, "mx", isWarn, []string{"could not be looked up"}},
	}, nil)
}

// Bounces go to the envelope's domain, whatever From's is.
func TestDoctorLooksAtTheEnvelopesDomain(t *testing.T) {
	t.Parallel()
	d := doctorOf(t, atta().with(zone{"xn--rksmrgs-5wao1o.attabrev.example TXT": {"v=spf1 ip4:192.0.2.0/24 ?all"}, "xn--rksmrgs-5wao1o.attabrev.example MX": {"0 ."}}))
	d.BounceDomain = "Räksmörgås.attabrev.example"
	all := d.foundInDNS(t)
	expectFinding(t, all, "spf", isWarn, "xn--rksmrgs-5wao1o.attabrev.example", "other senders")
	expectFinding(t, all, "mx", isFail, "xn--rksmrgs-5wao1o.attabrev.example", "null MX")
}
