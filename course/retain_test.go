package course

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"
)

func (st *story) retained(now time.Time) Retained {
	st.Helper()
	done, err := st.Retain(st.ctx, now)
	st.must(err)
	st.check()
	return done
}

// wantRetained lets go what is old, and once more nothing.
func (st *story) wantRetained(now time.Time, want Retained) {
	st.Helper()
	if got := st.retained(now); got != want {
		st.Errorf("on %s it let go of %+v, want %+v", local(now), got, want)
	}
	st.unchanged("looking again", func() { st.retained(now) })
}

// Bo asked on Monday, Cilla on Monday and again on Thursday, Anna confirmed.
// A week after their last asking, Bo and then Cilla are gone, but for the hash
// and how often a letter was asked for.
func TestP8UnconfirmedPeopleGoAfterSevenDays(t *testing.T) {
	st := begin(t)
	monday := at("2026-11-02 10:00")
	st.signUp(monday, bo)
	st.signUp(monday, cilla)
	st.joined(monday, anna)
	st.deliver(monday)
	st.signUp(at("2026-11-05 10:00"), cilla)
	bos := st.key(bo, "confirm:1")
	hers, his := st.keys.addressHash(cilla), st.keys.addressHash(bo)

	st.wantRetained(monday.AddDate(0, 0, 7).Add(-time.Second), Retained{})
	st.wantRetained(monday.AddDate(0, 0, 7), Retained{Unconfirmed: 1})
	st.nothingOf(bo)
	if got := st.lines(`select cardinality(asked_at) || coalesce(suppressed, ' free') from addresses where address_hash = $1 and subscriber_id is null`, his); !slices.Equal(got, []string{"1 free"}) {
		t.Errorf("of Bo's address is kept %v, want that one letter was asked for", got)
	}
	for _, table := range []string{"subscribers", "deliveries", "requests", "consents"} {
		column := "subscriber_id"
		if table == "subscribers" {
			column = "id"
		}
		if n := st.count(fmt.Sprintf(`select count(*) from %s where %s = $1`, table, column), bos.SubscriberID); n != 0 {
			t.Errorf("%d rows of Bo's are left in %s", n, table)
		}
	}
	if n := st.count(`select count(*) from erased_consents`); n != 0 {
		t.Errorf("%d consents are kept of who never gave any", n)
	}
	st.wantRetained(at("2026-11-12 09:59"), Retained{})
	st.wantRetained(at("2026-11-12 10:00"), Retained{Unconfirmed: 1})
	if n := st.count(`select count(*) from addresses where address_hash = $1`, hers); n != 1 {
		t.Error("the limits of Cilla's address are gone with her")
	}
	st.wantLessons(anna, "brev1 accepted")

	// The limits of those who are gone still hold: it is Bo's second letter today.
	st.signUp(at("2026-11-12 10:00"), bo)
	st.signUp(at("2026-11-12 10:05"), bo)
	if got := st.ledger(bo); !slices.Equal(got, []string{"confirm:1 queued"}) {
		t.Errorf("Bo has %v, want one letter within ten minutes", got)
	}
}

// Whom a bounce blocked before confirming goes too; the bounce is remembered.
func TestP8UnconfirmedAndBounced(t *testing.T) {
	st := begin(t)
	now := at("2026-11-02 10:00")
	st.signUp(now, bo)
	st.deliver(now)
	st.returned(now, noMailbox, st.key(bo, "confirm:1"))
	st.wantRetained(now.AddDate(0, 0, 7), Retained{Unconfirmed: 1})
	st.nothingOf(bo)
	if got := st.lines(`select suppressed from addresses`); !slices.Equal(got, []string{"bounce"}) {
		t.Errorf("suppressed are %v, want bounce", got)
	}
	if got := st.returned(now.AddDate(0, 0, 8), noMailbox, DeliveryKey{1, 1}); got.Known {
		t.Errorf("a bounce of a letter that is gone gave %+v", got)
	}
}

// A confirm letter in a worker's hands is not pulled out of them.
func TestP8WhatIsInHandIsLeft(t *testing.T) {
	st := begin(t)
	now := at("2026-11-02 10:00")
	later := now.AddDate(0, 0, 8)
	st.signUp(now, bo)
	letter := st.claimOne(later)
	st.wantRetained(later, Retained{})
	attempt := st.mark(later, letter)
	st.wantRetained(later, Retained{})
	st.ended(later, letter, attempt, accepted)
	st.wantRetained(later, Retained{Unconfirmed: 1})
}

