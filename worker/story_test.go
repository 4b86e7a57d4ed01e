package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/mail"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // the stories are about Swedish time, whatever the machine has

	"github.com/jmoiron/sqlx"

	"fortsatt/course"
	"fortsatt/demo"
	"fortsatt/lessons"
	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// A story is one test's world: a database, the shipped course, a clock that
// stands until it is set, relays, and workers. It ends with an audit: the
// ledger is held against what the relays took.
type story struct {
	testing.TB
	*course.Store
	ctx    context.Context
	dsn    string
	db     *sqlx.DB
	clock  *clock
	relays []*relay
	domain string // of the letters, as it travels
}

const (
	theSecret = "a secret of the tests, 32 characters or more"
	anna      = "anna@exempel.se"
	bo        = "bo@exempel.se"
	cilla     = "cilla@exempel.se"
)

var stockholm = sync.OnceValue(func() *time.Location {
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		panic(err)
	}
	return zone
})

// at reads a moment on a Swedish clock, as "2026-11-03 08:00" or with seconds.
func at(clock string) time.Time {
	layout := "2006-01-02 15:04:05"
	t, err := time.ParseInLocation(layout[:len(clock)], clock, stockholm())
	if err != nil {
		panic(err)
	}
	return t
}

// begin opens a story at a moment.
func begin(t *testing.T, now string) *story {
	t.Parallel()
	return open(t, now)
}

func open(t testing.TB, now string) *story {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	st := &story{TB: t, ctx: ctx, dsn: demo.Database(t, course.Migrate), clock: &clock{now: at(now)}, domain: "atta.example"}
	st.Store = st.store(st.dsn)
	st.db = sqlx.MustOpen("postgres", st.dsn)
	t.Cleanup(func() { st.db.Close() })
	t.Cleanup(func() {
		if !t.Failed() {
			st.audit()
		}
	})
	return st
}

// store opens the ledger as a further process would.
func (st *story) store(dsn string) *course.Store {
	st.Helper()
	s, err := course.Open(st.ctx, course.Options{DSN: dsn, Secrets: []string{theSecret}})
	st.must(err)
	st.Cleanup(func() { s.Close() })
	library := shipped()
	st.must(s.Publish(st.ctx, serviceLetters(library), []course.Course{theCourse()}))
	return s
}

var shipped = sync.OnceValue(func() *lessons.Library {
	library, err := lessons.Load(worker.Texts())
	if err != nil {
		panic(err)
	}
	return library
})

// theCourse is the first of the shipped ones, on Tuesdays at eight.
func theCourse() course.Course {
	c := shipped().Courses[0]
	known := course.Course{ID: c.ID, Title: c.Title, Rhythm: course.Rhythm{Zone: stockholm(), Weekday: time.Tuesday, Hour: 8}}
	for _, lesson := range c.Lessons {
		known.Lessons = append(known.Lessons, course.Lesson{ID: lesson.ID, Title: lesson.Title, Version: version(lesson)})
	}
	return known
}

func serviceLetters(library *lessons.Library) map[string]course.Version {
	letters := map[string]course.Version{}
	for kind, l := range library.Letters {
		letters[kind] = version(l)
	}
	return letters
}

func version(l *lessons.Letter) course.Version {
	source, layout := l.Source()
	return course.Version{Source: source, Layout: layout}
}

func (st *story) must(err error) {
	st.Helper()
	if err != nil {
		st.Fatal(err)
	}
}

// A relay does what its rule says, and counts what it hears.
type relay struct {
	*relaytest.Server
	mu    sync.Mutex
	rule  rule
	heard map[relaytest.Stage]int
}

type rule func(relaytest.Event) relaytest.Action

func (r *relay) behave(e relaytest.Event) relaytest.Action {
	r.mu.Lock()
	r.heard[e.Stage]++
	rule := r.rule
	r.mu.Unlock()
	if rule == nil {
		return relaytest.Action{}
	}
	return rule(e)
}

// from now on there is another rule; nil: take everything.
func (r *relay) follows(rule rule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rule = rule
}

func (r *relay) times(stage relaytest.Stage) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heard[stage]
}

