package main

import (
	"errors"
	"html/template"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"fortsatt/lessons"
	"fortsatt/mailer"
)

// public is a doctor for https://attabrev.example, with every setting.
func public(t testing.TB) *doctor {
	t.Helper()
	d := doctorOf(t, atta())
	d.BaseURL = "https://attabrev.example"
	d.base, _ = url.Parse(d.BaseURL)
	d.DatabaseURL, d.secrets = "postgres://db.example/course", []string{secret}
	var err error
	if d.library, err = lessons.Load(lessons.Shipped()); err != nil {
		t.Fatal(err)
	}
	d.library.Publisher.Relay = "Relay AB"
	d.library.Privacy.HTML = "<p>Breven skickas via Relay AB.</p>"
	return d
}

func TestDoctorOnSettings(t *testing.T) {
	t.Parallel()
	expectFinding(t, public(t).settings(t.Context()), "settings", isOK, "https://attabrev.example")
	for setting, forget := range map[string]func(*doctor){
		"DATABASE_URL":  func(d *doctor) { d.DatabaseURL = "" },
		"SMTP_URL":      func(d *doctor) { d.relays = nil },
		"COURSE_SECRET": func(d *doctor) { d.secrets = nil },
		"COURSE_FROM":   func(d *doctor) { d.from = mail.Address{} },
	} {
		d := public(t)
		forget(d)
		expectFinding(t, d.settings(t.Context()), "settings", isFail, "not set: "+setting)
		d.BaseURL = "http://127.0.0.1:8080"
		d.base, _ = url.Parse(d.BaseURL)
		if setting == "COURSE_SECRET" || setting == "COURSE_FROM" { // which a laptop may leave out
			expectFinding(t, d.settings(t.Context()), "settings", isOK, "DNS is not looked at")
		} else {
			expectFinding(t, d.settings(t.Context()), "settings", isFail, setting)
		}
	}
}

// On loopback no name is looked up; in public all checks are made.
func TestDoctorLooksAtDNSForPublicSitesOnly(t *testing.T) {
	t.Parallel()
	asked := &names{resolver: atta().served(t)}
	d := public(t)
	d.dns = dns{asked}
	d.relays, d.DatabaseURL = nil, ""
	all := d.examine(t.Context(), d.checks())
	for _, check := range []string{"settings", "lessons", "zone", "promise", "spf", "dkim", "dmarc", "alignment", "mx"} {
		if countOf(all, check) == 0 {
			t.Errorf("nothing is said of %s", check)
		}
	}
	if len(asked.all) == 0 {
		t.Error("DNS was not asked")
	}
	d.base, _ = url.Parse("http://localhost:8080")
	asked.all = nil
	if all := d.examine(t.Context(), d.checks()); len(asked.all) > 0 || countOf(all, "spf") > 0 || countOf(all, "settings") != 1 {
		t.Errorf("asked for %q, found %+v", asked.all, all)
	}
}

func TestDoctorOnTexts(t *testing.T) {
	t.Parallel()
	d := public(t)
	expectFinding(t, d.texts(t.Context()), "lessons", isOK, "courses: 1")
	d.library, d.unreadable = nil, failure{exitFailed, errors.New("publisher.toml: relay is empty"), "fill it in"}
	expectFinding(t, d.texts(t.Context()), "lessons", isFail, "relay is empty", "fill it in")
	d.unreadable = errors.New("kurs/01.md:3: no title\nkurs/02.md:1: no subject")
	expectFinding(t, d.texts(t.Context()), "lessons", isFail, "no title; kurs/02.md:1")
	if all := d.promise(t.Context()); len(all) > 0 {
		t.Errorf("got %+v, want nothing said twice", all)
	}
}

