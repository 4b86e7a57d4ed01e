package course

import (
	"fmt"
	"slices"
	"time"
)

// somethingComesBack is a bounce, a complaint, or a note, of a letter that the
// relay took: mostly of the newest, sometimes late, sometimes several times, and
// sometimes it is a forgery.
func (w *world) somethingComesBack(p *person) {
	w.Helper()
	letters := slices.Concat(p.links, p.letters)
	if w.chance(10) {
		letters = w.late
	}
	if len(letters) == 0 {
		return
	}
	d := letters[len(letters)-1]
	if w.chance(30) {
		d = letters[w.IntN(len(letters))]
	}
	m := ReturnedMail{Via: "smtp", Raw: fmt.Append(nil, "report ", w.IntN(3)), Tokens: []string{"postmaster", w.BounceToken(d)}}
	switch n := w.IntN(100); {
	case n < 20:
		m.Kind, m.Enhanced, m.Code = ReturnFailed, "5.1.1", 550
	case n < 65:
		m.Kind, m.Enhanced = ReturnFailed, "5.2.2"
	case n < 70:
		m.Kind, m.Enhanced = ReturnFailed, "5.7.1"
	case n < 78:
		m.Kind = ReturnComplaint
	case n < 82:
		m.Kind = ReturnOptOut
	case n < 90:
		m.Kind = []ReturnedKind{ReturnDelayed, ReturnAutoReply, ReturnUnclear}[w.IntN(3)]
	default:
		w.isForged(m, d)
		return
	}
	w.again(func() { w.comesBack(m, d) })
}

// comesBack records what came back and looks what became of its reader, and that
// nothing became of anybody else.
func (w *world) comesBack(m ReturnedMail, d DeliveryKey) {
	w.Helper()
	others := w.apartFrom(d.SubscriberID)
	got, err := w.RecordBounce(w.ctx, w.now, m)
	w.must(err)
	if w.isForgotten(d) {
		if got.Known {
			w.Fatalf("what came back of a letter that is let go is taken for %+v", got)
		}
		return
	}
	if !got.Known || got.Delivery != d {
		w.Fatalf("what came back of %v is taken for %+v", d, got)
	}
	if after := w.apartFrom(d.SubscriberID); !slices.Equal(after, others) {
		w.Fatalf("a bounce of somebody else changed\nfrom %v\nto   %v", others, after)
	}
	if w.erased[d.SubscriberID] {
		if got.Suppressed {
			w.Fatalf("who was erased is suppressed by a late bounce")
		}
		return
	}
	if state := w.stateOf(d); state == "accepted" {
		w.cameBack[d] = true
	} else if state == "uncertain" || state == "queued" {
		w.Fatalf("a letter that came back is %s", state)
	}
	p := w.person(w.relay.taken[d][0].Email)
	switch {
	case got.Suppressed && got.Judged != Hard && got.Judged != Soft && got.Judged != Complained:
		w.Fatalf("%s is suppressed by %s", p.email, got.Judged)
	case got.Judged == Complained && !got.Again:
		p.gone, p.spam = true, true
		w.leftAll(p)
	case got.Judged == OptedOut && !got.Again && list(w.relay.taken[d][0].Letter) != "":
		p.left[list(w.relay.taken[d][0].Letter)] = true
	case got.Judged == Hard && !got.Again && !p.gone && !got.Suppressed && w.lastTaken(d).After(p.works.Add(markLife)):
		w.Fatalf("a hard bounce of %s does not suppress %s", w.relay.taken[d][0].Letter, p.email)
	case got.Suppressed:
		p.gone = true
	}
}

