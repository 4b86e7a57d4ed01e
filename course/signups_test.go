package course

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"
)

// Whatever is known of an address, a sign-up writes one row, to one table, and so
// does a request to be let in: nothing about the address is read, so nothing can
// be told from the answer or its time.
func TestASignUpIsTheSameForEveryAddress(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.signUp(now, "vantar@exempel.se")
	st.reader(now, "laser@exempel.se", "klagade@exempel.se")
	st.suppress(now, "klagade@exempel.se", "complaint")
	ask := func(email string) {
		st.must(st.Subscribe(st.ctx, now, SignUp{
			Email: email, Newsletter: true, Article: "laget", Form: "/artiklar/laget", IP: netip.MustParseAddr("192.0.2.7"),
			Access: "Läs.", NewsletterWording: "Ja.",
		}))
		st.must(st.AskLogin(st.ctx, now, LoginWish{Email: email, Browser: "telefon", Article: "laget", IP: netip.MustParseAddr("192.0.2.7")}))
	}
	ask("forsta@exempel.se") // keeps the wordings
	elsewhere := func() string {
		before, rest, _ := strings.Cut(st.dump(), "signups:\n")
		_, after, _ := strings.Cut(rest, "subscribers:\n")
		return before + after
	}
	before := elsewhere()
	for _, email := range []string{"okand@exempel.se", "vantar@exempel.se", "laser@exempel.se", "klagade@exempel.se"} {
		ask(email)
		rows := st.lines(`select replace(cast((to_jsonb(s) - 'id') as text), email, 'x') from signups s where email in ($1, 'forsta@exempel.se') order by id`, email)
		if len(rows) != 4 || rows[2] != rows[0] || rows[3] != rows[1] {
			t.Errorf("of %s stands\n%s\nwant two rows, like anybody's", email, strings.Join(rows, "\n"))
		}
	}
	if elsewhere() != before {
		t.Error("more than the waiting sign-ups has changed")
	}
}

// The wordings are long and always the same: they stand once, and come back should
// they be gone, as after an older dump was restored.
func TestWordingsAreKeptOnce(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	in := SignUp{Email: anna, Newsletter: true, Form: "/anmalan", Access: "Läs.", NewsletterWording: "Ja."}
	for range 3 {
		st.must(st.Subscribe(st.ctx, now, in))
	}
	st.exec(`delete from wordings`)
	st.must(st.Subscribe(st.ctx, now.Add(time.Hour), in))
	if got := st.lines(`select text from wordings order by text`); !slices.Equal(got, []string{"Ja.", "Läs."}) {
		t.Errorf("wordings %q, want the two", got)
	}
	st.carriedOut(now.Add(time.Hour))
	st.wantEvidence(anna,
		`access asked 2026-11-05 10:00 form /anmalan  "Läs."`,
		`newsletter asked 2026-11-05 10:00 form /anmalan  "Ja."`,
		`access asked 2026-11-05 11:00 form /anmalan  "Läs."`,
		`newsletter asked 2026-11-05 11:00 form /anmalan  "Ja."`)
}

// No worker ran for three days. What counts is when Anna asked: in the evidence, in
// the letter, for its link and for the limits.
func TestASignUpIsOfTheMomentItWasMade(t *testing.T) {
	st := begin(t)
	asked := at("2026-11-05 10:00")
	for _, later := range []time.Duration{0, 5 * time.Minute, 11 * time.Minute} {
		st.must(st.Subscribe(st.ctx, asked.Add(later), SignUp{Email: anna, Article: "laget", Form: "/anmalan", Access: "Läs."}))
	}
	now := asked.AddDate(0, 0, 3)
	if n := st.carriedOut(now); n != 3 {
		t.Fatalf("%d were carried out, want 3", n)
	}
	st.wantEvidence(anna,
		`access asked 2026-11-05 10:00 form /anmalan laget "Läs."`,
		`access asked 2026-11-05 10:11 form /anmalan laget "Läs."`)
	if got := st.ledger(anna); !slices.Equal(got, []string{"confirm:1 queued", "confirm:2 queued"}) {
		t.Errorf("anna has %v, want two letters", got)
	}
	for _, c := range st.claimAll(now) {
		if c.Letter == "confirm:1" && !c.PlannedAt.Equal(asked) {
			t.Errorf("the letter says it was asked for at %s, want %s", local(c.PlannedAt), local(asked))
		}
	}
	st.wantInvitation(asked.AddDate(0, 0, 7).Add(-time.Second), st.link(anna, "confirm:1"), InvitationOpen)
	st.wantInvitation(asked.AddDate(0, 0, 7), st.link(anna, "confirm:1"), InvitationExpired)
}

