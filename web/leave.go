package web

import (
	"errors"
	"net/http"

	"fortsatt/course"
)

// leavePage is what stands behind a letter's last link.
type leavePage struct {
	Line   string
	Button string // leave; "" once that is done
	Undo   bool   // the way back is still open
}

// leaving asks, or says goodbye to who has already left. It changes nothing.
func (s *site) leaving(w http.ResponseWriter, r *http.Request) {
	leaving, err := s.store.Leaving(r.Context(), r.PathValue("token"))
	if err != nil {
		s.failLeaving(w, r, err)
		return
	}
	words, title := s.library.Pages.Leave, s.courseTitle(leaving.List)
	if leaving.Left {
		body := leavePage{Line: fill(words.GoneLine, "course", title), Undo: s.now().Before(leaving.UndoUntil)}
		s.show(w, http.StatusOK, page{Template: "leave", Title: words.GoneTitle, Body: body})
		return
	}
	body := leavePage{Line: fill(words.Line, "course", title), Button: words.Button}
	s.show(w, http.StatusOK, page{Template: "leave", Title: words.Title, Body: body})
}

// courseTitle is what readers call a course. One that is no longer in the
// library has letters in people's inboxes all the same.
func (s *site) courseTitle(id string) string {
	if c := s.library.Course(id); c != nil {
		return c.Title
	}
	return s.library.Pages.Site.Brand
}

// leave takes the page's button and a mail program's one-click alike (RFC 8058):
// without cookies, without a redirect, as often as it comes. A body that cannot
// be read is no reason to go on writing to somebody.
func (s *site) leave(w http.ResponseWriter, r *http.Request) {
	parseForm(w, r)
	if r.PostForm.Has("angra") {
		s.rejoin(w, r)
		return
	}
	if err := s.store.Unsubscribe(r.Context(), s.now(), r.PathValue("token")); err != nil {
		s.failLeaving(w, r, err)
		return
	}
	s.leaving(w, r)
}

func (s *site) rejoin(w http.ResponseWriter, r *http.Request) {
	err := s.store.Rejoin(r.Context(), s.now(), r.PathValue("token"))
	if err != nil {
		s.failLeaving(w, r, err)
		return
	}
	words := s.library.Pages.Leave
	body := message{Line: words.BackLine, Href: "/", Link: s.library.Pages.Confirm.Home}
	s.show(w, http.StatusOK, page{Template: "message", Title: words.BackTitle, Body: body})
}

func (s *site) failLeaving(w http.ResponseWriter, r *http.Request, err error) {
	words := s.library.Pages.Leave
	switch {
	case errors.Is(err, course.ErrToken):
		body := message{Line: words.UnknownLine, Href: "/", Link: s.library.Pages.Problem.Home}
		s.show(w, http.StatusNotFound, page{Template: "message", Title: words.UnknownTitle, Body: body})
	case errors.Is(err, course.ErrTooLate):
		body := message{Line: words.LateLine, Href: "/anmalan", Link: words.Again}
		s.show(w, http.StatusConflict, page{Template: "message", Title: words.LateTitle, Body: body})
	default:
		s.fail(w, r, err)
	}
}
