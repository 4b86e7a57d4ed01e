package web

import "net/http"

func (s *site) questions(w http.ResponseWriter, r *http.Request) {
	s.show(w, http.StatusOK, page{Template: "message", Title: "Redaktionen svarar", Path: "/fragor", Body: message{Line: "Stand-in.", Href: "/", Link: "Hem"}})
}
