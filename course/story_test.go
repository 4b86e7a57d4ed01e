package course

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"
	_ "time/tzdata" // the stories are about Swedish time, whatever the machine has

	"fortsatt/demo"
)

// A story is one test's world: a database and a store of its own, a worker,
// and the accounting that must hold at every step of it.
type story struct {
	*testing.T
	*Store
	ctx    context.Context
	dsn    string
	worker int64
}

const (
	theSecret = "a secret of the tests, 32 characters or more"
	anna      = "anna@exempel.se"
	bo        = "bo@exempel.se"
	cilla     = "cilla@exempel.se"
)

// The course of the stories: eight letters, brev1 to brev8, on Tuesdays at
// eight. Beside it runs a short one, on Thursdays at 17.
var (
	stockholm = zone("Europe/Stockholm")
	natverk   = aCourse("natverk", "brev", 8, Rhythm{Zone: stockholm, Weekday: time.Tuesday, Hour: 8})
	omtanke   = aCourse("omtanke", "rad", 2, Rhythm{Zone: stockholm, Weekday: time.Thursday, Hour: 17})
	confirmV1 = Version{Source: []byte("Bekräfta din adress"), Layout: []byte("ram")}
	loginV1   = Version{Source: []byte("Logga in"), Layout: []byte("ram")}

	someLetters = map[string]Version{
		"confirm": confirmV1, "login": loginV1,
		"question-wording":  {Source: []byte("Stämmer det?"), Layout: []byte("ram")},
		"question-answered": {Source: []byte("Här är svaret"), Layout: []byte("ram")},
		"question-declined": {Source: []byte("Inte den här gången"), Layout: []byte("ram")},
	}
)

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

func aCourse(id, lesson string, lessons int, r Rhythm) Course {
	c := Course{ID: id, Title: "Kursen " + id, Rhythm: r}
	for n := range lessons {
		name := fmt.Sprint(lesson, n+1)
		c.Lessons = append(c.Lessons, Lesson{ID: name, Title: "Om " + name, Version: Version{Source: []byte("text " + name), Layout: []byte("ram")}})
	}
	return c
}

// begin opens a story; further courses stand in for the usual two.
func begin(t *testing.T, courses ...Course) *story {
	t.Parallel()
	return open(t, demo.Database(t, Migrate), courses...)
}

func open(t *testing.T, dsn string, courses ...Course) *story {
	t.Helper()
	if len(courses) == 0 {
		courses = []Course{natverk, omtanke}
	}
	ctx := context.Background()
	s, err := Open(ctx, Options{DSN: dsn, Secrets: []string{theSecret}, Connections: 8})
	if err != nil {
		t.Fatal(err)
	}
	st := &story{T: t, Store: s, ctx: ctx, dsn: dsn}
	t.Cleanup(func() {
		if !t.Failed() && st.Ping(ctx) == nil {
			st.check()
		}
		s.Close()
	})
	st.must(s.Publish(ctx, someLetters, courses))
	st.worker, err = s.Join(ctx, "the story's worker")
	st.must(err)
	return st
}

func (st *story) must(err error) {
	st.Helper()
	if err != nil {
		st.Fatal(err)
	}
}

// at reads a moment on a Swedish clock, as "2026-11-03 08:00" or with seconds.
func at(clock string) time.Time {
	layout := "2006-01-02 15:04:05"
	t, err := time.ParseInLocation(layout[:len(clock)], clock, stockholm)
	if err != nil {
		panic(err)
	}
	return t
}

// local writes a moment as a Swedish clock shows it.
func local(t time.Time) string { return t.In(stockholm).Format("Mon 2006-01-02 15:04") }

func (st *story) signUp(now time.Time, email string) {
	st.Helper()
	st.asks(now, SignUp{Email: email, Article: "laget", Form: "/artiklar/laget", Access: "Du får läsa."})
}

// asks signs somebody up, and a worker carries it out.
func (st *story) asks(now time.Time, in SignUp) {
	st.Helper()
	st.must(st.Subscribe(st.ctx, now, in))
	st.carriedOut(now)
}

// carriedOut has a worker carry out what waits, and returns how much that was.
func (st *story) carriedOut(now time.Time) int {
	st.Helper()
	n, err := st.TakeSignUps(st.ctx, now)
	st.must(err)
	return n
}

// key finds a delivery, as "brev3" or "confirm:1".
func (st *story) key(email, letter string) DeliveryKey {
	st.Helper()
	var d DeliveryKey
	err := st.db.Get(&d, `
		select d.subscriber_id, d.id from deliveries d join subscribers s on s.id = d.subscriber_id
		where s.email = $1 and d.letter in ($2, 'lesson:natverk/' || $2, 'lesson:omtanke/' || $2) and copy = 0`, email, letter)
	if err != nil {
		st.Fatalf("letter %s to %s: %v", letter, email, err)
	}
	return d
}

// confirmed opens the newest confirm letter's link and presses a button:
// start this course, or "" for only reading.
func (st *story) confirmed(now time.Time, email, course string) Confirmed {
	st.Helper()
	n := st.count(`select count(*) from deliveries d join subscribers s on s.id = subscriber_id
		where email = $1 and letter like 'confirm:%'`, email)
	token := st.ConfirmToken(st.key(email, fmt.Sprint("confirm:", n)))
	done, err := st.Confirm(st.ctx, now, token, Confirmation{Course: course, Wording: "Starta kursen", IP: netip.MustParseAddr("192.0.2.77")})
	st.must(err)
	st.check()
	return done
}

