package web

import (
	"context"
	"errors"
	"net/http"

	"fortsatt/course"
)

func (s *site) missing(w http.ResponseWriter, r *http.Request) {
	words := s.library.Pages.Problem
	s.problem(w, http.StatusNotFound, words.MissingTitle, words.MissingLine)
}

func (s *site) wrongMethod(w http.ResponseWriter, allow string) {
	w.Header().Set("Allow", allow)
	words := s.library.Pages.Problem
	s.problem(w, http.StatusMethodNotAllowed, words.MethodTitle, words.MethodLine)
}

// foreign refuses what another site's page posted.
func (s *site) foreign(w http.ResponseWriter, r *http.Request) {
	words := s.library.Pages.Problem
	s.problem(w, http.StatusForbidden, words.ForeignTitle, words.ForeignLine)
}

func (s *site) broken(w http.ResponseWriter, status int) {
	words := s.library.Pages.Problem
	s.problem(w, status, words.BrokenTitle, words.BrokenLine)
}

func (s *site) problem(w http.ResponseWriter, status int, title, line string) {
	w.Header().Set("Cache-Control", "no-store")
	s.show(w, status, page{
		Template: "message",
		Title:    title,
		Body:     message{Line: line, Href: "/", Link: s.library.Pages.Problem.Home},
	})
}

// fail answers an error that is not the reader's. A reader who has gone away is
// no error.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		return
	}
	s.log.Error("request", "route", r.Pattern, "error", err)
	if errors.Is(err, course.ErrAway) {
		w.Header().Set("Retry-After", "30")
		s.broken(w, http.StatusServiceUnavailable)
		return
	}
	s.broken(w, http.StatusInternalServerError)
}

// formLimit is the most octets of a form.
const formLimit = 64 << 10

// readForm parses a posted form of either encoding into r.PostForm, or answers
// and returns false.
func (s *site) readForm(w http.ResponseWriter, r *http.Request) bool {
	err := parseForm(w, r)
	if err == nil {
		return true
	}
	status := http.StatusBadRequest
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		status = http.StatusRequestEntityTooLarge
	}
	words := s.library.Pages.Problem
	s.problem(w, status, words.FormTitle, words.FormLine)
	return false
}

func parseForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil { // ParseMultipartForm would hide it
		return err
	}
	err := r.ParseMultipartForm(formLimit)
	if errors.Is(err, http.ErrNotMultipart) {
		return nil
	}
	return err
}
