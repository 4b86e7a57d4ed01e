package lessons

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// surroundings are all that decides a letter's bytes but its file and the
// reader's fields. As JSON they are kept in the database, so the names stay.
type surroundings struct {
	Kind      string    `json:"kind"`
	Course    string    `json:"course"` // the title; empty around other letters
	Week      int       `json:"week"`
	Weeks     int       `json:"weeks"`
	Hosts     []string  `json:"hosts,omitempty"`
	Publisher Publisher `json:"publisher"`
	HTML      string    `json:"html"`
	Text      string    `json:"text"`
}

const (
	layoutHTML = "letters/layout.html"
	layoutText = "letters/layout.txt"
)

func (l *loader) surroundings(p Publisher) *surroundings {
	around := &surroundings{Publisher: p}
	around.HTML = l.layout(layoutHTML)
	around.Text = l.layout(layoutText)
	return around
}

func (l *loader) layout(file string) string {
	source, ok := l.read(file)
	if ok {
		l.faults = append(l.faults, legible(file, source)...)
	}
	return string(source)
}

func (s *surroundings) of(kind string) *surroundings {
	around := *s
	around.Kind = kind
	return &around
}

func (s *surroundings) ofLesson(c *Course, week, weeks int) *surroundings {
	around := s.of(lessonLetter)
	around.Course, around.Hosts, around.Week, around.Weeks = c.Title, c.Hosts, week, weeks
	return around
}

// json is canonical: the same surroundings give the same bytes.
func (s *surroundings) json() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // strings and numbers always encode
	}
	return b.Bytes()
}

// values are the fields whose value is the same for every reader.
func (s *surroundings) values(l *Letter) map[string]string {
	values := s.Publisher.fields()
	values["Title"] = l.Title
	values["Preheader"] = l.Preheader
	values["ReadingTime"] = readingTime(l.Minutes)
	values["Course"] = s.Course
	values["Week"], values["Weeks"] = "", ""
	if s.Week > 0 {
		values["Week"], values["Weeks"] = strconv.Itoa(s.Week), strconv.Itoa(s.Weeks)
	}
	return values
}

func readingTime(minutes int) string {
	if minutes == 1 {
		return "1 minut"
	}
	return fmt.Sprintf("%d minuter", minutes)
}

// What a layout may hold, and what it must: a letter says who writes, where to
// answer, how to stop and what happens to the reader's data.
var (
	layoutFields = append([]string{"Title", "Preheader", "Body", "Course", "Week", "Weeks", "ReadingTime", "WebURL", "UnsubscribeURL", "PrivacyURL"}, publisherFields...)
	layoutMust   = []string{"Body", "UnsubscribeURL", "PrivacyURL", "PublisherName", "PublisherEmail"}
)

// wrap puts a layout around a letter's body.
func (s *surroundings) wrap(file, layout string, known facts) ([]piece, faults) {
	m, wrong := punch(file, 1, layout, layoutFields)
	for _, field := range layoutMust {
		if !m.holds(field) {
			wrong.add(file, 0, "{{.%s}} is missing", field)
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	pieces := cut(m.text, m.actions, known)
	for _, p := range pieces {
		if p.field == "" || slices.Contains(letterFields[s.Kind], p.field) {
			continue
		}
		first := slices.IndexFunc(m.actions, func(a action) bool { return a.field == p.field })
		wrong.add(file, m.actions[first].line, "{{.%s}} has no value in a letter that is no lesson; put it between {{if .Week}} and {{end}}", p.field)
	}
	return fuse(pieces), wrong
}