// Bo's cannot be stored, for a reason of its own: it is set aside, the others go
// on, and what is said of it names nobody.
func TestASignUpThatCannotBeCarriedOutHoldsUpNobody(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.exec(`alter table subscribers add constraint not_bo check (email <> '` + bo + `')`)
	for _, email := range []string{anna, bo, cilla} {
		st.must(st.Subscribe(st.ctx, now, SignUp{Email: email, Form: "/anmalan", Access: "Läs."}))
	}
	n, err := st.TakeSignUps(st.ctx, now)
	if n != 3 || err == nil || !strings.Contains(err.Error(), "not_bo") || strings.Contains(err.Error(), "bo@") {
		t.Errorf("%d taken, %v; want 3, and the reason without an address", n, err)
	}
	for email, want := range map[string]int{anna: 1, bo: 0, cilla: 1} {
		if got := len(st.ledger(email)); got != want {
			t.Errorf("%s has %d letters, want %d", email, got, want)
		}
	}
	if n := st.carriedOut(now); n != 0 {
		t.Errorf("%d more were taken: it is tried again", n)
	}
	status, err := st.Status(st.ctx, now)
	st.must(err)
	if status.SignUps != (SignUpStatus{SetAside: 1}) {
		t.Errorf("status tells %+v, want one set aside", status.SignUps)
	}
	if kept := st.lines(`select email || ': ' || fault from signups`); len(kept) != 1 || !strings.HasPrefix(kept[0], bo+": ") || strings.Count(kept[0], bo) != 1 {
		t.Errorf("kept is %q, want bo's", kept)
	}
}

// A fault of the database is none of the sign-up's: it waits, and is carried out
// when that is over.
func TestAFaultOfTheDatabaseLosesNoSignUp(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	for _, email := range []string{anna, bo} {
		st.must(st.Subscribe(st.ctx, now, SignUp{Email: email, Form: "/anmalan", Access: "Läs."}))
	}
	st.exec(`alter table requests rename to lost`)
	n, err := st.TakeSignUps(st.ctx, now)
	st.exec(`alter table lost rename to requests`)
	if n != 0 || err == nil || errors.Is(err, ErrAway) || errors.Is(err, ErrFlood) {
		t.Errorf("%d taken, %v, want none, and what is wrong", n, err)
	}
	if left := st.count(`select count(*) from subscribers`); left != 0 {
		t.Errorf("%d subscribers are left of it, want none", left)
	}
	if n := st.carriedOut(now); n != 2 || len(st.ledger(anna)) != 1 || len(st.ledger(bo)) != 1 {
		t.Errorf("then %d were carried out; anna has %v, bo %v", n, st.ledger(anna), st.ledger(bo))
	}
}

// A worker is killed when all of a sign-up is written and nothing is committed:
// the next one carries it out, once.
func TestASignUpIsCarriedOutOnceThoughWorkersDie(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.must(st.Subscribe(st.ctx, now, SignUp{Email: anna, Form: "/anmalan", Access: "Läs."}))
	for range 5 {
		tx, err := st.db.Beginx()
		st.must(err)
		wish, waits, err := oldestWish(st.ctx, tx)
		if err != nil || !waits {
			t.Fatalf("nothing waits: %v", err)
		}
		if letters, fault, err := st.grant(st.ctx, tx, now, wish); letters != 1 || fault != nil || err != nil {
			t.Fatal(letters, fault, err)
		}
		st.must(tx.Rollback())
	}
	st.carriedOutByMany(now)
	if got := st.ledger(anna); !slices.Equal(got, []string{"confirm:1 queued"}) {
		t.Errorf("anna has %v, want one letter", got)
	}
}

// A worker that stands still in the middle of a sign-up: the others wait neither
// for it now, nor for ever.
func TestAWorkerStoppedInASignUpDoesNotStopTheOthers(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	for _, email := range []string{anna, bo} {
		st.must(st.Subscribe(st.ctx, now, SignUp{Email: email, Form: "/anmalan", Access: "Läs."}))
	}
	stopped := st.db.MustBegin()
	defer stopped.Rollback()
	if _, free, err := lockBreaker(st.ctx, stopped); !free || err != nil {
		t.Fatal(free, err)
	}
	taken := st.carriedOut(now)
	if taken != 0 {
		t.Errorf("%d were carried out beside it", taken)
	}
	for deadline := time.Now().Add(time.Minute); taken < 2 && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		taken += st.carriedOut(now)
	}
	if taken != 2 {
		t.Errorf("%d were carried out after it, want both", taken)
	}
}