// Staff get test letters, confirm nothing, and stay; so does who was imported.
func TestP8StaffAndReadersStay(t *testing.T) {
	st := begin(t)
	now := at("2026-11-02 10:00")
	if _, err := st.PlanTest(st.ctx, now, "", 1, "red@exempel.se"); err != nil {
		t.Fatal(err)
	}
	st.joined(now, anna)
	st.signUp(now, cilla)
	st.deliver(now)
	st.confirmed(now, cilla, "") // who only reads has no course to come to an end of
	st.confirmedAgain(now.Add(time.Hour), cilla)
	if got := st.retained(now.AddDate(0, 11, 0)); got.Unconfirmed != 0 || got.Finished != 0 {
		t.Errorf("%+v are let go, want nobody", got)
	}
}

// Anna comes to the end of the course; Bo too, and has the newsletter; Cilla too,
// and signs in again in the spring. A year later Anna is erased, the others stay.
func TestP8FinishedReadersGoAfterTwelveMonths(t *testing.T) {
	st := begin(t)
	end := at("2026-11-24 08:00")
	st.reached(8, end, anna, bo, cilla)
	st.planned(end.Add(time.Minute)) // the course is over
	st.exec(`update subscribers set newsletter = true where email = $1`, bo)
	st.deliver(end.Add(time.Hour))
	st.wantPlace(anna, "8 finished")
	st.confirmedAgain(at("2027-04-01 08:00"), cilla)
	year := end.Add(time.Minute).AddDate(0, 12, 0)
	hers := st.key(anna, "brev8")

	early := st.retained(year.Add(-time.Second))
	if early.Finished != 0 {
		t.Errorf("%d are erased a second too early", early.Finished)
	}
	if got := st.retained(year); got.Finished != 1 {
		t.Errorf("%+v are let go, want Anna erased", got)
	}
	st.nothingOf(anna)
	st.wantOf(hers.SubscriberID, "brev1 accepted", "brev2 accepted", "brev3 accepted", "brev4 accepted",
		"brev5 accepted", "brev6 accepted", "brev7 accepted", "brev8 accepted", "confirm:1 accepted")
	if n := st.count(`select count(*) from erased_consents where address_hash = $1`, st.keys.addressHash(anna)); n != 3 {
		t.Errorf("%d consents of hers are proof, want asked, and confirmed twice", n)
	}
	if got := st.suppressed(bo) + st.suppressed(cilla); got != "" {
		t.Errorf("the others are suppressed %q", got)
	}
	if got := st.retained(at("2028-04-01 08:00")); got.Finished != 1 {
		t.Errorf("a year after she signed in last, %+v are let go, want Cilla", got)
	}
	if p, err := st.Show(st.ctx, bo); err != nil || p.State != "active" {
		t.Errorf("Bo, who has the newsletter, is %s, %v", p.State, err)
	}
}

// Anna is through with one course and half-way in another, Bo paused: neither goes.
func TestP8WhoIsStillInACourseStays(t *testing.T) {
	st := begin(t)
	now := at("2026-11-24 08:00")
	st.joined(now, anna, bo)
	st.leave(now, anna, "brev1")
	st.signUp(now.AddDate(0, 0, 1), anna)
	st.confirmed(now.AddDate(0, 0, 1), anna, "omtanke")
	st.exec(`update enrolments set state = 'paused' where subscriber_id = $1`, st.key(bo, "brev1").SubscriberID)
	if got := st.retained(now.AddDate(2, 0, 0)); got.Finished != 0 {
		t.Errorf("%+v are let go, want nobody", got)
	}
}

func TestP8IPAddressesGoAfterNinetyDays(t *testing.T) {
	st := begin(t)
	now := at("2026-11-02 10:00")
	st.asks(now, SignUp{Email: anna, Access: "Läs.", IP: netip.MustParseAddr("198.51.100.7")})
	st.deliver(now)
	st.confirmed(now.AddDate(0, 0, 1), anna, "")
	ips := func() []string {
		return st.lines(`select event || ' ' || coalesce(text(ip), 'gone') from consents order by id`)
	}
	st.wantRetained(now.Add(ipLife-time.Second), Retained{Limits: 1})
	st.wantRetained(now.Add(ipLife), Retained{IPs: 1})
	if got, want := ips(), []string{"asked gone", "confirmed 192.0.2.0/24"}; !slices.Equal(got, want) {
		t.Errorf("evidence is %v, want %v", got, want)
	}
	st.wantRetained(now.AddDate(0, 0, 1).Add(ipLife), Retained{IPs: 1})
}

