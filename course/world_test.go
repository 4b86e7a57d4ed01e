package course

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// A world is one seed: some people, an admin, processes that send, and a relay,
// who do what they do in an order that the seed chooses, faults among it, for
// eight weeks across a change of summer time. The ledger is the real one; only
// the clock, the wire and the machines that die are played. The relay keeps what
// it took, and with that the ledger is compared.
//
// Worlds are played in world_lane_test.go. In the order of a letter's life: world_people_test.go asks for it,
// world_process_test.go claims it, world_line_test.go carries it step by step,
// world_relay_test.go takes it, world_returned_test.go brings it back, world_fault_test.go breaks what can break, and
// world_audit_test.go says what must be true all the while.
type world struct {
	*lane
	*rand.Rand
	now, end   time.Time
	trouble    int // how often something goes wrong, in percent
	course     Course
	beside     bool // runs omtanke
	people     []*person
	processes  []*process
	relay      relay
	holds      map[string]bool
	retried    map[DeliveryKey]int // by an admin, from parked
	erased     map[int64]bool
	claims     map[DeliveryKey]int    // the newest, by whomever
	attempts   map[DeliveryKey]int    // the newest
	names      map[DeliveryKey]string // as marked last
	given      map[DeliveryKey]bool   // a last chance, at the end
	cameBack   map[DeliveryKey]bool   // and were settled by that
	turnedAway map[DeliveryKey]bool   // at RCPT, and recorded so
	late       []DeliveryKey          // letters to somebody who was erased since
	hearts     []heart
	steps      int
}

// What the protocol promises, in figures of its own.
const (
	theLease      = 30 * time.Second // of a process without a heartbeat
	markLife      = time.Second      // from the mark to the dot
	replyWait     = 10 * time.Minute // from the dot to the reply
	betweenCopies = 15 * time.Minute // of one letter, at least
)

func newWorld(l *lane, seed uint64) *world {
	w := &world{
		lane: l, Rand: rand.New(rand.NewPCG(seed, 1)), holds: map[string]bool{}, retried: map[DeliveryKey]int{},
		relay:  relay{taken: map[DeliveryKey][]copyTaken{}, told: map[DeliveryKey]int{}},
		claims: map[DeliveryKey]int{}, attempts: map[DeliveryKey]int{}, names: map[DeliveryKey]string{}, erased: map[int64]bool{}, given: map[DeliveryKey]bool{},
		cameBack: map[DeliveryKey]bool{}, turnedAway: map[DeliveryKey]bool{},
	}
	w.now = at("2026-09-28 10:00")
	if w.chance(50) {
		w.now = at("2027-03-01 10:00")
	}
	w.elapse(time.Duration(w.IntN(14*24*60)) * time.Minute)
	w.end = w.now.AddDate(0, 0, 56+w.IntN(10))
	w.trouble = 1 + w.IntN(10)
	w.course = aCourse("natverk", "brev", 4+w.IntN(5), Rhythm{
		Zone: stockholm, Weekday: time.Weekday(w.IntN(7)), Hour: []int{0, 2, 3, 8, 8, 23}[w.IntN(6)],
	})
	for n := range 5 + w.IntN(4) + int(190*math.Pow(w.Float64(), 40)) {
		w.people = append(w.people, &person{email: fmt.Sprintf("p%d@exempel.se", n), full: w.chance(1), left: map[string]bool{}})
	}
	w.beside = w.chance(30)
	w.publishes()
	return w
}

// publishes makes the texts known: of the one course, or of two side by side.
func (w *world) publishes() {
	w.Helper()
	courses := []Course{w.course}
	if w.beside {
		courses = append(courses, omtanke)
	}
	w.must(w.Publish(w.ctx, someLetters, courses))
}

func (w *world) chance(percent int) bool { return w.IntN(100) < percent }

// fault says whether something goes wrong, so many times as often as usual.
func (w *world) fault(times int) bool { return w.IntN(1000) < w.trouble*times }

// elapse lets time pass; hearts that beat go on beating.
func (w *world) elapse(d time.Duration) {
	w.now = w.now.Add(d).Round(time.Microsecond)
	for _, p := range w.processes {
		if !p.stopped && p.beats {
			w.beat(p)
		}
	}
}

// step is one thing that somebody does.
func (w *world) step() {
	w.Helper()
	w.steps++
	w.elapse(time.Duration(20+w.IntN(40)) * time.Millisecond)
	switch ready := w.ready(); {
	case len(ready) > 0 && w.chance(91):
		w.carry(ready[w.IntN(len(ready))])
		return
	case w.fault(12), len(ready) > 0 && w.fault(30):
		w.somethingBreaks()
	case len(ready) == 0 && w.chance(40):
		w.pass()
	case w.chance(20):
		w.somebodyActs()
	case w.chance(10):
		w.pass()
	case w.chance(80):
		w.wait()
		return
	}
	w.balance()
	if w.steps%20 == 0 {
		w.check()
	}
}

// wait lets the time pass that nothing happens in: until a reply comes, if one
// is waited for, else until something may be due.
func (w *world) wait() {
	if busy := w.busy(); len(busy) > 0 {
		w.elapse(time.Duration(w.IntN(300)) * time.Millisecond)
		if next := w.firstReply(busy); next.After(w.now) && len(w.ready()) == 0 {
			w.elapse(next.Sub(w.now))
		}
		if w.fault(10) {
			w.elapse(time.Duration(w.IntN(600)) * time.Second)
		}
		return
	}
	if len(w.holds) > 0 && w.chance(30) {
		w.resumes()
	}
	if w.chance(20) {
		w.looksAtLetters()
	}
	pause := time.Duration(1+w.IntN(40)) * time.Minute
	switch n := w.IntN(20); {
	case n < 14:
		pause = w.untilSomething()
	case n < 15:
		pause *= 60
	}
	w.elapse(pause)
}

// untilSomething is how long it is until something becomes due, and a moment
// where something is that nobody has seen to.
func (w *world) untilSomething() time.Duration {
	w.Helper()
	var next []time.Time
	w.ask(&next, `
		select least(cast($1 as timestamptz) + interval '8 days',
			(select min(ready_at) from deliveries where ready_at is not null and not exists (select from holds)),
			(select min(at) from signups),
			(select min(doubted_at) + interval '15 minutes' from deliveries where doubted_at is not null),
			(select min(next_due_at) from enrolments e
			 join subscribers s on s.id = e.subscriber_id
			 where e.state = 'active' and s.state = 'active'
			 and not exists (select from holds)
			 and not exists (select from deliveries d where d.subscriber_id = s.id and d.settled_at is null)))`, w.now)
	return max(next[0].Sub(w.now), time.Duration(1+w.IntN(60))*time.Second)
}