// A burst wakes the workers a few times, not with every sign-up; the last of it is
// announced too, also where the process ends.
func TestABurstOfSignUpsWakesTheWorkersNowAndThen(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	listener := pq.NewListener(st.dsn, time.Second, time.Second, nil)
	defer listener.Close()
	st.must(listener.Listen(Wake))
	heard := func(what string) {
		t.Helper()
		select {
		case <-listener.Notify:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: nobody was woken", what)
		}
	}
	began := time.Now()
	for n := range 500 {
		st.must(st.Subscribe(st.ctx, now, SignUp{Email: fmt.Sprintf("p%d@exempel.se", n)}))
	}
	most := int(time.Since(began)/wakeGap) + 2
	heard("a burst")
	st.must(st.Subscribe(st.ctx, now, SignUp{Email: anna})) // alone, after what was announced
	time.Sleep(2 * wakeGap)                                 // as long as the burst's last announcement may take
	times := 1
	for quiet := false; !quiet; {
		select {
		case <-listener.Notify:
			times++
		case <-time.After(200 * time.Millisecond):
			quiet = true
		}
	}
	if times < 2 || times > most+4 {
		t.Errorf("the workers were woken %d times, want 2 to %d", times, most+4)
	}

	other, err := Open(st.ctx, Options{DSN: st.dsn, Secrets: []string{theSecret}})
	st.must(err)
	st.must(other.Subscribe(st.ctx, now, SignUp{Email: bo}))
	st.must(other.Close())
	heard("a process that ends")
}

// The breaker counts letters: a hundred a minute, of all workers together. What is
// over that waits its turn, and nothing is dropped.
func TestAFloodOfSignUpsIsDelayed(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	for n := range 250 {
		st.must(st.Subscribe(st.ctx, now, SignUp{Email: fmt.Sprintf("p%d@exempel.se", n), Form: "/anmalan", Access: "Läs."}))
		st.must(st.Subscribe(st.ctx, now, SignUp{Email: fmt.Sprintf("p%d@exempel.se", n), Form: "/anmalan", Access: "Läs."})) // no letter
	}
	letters := func() int { return st.count(`select count(*) from deliveries`) }
	takes := func(now time.Time) {
		t.Helper()
		together(4, func(int) {
			for {
				n, err := st.TakeSignUps(st.ctx, now)
				if err != nil && !errors.Is(err, ErrFlood) {
					t.Error(err)
				}
				if n == 0 {
					return
				}
			}
		})
	}
	flooded := func(now time.Time) bool {
		_, err := st.TakeSignUps(st.ctx, now)
		return errors.Is(err, ErrFlood)
	}
	takes(now)
	if n := letters(); n != 100 || !flooded(now) {
		t.Errorf("%d letters at once, flood told: %v; want a hundred, and that it is", n, flooded(now))
	}
	takes(now.Add(59 * time.Second))
	if n := letters(); n != 100 {
		t.Errorf("%d letters within the minute, want no more", n)
	}
	status, err := st.Status(st.ctx, now)
	st.must(err)
	if s := status.SignUps; s.Waiting != 301 || s.Delayed != 301 || s.Since == nil || !s.Since.Equal(now) {
		t.Errorf("status tells %+v, want all the rest, delayed since %s", s, local(now))
	}
	// Someone asks to be let in, and waits too.
	st.must(st.AskLogin(st.ctx, now.Add(time.Minute), LoginWish{Email: "p0@exempel.se", Browser: "telefon"}))
	takes(now.Add(61 * time.Second))
	if n := letters(); n != 200 {
		t.Errorf("%d letters in two minutes, want 200", n)
	}
	status, err = st.Status(st.ctx, now)
	st.must(err)
	if s := status.SignUps; s.Since == nil || !s.Since.Equal(now) {
		t.Errorf("status tells %+v, want the same flood, since %s", s, local(now))
	}
	takes(now.Add(122 * time.Second))
	if n, left := letters(), st.count(`select count(*) from signups`); n != 250 || left != 0 {
		t.Errorf("%d letters in the end, and %d wait, want all 250 and none", n, left)
	}
	if flooded(now.Add(3*time.Minute + time.Second)) {
		t.Error("the flood is over, and still told")
	}
	status, err = st.Status(st.ctx, now)
	st.must(err)
	if status.SignUps != (SignUpStatus{}) {
		t.Errorf("status tells %+v, want nothing", status.SignUps)
	}
}

