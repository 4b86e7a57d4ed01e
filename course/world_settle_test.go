package course

import (
	"slices"
	"strings"
	"time"
)

// settles lets the weeks pass without further faults until nobody waits for
// anything, and then looks whether anything was lost.
func (w *world) settles() {
	w.Helper()
	w.trouble, w.processes, w.relay.away = 0, nil, time.Time{}
	w.elapse(theLease + time.Minute)
	w.joins()
	w.recovers()
	w.resumes()
	for last := w.now.AddDate(0, 0, 120); w.now.Before(last); {
		w.carriesOut()
		w.endsQuarantine()
		w.decides()
		w.plans()
		w.sendsAll()
		if len(w.waitingForUs()) == 0 {
			break
		}
		w.elapse(max(w.untilSomething(), betweenCopies))
	}
	w.balance()
	w.check()
	w.lostNothing()
}

// decides is an admin's work on what is parked: once more, and if it comes back,
// or its reader is gone, no more.
func (w *world) decides() {
	w.Helper()
	for _, d := range w.open() {
		if d.State == "parked" && (w.given[d.DeliveryKey] || w.retries(d) != nil) {
			w.cancels(d)
		}
		if d.State == "parked" {
			w.given[d.DeliveryKey] = true
		}
	}
}

// sendsAll carries all that is ready to its end.
func (w *world) sendsAll() {
	w.Helper()
	p := w.processes[0]
	for w.takes(p); len(w.busy()) > 0; w.takes(p) {
		if ready := w.ready(); len(ready) > 0 {
			w.steps++
			w.carry(ready[0])
		} else {
			w.elapse(w.firstReply(w.busy()).Sub(w.now))
		}
		w.elapse(10 * time.Millisecond)
	}
}

// waitingForUs are enrolments and letters that are not at their end.
func (w *world) waitingForUs() []string {
	w.Helper()
	return w.lines(`
		select s.email || ' ' || e.course || ' ' || e.position || ' ' || e.state
		from enrolments e
		join subscribers s on s.id = e.subscriber_id
		where e.state = 'active' and s.state = 'active'
		union all
		select coalesce(s.email, 'somebody') || ' ' || d.letter || ' ' || d.state
		from deliveries d
		join subscribers s on s.id = d.subscriber_id
		where settled_at is null
		union all
		select email || ' waits to sign up' from signups`)
}

// lostNothing fails the world where somebody who stayed lacks a lesson that
// neither the relay refused nor anybody called back, or had them out of turn.
func (w *world) lostNothing() {
	w.Helper()
	if waiting := w.waitingForUs(); len(waiting) > 0 {
		w.Fatalf("they wait for ever: %v", waiting)
	}
	var letters []inLedger
	w.must(w.db.Select(&letters, allLetters+` and rank = 1 order by d.planned_at, d.letter`))
	had := map[int64][]string{}
	last := map[int64]map[string]copyTaken{}
	for _, d := range letters {
		copies := w.relay.taken[d.DeliveryKey]
		if len(copies) > 0 || d.State == "rejected" || d.State == "cancelled" {
			had[d.SubscriberID] = append(had[d.SubscriberID], d.Letter)
		}
		if len(copies) == 0 || d.Requested || d.Reader == "erased" { // of these nobody knows any more what was requested
			continue
		}
		if last[d.SubscriberID] == nil {
			last[d.SubscriberID] = map[string]copyTaken{}
		}
		if before, ok := last[d.SubscriberID][list(d.Letter)]; ok && (before.Letter >= d.Letter || before.at.After(copies[0].at)) {
			w.Fatalf("%s to %s came before %s", d.Letter, d.Email, before.Letter)
		}
		last[d.SubscriberID][list(d.Letter)] = copies[0]
	}
	var finished []struct {
		SubscriberID int64 `db:"subscriber_id"`
		Course       string
	}
	w.must(w.db.Select(&finished, `select subscriber_id, course from enrolments where state = 'finished'`))
	for _, e := range finished {
		c, _ := w.Course(e.Course)
		for week := range c.Lessons {
			if !slices.Contains(had[e.SubscriberID], c.Letter(week+1)) {
				w.Fatalf("somebody finished %s without %s; they had %s", e.Course, c.Letter(week+1), strings.Join(had[e.SubscriberID], ", "))
			}
		}
	}
}
