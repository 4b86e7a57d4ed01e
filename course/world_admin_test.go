package course

import (
	"errors"
	"fmt"
)

func (w *world) anAdminActs() {
	w.Helper()
	switch n := w.IntN(100); {
	case n < 30:
		w.anAdminSends()
	case n < 45:
		w.holdsOrReleases()
	case n < 70:
		w.looksAtLetters()
	case n < 85:
		wish := ImportWish{Course: w.course.ID, Newsletter: w.chance(50)}
		if w.chance(50) {
			wish.Consent = "ja"
		}
		w.imports(wish, []Person{{Address: Address(w.someone().email)}, {Address: Address(w.someone().email)}})
	case n < 90:
		w.editsAText()
	case n < 93:
		w.suppresses(w.someone())
	case n < 96:
		w.lifts(w.someone())
	default:
		w.resumes()
	}
}

func (w *world) imports(wish ImportWish, people []Person) {
	w.Helper()
	w.again(func() {
		_, err := w.Import(w.ctx, w.now, people, wish)
		w.must(err)
	})
}

func (w *world) anAdminSends() {
	w.Helper()
	r := SendRequest{Week: 1 + w.IntN(len(w.course.Lessons)), Early: w.chance(50)}
	switch w.IntN(4) {
	case 0:
		r.All = true
	case 1, 2:
		r.To, r.Resend = w.someone().email, w.chance(40)
	}
	dry := w.chance(20)
	send := func() {
		_, _, err := w.PlanSend(w.ctx, w.now, r, dry)
		w.allow(err, ErrUnknown, ErrNotEnrolled)
	}
	if r.Resend {
		send()
		return
	}
	w.again(send)
}

func (w *world) holdsOrReleases() {
	w.Helper()
	scope := []string{Everything, Pause, w.course.Letter(1 + w.IntN(len(w.course.Lessons)))}[w.IntN(3)]
	if !w.holds[scope] {
		w.again(func() { w.must(w.Hold(w.ctx, w.now, scope, "a look first")) })
		w.holds[scope] = true
		return
	}
	w.releases(scope)
}

func (w *world) releases(scope string) {
	w.Helper()
	w.again(func() {
		_, err := w.ReleaseHold(w.ctx, w.now, scope)
		w.must(err)
	})
	delete(w.holds, scope)
}

// resumes lets everything go that is held.
func (w *world) resumes() {
	w.Helper()
	for _, h := range w.heldScopes() {
		w.releases(h)
	}
}

func (w *world) heldScopes() []string {
	return w.lines(`select scope from holds order by scope`)
}

// looksAtLetters retries or cancels one that is not settled.
func (w *world) looksAtLetters() {
	w.Helper()
	open := w.open()
	if len(open) == 0 {
		return
	}
	d := open[w.IntN(len(open))]
	if d.State != "queued" && w.chance(70) {
		w.retries(d)
	} else if w.chance(50) {
		w.cancels(d)
	}
}

// open are the letters that are not settled, whatever they wait for.
func (w *world) open() (open []inLedger) {
	w.Helper()
	w.must(w.db.Select(&open, allLetters+` and settled_at is null order by email, letter, copy, d.planned_at`))
	return open
}

func (w *world) retries(d inLedger) error {
	w.Helper()
	_, changed, err := w.Retry(w.ctx, w.now, d.handle())
	w.allow(err, ErrReaderGone, ErrMayHaveArrived)
	if changed && d.State == "parked" {
		w.retried[d.DeliveryKey]++
	}
	return err
}

func (w *world) cancels(d inLedger) {
	w.Helper()
	_, _, err := w.Cancel(w.ctx, w.now, d.handle())
	w.allow(err, ErrBeingSent)
}

// editsAText publishes another version of a lesson.
func (w *world) editsAText() {
	w.Helper()
	lesson := &w.course.Lessons[w.IntN(len(w.course.Lessons))]
	lesson.Version.Source = fmt.Appendf(nil, "%s, bättre", lesson.Version.Source)
	w.publishes()
}

// allow fails the world for any error but those that may be.
func (w *world) allow(err error, may ...error) {
	w.Helper()
	for _, m := range may {
		if errors.Is(err, m) {
			return
		}
	}
	w.must(err)
}
