package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"fortsatt/course"
)

// form is the sign-up form as it stands on a page: at a wall, alone, or in a
// frame on another site.
type form struct {
	Heading, Line, Button string

	Back   string // path of the page to go back to, or ""
	AtWall bool   // it stands on that page
	Framed bool   // it stands in another site's page
	From   string // that site's origin, "" if it does not say
	Stamp  string // when it was shown

	Email      string // as typed
	Newsletter bool
	Refused    bool   // what was typed cannot be an address
	Again      string // why the button must be pressed once more, or ""
}

func (s *site) wallForm(back string) *form {
	wall := s.library.Wall
	return &form{Heading: wall.Heading, Line: wall.Line, Button: wall.Button, Back: back, AtWall: true, Stamp: s.stamp()}
}

func (s *site) loneForm(back string) *form {
	words := s.library.Pages.Form
	return &form{Heading: words.Title, Line: words.Line, Button: words.Button, Back: back, Stamp: s.stamp()}
}

func (s *site) stamp() string { return s.store.FormStamp(s.now()) }

// Article is the slug of the article to go back to, "" if it is another page or none.
func (f *form) Article() string { return articleSlug(f.Back) }

// Login is where those go who are in already.
func (f *form) Login() string { return carrying("/logga-in", f.Back) }

// access is what the form says about signing up, word for word as form.html
// shows it: the evidence of what was agreed to.
func (s *site) access(f *form) string {
	wall := s.library.Wall
	said := []string{f.Heading, f.Line, wall.Email, wall.EmailHint, f.Button, wall.Minute, wall.Terms, wall.Confirm, wall.Promise}
	if relay := s.relay(); relay != "" {
		said = append(said, relay)
	}
	return strings.Join(append(said, wall.Policy), "\n")
}

// form shows the form alone.
func (s *site) form(w http.ResponseWriter, r *http.Request) {
	s.showForm(w, http.StatusOK, s.loneForm(s.back(r.URL.Query())))
}

func (s *site) showForm(w http.ResponseWriter, status int, f *form) {
	if article := s.library.Article(f.Article()); article != nil && f.AtWall {
		s.showArticle(w, status, articleBody{Article: article, Form: f})
		return
	}
	if webinar := s.webinarAt(f.Back); webinar != nil && f.AtWall {
		s.showWebinarForm(w, status, webinar, f)
		return
	}
	p := page{Template: "signup", Title: f.Heading, Framed: f.Framed, Body: struct{ Form *form }{f}}
	if !f.Framed {
		p.Path = "/anmalan"
	}
	s.show(w, status, p)
}

// signUp takes the form from wherever it stands. Whatever there is to know
// about an address, the answer is the same.
func (s *site) signUp(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Robots-Tag", "noindex")
	if !s.readForm(w, r) {
		return
	}
	f := s.filledIn(r)
	if f.Framed {
		allowFrame(w)
	}
	err := s.subscribe(r, f)
	switch {
	case errors.Is(err, course.ErrAddress):
		f.Refused = true
		s.showForm(w, http.StatusUnprocessableEntity, f)
	case errors.Is(err, errAgain):
		s.showForm(w, http.StatusUnprocessableEntity, f)
	case err != nil:
		s.fail(w, r, err)
	case f.Article() != "" && s.origin.Check(r) == nil:
		s.setCookie(w, passCookie, s.store.Pass(f.Article(), s.now().Add(course.PassLife)), course.PassLife)
		http.Redirect(w, r, f.Back+"#fortsatt", http.StatusSeeOther)
	default:
		s.show(w, http.StatusOK, page{Template: "inbox", Title: s.library.Pages.Inbox.Title, Framed: f.Framed, Body: f})
	}
}

// filledIn is the form as it comes back. What stood on another site's page we
// have not seen; it is taken to be the form alone, which we hand out for that.
func (s *site) filledIn(r *http.Request) *form {
	typed := r.PostForm
	f := s.loneForm(s.back(typed))
	switch foreign := s.origin.Check(r) != nil; {
	case typed.Has("ram"):
		f = s.framedForm(typed.Get("fran"))
	case foreign:
		f.From = sender(r)
	case typed.Get("vagg") != "" && f.Back != "":
		f = s.formAt(f.Back)
	}
	f.Stamp = cmp.Or(typed.Get("tid"), f.Stamp)
	f.Email = typed.Get("epost")
	f.Newsletter = typed.Get("nyhetsbrev") != ""
	return f
}

// formAt is the form as it stands at a page's wall.
func (s *site) formAt(path string) *form {
	if s.webinarAt(path) != nil {
		return s.webinarForm(path)
	}
	return s.wallForm(path)
}

func (s *site) subscribe(r *http.Request, f *form) error {
	if r.PostForm.Get("meddelande") != "" {
		return nil // people do not see this field: what filled it in was a program, and need not know
	}
	if err := s.tooQuick(r.PostForm, f); err != nil {
		return err
	}
	if _, err := course.ParseAddress(f.Email); err != nil {
		return err
	}
	if !s.limits.allow(s.client(r), s.now()) {
		return nil // nothing is written, and the answer is what it always is
	}
	return s.store.Subscribe(r.Context(), s.now(), course.SignUp{
		Email:             f.Email,
		Newsletter:        f.Newsletter,
		Article:           named(f.Back),
		Form:              f.evidence(),
		IP:                s.client(r),
		Access:            s.access(f),
		NewsletterWording: s.library.Wall.Newsletter,
	})
}

// errAgain says that the form is to be shown once more, as it was filled in.
var errAgain = errors.New("press the button again")

// A form is filled in no quicker than a person can, and no later than tomorrow.
const (
	quickest = 2 * time.Second
	latest   = 24 * time.Hour
)

// tooQuick looks at when the form was shown. A form that does not say is none
// of our pages': those that others write have no stamp, and the limits hold
// for them too. The same stamp comes back, so that time goes on; one that is
// of no use is exchanged.
func (s *site) tooQuick(typed url.Values, f *form) error {
	if !typed.Has("tid") {
		return nil
	}
	age, ours := s.store.FormAge(f.Stamp, s.now())
	switch {
	case !ours:
		f.Stamp, f.Again = s.stamp(), s.library.Wall.Quick
	case age < quickest:
		f.Again = s.library.Wall.Quick
	case age > latest:
		f.Stamp, f.Again = s.stamp(), s.library.Wall.Late
	default:
		return nil
	}
	return errAgain
}
