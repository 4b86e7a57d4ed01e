package web

import (
	"errors"
	"net/http"

	"fortsatt/course"
)

// invitation shows what the confirm letter's link leads to. It changes nothing:
// programs that look through mail open every link.
func (s *site) invitation(w http.ResponseWriter, r *http.Request) {
	invited, err := s.store.Invitation(r.Context(), s.now(), r.PathValue("token"))
	if err != nil {
		s.failInvitation(w, r, err)
		return
	}
	switch invited.State {
	case course.InvitationExpired:
		s.expired(w, invited.Article)
	case course.InvitationUsed:
		s.showConfirmed(w, r, http.StatusOK, confirmed{Back: s.walled(invited.Article)})
	default:
		s.show(w, http.StatusOK, page{Template: "confirm", Title: s.library.Pages.Confirm.Title, Body: invited})
	}
}

// confirm takes both of the page's forms: the choice, and afterwards the name.
func (s *site) confirm(w http.ResponseWriter, r *http.Request) {
	if !s.readForm(w, r) {
		return
	}
	if r.PostForm.Has("namn") {
		s.rename(w, r)
		return
	}
	choice := course.Confirmation{IP: s.client(r)}
	switch r.PostForm.Get("val") {
	case "kurs":
		choice.Course, choice.Wording = s.course.ID, s.library.Pages.Confirm.Course
	case "lasa":
		choice.Wording = s.library.Pages.Confirm.Read
	default: // neither button: ask again
		s.invitation(w, r)
		return
	}
	done, err := s.store.Confirm(r.Context(), s.now(), r.PathValue("token"), choice)
	if errors.Is(err, course.ErrExpired) {
		s.invitation(w, r) // says so
		return
	}
	if err != nil {
		s.failInvitation(w, r, err)
		return
	}
	if done.Session != "" {
		s.setCookie(w, sessionCookie, done.Session, course.SessionLife)
	}
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
}

// confirmed is what is shown once a link has been used.
type confirmed struct {
	Back    string // path of the page to go back to, or ""
	Reading bool   // somebody has confirmed in this browser
	Saved   string // the reader's name
	Name    string // as it stands in the field
	Refused bool   // what was typed cannot be a name
}

// Login is where another browser of the same person's gets in.
func (c confirmed) Login() string { return carrying("/logga-in", c.Back) }

// showConfirmed tells a browser with a session that all is open, and any other
// that all is well. It logs nobody in: a letter may have been passed on.
func (s *site) showConfirmed(w http.ResponseWriter, r *http.Request, status int, body confirmed) {
	reader, err := s.reader(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	title := s.library.Pages.Confirm.UsedTitle
	if reader != nil {
		title = s.library.Pages.Confirm.DoneTitle
		body.Reading, body.Saved = true, reader.Name
		if !body.Refused {
			body.Name = reader.Name
		}
	}
	s.show(w, status, page{Template: "confirmed", Title: title, Member: reader != nil, Body: body})
}

// rename keeps the name of whoever has confirmed in this browser.
func (s *site) rename(w http.ResponseWriter, r *http.Request) {
	reader, err := s.reader(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if reader == nil {
		s.foreign(w, r)
		return
	}
	typed := r.PostForm.Get("namn")
	err = s.store.Rename(r.Context(), reader.SubscriberID, typed)
	if errors.Is(err, course.ErrName) {
		s.refuseName(w, r, typed)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
}

func (s *site) refuseName(w http.ResponseWriter, r *http.Request, typed string) {
	invited, err := s.store.Invitation(r.Context(), s.now(), r.PathValue("token"))
	if err != nil {
		s.failInvitation(w, r, err)
		return
	}
	body := confirmed{Back: s.walled(invited.Article), Name: typed, Refused: true}
	s.showConfirmed(w, r, http.StatusUnprocessableEntity, body)
}

func (s *site) failInvitation(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, course.ErrToken) {
		s.fail(w, r, err)
		return
	}
	words := s.library.Pages.Confirm
	body := message{Line: words.UnknownLine, Href: "/anmalan", Link: words.Again}
	s.show(w, http.StatusNotFound, page{Template: "message", Title: words.UnknownTitle, Body: body})
}

// expired explains, and offers the form.
func (s *site) expired(w http.ResponseWriter, article string) {
	words := s.library.Pages.Confirm
	body := message{Line: words.ExpiredLine, Href: carrying("/anmalan", s.walled(article)), Link: words.Again}
	s.show(w, http.StatusGone, page{Template: "message", Title: words.ExpiredTitle, Body: body})
}
