package web

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"time"

	"fortsatt/lessons"
)

// A place is an address that anybody may find.
type place struct {
	Path    string
	Changed time.Time // a day; zero where nobody has written it down
}

// places are all of them. What they show a stranger holds nothing from behind a
// wall; an address that does is not among them.
func (s *site) places(ctx context.Context) ([]place, error) {
	list := []place{{Path: "/"}, {Path: "/anmalan"}, {Path: "/fragor"}, {Path: "/integritet"}, {Path: "/tillganglighet"}}
	for _, a := range s.library.Articles {
		list = append(list, place{articlePath(a), a.Published})
	}
	for _, w := range s.library.Webinars {
		list = append(list, place{webinarPath(w), w.Changed})
	}
	answered, err := s.store.PublishedQuestions(ctx)
	if err != nil {
		return nil, err
	}
	for _, q := range answered {
		list = append(list, place{Path: "/fragor/" + q.Slug})
	}
	for _, c := range s.library.Courses {
		for _, l := range c.Lessons {
			list = append(list, place{Path: letterPath(c, l)})
		}
	}
	return list, nil
}

func articlePath(a *lessons.Article) string { return "/artiklar/" + a.Slug }

func webinarPath(w *lessons.Webinar) string { return "/webbinarier/" + w.Slug }

func letterPath(c *lessons.Course, l *lessons.Letter) string { return "/brev/" + c.ID + "/" + l.ID }

// sitemap is the list as sitemaps.org has it, version 0.9.
type sitemap struct {
	XMLName xml.Name     `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	Entries []sitemapURL `xml:"url"`
}

type sitemapURL struct {
	Location string `xml:"loc"`
	Changed  string `xml:"lastmod,omitempty"`
}

func (s *site) sitemap(w http.ResponseWriter, r *http.Request) {
	list, err := s.places(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var m sitemap
	for _, p := range list {
		entry := sitemapURL{Location: s.base + p.Path}
		if !p.Changed.IsZero() {
			entry.Changed = p.Changed.Format(time.DateOnly)
		}
		m.Entries = append(m.Entries, entry)
	}
	out := bytes.NewBufferString(xml.Header)
	if err := xml.NewEncoder(out).Encode(m); err != nil {
		s.fail(w, r, fmt.Errorf("write the sitemap: %w", err))
		return
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.Write(out.Bytes())
}

// robots lets everybody look everywhere (RFC 9309): what is not to be found
// says so itself, and style sheets are part of a page.
func (s *site) robots(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "User-agent: *\nDisallow:\n\nSitemap: %s/sitemap.xml\n", s.base)
}

// A thing is what a page is about, in the words of schema.org. It is public, so
// nothing from behind a wall is ever in it.
type thing map[string]any

// articleData says which part is locked by pointing at the element where it
// stands, or would stand.
func (s *site) articleData(a *lessons.Article) thing {
	data := s.textData(articlePath(a), a.Title, a.Lede)
	data["datePublished"] = a.Published.Format(time.DateOnly)
	data["isAccessibleForFree"] = false
	data["hasPart"] = thing{"@type": "WebPageElement", "isAccessibleForFree": false, "cssSelector": ".locked"}
	return data
}

func (s *site) letterData(c *lessons.Course, l *lessons.Letter) thing {
	data := s.textData(letterPath(c, l), l.Title, l.Preheader)
	data["isAccessibleForFree"] = true
	return data
}

func (s *site) textData(path, title, description string) thing {
	return thing{
		"@context":    "https://schema.org",
		"@type":       "Article",
		"url":         s.base + path,
		"headline":    title,
		"description": description,
		"inLanguage":  "sv",
		"image":       s.base + staticPath("share.png"),
		"author":      s.organization(),
		"publisher":   s.organization(),
	}
}

// webinarData gives the page as the place: where it really is held, members are told.
func (s *site) webinarData(w *lessons.Webinar) thing {
	status := "https://schema.org/EventScheduled"
	if w.Cancelled {
		status = "https://schema.org/EventCancelled"
	}
	return thing{
		"@context":            "https://schema.org",
		"@type":               "Event",
		"url":                 s.base + webinarPath(w),
		"name":                w.Title,
		"description":         w.Lede,
		"inLanguage":          "sv",
		"image":               s.base + staticPath("share.png"),
		"startDate":           w.Starts.Format(time.RFC3339),
		"endDate":             ends(w).Format(time.RFC3339),
		"eventStatus":         status,
		"eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
		"location":            thing{"@type": "VirtualLocation", "url": s.base + webinarPath(w)},
		"isAccessibleForFree": true,
		"organizer":           s.organization(),
	}
}

func (s *site) organization() thing {
	name := s.library.Publisher.Name
	if name == "" { // a laptop's
		name = s.library.Pages.Site.Brand
	}
	return thing{"@type": "Organization", "name": name, "url": s.base + "/"}
}
