package web

import (
	"net/http"
	"strings"
	"time"

	"fortsatt/lessons"
)

// webinarBody is what the webinar's template shows: the teaser and a form, the
// teaser and that a letter is on its way, or the whole.
type webinarBody struct {
	Webinar *lessons.Webinar
	When    string // when it is or was held, in Swedish
	Over    bool   // that is past
	Form    *form  // nil but for strangers
	Pending bool   // this browser has signed up, and not yet confirmed
}

// Address returns where it is held if one can go there, otherwise "".
func (b webinarBody) Address() string {
	if !strings.HasPrefix(b.Webinar.Place, "https://") {
		return ""
	}
	return b.Webinar.Place
}

// webinar shows a webinar, or answers with its calendar file. Both are for who
// has confirmed an address in this browser: a pass opens one article only.
func (s *site) webinar(w http.ResponseWriter, r *http.Request) {
	slug, asFile := strings.CutSuffix(r.PathValue("slug"), ".ics")
	webinar := s.library.Webinar(slug)
	if webinar == nil {
		s.missing(w, r)
		return
	}
	reader, ok := s.member(w, r)
	if !ok {
		return
	}
	if asFile && reader != nil {
		s.calendar(w, r, webinar)
		return
	}
	if asFile {
		http.Redirect(w, r, webinarPath(webinar), http.StatusSeeOther)
		return
	}
	body := s.webinarBody(webinar)
	switch {
	case reader != nil:
	case s.pass(r) != "":
		body.Pending = true
	default:
		body.Form = s.webinarForm(webinarPath(webinar))
	}
	s.showWebinar(w, http.StatusOK, body)
}

func (s *site) showWebinar(w http.ResponseWriter, status int, body webinarBody) {
	s.show(w, status, page{
		Template:    "webinar",
		Title:       body.Webinar.Title,
		Description: body.Webinar.Lede,
		Path:        webinarPath(body.Webinar),
		Data:        s.webinarData(body.Webinar),
		Member:      body.Form == nil && !body.Pending,
		Body:        body,
	})
}

func (s *site) webinarBody(w *lessons.Webinar) webinarBody {
	words := s.library.Pages.Webinar
	body := webinarBody{Webinar: w, When: words.Coming, Over: !s.now().Before(ends(w))}
	switch {
	case w.Cancelled:
		body.When = words.Cancelled
	case body.Over && w.Transcript:
		body.When = words.Over + " " + words.Transcript
	case body.Over:
		body.When = words.Over
	}
	body.When = fill(body.When,
		"day", lessons.Date(w.Starts), "year", w.Starts.Year(),
		"from", w.Starts.Format("15.04"), "to", ends(w).Format("15.04"))
	return body
}

// webinarForm is the form at a webinar's wall, in its own words: it does not
// open at once.
func (s *site) webinarForm(path string) *form {
	words := s.library.Pages.Webinar
	f := s.loneForm(path)
	f.Heading, f.Line, f.Button, f.AtWall = words.WallTitle, words.WallLine, words.WallButton, true
	return f
}

// showWebinarForm shows the form again, where it was filled in.
func (s *site) showWebinarForm(w http.ResponseWriter, status int, webinar *lessons.Webinar, f *form) {
	body := s.webinarBody(webinar)
	body.Form = f
	s.showWebinar(w, status, body)
}

// webinarAt returns the webinar whose page has this path; nil if there is none.
func (s *site) webinarAt(path string) *lessons.Webinar {
	slug, ok := strings.CutPrefix(path, "/webbinarier/")
	if !ok {
		return nil
	}
	return s.library.Webinar(slug)
}

func ends(w *lessons.Webinar) time.Time {
	return w.Starts.Add(time.Duration(w.Minutes) * time.Minute)
}

// webinars are all of them as the front page lists them: those to come, soonest
// first, and then those that have been.
func (s *site) webinars() []webinarBody {
	var coming, over []webinarBody
	for _, w := range s.library.Webinars {
		body := s.webinarBody(w)
		if body.Over {
			over = append(over, body)
		} else {
			coming = append(coming, body)
		}
	}
	return append(coming, over...)
}
