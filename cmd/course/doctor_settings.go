package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"net"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// settings says whether all stands there that the Procfile's processes need. What stands
// there has been read by readConfig, which stops at the first that is wrong.
func (d *doctor) settings(context.Context) []finding {
	of := subject{"settings", d.BaseURL}
	var missing []string
	for _, s := range []struct {
		name string
		set  bool
	}{
		{"DATABASE_URL", d.DatabaseURL != "" || d.DataDir != ""},
		{"SMTP_URL", len(d.relays) > 0},
		{"COURSE_SECRET", len(d.secrets) > 0 || d.laptop()},
		{"COURSE_FROM", d.from.Address != "" || d.laptop()},
	} {
		if !s.set {
			missing = append(missing, s.name)
		}
	}
	switch {
	case len(missing) > 0:
		return []finding{of.fail("not set: "+strings.Join(missing, ", "), "set it; course config explains each")}
	case d.laptop():
		return []finding{of.ok("all set, for this machine alone: COURSE_BASE_URL is on loopback, so DNS is not looked at")}
	}
	return []finding{of.ok("all set")}
}

// texts says whether the lessons directory can be used as it stands.
func (d *doctor) texts(context.Context) []finding {
	of := subject{"lessons", cmp.Or(d.Lessons, "built in")}
	if d.unreadable != nil {
		mend := "mend the file, and run it again"
		if f, ok := errors.AsType[failure](d.unreadable); ok && f.hint != "" {
			mend = f.hint
		}
		return []finding{of.fail(oneLine(d.unreadable), mend)}
	}
	return []finding{of.ok(fmt.Sprintf("courses: %d, articles: %d", len(d.library.Courses), len(d.library.Articles)))}
}

// promise says whether the relay that readers are told of is the one that is used.
func (d *doctor) promise(context.Context) []finding {
	if d.library == nil {
		return nil // texts has said why
	}
	of := subject{"promise", "publisher.toml"}
	named := d.library.Publisher.Relay
	if !strings.Contains(string(d.library.Privacy.HTML), template.HTMLEscapeString(named)) {
		return []finding{of.fail(fmt.Sprintf("the privacy page does not name the relay, %s", named), "put {{.Relay}} back into pages/integritet.md")}
	}
	var strangers []string
	for _, relay := range d.relays {
		if host, _, _ := net.SplitHostPort(relay.String()); !loopback(host) && !isNamed(named, host) {
			strangers = append(strangers, host)
		}
	}
	if len(strangers) > 0 {
		return []finding{of.warn(fmt.Sprintf("readers are told that letters go through %s, and SMTP_URL has %s", named, strings.Join(strangers, ", ")),
			"if that is another company, name it as relay in publisher.toml; if it is the same, name it so that one sees it, as in \"Bolaget AB (relay.example)\"")}
	}
	return []finding{of.ok(fmt.Sprintf("names %s, and so does the privacy page", named))}
}

// isNamed guesses whether a company's name is that of the host: Postmark is of
// smtp.postmarkapp.com, Amazon SES of email-smtp.eu-north-1.amazonaws.com.
func isNamed(company, host string) bool {
	own := organisation(host)
	brand, _, _ := strings.Cut(own, ".")
	company = strings.ToLower(company)
	if strings.Contains(company, own) {
		return true
	}
	for word := range strings.FieldsSeq(company) {
		if len(word) >= 4 && (strings.HasPrefix(brand, word) || strings.HasPrefix(word, brand)) {
			return true
		}
	}
	return false
}

// organisation is the domain that was registered (the organizational domain of RFC 7489
// §3.2): brev.attabrev.se is of attabrev.se.
func organisation(domain string) string {
	if registered, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return registered
	}
	return domain
}

// zones says whether this machine knows when summer time begins, as the planner must.
func (d *doctor) zones(context.Context) []finding {
	const name = "Europe/Stockholm"
	of := subject{"zone", name}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return []finding{of.fail(err.Error(), "install this system's tzdata anew")}
	}
	return []finding{summerTime(of, zone, d.now().Year())}
}

// summerTime compares a zone with the rule of directive 2000/84/EC: Swedish clocks are an
// hour on from 01:00 UTC on March's last Sunday to 01:00 UTC on October's last Sunday.
func summerTime(of subject, zone *time.Location, year int) finding {
	for y := year; y <= year+1; y++ {
		spring, autumn := lastSunday(y, time.March), lastSunday(y, time.October)
		for _, c := range []struct {
			at    time.Time
			hours int
		}{{spring.Add(-time.Second), 1}, {spring, 2}, {autumn.Add(-time.Second), 2}, {autumn, 1}} {
			if _, offset := c.at.In(zone).Zone(); offset != c.hours*3600 {
				return of.fail(fmt.Sprintf("%s is %s there, want UTC+%d", c.at.Format(time.RFC3339), c.at.In(zone).Format("15:04"), c.hours),
					"update this system's tzdata (or, if the law has changed, this program)")
			}
		}
	}
	return of.ok(fmt.Sprintf("knows summer time in %d and %d", year, year+1))
}

func lastSunday(year int, month time.Month) time.Time {
	last := time.Date(year, month+1, 0, 1, 0, 0, 0, time.UTC)
	return last.AddDate(0, 0, -int(last.Weekday()))
}
