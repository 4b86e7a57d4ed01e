package web

import (
	"crypto/rand"
	"errors"
	"net/http"

	"fortsatt/course"
)

// A member on a new device asks for a letter. What lets the browser in is that
// it asked, which a cookie remembers, together with the letter's link or code:
// neither the letter nor the cookie is enough.

// loginBody is what the pages on the way in show.
type loginBody struct {
	Back    string // path of the page to go back to, or ""
	Email   string // as typed
	Refused bool   // what was typed cannot be an address, or is not the code
}

// Again is where a new letter is asked for.
func (b loginBody) Again() string { return carrying("/logga-in", b.Back) }

// Code is where the code is typed.
func (b loginBody) Code() string { return carrying("/logga-in/kod", b.Back) }

// SignUp is for those who are not in at all yet.
func (b loginBody) SignUp() string { return carrying("/anmalan", b.Back) }

// Article is the slug of the article to go back to, "" if it is another page or none.
func (b loginBody) Article() string { return articleSlug(b.Back) }

func (s *site) loginForm(w http.ResponseWriter, r *http.Request) {
	s.showLogin(w, http.StatusOK, loginBody{Back: s.back(r.URL.Query())})
}

func (s *site) showLogin(w http.ResponseWriter, status int, body loginBody) {
	s.show(w, status, page{Template: "login", Title: s.library.Pages.Login.Title, Body: body})
}

// askLogin leads on to one page, whoever the address belongs to. The redirect
// keeps a telephone that loads the page again, after a look at the letter, from
// asking for another.
func (s *site) askLogin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !s.readForm(w, r) {
		return
	}
	body := loginBody{Back: s.back(r.PostForm), Email: r.PostForm.Get("epost")}
	browser := s.asking(r)
	err := s.ask(r, body, browser)
	if errors.Is(err, course.ErrAddress) {
		body.Refused = true
		s.showLogin(w, http.StatusUnprocessableEntity, body)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.setCookie(w, askingCookie, browser, course.LoginLife)
	http.Redirect(w, r, body.Code(), http.StatusSeeOther)
}

// asking is what this browser is known by while it waits for a letter. One that
// asks twice stays the same: where it is too soon for a second letter, the first
// one lets it in.
func (s *site) asking(r *http.Request) string {
	if known := s.cookie(r, askingCookie); len(known) == len(rand.Text())*2 {
		return known
	}
	return rand.Text() + rand.Text()
}

func (s *site) ask(r *http.Request, body loginBody, browser string) error {
	if _, err := course.ParseAddress(body.Email); err != nil {
		return err
	}
	if !s.limits.allow(s.client(r), s.now()) {
		return nil // nothing is written, and the answer is what it always is
	}
	return s.store.AskLogin(r.Context(), s.now(), course.LoginWish{
		Email:   body.Email,
		Browser: browser,
		Article: named(body.Back),
		IP:      s.client(r),
	})
}

func (s *site) codeForm(w http.ResponseWriter, r *http.Request) {
	s.showCode(w, http.StatusOK, loginBody{Back: s.back(r.URL.Query())})
}

func (s *site) showCode(w http.ResponseWriter, status int, body loginBody) {
	w.Header().Set("X-Robots-Tag", "noindex")
	s.show(w, status, page{Template: "code", Title: s.library.Pages.Login.CodeTitle, Body: body})
}

