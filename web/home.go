package web

import (
	"context"
	"io"
	"net/http"
	"time"

	"fortsatt/lessons"
)

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	body := struct {
		Articles []*lessons.Article
		Webinars []webinarBody
		Course   *lessons.Course
	}{s.library.Articles, s.webinars(), s.library.Course(s.course.ID)}
	s.show(w, http.StatusOK, page{Template: "home", Title: s.library.Pages.Site.Brand, Path: "/", Body: body})
}

func (s *site) privacy(w http.ResponseWriter, r *http.Request) {
	s.showText(w, "/integritet", s.library.Privacy)
}

func (s *site) accessibility(w http.ResponseWriter, r *http.Request) {
	s.showText(w, "/tillganglighet", s.library.Accessibility)
}

func (s *site) showText(w http.ResponseWriter, path string, text *lessons.Page) {
	s.show(w, http.StatusOK, page{Template: "page", Title: text.Title, Path: path, Body: text.HTML})
}

// patience is how long healthz waits for the database.
const patience = 2 * time.Second

// healthz answers 200 while the site serves and the database answers.
func (s *site) healthz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := s.store.Ping(ctx); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, "the database does not answer\n")
		return
	}
	io.WriteString(w, "ok\n")
}
