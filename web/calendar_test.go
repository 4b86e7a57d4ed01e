package web_test

import (
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"fortsatt/web"
)

func named(base string) func(*web.Options) {
	return func(o *web.Options) { o.BaseURL = base }
}

// file asks for a calendar file, and checks its lines by RFC 5545, section 3.1.
func (b *browser) file(path string) (reply, []string) {
	b.h.t.Helper()
	answer := b.get(path + ".ics")
	b.h.wants(answer, http.StatusOK)
	body, ended := strings.CutSuffix(answer.body, "\r\n")
	if !ended {
		b.h.t.Error("the file's last line has no end")
	}
	var lines []string
	for _, line := range strings.Split(body, "\r\n") {
		if len(line) > 75 {
			b.h.t.Errorf("a line of %d octets, at most 75: %q", len(line), line)
		}
		if strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
			b.h.t.Errorf("a bare line break, or half a character: %q", line)
		}
		if folded, more := strings.CutPrefix(line, " "); more && len(lines) > 0 {
			lines[len(lines)-1] += folded
			continue
		}
		lines = append(lines, line)
	}
	return answer, lines
}

// Anna puts the webinar in January into her calendar.
func TestCalendarFile(t *testing.T) {
	t.Parallel()
	h := open(t, named("http://atta.example"))
	anna := h.start("anna@example.se")
	answer, lines := anna.file(coming)
	want := []string{
		"BEGIN:VCALENDAR",
		"VERSION:2.0",
		"PRODID:-//Åtta brev//Fortsätt//SV",
		"METHOD:PUBLISH",
		"BEGIN:VEVENT",
		"UID:forsta-2027@atta.example",
		"DTSTAMP:20261120T000000Z",
		"LAST-MODIFIED:20261120T000000Z",
		"SEQUENCE:1",
		"DTSTART:20270121T111000Z", // 12.10 in Stockholm
		"DTEND:20270121T115000Z",
		"SUMMARY:Första meddelandet",
		`DESCRIPTION:Skriv\, stryk\; skicka.\n\nhttp://atta.example/webbinarier/forsta-meddelandet`,
		"LOCATION:" + meetingRoom,
		"URL:http://atta.example/webbinarier/forsta-meddelandet",
		"STATUS:CONFIRMED",
		"ORGANIZER;CN=Förlaget AB:mailto:red@example.se",
		"END:VEVENT",
		"END:VCALENDAR",
	}
	sortedWant, sortedGot := slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(lines))
	if !slices.Equal(sortedGot, sortedWant) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if got := answer.header.Get("Content-Type"); got != "text/calendar; charset=utf-8; method=PUBLISH" {
		t.Errorf("got Content-Type %q", got)
	}
	for name, want := range map[string]string{"Cache-Control": "private, no-cache", "Vary": "Cookie", "X-Robots-Tag": "noindex"} {
		if got := answer.header.Get(name); got != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	cal, err := ics.ParseCalendar(strings.NewReader(answer.body))
	if err != nil || len(cal.Events()) != 1 {
		t.Fatalf("got %v and error %v, want one event", cal, err)
	}
	starts, err := cal.Events()[0].GetStartAt()
	if want := h.library.Webinar("forsta-meddelandet").Starts; err != nil || !starts.Equal(want) {
		t.Errorf("it starts at %v (error %v), want %v", starts, err, want)
	}
}