func TestP8ReturnedMailAndReportsGoAfterThirtyDays(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	st.returned(now, fullBox, st.key(anna, "brev1"))
	st.must(st.KeepHook(st.ctx, now, "postmark", []byte("read")))
	if n, err := st.TakeHooks(st.ctx, now, func(string, []byte) ([]ReturnedMail, error) { return nil, errors.New("what is this") }); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	st.must(st.KeepHook(st.ctx, now, "postmark", []byte("waits")))
	st.wantRetained(now.Add(rawLife-time.Second), Retained{})
	st.wantRetained(now.Add(rawLife), Retained{Raw: 1, Hooks: 1, Limits: 1})
	if got := st.lines(`select judged || ' ' || diagnostic || coalesce(cast(raw as text), '') from returns`); !slices.Equal(got, []string{"soft 552 5.2.2 mailbox full"}) {
		t.Errorf("of her returned mail is kept %v, want the verdict", got)
	}
	if got := st.lines(`select encode(body, 'escape') from hooks`); !slices.Equal(got, []string{"waits"}) {
		t.Errorf("kept reports are %v, want what nobody has read", got)
	}
}

// What was tried in April 2024 is forgotten in October 2025, but for what is not
// settled; the letters stand.
func TestP8AttemptsGoAfterEighteenMonths(t *testing.T) {
	st := begin(t)
	now := at("2024-04-02 08:00")
	st.joined(now, anna, bo)
	st.deferredOnce(now)
	again := now.Add(time.Hour)
	claimed, err := st.Claim(st.ctx, again, st.worker, Scope{SubscriberID: st.key(anna, "brev1").SubscriberID}, 10)
	st.must(err)
	st.ended(again, claimed[0], st.mark(again, claimed[0]), accepted)
	months := now.AddDate(0, 18, 0)
	st.retained(months.Add(-time.Hour)) // all else that is old
	st.wantRetained(months.Add(-time.Second), Retained{})
	st.wantRetained(months, Retained{Attempts: 1})
	st.wantRetained(months.Add(time.Hour), Retained{Attempts: 1})
	if got := st.lines(`select outcome from attempts`); !slices.Equal(got, []string{"deferred"}) {
		t.Errorf("kept are %v, want the try at Bo's letter", got)
	}
	st.wantLessons(anna, "brev1 accepted")
	st.wantLessons(bo, "brev1 deferred")
}

func TestP8SessionsGoWhenTheyExpire(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna)
	st.confirmedAgain(now.Add(time.Hour), anna)
	if got := st.retained(now.Add(SessionLife - time.Second)); got.Sessions != 0 {
		t.Errorf("%d sessions are gone a second too early", got.Sessions)
	}
	if got := st.retained(now.Add(SessionLife)); got.Sessions != 1 {
		t.Errorf("%d sessions are gone, want the first", got.Sessions)
	}
}

func TestP8WarmDaysGoAfterAMonth(t *testing.T) {
	st := begin(t)
	for _, day := range []string{"2026-10-01", "2026-10-02", "2026-10-03"} {
		if _, err := st.Warm(st.ctx, at(day+" 12:00"), 0, 1, 10); err != nil {
			t.Fatal(err)
		}
	}
	st.wantRetained(at("2026-11-02 12:00"), Retained{WarmDays: 1})
	if got := st.lines(`select cast(day as text) from warm_days order by 1`); !slices.Equal(got, []string{"2026-10-02", "2026-10-03"}) {
		t.Errorf("kept are %v, want what is not over a month old", got)
	}
}

// Anna stays, and with her the newest of her askings; of Bo, who is gone, the
// address goes with its last one, but that of Cilla, who complained, does not.
func TestP8LimitsGoAfterThirtyDays(t *testing.T) {
	st := begin(t)
	now := at("2026-11-02 10:00")
	st.joined(now, anna)
	st.signUp(now.AddDate(0, 0, 20), anna)
	st.signUp(now, bo)
	if _, _, err := st.Suppress(st.ctx, now, cilla, "complaint"); err != nil {
		t.Fatal(err)
	}
	st.deliver(now.AddDate(0, 0, 20))
	addresses := func() []string {
		return st.lines(`select cardinality(asked_at) || coalesce(' ' || suppressed, '') from addresses order by 1`)
	}
	st.retained(now.Add(limitLife - time.Second))
	if got, want := addresses(), []string{"0 complaint", "1", "2"}; !slices.Equal(got, want) {
		t.Errorf("a second early are kept %v, want %v", got, want)
	}
	st.wantRetained(now.Add(limitLife), Retained{Limits: 2})
	if got, want := addresses(), []string{"0 complaint", "1"}; !slices.Equal(got, want) {
		t.Errorf("kept are %v, want %v", got, want)
	}
}

