package web

import (
	"errors"
	"html/template"
	"net/http"
	"strings"

	"fortsatt/course"
	"fortsatt/lessons"
)

// myQuestionBody is what the letters about a question lead to. It shows what is
// published, or is to be, and an editor's reply: nothing else that the asker
// wrote, since a letter may have been passed on.
type myQuestionBody struct {
	Line     string
	Asked    *asked // to decide on
	Proposal string // names what is shown
	Reworded bool   // since the page was opened

	Read     string        // where it stands published
	Reply    template.HTML // to a question that was declined
	AskAgain bool
}

// myQuestion shows where a question has come. It changes nothing: programs that
// look through mail open every link.
func (s *site) myQuestion(w http.ResponseWriter, r *http.Request) {
	s.showMyQuestion(w, r, http.StatusOK, false)
}

func (s *site) showMyQuestion(w http.ResponseWriter, r *http.Request, status int, reworded bool) {
	q, err := s.store.QuestionLink(r.Context(), s.now(), r.PathValue("token"))
	if err != nil {
		s.failQuestion(w, r, err)
		return
	}
	title, body, err := s.stage(q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	body.Reworded = reworded
	s.show(w, status, page{Template: "myquestion", Title: title, Body: body})
}

// stage is what there is to say and do about a question.
func (s *site) stage(q course.Question) (title string, body myQuestionBody, err error) {
	words := s.library.Pages.Questions
	switch {
	case q.Lapsed:
		return words.LapsedTitle, myQuestionBody{Line: words.LapsedLine, AskAgain: true}, nil
	case q.State == "proposed":
		shown := askedBy(q)
		return words.WordingTitle, myQuestionBody{Line: words.WordingLine, Asked: &shown, Proposal: q.Proposal()}, nil
	case q.State == "published":
		line := fill(words.PublishedLine, "signature", q.Signature)
		return words.PublishedTitle, myQuestionBody{Line: line, Read: "/fragor/" + q.Slug}, nil
	case q.State == "declined":
		reply, err := lessons.Answer("the reply to question "+q.ID, q.Answer)
		return words.DeclinedTitle, myQuestionBody{Line: words.DeclinedLine, Reply: reply, AskAgain: true}, err
	}
	return words.WithdrawnTitle, myQuestionBody{Line: words.WithdrawnLine, AskAgain: true}, nil
}

// decide takes the asker's yes or no. Whatever has come of the question since is
// told by the page that follows.
func (s *site) decide(w http.ResponseWriter, r *http.Request) {
	if !s.readForm(w, r) {
		return
	}
	said := course.Said{Proposal: r.PostForm.Get("text"), IP: s.client(r)}
	token, words := r.PathValue("token"), s.library.Pages.Questions
	var err error
	switch r.PostForm.Get("val") {
	case "ja":
		said.Consent = strings.Join([]string{words.WordingLine, words.Approve, words.ApproveLine}, "\n")
		err = s.store.Approve(r.Context(), s.now(), token, said)
	case "nej":
		said.Consent = strings.Join([]string{words.Refuse, words.RefuseLine}, "\n")
		err = s.store.TakeBack(r.Context(), s.now(), token, said)
	case "bort":
		said.Consent = strings.Join([]string{words.TakeBackLine, words.TakeBack}, "\n")
		err = s.store.TakeBack(r.Context(), s.now(), token, said)
	default: // neither button: ask again
		s.myQuestion(w, r)
		return
	}
	switch {
	case errors.Is(err, course.ErrReworded):
		s.showMyQuestion(w, r, http.StatusConflict, true)
	case err != nil && !errors.Is(err, course.ErrExpired):
		s.failQuestion(w, r, err)
	default:
		http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
	}
}

func (s *site) failQuestion(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, course.ErrToken) {
		s.fail(w, r, err)
		return
	}
	words := s.library.Pages.Questions
	body := message{Line: words.UnknownLine, Href: "/", Link: s.library.Pages.Problem.Home}
	s.show(w, http.StatusNotFound, page{Template: "message", Title: words.UnknownTitle, Body: body})
}