// loginByCode answers every code that does not fit alike: that one address has
// a code to guess at, and another none, is nobody's business.
func (s *site) loginByCode(w http.ResponseWriter, r *http.Request) {
	if !s.readForm(w, r) {
		return
	}
	in, err := s.store.LoginByCode(r.Context(), s.now(), s.cookie(r, askingCookie), r.PostForm.Get("kod"))
	if errors.Is(err, course.ErrCode) || errors.Is(err, course.ErrExpired) {
		s.showCode(w, http.StatusUnprocessableEntity, loginBody{Back: s.back(r.PostForm), Refused: true})
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.letIn(w, r, in)
}

// loginLink shows what the letter's link leads to, and changes nothing.
func (s *site) loginLink(w http.ResponseWriter, r *http.Request) {
	link, err := s.store.LoginLink(r.Context(), s.now(), r.PathValue("token"))
	if err != nil {
		s.failLogin(w, r, err)
		return
	}
	words, body := s.library.Pages.Login, loginBody{Back: s.walled(link.Article)}
	switch {
	case link.State == course.InvitationUsed:
		s.showUsed(w, r, body)
	case link.State == course.InvitationExpired:
		s.show(w, http.StatusGone, page{Template: "message", Title: words.ExpiredTitle,
			Body: message{Line: words.ExpiredLine, Href: body.Again(), Link: words.Again}})
	case s.cookie(r, askingCookie) == "":
		s.elsewhere(w, http.StatusOK, body)
	default:
		s.show(w, http.StatusOK, page{Template: "open", Title: words.OpenTitle, Body: body})
	}
}

// showUsed tells a browser that was let in that all is open.
func (s *site) showUsed(w http.ResponseWriter, r *http.Request, body loginBody) {
	reader, err := s.reader(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	words := s.library.Pages.Login
	if reader == nil {
		s.show(w, http.StatusOK, page{Template: "message", Title: words.UsedTitle,
			Body: message{Line: words.UsedLine, Href: body.Again(), Link: words.Again}})
		return
	}
	s.show(w, http.StatusOK, page{Template: "used", Title: words.InTitle, Member: true, Body: body})
}

// elsewhere says what to do with a letter that is read in another browser than
// the one to be let in.
func (s *site) elsewhere(w http.ResponseWriter, status int, body loginBody) {
	words := s.library.Pages.Login
	s.show(w, status, page{Template: "message", Title: words.OtherTitle,
		Body: message{Line: words.OtherLine, Href: body.Again(), Link: words.OtherLink}})
}

// login lets in the browser that asked.
func (s *site) login(w http.ResponseWriter, r *http.Request) {
	in, err := s.store.Login(r.Context(), s.now(), r.PathValue("token"), s.cookie(r, askingCookie))
	switch {
	case errors.Is(err, course.ErrOtherBrowser):
		s.elsewhere(w, http.StatusForbidden, loginBody{})
	case errors.Is(err, course.ErrExpired):
		s.loginLink(w, r) // says so, or that it is used
	case err != nil:
		s.failLogin(w, r, err)
	default:
		s.letIn(w, r, in)
	}
}

// letIn signs the browser in and leads back to where the reader was.
func (s *site) letIn(w http.ResponseWriter, r *http.Request, in course.LoggedIn) {
	s.setCookie(w, sessionCookie, in.Session, course.SessionLife)
	s.dropCookie(w, askingCookie)
	to := "/"
	if back := s.walled(in.Article); back != "" {
		to = back + "#fortsatt"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (s *site) failLogin(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, course.ErrToken) {
		s.fail(w, r, err)
		return
	}
	words := s.library.Pages.Login
	s.show(w, http.StatusNotFound, page{Template: "message", Title: words.UnknownTitle,
		Body: message{Line: words.UnknownLine, Href: "/logga-in", Link: words.Again}})
}

// logout ends the session, and what else this browser had open.
func (s *site) logout(w http.ResponseWriter, r *http.Request) {
	if session := s.cookie(r, sessionCookie); session != "" {
		if err := s.store.Logout(r.Context(), session); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	for _, name := range []string{sessionCookie, passCookie, askingCookie} {
		s.dropCookie(w, name)
	}
	words := s.library.Pages.Login
	w.Header().Set("Cache-Control", "no-store")
	s.show(w, http.StatusOK, page{Template: "message", Title: words.OutTitle,
		Body: message{Line: words.OutLine, Href: "/", Link: s.library.Pages.Problem.Home}})
}
