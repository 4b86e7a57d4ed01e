package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"fortsatt/lessons"
)

// calendar answers with a webinar as a calendar file. A calendar that has it
// asks again with the file's tag; a changed day alone would not tell it of two
// changes on one day, so there is no Last-Modified.
func (s *site) calendar(w http.ResponseWriter, r *http.Request, webinar *lessons.Webinar) {
	cal := s.calendarOf(webinar)
	var file bytes.Buffer
	if err := cal.SerializeTo(&file, ics.WithNewLineWindows); err != nil { // RFC 5545, section 3.1, wants CRLF
		s.fail(w, r, fmt.Errorf("write the calendar file of %s: %w", webinar.Slug, err))
		return
	}
	sum := sha256.Sum256(file.Bytes())
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	w.Header().Set("Content-Type", calendarType(cal))
	w.Header().Set("X-Robots-Tag", "noindex")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.Bytes()))
}

// calendarOf makes the same file of the same webinar at every asking (RFC
// 5545). Hours stand in UTC, which needs no table of summer times.
func (s *site) calendarOf(w *lessons.Webinar) *ics.Calendar {
	cal := ics.NewCalendarFor(s.library.Pages.Site.Brand)
	cal.SetProductId("-//" + s.library.Pages.Site.Brand + "//Fortsätt//SV")
	event := cal.AddEvent(w.UID + "@" + s.host())
	event.SetDtStampTime(w.Changed)
	event.SetLastModifiedAt(w.Changed)
	event.SetSequence(w.Sequence)
	event.SetStartAt(w.Starts)
	event.SetEndAt(ends(w))
	event.SetSummary(w.Title)
	event.SetDescription(w.Lede + "\n\n" + s.base + webinarPath(w))
	event.SetLocation(w.Place)
	event.SetURL(s.base + webinarPath(w))
	event.SetStatus(ics.ObjectStatusConfirmed)
	if w.Cancelled {
		event.SetStatus(ics.ObjectStatusCancelled)
	}
	s.publish(cal, event)
	return cal
}

// calendarType names the file's method where it has one, as it must: RFC 5545,
// section 3.7.2.
func calendarType(cal *ics.Calendar) string {
	kind := "text/calendar; charset=utf-8"
	for _, p := range cal.CalendarProperties {
		if p.IANAToken == string(ics.PropertyMethod) {
			kind += "; method=" + p.Value
		}
	}
	return kind
}

// publish adds what makes a calendar take the file as news of an event that it
// may have already: RFC 5546, sections 3.2.1 and 3.2.5. These want an
// organizer, so a site without an address (a laptop's) does without.
func (s *site) publish(cal *ics.Calendar, event *ics.VEvent) {
	p := s.library.Publisher
	if p.Email == "" {
		return
	}
	cal.SetMethod(ics.MethodPublish)
	if event.GetProperty(ics.ComponentPropertyStatus).Value == string(ics.ObjectStatusCancelled) {
		cal.SetMethod(ics.MethodCancel)
	}
	if strings.ContainsAny(p.Name, `,;:"'\`) || p.Name == "" { // the library would write them as no calendar reads them
		event.SetOrganizer("mailto:" + p.Email)
		return
	}
	event.SetOrganizer("mailto:"+p.Email, ics.WithCN(p.Name))
}

// host is the site's own name, without a port.
func (s *site) host() string {
	base, err := url.Parse(s.base)
	if err != nil {
		return ""
	}
	return base.Hostname()
}