// Somebody signs up with an address whose row is just about to go. They have seen
// that it is there, and not yet locked it: it must not go now, but may afterwards.
func TestP8SigningUpWhileLimitsGo(t *testing.T) {
	st := begin(t)
	now := at("2026-11-02 10:00")
	const known = `insert into addresses (address_hash) values ($1) on conflict do nothing`
	rows := func() int { return st.count(`select count(*) from addresses`) }
	st.exec(known, st.keys.addressHash(anna))
	tx := st.db.MustBegin()
	tx.MustExec(known, st.keys.addressHash(anna))
	st.wantRetained(now, Retained{})
	if rows() != 1 {
		t.Error("the row went under the eyes of who signs up")
	}
	st.must(tx.Rollback())
	st.retained(now)
	if rows() != 0 {
		t.Error("an address that nothing is known of is kept")
	}
}

// Bo signs up anew in the very moment in which he is about to go.
func TestP8WhoIsBusyIsLeft(t *testing.T) {
	st := begin(t)
	now := at("2026-11-02 10:00")
	st.signUp(now, bo)
	st.deliver(now)
	tx := st.db.MustBegin()
	_, err := st.meet(st.ctx, tx, now.AddDate(0, 0, 8), Address(bo))
	st.must(err)
	st.wantRetained(now.AddDate(0, 0, 8), Retained{})
	st.must(tx.Rollback())
	st.wantRetained(now.AddDate(0, 0, 8), Retained{Unconfirmed: 1})
}

// After a long neglect it goes in batches, which several workers share.
func TestP8BatchesAreBounded(t *testing.T) {
	st := begin(t)
	now := at("2026-11-02 10:00")
	for page := range 3 {
		var people []Person
		for i := range 90 {
			people = append(people, Person{Address: Address(fmt.Sprintf("p%d-%d@exempel.se", page, i))})
		}
		if _, err := st.Import(st.ctx, now, people, ImportWish{}); err != nil {
			t.Fatal(err)
		}
	}
	later := now.AddDate(0, 0, 7)
	if got := st.retained(later); got.Unconfirmed != retainPeople || !got.More {
		t.Errorf("a first batch is %+v, want %d, and more to come", got, retainPeople)
	}
	var done [4]Retained
	errs := make([]error, len(done))
	together(len(done), func(i int) { done[i], errs[i] = st.Retain(st.ctx, later) })
	st.must(errors.Join(errs...))
	st.check()
	gone := retainPeople
	for _, d := range done {
		gone += d.Unconfirmed
	}
	last := st.retained(later)
	if gone += last.Unconfirmed; gone != 270 || last.More {
		t.Errorf("%d are gone, want 270; the last batch was %+v", gone, last)
	}
}

// What could not be carried out is kept for a week, for people to look at.
func TestP8SignUpsSetAsideGoAfterSevenDays(t *testing.T) {
	st := begin(t)
	now := at("2026-11-02 10:00")
	st.must(st.Subscribe(st.ctx, now, SignUp{Email: anna, Form: "/anmalan"}))
	st.exec(`update signups set fault = 'sign-up 1 is set aside'`)
	st.retained(now.Add(signUpLife - time.Second))
	if n := st.count(`select count(*) from signups`); n != 1 {
		t.Errorf("a second early %d stand, want it", n)
	}
	st.wantRetained(now.Add(signUpLife), Retained{SignUps: 1})
}

// A browser's request goes when it has long been of no use, with the address that
// nobody has; what counts its letters stays as long as any limit.
func TestP8RequestsToBeLetInGoAfterADay(t *testing.T) {
	st := begin(t)
	now := at("2026-11-02 10:00")
	st.asksIn(now, anna, "telefon") // nobody's address
	st.retained(now.Add(loginLife - time.Second))
	if n := st.count(`select count(*) from logins`); n != 1 {
		t.Errorf("a second early %d stand, want it", n)
	}
	st.wantRetained(now.Add(loginLife), Retained{Logins: 1})
	if n := st.count(`select count(*) from addresses where cardinality(login_asked_at) = 1`); n != 1 {
		t.Error("the limit went with it")
	}
	st.wantRetained(now.Add(limitLife), Retained{Limits: 1})
	if n := st.count(`select count(*) from addresses`); n != 0 {
		t.Errorf("%d addresses stand, want none: it was nobody's", n)
	}
}

