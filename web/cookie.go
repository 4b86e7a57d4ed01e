package web

import (
	"errors"
	"net/http"
	"time"

	"fortsatt/course"
)

// The site's cookies. None is set before it is needed, none is read by a
// script, and none says who somebody is.
const (
	passCookie    = "artikel"    // an article and until when it is open: the same for every address
	sessionCookie = "session"    // a browser in which an address was confirmed, or which was let in
	askingCookie  = "webblasare" // a browser that asked to be let in: random, whatever the address
)

// cookieName adds the prefix by which a browser promises that no other host
// has set the cookie; it wants https.
func (s *site) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

func (s *site) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name:     s.cookieName(name),
		Value:    value,
		Path:     "/",
		MaxAge:   int(life / time.Second),
		HttpOnly: true,
		Secure:   s.secure,
		SameSite: http.SameSiteLaxMode,
	})
}

func (s *site) dropCookie(w http.ResponseWriter, name string) {
	s.setCookie(w, name, "", -time.Second)
}

// cookie returns a cookie's value, "" where there is none.
func (s *site) cookie(r *http.Request, name string) string {
	cookie, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// reader returns who has confirmed an address in this browser, or nil.
func (s *site) reader(r *http.Request) (*course.Reader, error) {
	session := s.cookie(r, sessionCookie)
	if session == "" {
		return nil, nil
	}
	reader, err := s.store.Reader(r.Context(), s.now(), session)
	if errors.Is(err, course.ErrNoSession) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &reader, nil
}

// member is reader on a page that is another for members: no cache may mix them up.
// Where it is not ok, the request has been answered.
func (s *site) member(w http.ResponseWriter, r *http.Request) (reader *course.Reader, ok bool) {
	w.Header().Set("Vary", "Cookie")
	w.Header().Set("Cache-Control", "private, no-cache")
	reader, err := s.reader(r)
	if err != nil {
		s.fail(w, r, err)
		return nil, false
	}
	return reader, true
}

// pass returns the article at whose wall this browser has signed up, or "".
func (s *site) pass(r *http.Request) string {
	article, ok := s.store.OpenPass(s.cookie(r, passCookie), s.now())
	if !ok {
		return ""
	}
	return article
}
