package course

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// person is a reader, and what the world knows of their wishes.
type person struct {
	email    string
	left     map[string]bool // courses
	wantNone []DeliveryKey   // confirm letters from before an admin took them off everything
	gone     bool            // blocked
	spam     bool            // by a complaint, or an admin: then no letter at all may go out
	works    time.Time       // when a link was last opened, or an admin said so
	full     bool            // the mailbox, for ever
	waits    bool            // has a confirm letter whose link was not opened
	letters  []DeliveryKey   // lessons that arrived
	links    []DeliveryKey   // confirm letters that arrived
}

func (w *world) someone() *person { return w.people[w.IntN(len(w.people))] }

// begins brings most people into the course within a day: by the form, or from
// another system.
func (w *world) begins() {
	w.Helper()
	for range 1 + w.IntN(3) {
		w.joins()
	}
	var imported []Person
	for _, p := range w.people {
		if w.chance(60) {
			imported = append(imported, Person{Address: Address(p.email), Name: "Läsare"})
		} else {
			w.signsUp(p)
		}
	}
	w.imports(ImportWish{Consent: "de sade ja", Course: w.course.ID}, imported)
}

// somebodyActs is a reader or an admin.
func (w *world) somebodyActs() {
	w.Helper()
	p := w.someone()
	if busy := w.busy(); len(busy) > 0 && w.chance(50) { // one whose letter is on its way
		if l := busy[w.IntN(len(busy))]; l.at != idle && !w.erased[l.job.SubscriberID] {
			p = w.person(l.job.Email)
		}
	}
	switch n := w.IntN(100); {
	case n < 8:
		w.signsUp(p)
	case n < 10:
		w.asksToLogIn(p)
	case n < 45:
		w.confirms(p)
	case n < 54:
		w.leaves(p)
	case n < 60:
		w.undoes(p)
	case n < 62:
		w.isTakenOff(p)
	case n < 66 && len(p.letters) > 0:
		w.must(w.Rename(w.ctx, p.letters[0].SubscriberID, fmt.Sprint("Namn ", w.IntN(4))))
	case n < 67:
		w.goes(p)
	case n < 71:
		w.somethingComesBack(p)
	default:
		w.anAdminActs()
	}
}

// again does a thing once, or twice: a second click, a lost answer.
func (w *world) again(do func()) {
	for range 1 + w.IntN(8)/7 {
		do()
	}
}

func (w *world) signsUp(p *person) {
	w.Helper()
	in := SignUp{Email: p.email, Newsletter: w.chance(30), Access: "Läs.", NewsletterWording: "Ja."}
	w.again(func() { w.must(w.Subscribe(w.ctx, w.now, in)) })
}

// asksToLogIn: on a browser of theirs. The letter's link is not of this world.
func (w *world) asksToLogIn(p *person) {
	w.Helper()
	w.again(func() {
		w.must(w.AskLogin(w.ctx, w.now, LoginWish{Email: p.email, Browser: fmt.Sprint("browser of ", p.email)}))
	})
}

// confirms opens the link of a confirm letter that arrived, mostly the newest.
func (w *world) confirms(p *person) {
	w.Helper()
	for range 5 {
		if p.waits && !w.chance(10) {
			break
		}
		p = w.someone()
	}
	if len(p.links) == 0 {
		return
	}
	link := p.links[len(p.links)-1]
	if w.chance(10) {
		link = p.links[w.IntN(len(p.links))]
	}
	wish := Confirmation{Course: w.course.ID, Wording: "Starta", IP: netip.MustParseAddr("192.0.2.7")}
	switch w.IntN(5) {
	case 0:
		wish.Course = ""
	case 1:
		if w.beside {
			wish.Course = omtanke.ID
		}
	}
	done, err := w.Confirm(w.ctx, w.now, w.ConfirmToken(link), wish)
	w.allow(err, ErrExpired, ErrToken)
	if err == nil && done.Session != "" {
		p.gone, p.waits, p.works = false, false, w.now
	}
	if done.Enrolled {
		delete(p.left, wish.Course)
	}
}

// leaves is one click in any letter.
func (w *world) leaves(p *person) {
	w.Helper()
	letter, course := w.aLetter(p)
	if course == "" {
		return
	}
	w.again(func() { w.allow(w.Unsubscribe(w.ctx, w.now, w.UnsubscribeToken(letter)), ErrToken) })
	p.left[course] = true
	if w.chance(30) {
		w.elapse(time.Duration(w.IntN(120)) * time.Second)
		w.undoes(p)
	}
}

func (w *world) undoes(p *person) {
	w.Helper()
	letter, course := w.aLetter(p)
	if course == "" {
		return
	}
	err := w.Rejoin(w.ctx, w.now, w.UnsubscribeToken(letter))
	w.allow(err, ErrToken, ErrTooLate)
	if err == nil {
		delete(p.left, course)
	}
}

// aLetter is one of those that a person got.
func (w *world) aLetter(p *person) (letter DeliveryKey, course string) {
	if len(p.letters) == 0 {
		return letter, ""
	}
	letter = p.letters[w.IntN(len(p.letters))]
	return letter, list(w.relay.taken[letter][0].Letter)
}

// isTakenOff ends everything, by an admin who was asked to.
func (w *world) isTakenOff(p *person) {
	w.Helper()
	err := w.UnsubscribeAddress(w.ctx, w.now, p.email)
	w.allow(err, ErrUnknown)
	if err != nil {
		return
	}
	for _, course := range w.lines(`select course from enrolments e join subscribers s on s.id = subscriber_id where email = $1`, p.email) {
		p.left[course] = true
	}
	w.must(w.db.Select(&p.wantNone, `
		select d.subscriber_id, d.id from deliveries d join subscribers s on s.id = subscriber_id
		where email = $1 and rank = 0`, p.email))
}

// goes is an erasure.
func (w *world) goes(p *person) {
	w.Helper()
	var ids []int64
	w.must(w.db.Select(&ids, `select id from subscribers where email = $1`, p.email))
	if len(ids) == 0 {
		return
	}
	w.again(func() { w.must(w.Erase(w.ctx, w.now, p.email)) })
	w.erased[ids[0]] = true
	w.late = append(w.late, p.letters...)
	*p = person{email: p.email, full: p.full, left: map[string]bool{}} // another subscriber, should they come again
}

// arrives puts a letter into somebody's inbox.
func (w *world) arrives(c copyTaken) {
	p := w.person(c.Email)
	switch {
	case w.erased[c.SubscriberID]:
	case strings.HasPrefix(c.Letter, "login:"):
	case list(c.Letter) == "":
		p.links, p.waits = append(p.links, c.DeliveryKey), true
	default:
		p.letters = append(p.letters, c.DeliveryKey)
	}
}

func (w *world) person(email string) *person {
	i := slices.IndexFunc(w.people, func(p *person) bool { return p.email == email })
	return w.people[i]
}
