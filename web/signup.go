package web

import (
	"errors"
	"net/http"
	"strings"

	"fortsatt/course"
)

// form is the sign-up form as it stands on a page, at an article's wall or alone.
type form struct {
	Heading, Line, Button string
	Article               string // slug of the article to go back to, or ""
	AtWall                bool

	Email      string // as typed
	Newsletter bool
	Refused    bool // what was typed cannot be an address
}

func (s *site) wallForm(slug string) *form {
	wall := s.library.Wall
	return &form{Heading: wall.Heading, Line: wall.Line, Button: wall.Button, Article: slug, AtWall: true}
}

func (s *site) loneForm(slug string) *form {
	words := s.library.Pages.Form
	return &form{Heading: words.Title, Line: words.Line, Button: words.Button, Article: slug}
}

// path is where the form stands.
func (f *form) path() string {
	if f.AtWall {
		return "/artiklar/" + f.Article
	}
	return "/anmalan"
}

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
	s.showForm(w, http.StatusOK, s.loneForm(s.known(r.FormValue("artikel"))))
}

// known returns the slug if there is such an article, otherwise "".
func (s *site) known(slug string) string {
	if s.library.Article(slug) == nil {
		return ""
	}
	return slug
}

func (s *site) showForm(w http.ResponseWriter, status int, f *form) {
	if f.AtWall {
		s.showArticle(w, status, articleBody{Article: s.library.Article(f.Article), Form: f})
		return
	}
	s.show(w, status, page{Template: "signup", Title: f.Heading, Body: struct{ Form *form }{f}})
}

// signUp takes the form from either place. Whatever there is to know about an
// address, the answer is the same.
func (s *site) signUp(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Robots-Tag", "noindex")
	if !s.readForm(w, r) {
		return
	}
	f := s.filledIn(r)
	err := s.subscribe(r, f)
	switch {
	case errors.Is(err, course.ErrAddress):
		f.Refused = true
		s.showForm(w, http.StatusUnprocessableEntity, f)
	case err != nil:
		s.fail(w, r, err)
	case f.Article != "" && s.origin.Check(r) == nil:
		s.setCookie(w, passCookie, s.store.Pass(f.Article, s.now().Add(course.PassLife)), course.PassLife)
		http.Redirect(w, r, "/artiklar/"+f.Article+"#fortsatt", http.StatusSeeOther)
	default:
		s.show(w, http.StatusOK, page{Template: "inbox", Title: s.library.Pages.Inbox.Title, Body: f.Article})
	}
}

func (s *site) filledIn(r *http.Request) *form {
	slug := s.known(r.PostForm.Get("artikel"))
	f := s.loneForm(slug)
	if slug != "" && r.PostForm.Get("vagg") != "" {
		f = s.wallForm(slug)
	}
	f.Email = r.PostForm.Get("epost")
	f.Newsletter = r.PostForm.Get("nyhetsbrev") != ""
	return f
}

func (s *site) subscribe(r *http.Request, f *form) error {
	if r.PostForm.Get("meddelande") != "" {
		return nil // people do not see this field: what filled it in was a program, and need not know
	}
	return s.store.Subscribe(r.Context(), s.now(), course.SignUp{
		Email:             f.Email,
		Newsletter:        f.Newsletter,
		Article:           f.Article,
		Form:              f.path(),
		IP:                s.client(r),
		Access:            s.access(f),
		NewsletterWording: s.library.Wall.Newsletter,
	})
}