// whenever is the rule to do one thing at one stage, and take everything else.
func whenever(stage relaytest.Stage, a relaytest.Action) rule {
	return func(e relaytest.Event) relaytest.Action {
		if e.Stage == stage {
			return a
		}
		return relaytest.Action{}
	}
}

// about is whenever, for one person's letter only.
func about(email string, stage relaytest.Stage, a relaytest.Action) rule {
	return func(e relaytest.Event) relaytest.Action {
		if e.Stage == stage && e.To == email {
			return a
		}
		return relaytest.Action{}
	}
}

// relay opens a relay of the story's.
func (st *story) relay(rule rule) *relay {
	st.Helper()
	r := &relay{rule: rule, heard: map[relaytest.Stage]int{}}
	r.Server = relaytest.New(st, r.behave)
	st.relays = append(st.relays, r)
	return r
}

// worker makes one that sends through these relays, over one connection unless
// change says otherwise.
func (st *story) worker(change func(*worker.Options), relays ...*relay) *worker.Worker {
	st.Helper()
	o := worker.Options{
		Store:        st.Store,
		Connections:  1,
		From:         mail.Address{Name: "Åtta brev", Address: "brev@atta.example"},
		ReplyTo:      mail.Address{Name: "Redaktionen", Address: "redaktion@atta.example"},
		BounceDomain: "studs.atta.example",
		Links:        course.Links{Base: "https://atta.example"},
		Now:          st.clock.Now,
		Log:          slog.New(slog.NewTextHandler(st.Output(), nil)), // seen when the test fails
		Hints:        st.clock.hint(),
	}
	for _, r := range relays {
		parsed, err := mailer.ParseRelays("smtp://brev:losen@" + r.Addr() + "?tls=none")
		st.must(err)
		o.Relays = append(o.Relays, parsed...)
	}
	if change != nil {
		change(&o)
	}
	return worker.New(o)
}

func connections(n int) func(*worker.Options) {
	return func(o *worker.Options) { o.Connections = n }
}

// starts lets a worker run until stop is called, or the story ends.
func (st *story) starts(w *worker.Worker) (stop func()) {
	ctx, cancel := context.WithCancel(st.ctx)
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			st.Errorf("Run ended with %v, want nil", err)
		}
	})
	st.Cleanup(stop)
	return stop
}

// signUp has somebody sign up at the wall, and the confirm letter queued.
func (st *story) signUp(email string) {
	st.Helper()
	st.must(st.Subscribe(st.ctx, st.clock.Now(), course.SignUp{Email: email, Article: "laget", Form: "/artiklar/laget", Access: "Du får läsa."}))
	_, err := st.TakeSignUps(st.ctx, st.clock.Now())
	st.must(err)
}

// readers enrols people, each in their own moment, with letter 1 due at once.
func (st *story) readers(emails ...string) {
	st.Helper()
	for i, email := range emails {
		st.enrolled(st.clock.Now().Add(time.Duration(i-len(emails))*time.Second), course.Person{Address: course.Address(email)})
	}
}

// crowd enrols n people, with letter 1 due at once.
func (st *story) crowd(n int) {
	st.Helper()
	var people []course.Person
	for i := range n {
		people = append(people, course.Person{Address: course.Address(fmt.Sprintf("r%d@exempel.se", i)), Name: "Läsare"})
		if len(people) == course.ImportPage || i == n-1 {
			st.enrolled(st.clock.Now(), people...)
			people = nil
		}
	}
}

func (st *story) enrolled(now time.Time, people ...course.Person) {
	st.Helper()
	_, err := st.Import(st.ctx, now, people, course.ImportWish{Consent: "på mässan", Course: theCourse().ID})
	st.must(err)
}

// lesson is the scope of a week's letter.
func lesson(week int) course.Scope { return course.Scope{Letter: theCourse().Letter(week)} }

// letterTo finds what a relay took for somebody.
func letterTo(r *relay, email string) (letters []relaytest.Letter) {
	for _, l := range r.Received() {
		if l.To == email {
			letters = append(letters, l)
		}
	}
	return letters
}

// took waits until a relay has accepted n letters.
func (st *story) took(r *relay, n int) {
	st.Helper()
	if err := r.Wait(st.ctx, n); err != nil {
		st.Fatalf("the relay took %d letters, want %d: %v; the ledger has %v", len(r.Accepted()), n, err, st.states())
	}
}
