package web

import (
	"errors"
	"net/http"
	"time"

	"fortsatt/course"
)

// The site's two cookies. Neither is set before it is needed, neither is read
// by a script, and neither says who somebody is.
const (
	passCookie    = "artikel" // an article and until when it is open: the same for every address
	sessionCookie = "session" // a browser in which an address was confirmed
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

// reader returns who has confirmed an address in this browser, or nil.
func (s *site) reader(r *http.Request) (*course.Reader, error) {
	cookie, err := r.Cookie(s.cookieName(sessionCookie))
	if err != nil {
		return nil, nil
	}
	reader, err := s.store.Reader(r.Context(), s.now(), cookie.Value)
	if errors.Is(err, course.ErrNoSession) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &reader, nil
}

// hasPass says whether this browser has signed up at an article's wall.
func (s *site) hasPass(r *http.Request, slug string) bool {
	cookie, err := r.Cookie(s.cookieName(passCookie))
	if err != nil {
		return false
	}
	article, ok := s.store.OpenPass(cookie.Value, s.now())
	return ok && article == slug
}
