package lessons

import (
	"html/template"
	"path"
	"slices"
	"strings"
	"time"
)

// Webinar is a meeting on the web, with a page that has a wall in the middle.
// Members' calendars keep a copy of it, so what a calendar knows it by must last,
// and a change must be told as one (RFC 5545, §3.8.7).
type Webinar struct {
	Slug  string
	Title string
	Lede  string

	UID       string // lasting, whatever becomes of slug and title; unique among webinars
	Starts    time.Time
	Minutes   int
	Sequence  int // raised with every change of time or place, and when it is cancelled
	Cancelled bool
	Changed   time.Time // a day, at midnight UTC: when anything here last changed
	Place     string    // where it is held: for members only

	Teaser     template.HTML // for everybody
	Rest       template.HTML // for members; its first element has id="fortsatt"
	Transcript bool          // Rest holds all that was said

	File        string // where it was read
	Readability Readability
}

type webinarMatter struct {
	Title      string `toml:"title"`
	Lede       string `toml:"lede"`
	Starts     string `toml:"starts"`
	Zone       string `toml:"zone"`
	Minutes    int    `toml:"minutes"`
	Place      string `toml:"place"`
	UID        string `toml:"uid"`
	Sequence   int    `toml:"sequence"`
	Changed    string `toml:"changed"`
	Cancelled  bool   `toml:"cancelled"`
	Transcript bool   `toml:"transcript"`
}

func (l *loader) webinars() (webinars []*Webinar) {
	files := map[string]string{} // by UID
	for _, name := range l.texts("webinars") {
		w := l.webinar(path.Join("webinars", name))
		if w == nil {
			continue
		}
		if first, taken := files[w.UID]; taken {
			l.add(path.Join("webinars", name), matterLine, "uid %q is taken by %s; calendars know one webinar by it for ever", w.UID, first)
		}
		files[w.UID] = name
		webinars = append(webinars, w)
	}
	slices.SortStableFunc(webinars, func(a, b *Webinar) int { return a.Starts.Compare(b.Starts) })
	return webinars
}

// webinar loads one; nil if its file is wrong.
func (l *loader) webinar(file string) *Webinar {
	slug, isText := strings.CutSuffix(path.Base(file), ".md")
	if !isText || !idForm.MatchString(slug) {
		l.add(file, 0, "a webinar's file is named in lower case letters a–z, digits and hyphens, and .md; rename or remove it")
		return nil
	}
	source, ok := l.read(file)
	if !ok {
		return nil
	}
	var m webinarMatter
	t, wrong := readText(file, source, &m)
	if len(wrong) == 0 {
		w, more := m.webinar(t, slug)
		if wrong = more; len(wrong) == 0 {
			return w
		}
	}
	l.faults = append(l.faults, wrong...)
	return nil
}

func (m *webinarMatter) webinar(t text, slug string) (*Webinar, faults) {
	w := &Webinar{
		Slug: slug, Title: m.Title, Lede: m.Lede, UID: m.UID, Minutes: m.Minutes, Sequence: m.Sequence,
		Cancelled: m.Cancelled, Place: m.Place, Transcript: m.Transcript, File: t.file,
	}
	if w.UID == "" {
		w.UID = slug
	}
	var wrong, more faults
	w.Teaser, w.Rest, w.Readability, wrong = walled(t)
	w.Starts, w.Changed, more = m.times(t)
	return w, append(append(wrong, more...), m.check(t)...)
}

const localTime = "2006-01-02 15:04"

func (m *webinarMatter) times(t text) (starts, changed time.Time, wrong faults) {
	say := func(key, problem string, args ...any) {
		wrong.add(t.file, matterLine+keyLine(t.matter, key)-1, key+": "+problem, args...)
	}
	zone, known := zoneOf(m.Zone)
	if !known {
		say("zone", wrongZone, m.Zone)
	}
	starts, err := time.ParseInLocation(localTime, m.Starts, zone)
	if err != nil {
		say("starts", `write a day and a time of day, as in "2027-01-21 12:10"`)
	} else if starts.Format(localTime) != m.Starts {
		say("starts", "the clocks of %s are put forward past %s; write another time", m.Zone, m.Starts)
	}
	changed, err = time.Parse(time.DateOnly, m.Changed)
	if err != nil {
		say("changed", `write the day when the file was last changed, as in "2026-11-17"`)
	}
	return starts, changed, wrong
}

// check looks at all but the times.
func (m *webinarMatter) check(t text) (wrong faults) {
	say := func(key, problem string, args ...any) {
		wrong.add(t.file, matterLine+keyLine(t.matter, key)-1, key+": "+problem, args...)
	}
	for _, s := range []struct{ key, value string }{{"title", m.Title}, {"lede", m.Lede}, {"place", m.Place}} {
		if strings.TrimSpace(s.value) == "" {
			say(s.key, "missing or empty")
		}
		if strings.ContainsAny(s.value, "\n\t") {
			say(s.key, "must stand on one line")
		}
	}
	if m.Minutes < 1 {
		say("minutes", "write how many minutes it lasts, 1 or more")
	}
	if m.UID != "" && !idForm.MatchString(m.UID) {
		say("uid", "%q: write lower case letters a–z, digits and hyphens", m.UID)
	}
	switch {
	case m.Sequence < 0:
		say("sequence", "write 0, and raise it by 1 with every change of time or place")
	case m.Cancelled && m.Sequence == 0:
		say("sequence", "raise it when you cancel; calendars take no notice of a change with the number they have")
	}
	return wrong
}