// Login letters are letters that anybody can ask for, too.
func TestAFloodOfLoginsIsDelayed(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.crowd(now.AddDate(0, 0, -1), 105)
	for n := range 105 {
		st.must(st.AskLogin(st.ctx, now, LoginWish{Email: fmt.Sprintf("p%d@exempel.se", n), Browser: fmt.Sprint("telefon ", n)}))
	}
	var err error
	for range 3 { // calls, which take a hundred at most
		_, err = st.TakeSignUps(st.ctx, now)
	}
	if n := st.count(`select count(*) from deliveries where letter = 'login:1'`); n != 100 || !errors.Is(err, ErrFlood) {
		t.Errorf("%d login letters at once, %v; want a hundred, and the flood told", n, err)
	}
}

// Ten times the usual, and never under a hundred; in any sixty seconds.
func TestTheBreakersArithmetic(t *testing.T) {
	t.Parallel()
	noon := at("2026-11-05 12:00")
	empty := breaker{At: time.Unix(0, 0), Recent: make([]int64, 60)}
	if room := empty.room(noon); room != 100 {
		t.Errorf("at first there is room for %d, want 100", room)
	}
	b := empty.after(noon, 60)
	for _, c := range []struct {
		what string
		now  time.Time
		want int
	}{
		{"at once", noon, 40},
		{"in the same minute", noon.Add(59 * time.Second), 40},
		{"a minute on", noon.Add(60 * time.Second), 100},
		{"a year on", noon.AddDate(1, 0, 0), 100},
		{"by a clock that is a little behind", noon.Add(-3 * time.Second), 40},
		{"by a clock that was set right", noon.AddDate(0, 0, -1), 100},
	} {
		if got := b.room(c.now); got != c.want {
			t.Errorf("%s there is room for %d, want %d", c.what, got, c.want)
		}
	}
	behind := b.after(noon.Add(-3*time.Second), 10)
	if got := behind.room(noon.Add(59 * time.Second)); got != 30 {
		t.Errorf("after a clock that is behind, there is room for %d, want 30", got)
	}
	if half := b.after(noon.Add(30*time.Second), 30); half.room(noon.Add(59*time.Second)) != 10 || half.room(noon.Add(60*time.Second)) != 70 {
		t.Error("the minute does not slide")
	}
	if got := b.since(noon.Add(2 * time.Second)).Recent[57]; got != 60 || b.Recent[59] != 60 {
		t.Error("the seconds do not move on, or the row itself was changed")
	}

	// Thirty a minute, for a day, a week and a month: 1 - 1/e of it after a week.
	usual, now := empty, noon
	for minute := range 30 * 24 * 60 {
		usual = usual.after(now, 30)
		now = now.Add(time.Minute)
		switch minute + 1 {
		case 24 * 60, 7 * 24 * 60, 30 * 24 * 60:
			days := float64(minute+1) / 24 / 60
			want := map[float64][2]int{1: {100, 100}, 7: {185, 195}, 30: {293, 300}}[days]
			if got := usual.limit(); got < want[0] || got > want[1] {
				t.Errorf("after %.0f days the limit is %d, want %v", days, got, want)
			}
		}
	}
	if got := usual.since(now.AddDate(0, 0, 60)).limit(); got != 100 {
		t.Errorf("after two quiet months the limit is %d, want 100", got)
	}
	if calm := empty.after(noon, 50); !calm.calm() || empty.after(noon, 51).calm() {
		t.Error("it is calm while half of the minute is free")
	}
}

// An admin's import asks whom it likes, and is no flood.
func TestAnImportIsNoFlood(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	var emails []string
	for n := range 150 {
		emails = append(emails, fmt.Sprintf("p%d@exempel.se", n))
	}
	st.imported(now, ImportWish{}, emails...)
	st.signUp(now, anna)
	if got := st.ledger(anna); len(got) != 1 {
		t.Errorf("anna has %v, want her letter", got)
	}
}
