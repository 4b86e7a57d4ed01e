package course

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"fortsatt/demo"
)

// A world is one seed: some people, an admin, processes that send, and a relay,
// who do what they do in an order that the seed chooses, faults among it, for
// eight weeks across a change of summer time. The ledger is the real one; only
// the clock, the wire and the machines that die are played. The relay keeps what
// it took, and with that the ledger is compared.
//
// In the order of a letter's life: world_people_test.go asks for it,
// world_process_test.go claims it, world_line_test.go carries it step by step,
// world_relay_test.go takes it, world_fault_test.go breaks what can break, and
// world_audit_test.go says what must be true all the while.
type world struct {
	*lane
	*rand.Rand
	now, end  time.Time
	trouble   int // how often something goes wrong, in percent
	course    Course
	people    []*person
	processes []*process
	relay     relay
	holds     map[string]bool
	retried   map[DeliveryKey]int // by an admin, from parked
	erased    map[int64]bool
	claims    map[DeliveryKey]int  // the newest, by whomever
	attempts  map[DeliveryKey]int  // the newest
	given     map[DeliveryKey]bool // a last chance, at the end
	hearts    []heart
	steps     int
}

// What the protocol promises, in figures of its own.
const (
	theLease      = 30 * time.Second // of a process without a heartbeat
	markLife      = time.Second      // from the mark to the dot
	replyWait     = 10 * time.Minute // from the dot to the reply
	betweenCopies = 15 * time.Minute // of one letter, at least
)

// Every seed of a run, in a few lanes with a database each:
//
//	WORLDS=10000 FIRST=1 go test -run TestWorlds ./course
//
// A world that breaks a law tells its seed; WORLDS=1 and FIRST=seed play it again.
func TestWorlds(t *testing.T) {
	t.Parallel()
	const lanes = 4
	first, worlds := setting("FIRST", 1), setting("WORLDS", 300)
	var told tally
	t.Cleanup(func() {
		fmt.Printf("%d worlds: %d letters at the relay, %d of them second copies, in %d steps\n",
			told.worlds.Load(), told.letters.Load(), told.copies.Load(), told.steps.Load())
	})
	for lane := range min(lanes, worlds) {
		t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
			t.Parallel()
			stage := newLane(t)
			for seed := first + lane; seed < first+worlds; seed += lanes {
				t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
					stage.play(t, seed, &told)
				})
			}
		})
	}
}

type tally struct{ worlds, letters, copies, steps atomic.Int64 }

// setting reads a number from the environment.
func setting(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// A lane is a database on which worlds are played one after the other.
type lane struct {
	*story
	questions map[string]*sqlx.Stmt // that are asked all the time, planned once
}

// ask is Select, for what is asked all the time.
func (l *lane) ask(rows any, question string, args ...any) {
	l.Helper()
	asked, ok := l.questions[question]
	if !ok {
		var err error
		asked, err = l.db.Preparex(question)
		l.must(err)
		l.questions[question] = asked
	}
	l.must(asked.Select(rows, args...))
}

// Letters that become ready at the same moment are claimed in no order; here a
// few microseconds between them make one, so that a seed means one world.
const inOrder = `
	create function in_order() returns trigger language plpgsql as $$
	begin
		new.ready_at := new.ready_at + interval '1 microsecond' * (
			select 64 * coalesce(cast(substring(email from '[0-9]+') as integer), 0) + 16 * (new.copy % 4)
			       + cast(substring(new.letter from '[0-9]+$') as integer) % 16
			from subscribers where id = new.subscriber_id);
		return new;
	end $$;
	create trigger in_order before insert or update of ready_at on deliveries
		for each row when (new.ready_at < '9999-01-01') execute function in_order()`

func newLane(t *testing.T) *lane {
	l := &lane{open(t, demo.Database(t, Migrate)), map[string]*sqlx.Stmt{}}
	l.exec(inOrder)
	return l
}

func (l lane) play(t *testing.T, seed int, told *tally) {
	st := *l.story
	st.T = t
	l.story = &st
	l.exec(`truncate addresses, subscribers, consents, wordings, sessions, enrolments,
		versions, requests, deliveries, attempts, workers, holds restart identity`)
	w := newWorld(&l, uint64(seed))
	defer func() {
		if t.Failed() {
			t.Logf("step %d, %s; play it again: WORLDS=1 FIRST=%d go test -run TestWorlds ./course", w.steps, local(w.now), seed)
		}
		told.worlds.Add(1)
		told.letters.Add(int64(w.relay.letters))
		told.copies.Add(int64(w.relay.copies))
		told.steps.Add(int64(w.steps))
	}()
	w.begins()
	for w.now.Before(w.end) {
		w.step()
	}
	w.settles()
}

func newWorld(l *lane, seed uint64) *world {
	w := &world{
		lane: l, Rand: rand.New(rand.NewPCG(seed, 1)), holds: map[string]bool{}, retried: map[DeliveryKey]int{},
		relay:  relay{taken: map[DeliveryKey][]copyTaken{}, told: map[DeliveryKey]int{}},
		claims: map[DeliveryKey]int{}, attempts: map[DeliveryKey]int{}, erased: map[int64]bool{}, given: map[DeliveryKey]bool{},
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
	for n := range 5 + w.IntN(6) + int(190*math.Pow(w.Float64(), 40)) {
		w.people = append(w.people, &person{email: fmt.Sprintf("p%d@exempel.se", n), left: map[string]bool{}})
	}
	w.must(w.Publish(w.ctx, confirmV1, []Course{w.course, omtanke}))
	return w
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
	case len(ready) > 0 && w.chance(94):
		w.carry(ready[w.IntN(len(ready))])
		return
	case w.fault(12), len(ready) > 0 && w.fault(30):
		w.somethingBreaks()
	case w.chance(40):
		w.pass()
	case w.chance(20):
		w.somebodyActs()
	case w.chance(80):
		w.wait()
		return
	}
	w.balance()
	if w.steps%10 == 0 {
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
			(select min(doubted_at) + interval '15 minutes' from deliveries where doubted_at is not null),
			(select min(next_due_at) from enrolments e
			 join subscribers s on s.id = e.subscriber_id
			 where e.state = 'active' and s.state = 'active'
			 and not exists (select from holds)
			 and not exists (select from deliveries d where d.subscriber_id = s.id and d.settled_at is null)))`, w.now)
	return max(next[0].Sub(w.now), time.Duration(1+w.IntN(60))*time.Second)
}
