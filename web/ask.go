package web

import (
	"errors"
	"net/http"
	"strings"

	"fortsatt/course"
)

// askBody is the form to the editors, or for a stranger the way there.
type askBody struct {
	Reading   bool   // somebody has confirmed in this browser
	Text      string // as typed
	Signature string // as typed

	Refused string // why the question is not taken, "" unless it is not
	Confirm bool   // what helps is to confirm the address anew
	Unsaid  bool   // the signature cannot be one
}

// askForm shows the form to whoever has confirmed an address: who asks is to see the
// wording before it is published, and is not to be a stranger's address.
func (s *site) askForm(w http.ResponseWriter, r *http.Request) {
	reader, ok := s.member(w, r)
	if !ok {
		return
	}
	s.showAsk(w, http.StatusOK, askBody{Reading: reader != nil})
}

func (s *site) showAsk(w http.ResponseWriter, status int, body askBody) {
	s.show(w, status, page{Template: "ask", Title: s.library.Pages.Questions.AskTitle, Body: body})
}

func (s *site) askEditors(w http.ResponseWriter, r *http.Request) {
	if !s.readForm(w, r) {
		return
	}
	reader, ok := s.member(w, r)
	if !ok {
		return
	}
	if reader == nil {
		s.showAsk(w, http.StatusForbidden, askBody{})
		return
	}
	typed := askBody{Reading: true, Text: r.PostForm.Get("fraga"), Signature: r.PostForm.Get("signatur")}
	err := s.store.Ask(r.Context(), s.now(), course.AskedQuestion{
		SubscriberID: reader.SubscriberID,
		Text:         typed.Text,
		Signature:    typed.Signature,
		Consent:      s.askConsent(),
		Form:         r.URL.Path,
		IP:           s.client(r),
	})
	if err != nil {
		s.refuseQuestion(w, r, typed, err)
		return
	}
	words := s.library.Pages.Questions
	body := message{Line: words.SentLine, Href: "/fragor", Link: words.Onward}
	s.show(w, http.StatusOK, page{Template: "message", Title: words.SentTitle, Body: body})
}

// askConsent is what the form says about sending, word for word as ask.html shows
// it: the evidence of what was agreed to.
func (s *site) askConsent() string {
	words := s.library.Pages.Questions
	return strings.Join([]string{words.TextHint, words.SignatureHint, words.Next, words.Kept, words.Ask}, "\n")
}

// refuseQuestion says why, beside what was typed.
func (s *site) refuseQuestion(w http.ResponseWriter, r *http.Request, typed askBody, err error) {
	words := s.library.Pages.Questions
	status := http.StatusUnprocessableEntity
	switch {
	case errors.Is(err, course.ErrQuestionText):
		typed.Refused = words.TextError
	case errors.Is(err, course.ErrSignature):
		typed.Unsaid = true
	case errors.Is(err, course.ErrManyQuestions):
		typed.Refused, status = words.Many, http.StatusConflict
	case errors.Is(err, course.ErrReaderGone):
		typed.Refused, typed.Confirm, status = words.Unreachable, true, http.StatusForbidden
	default:
		s.fail(w, r, err)
		return
	}
	s.showAsk(w, status, typed)
}
