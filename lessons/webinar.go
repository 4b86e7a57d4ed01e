package lessons

import (
	"html/template"
	"time"
)

// Webinar is a meeting on the web, with a page that has a wall in the middle.
type Webinar struct {
	Slug, Title, Lede string

	UID       string
	Starts    time.Time
	Minutes   int
	Sequence  int
	Cancelled bool
	Changed   time.Time
	Place     string

	Teaser     template.HTML
	Rest       template.HTML
	Transcript bool
}

// Webinar finds a webinar by its slug; nil if there is none.
func (l *Library) Webinar(slug string) *Webinar {
	for _, w := range l.Webinars {
		if w.Slug == slug {
			return w
		}
	}
	return nil
}