// Who does not say yes in three months has said no.
func TestP8WordingsNobodyApprovesGoAfterNinetyDays(t *testing.T) {
	st := begin(t)
	reader := st.whoReads(anna)
	now := askedAt.Add(time.Hour)
	id := st.asked(askedAt, reader, mingle)
	st.proposed(now, id, Proposal{})
	st.deliver(now)
	st.retained(now.Add(proposalLife - time.Second))
	if n := st.count(`select count(*) from questions where state = 'proposed'`); n != 1 {
		t.Errorf("a second early %d wait for her, want it", n)
	}
	if got := st.retained(now.Add(proposalLife)); got.Proposals != 1 {
		t.Errorf("%d proposals went, want 1", got.Proposals)
	}
	if n := st.count(`select count(*) from questions where state = 'withdrawn' and coalesce(text, wording, answer, signature, title, slug) is null`); n != 1 {
		t.Error("her words are kept")
	}
}

// Bo has not confirmed, and asks to be let in: he is sent a confirm letter again,
// and has as long for it as anybody.
func TestP8WhoAsksToBeLetInHasAnotherWeek(t *testing.T) {
	st := begin(t)
	monday := at("2026-11-02 10:00")
	st.signUp(monday, bo)
	st.deliver(monday)
	saturday := monday.AddDate(0, 0, 5)
	st.asksIn(saturday, bo, "telefon")
	st.deliver(saturday)
	if got := st.retained(saturday.AddDate(0, 0, 7).Add(-time.Second)); got.Unconfirmed != 0 {
		t.Error("he is gone, and his link would still work")
	}
	if got := st.retained(saturday.AddDate(0, 0, 7)); got.Unconfirmed != 1 {
		t.Errorf("%+v are let go, want Bo", got)
	}
}

// Anna came to the end a year ago. She is not erased while she asks anew, nor while
// a letter to her is under way, nor within a year of the end of another course.
func TestP8WhoCameToTheEndAndIsNotDone(t *testing.T) {
	end := at("2026-11-24 08:00")
	year := end.AddDate(0, 12, 0)
	for what, c := range map[string]struct {
		meanwhile func(*story)
		until     time.Time
	}{
		"asks anew": {func(st *story) { st.signUp(year.AddDate(0, -1, 0), anna); st.deliver(year.AddDate(0, -1, 0)) }, year.AddDate(0, 11, 0)},
		"another course": {func(st *story) {
			st.exec(`insert into enrolments select subscriber_id, 'omtanke', 'left', 0, 0, null, $1, $2 from enrolments`, end, year.AddDate(0, -3, 0))
		}, year.AddDate(0, 9, 0)},
	} {
		t.Run(what, func(t *testing.T) {
			st := begin(t)
			st.joined(end, anna)
			st.deliver(end)
			st.leave(end, anna, "brev1")
			c.meanwhile(st)
			if got := st.retained(c.until.Add(-time.Second)); got.Finished != 0 {
				t.Error("she is erased")
			}
			if got := st.retained(c.until); got.Finished != 1 {
				t.Errorf("in the end %+v are let go, want her", got)
			}
		})
	}
}

// A worker that was thought dead comes back: the relay refused Bo's address. Bo, who
// never confirmed, is gone meanwhile, and his letter with him; the record ends there,
// and nobody goes on handing it in.
func TestP8ARecordThatComesAfterAll(t *testing.T) {
	st := begin(t)
	now := at("2026-11-02 10:00")
	st.signUp(now, bo)
	letter := st.claimOne(now)
	st.exec(`update deliveries set state = 'queued', worker = null, ready_at = due_at`) // its worker was given up
	st.wantRetained(now.AddDate(0, 0, 7), Retained{Unconfirmed: 1})
	refused := Record{Claimed: letter, At: now.AddDate(0, 0, 7), Verdict: Rejected, Ending: Ending{Stage: AtRcpt, Code: 550, Enhanced: "5.1.1", Reply: "550 5.1.1 no such user"}}
	if err := st.record(st.ctx, refused); err != nil {
		t.Errorf("recording it gave %v, want no error", err)
	}
	st.nothingOf(bo)
}