// isForged has no valid token, and changes nothing.
func (w *world) isForged(m ReturnedMail, d DeliveryKey) {
	w.Helper()
	m.Kind, m.Enhanced = ReturnFailed, "5.1.1"
	m.Tokens = []string{w.UnsubscribeToken(d), w.BounceToken(d)[1:], w.BounceToken(DeliveryKey{d.SubscriberID, d.ID + 1})}
	m.MessageIDs = []string{w.MessageToken(d) + "@exempel.se"}
	before := w.apartFrom(0)
	if got, err := w.RecordBounce(w.ctx, w.now, m); err != nil || got != (ReturnedResult{}) {
		w.Fatalf("a forged bounce gave %+v, %v", got, err)
	}
	if after := w.apartFrom(0); !slices.Equal(after, before) {
		w.Fatalf("a forged bounce changed\nfrom %v\nto   %v", before, after)
	}
}

// apartFrom is how everybody but one stands, and their letters.
func (w *world) apartFrom(id int64) (all []string) {
	w.Helper()
	w.ask(&all, `
		select cast(s as text) || coalesce(cast(a as text), '') || (select count(*) from returns r where r.subscriber_id = s.id) || coalesce((
		       select string_agg(d.letter || d.state || d.attempt, ' ' order by d.id) from deliveries d where d.subscriber_id = s.id), '')
		from subscribers s
		left join addresses a on a.subscriber_id = s.id
		where s.id <> $1
		order by s.id`, id)
	return all
}

// isForgotten says that a letter went with its reader, who never confirmed.
func (w *world) isForgotten(d DeliveryKey) bool {
	w.Helper()
	var there []bool
	w.ask(&there, `select exists (select from deliveries where subscriber_id = $1 and id = $2)`, d.SubscriberID, d.ID)
	return !there[0]
}

func (w *world) stateOf(d DeliveryKey) string {
	w.Helper()
	var state []string
	w.ask(&state, `select state from deliveries where subscriber_id = $1 and id = $2`, d.SubscriberID, d.ID)
	return state[0]
}

// leftAll: nothing more comes from any course.
func (w *world) leftAll(p *person) {
	for _, course := range w.lines(`select course from enrolments e join subscribers s on s.id = subscriber_id where email = $1`, p.email) {
		p.left[course] = true
	}
}

// wasRefused looks what became of a reader whom the relay would not take a letter
// for. For good, and for want of a mailbox, it suppresses.
func (w *world) wasRefused(l *line) {
	w.Helper()
	if w.stateOf(l.job.DeliveryKey) != "rejected" || w.turnedAway[l.job.DeliveryKey] || w.erased[l.job.SubscriberID] {
		return
	}
	w.turnedAway[l.job.DeliveryKey] = true
	p := w.person(l.job.Email)
	var suppressed []string
	w.ask(&suppressed, `select coalesce(suppressed, '') from addresses where subscriber_id = $1`, l.job.SubscriberID)
	switch suppressed[0] {
	case "bounce":
		p.gone = true
	case "admin", "complaint":
	default:
		if l.ending.Enhanced == "5.1.1" {
			w.Fatalf("%s is suppressed %q, whose mailbox does not exist", p.email, suppressed[0])
		}
	}
}

// suppresses is an admin who was told not to write to somebody.
func (w *world) suppresses(p *person) {
	w.Helper()
	reason := []string{"admin", "bounce", "complaint"}[w.IntN(3)]
	stands, _, err := w.Suppress(w.ctx, w.now, p.email, reason)
	w.must(err)
	p.gone = true
	if p.spam = stands != "bounce"; reason == "complaint" {
		w.leftAll(p)
	}
}

// lifts is an admin who knows better.
func (w *world) lifts(p *person) {
	w.Helper()
	done, err := w.Unsuppress(w.ctx, w.now, p.email)
	w.must(err)
	if done.Was != "" {
		p.gone, p.spam, p.works = false, false, w.now
	}
}

// lastTaken is when the relay took the newest copy of a letter.
func (w *world) lastTaken(d DeliveryKey) time.Time {
	copies := w.relay.taken[d]
	return copies[len(copies)-1].at
}