// The editor moves the webinar and later calls it off; Anna's calendar knows it
// for the same one, and that each file is newer than the one before.
func TestCalendarFollowsAWebinar(t *testing.T) {
	t.Parallel()
	h := open(t, named("http://atta.example:8443"))
	anna := h.start("anna@example.se")
	first, _ := anna.file(coming)
	h.later(time.Hour)
	if again, _ := anna.file(coming); again.body != first.body || again.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("the same webinar has two files:\n%s\n%s", first.body, again.body)
	}
	unchanged := func() int {
		r, _ := http.NewRequest(http.MethodGet, h.server.URL+coming+".ics", nil)
		r.Header.Set("If-None-Match", first.header.Get("ETag"))
		return h.send(r, &http.Cookie{Name: "session", Value: anna.cookies()["session"]}).status
	}
	if got := unchanged(); got != http.StatusNotModified {
		t.Errorf("asked for again, unchanged: got status %d, want 304", got)
	}

	webinar := h.library.Webinar("forsta-meddelandet")
	webinar.Starts, webinar.Sequence, webinar.Changed = webinar.Starts.AddDate(0, 6, 0), 2, webinar.Changed.AddDate(0, 0, 3)
	if got := unchanged(); got != http.StatusOK {
		t.Errorf("asked for again, moved: got status %d, want 200", got)
	}
	_, lines := anna.file(coming)
	hold(t, lines, "UID:forsta-2027@atta.example", "SEQUENCE:2", "DTSTAMP:20261123T000000Z", "DTSTART:20270721T101000Z", "STATUS:CONFIRMED") // summer time

	webinar.Cancelled, webinar.Sequence = true, 3
	answer, lines := anna.file(coming)
	hold(t, lines, "UID:forsta-2027@atta.example", "SEQUENCE:3", "METHOD:CANCEL", "STATUS:CANCELLED", "ORGANIZER;CN=Förlaget AB:mailto:red@example.se")
	if got := answer.header.Get("Content-Type"); got != "text/calendar; charset=utf-8; method=CANCEL" {
		t.Errorf("got Content-Type %q", got)
	}
}

func hold(t *testing.T, lines []string, wanted ...string) {
	t.Helper()
	for _, line := range wanted {
		if !slices.Contains(lines, line) {
			t.Errorf("the file lacks %s:\n%s", line, strings.Join(lines, "\n"))
		}
	}
}

// Whatever an editor writes, it stays within its own line.
func TestCalendarFileKeepsTextInItsPlace(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	webinar := h.library.Webinar("forsta-meddelandet")
	webinar.Title = strings.Repeat("Å", 70) + `; a, b \ c: "d"` + "\nATTENDEE:mailto:x@example.se"
	h.library.Publisher.Name = `Bok, brev; "och": sånt`
	_, lines := anna.file(coming)
	hold(t, lines,
		"SUMMARY:"+strings.Repeat("Å", 70)+`\; a\, b \\ c: "d"\nATTENDEE:mailto:x@example.se`,
		"ORGANIZER:mailto:red@example.se")

	h.library.Publisher.Email = "" // as on a laptop
	answer, lines := anna.file(coming)
	for _, line := range lines {
		if strings.HasPrefix(line, "METHOD") || strings.HasPrefix(line, "ORGANIZER") {
			t.Errorf("without an organizer there is no method: got %s", line)
		}
	}
	if got := answer.header.Get("Content-Type"); got != "text/calendar; charset=utf-8" {
		t.Errorf("got Content-Type %q", got)
	}
}

// Another program, which follows RFC 5545 more strictly than calendars do, reads the same.
func TestCalendarFileByAnotherReader(t *testing.T) {
	t.Parallel()
	const script = `
import sys, icalendar
cal = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
[event] = cal.walk("VEVENT")
assert not cal.errors and not event.errors
print(cal["METHOD"], event["UID"], event.decoded("DTSTART").isoformat(), event.decoded("DTEND").isoformat(), event["STATUS"], event["SUMMARY"], event["DESCRIPTION"].split("\n")[0], sep="\n")`
	python := pythonWith(t, "icalendar")
	h := open(t, named("http://atta.example"))
	answer, _ := h.start("anna@example.se").file(off)
	read := exec.CommandContext(t.Context(), python, "-c", script)
	read.Stdin = strings.NewReader(answer.body)
	out, err := read.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	want := "CANCEL\nsent@atta.example\n2026-12-03T15:00:00+00:00\n2026-12-03T15:30:00+00:00\nCANCELLED\nSent på dagen\nOm att gå hem.\n"
	if string(out) != want {
		t.Errorf("it read\n%s\nwant\n%s", out, want)
	}
}

// pythonWith finds a Python that has a module, Debian's own last.
func pythonWith(t *testing.T, module string) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), python, "-c", "import "+module).Run() == nil {
			return python
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("no Python with %s; Debian: python3-%[1]s", module)
	}
	t.Skipf("no Python with %s; Debian: python3-%[1]s", module)
	return ""
}