// joined signs people up for natverk and confirms them, all at one moment, and
// sends their confirm letters; letter 1 is left queued.
func (st *story) joined(now time.Time, emails ...string) {
	st.Helper()
	for _, email := range emails {
		st.signUp(now, email)
	}
	st.deliver(now)
	for _, email := range emails {
		st.confirmed(now, email, "natverk")
	}
}

// reached brings people to a week: its lesson and those before it are accepted,
// the last of them at a moment, each a week after the one before.
func (st *story) reached(week int, last time.Time, emails ...string) {
	st.Helper()
	st.joined(last.In(stockholm).AddDate(0, 0, -7*(week-1)), emails...)
	for n := range week {
		now := last.In(stockholm).AddDate(0, 0, 7*(n-week+1))
		st.planned(now)
		st.deliver(now)
	}
}

// confirmedAgain signs somebody known up anew and opens the link of that letter.
func (st *story) confirmedAgain(now time.Time, email string) Confirmed {
	st.Helper()
	st.signUp(now, email)
	return st.confirmed(now, email, "")
}

func (st *story) planned(now time.Time) int {
	st.Helper()
	moved, err := st.PlanDue(st.ctx, now)
	st.must(err)
	st.check()
	st.notTwiceADay(now)
	return moved
}

func (st *story) sent(now time.Time, r SendRequest) Survey {
	st.Helper()
	survey, _, err := st.PlanSend(st.ctx, now, r, false)
	st.must(err)
	st.check()
	return survey
}

// claimAll claims whatever is ready.
func (st *story) claimAll(now time.Time) []Claimed {
	st.Helper()
	claimed, err := st.Claim(st.ctx, now, st.worker, Scope{}, 10_000)
	st.must(err)
	return claimed
}

// claimOne claims the only letter that is ready.
func (st *story) claimOne(now time.Time) Claimed {
	st.Helper()
	claimed := st.claimAll(now)
	if len(claimed) != 1 {
		st.Fatalf("claimed %d letters, want the one", len(claimed))
	}
	return claimed[0]
}

func (st *story) mark(now time.Time, c Claimed) int {
	st.Helper()
	attempt, err := st.tryMark(now, c, []byte("bytes of "+c.Letter))
	st.must(err)
	return attempt
}

// tryMark asks for a mark, and returns the attempt's number or why there is none.
func (st *story) tryMark(now time.Time, c Claimed, sha256 []byte) (int, error) {
	st.Helper()
	refused, err := st.Advance(st.ctx, nil, []Mark{{Claimed: c, Relay: "relay.exempel.se", SHA256: sha256, At: now}})
	if err == nil {
		err = refused[0]
	}
	if err != nil {
		return 0, err
	}
	return c.Attempt + 1, nil
}

// recorded writes an ending down.
func (st *story) recorded(r Record) {
	st.Helper()
	_, err := st.Advance(st.ctx, []Record{r}, nil)
	st.must(err)
}

var accepted = Ending{Stage: AtDot, Code: 250, Reply: "250 OK", QueueID: "Q1"}

// ended records how a marked letter ended.
func (st *story) ended(now time.Time, c Claimed, attempt int, e Ending) {
	st.Helper()
	st.recorded(Record{At: now, Claimed: c, Worker: st.worker, Attempt: attempt, Relay: "relay.exempel.se", Ending: e, Verdict: Judge(e)})
	st.check()
}

// deliver sends everything that is ready, and the relay accepts it all.
func (st *story) deliver(now time.Time) (letters int) {
	st.Helper()
	for _, c := range st.claimAll(now) {
		attempt := st.mark(now, c)
		st.recorded(Record{At: now, Claimed: c, Worker: st.worker, Attempt: attempt, Relay: "relay.exempel.se", Ending: accepted, Verdict: Accepted})
		letters++
	}
	st.check()
	return letters
}

// deferredOnce has the relay put off everything that is ready.
func (st *story) deferredOnce(now time.Time) {
	st.Helper()
	for _, c := range st.claimAll(now) {
		st.ended(now, c, st.mark(now, c), Ending{Stage: AtDot, Code: 451, Enhanced: "4.3.0", Reply: "451 4.3.0 later"})
	}
}

// together runs n things at once and waits for all.
func together(n int, do func(i int)) {
	start := make(chan struct{})
	done := make(chan struct{})
	for i := range n {
		go func() {
			<-start
			do(i)
			done <- struct{}{}
		}()
	}
	close(start)
	for range n {
		<-done
	}
}

// crowd imports many people into natverk, with letter 1 queued.
func (st *story) crowd(now time.Time, people int) {
	st.Helper()
	var page []Person
	for i := range people {
		page = append(page, Person{Address: Address(fmt.Sprintf("p%d@exempel.se", i))})
		if len(page) == ImportPage || i == people-1 {
			done, err := st.Import(st.ctx, now, page, ImportWish{Consent: "de sade ja", Course: "natverk"})
			if err != nil || done.Added != len(page) {
				st.Fatalf("import gave %+v, %v", done, err)
			}
			page = nil
		}
	}
}