// What readers are told of the relay is held against the relay that is used.
func TestDoctorOnThePromise(t *testing.T) {
	t.Parallel()
	for named, hosts := range map[string]map[string]verdict{
		"Relay AB":                {"smtp://smtp.relay.example": isOK, "smtp://smtp.other.example": isWarn, "smtp://127.0.0.1:25?tls=none": isOK},
		"Bolaget (relay.example)": {"smtp://eu.smtp.relay.example": isOK, "smtp://relay.example.org": isWarn},
		"Twilio SendGrid":         {"smtp://smtp.sendgrid.net": isOK, "smtp://smtp.sendgrid.net, smtp://smtp.other.example": isWarn},
		"Postmark":                {"smtp://smtp.postmarkapp.com": isOK, "smtp://smtp.mailgun.org": isWarn},
		"Amazon SES":              {"smtp://email-smtp.eu-north-1.amazonaws.com": isOK},
		"AB & Co":                 {"smtp://smtp.abandon.example": isWarn},
	} {
		for address, want := range hosts {
			d := public(t)
			d.library.Publisher.Relay = named
			d.library.Privacy.HTML = template.HTML("<p>via " + template.HTMLEscapeString(named) + "</p>")
			d.relays, _ = mailer.ParseRelays(address)
			all := d.promise(t.Context())
			if len(all) != 1 || all[0].State != want {
				t.Errorf("%s by %s: got %+v, want %s", named, address, all, want)
			}
		}
	}
	d := public(t)
	d.library.Privacy.HTML = "<p>Breven skickas av oss.</p>"
	expectFinding(t, d.promise(t.Context()), "promise", isFail, "privacy page", "Relay AB", "{{.Relay}}")
}

// Directive 2000/84/EC, by a table of the dates; and zones that only seem to know it.
func TestDoctorOnSummerTime(t *testing.T) {
	t.Parallel()
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	for year, days := range map[int][2]int{2024: {31, 27}, 2025: {30, 26}, 2026: {29, 25}, 2027: {28, 31}, 2030: {31, 27}} {
		spring, autumn := lastSunday(year, time.March), lastSunday(year, time.October)
		if spring.Day() != days[0] || autumn.Day() != days[1] {
			t.Errorf("%d: got %s and %s, want 03-%d and 10-%d", year, spring, autumn, days[0], days[1])
		}
		expectFinding(t, []finding{summerTime(subject{"zone", "x"}, zone("Europe/Stockholm"), year)}, "zone", isOK)
	}
	for _, stranger := range []*time.Location{time.UTC, time.FixedZone("CET", 3600), zone("Europe/Helsinki"), zone("Africa/Algiers"), zone("America/New_York")} {
		expectFinding(t, []finding{summerTime(subject{"zone", "x"}, stranger, 2026)}, "zone", isFail, "tzdata")
	}
	// Tunis kept to the same rule up to 2008, so that in 2008 next year's clocks are wrong.
	expectFinding(t, []finding{summerTime(subject{"zone", "x"}, zone("Africa/Tunis"), 2007)}, "zone", isOK)
	expectFinding(t, []finding{summerTime(subject{"zone", "x"}, zone("Africa/Tunis"), 2008)}, "zone", isFail, "2009-03-29")
	expectFinding(t, public(t).zones(t.Context()), "zone", isOK, "Europe/Stockholm")
}

// The exit code and the counts follow from the findings; each is a line, with another that
// says what to do.
func TestDoctorTells(t *testing.T) {
	t.Parallel()
	of := subject{"spf", "attabrev.example"}
	c := checkup{Findings: []finding{of.ok("good"), of.warn("doubtful", "look again"), of.fail("bad", "mend it"), of.fail("worse", "mend it")}}
	c.count()
	var told strings.Builder
	c.tell(&told)
	for _, want := range []string{
		`(?m)^ok +spf +attabrev\.example: good$`,
		`(?m)^warn +spf +attabrev\.example: doubtful\n +to do: look again$`,
		`(?m)^fail +spf +attabrev\.example: bad\n +to do: mend it$`,
		`(?m)^1 ok, 1 warn, 2 fail$`,
	} {
		if !regexp.MustCompile(want).MatchString(told.String()) {
			t.Errorf("got\n%s\nwant %s", &told, want)
		}
	}
}
