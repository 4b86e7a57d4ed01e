package web

import (
	"errors"
	"html/template"
	"net/http"
	"strings"

	"fortsatt/course"
	"fortsatt/lessons"
)

// asked is a question as readers see it: whatever of it a reader wrote is text, and
// only the editors' answer is HTML.
type asked struct {
	Title, Slug, Signature string
	Paragraphs             []string
}

func askedBy(q course.Question) asked {
	return asked{Title: q.Title, Slug: q.Slug, Signature: q.Signature, Paragraphs: strings.Split(q.Wording, "\n\n")}
}

// answers shows what the editors have answered, the newest first.
func (s *site) answers(w http.ResponseWriter, r *http.Request) {
	list, err := s.store.PublishedQuestions(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body []asked
	for _, q := range list {
		body = append(body, askedBy(q))
	}
	words := s.library.Pages.Questions
	s.show(w, http.StatusOK, page{Template: "answers", Title: words.Title, Description: words.Lede, Path: "/fragor", Body: body})
}

// answerBody is one question with its answer.
type answerBody struct {
	Asked  asked
	Answer template.HTML
}

func (s *site) answer(w http.ResponseWriter, r *http.Request) {
	q, err := s.store.PublishedQuestion(r.Context(), r.PathValue("slug"))
	if errors.Is(err, course.ErrNoQuestion) {
		s.missing(w, r)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answer, err := lessons.Answer("the answer to question "+q.ID, q.Answer)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, http.StatusOK, page{Template: "answer", Title: q.Title, Description: q.Title, Path: "/fragor/" + q.Slug, Kind: "article", Body: answerBody{askedBy(q), answer}})
}
