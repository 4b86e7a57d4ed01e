package course

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func (st *story) leave(now time.Time, email, letter string) {
	st.Helper()
	st.must(st.Unsubscribe(st.ctx, now, st.UnsubscribeToken(st.key(email, letter))))
	st.check()
}

func (st *story) suppressed(email string) string {
	st.Helper()
	p, err := st.Show(st.ctx, email)
	st.must(err)
	if p.Suppressed == nil {
		return ""
	}
	return *p.Suppressed
}

func TestRow59AThousandClicksAreOneLeaving(t *testing.T) {
	st := begin(t)
	st.reached(1, at("2026-11-03 08:00"), anna)
	token := st.UnsubscribeToken(st.key(anna, "brev1"))
	errs := make([]error, 1000)
	together(1000, func(i int) { errs[i] = st.Unsubscribe(st.ctx, at("2026-11-04 10:00"), token) })
	st.must(errors.Join(errs...))
	if n := st.count(`select count(*) from consents where (purpose, event, method) = ('course:natverk', 'withdrawn', 'one-click')`); n != 1 {
		t.Errorf("%d withdrawals are written down, want one", n)
	}
	st.wantPlace(anna, "1 left")
	if got := st.suppressed(anna); got != "unsubscribed" {
		t.Errorf("suppressed %q, want unsubscribed: nothing is left", got)
	}
	st.unchanged("one more click, a week later", func() { st.must(st.Unsubscribe(st.ctx, at("2026-11-11 10:00"), token)) })
	if n := st.planned(at("2026-11-10 08:00")); n != 0 {
		t.Errorf("%d lessons are planned for who left", n)
	}
}

func TestLeavingCancelsWhatHasNotPassedTheMark(t *testing.T) {
	st := begin(t)
	states := []string{"queued", "claimed", "deferred", "parked", "sending", "uncertain", "accepted", "rejected"}
	for _, state := range states {
		st.reached(1, at("2026-10-27 08:00"), named(state))
	}
	now := at("2026-11-03 08:00")
	st.planned(now)
	endings := map[string]Ending{"accepted": accepted, "deferred": {Stage: AtRcpt, Code: 451}, "rejected": {Stage: AtRcpt, Code: 550}, "uncertain": {Stage: AtDot}}
	for _, c := range st.claimAll(now) {
		state := c.Email[:len(c.Email)-len("@exempel.se")]
		switch state {
		case "queued":
			st.must(st.Release(st.ctx, c, now))
		case "sending":
			st.mark(now, c)
		case "parked":
			st.must(st.Park(st.ctx, c, "a field is missing"))
		case "claimed":
		default:
			st.ended(now, c, st.mark(now, c), endings[state])
		}
	}
	for _, state := range states {
		st.leave(now, named(state), "brev1") // an older letter's link
		want := state
		if state == "queued" || state == "claimed" || state == "deferred" || state == "parked" {
			want = "cancelled"
		}
		st.wantLessons(named(state), "brev1 accepted, brev2 "+want)
	}
	if n := st.count(`select count(*) from deliveries where state = 'cancelled' and reason = 'left' and settled_at = $1`, now); n != 4 {
		t.Errorf("%d letters say why they were cancelled, want four", n)
	}
}

func TestLeavingOneCourseLeavesTheRest(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	st.asks(now.Add(time.Hour), SignUp{Email: anna, Newsletter: true, Access: "Läs.", NewsletterWording: "Ja."})
	st.confirmed(now.Add(time.Hour), anna, "omtanke")
	st.leave(now.Add(2*time.Hour), anna, "brev1")
	p, _ := st.Show(st.ctx, anna)
	if len(p.Enrolments) != 2 || p.Enrolments[0].State != "left" || p.Enrolments[1].State != "active" || !p.Newsletter || p.State != "active" {
		t.Errorf("anna is %+v", p)
	}
	if got := st.suppressed(anna); got != "" {
		t.Errorf("suppressed %q, though she gets omtanke and the newsletter", got)
	}
	if got := st.ledger(anna); !slices.Contains(got, "rad1 queued") {
		t.Errorf("anna has %v, want the other course's letter as it was", got)
	}
	st.leave(now.Add(3*time.Hour), anna, "rad1")
	if got := st.suppressed(anna); got != "" {
		t.Errorf("suppressed %q, though she gets the newsletter", got)
	}
}

func TestReadingWhatALinkLeaves(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	token := st.UnsubscribeToken(st.key(anna, "brev1"))
	if got, err := st.Leaving(st.ctx, token); err != nil || got != (Leaving{List: "natverk"}) {
		t.Errorf("%+v, %v, want natverk, not left", got, err)
	}
	st.leave(now, anna, "brev1")
	got, err := st.Leaving(st.ctx, token)
	if err != nil || got.List != "natverk" || !got.Left || !got.UndoUntil.Equal(now.Add(10*time.Minute)) {
		t.Errorf("%+v, %v, want left, to be undone for ten minutes", got, err)
	}
}

func TestAnUnsubscribeLinkMustBeOurs(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	d := st.key(anna, "brev1")
	for _, token := range []string{"", "nonsens", st.ConfirmToken(d), st.MessageToken(d), st.BounceToken(d), st.UnsubscribeToken(DeliveryKey{5, 7})} {
		st.unchanged("a wrong link", func() {
			if err := st.Unsubscribe(st.ctx, now, token); !errors.Is(err, ErrToken) {
				t.Errorf("%q leaves: %v, want ErrToken", token, err)
			}
			if err := st.Rejoin(st.ctx, now, token); !errors.Is(err, ErrToken) {
				t.Errorf("%q undoes: %v, want ErrToken", token, err)
			}
			if _, err := st.Leaving(st.ctx, token); !errors.Is(err, ErrToken) {
				t.Errorf("%q reads: %v, want ErrToken", token, err)
			}
		})
	}
}

func TestAnImportDoesNotBringBackWhoLeft(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	st.leave(now, anna, "brev1")
	for _, consent := range []string{"", "de sade ja"} {
		st.unchanged("an import", func() {
			done, err := st.Import(st.ctx, now.AddDate(0, 0, 40), []Person{{Address: anna}}, ImportWish{Consent: consent, Course: "natverk", Newsletter: true})
			if err != nil || done != (Imported{Suppressed: 1}) {
				t.Errorf("%+v, %v, want one suppressed", done, err)
			}
		})
	}
}

func TestWhoLeftAndSignsUpAnewGoesOnWithTheCancelledLetter(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-03 08:00"), anna, bo)
	st.planned(at("2026-11-10 08:00"))
	st.leave(at("2026-11-10 08:01"), anna, "brev1")
	st.deliver(at("2026-11-10 08:02"))
	st.leave(at("2026-11-10 08:03"), bo, "brev3")
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 cancelled")
	st.wantLessons(bo, "brev1 accepted, brev2 accepted, brev3 accepted")

	now := at("2026-12-10 10:00")
	for _, email := range []string{anna, bo} {
		st.signUp(now, email)
		st.confirmed(now, email, "natverk")
		if got := st.suppressed(email); got != "" {
			t.Errorf("%s is still suppressed: %s", email, got)
		}
	}
	st.deliver(now)
	st.planned(now)
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 accepted")
	st.wantLessons(bo, "brev1 accepted, brev2 accepted, brev3 accepted, brev4 accepted")
	st.wantPlace(anna, "3 active, next Tue 2026-12-22 08:00") // the 15th is two hours short
}

func TestOnlyReadingDoesNotBringTheCourseBack(t *testing.T) {
	st := begin(t)
	st.joined(at("2026-11-03 08:00"), anna)
	st.leave(at("2026-11-03 08:01"), anna, "brev1")
	st.confirmedAgain(at("2026-11-10 08:00"), anna)
	st.wantPlace(anna, "1 left")
	st.wantLessons(anna, "brev1 cancelled")
}

func TestLeavingCanBeUndoneForTenMinutes(t *testing.T) {
	st := begin(t)
	now := at("2026-11-10 08:00")
	st.reached(1, at("2026-11-03 08:00"), anna, bo)
	st.planned(now)
	st.leave(now, anna, "brev1")
	st.leave(now, bo, "brev1")
	link := func(email string) string { return st.UnsubscribeToken(st.key(email, "brev1")) }

	st.must(st.Rejoin(st.ctx, now.Add(10*time.Minute-time.Second), link(anna)))
	st.check()
	st.wantPlace(anna, "2 active, next Tue 2026-11-17 08:00")
	st.wantLessons(anna, "brev1 accepted, brev2 queued")
	if got := st.suppressed(anna); got != "" {
		t.Errorf("suppressed %q after coming back", got)
	}
	st.unchanged("undoing once more", func() { st.must(st.Rejoin(st.ctx, now.Add(time.Hour), link(anna))) })
	if n := st.count(`select count(*) from consents where method = 'undo' and event = 'confirmed' and purpose = 'course:natverk'`); n != 1 {
		t.Errorf("%d undoings are written down, want one", n)
	}
	if n := st.deliver(now.Add(10 * time.Minute)); n != 1 {
		t.Errorf("%d letters went out, want the one that leaving had cancelled", n)
	}

	st.unchanged("undoing too late", func() {
		if err := st.Rejoin(st.ctx, now.Add(10*time.Minute), link(bo)); !errors.Is(err, ErrTooLate) {
			t.Errorf("%v, want ErrTooLate", err)
		}
	})
}

func TestUndoingDoesNotLiftAComplaint(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	st.returned(now, ReturnedMail{Kind: ReturnComplaint}, st.key(anna, "brev1"))
	if err := st.Rejoin(st.ctx, now, st.UnsubscribeToken(st.key(anna, "brev1"))); !errors.Is(err, ErrTooLate) {
		t.Errorf("undoing gave %v, want ErrTooLate", err)
	}
	if got := st.suppressed(anna); got != "complaint" {
		t.Errorf("suppressed %q, want complaint", got)
	}
	st.wantPlace(anna, "1 left")
}

// A colleague tries the link of a test letter: there is nothing to leave, and
// the next test must still reach them.
func TestATestLettersLinkLeavesNothing(t *testing.T) {
	st := begin(t)
	st.tested(3, "red@exempel.se")
	st.unchanged("a click in a test letter", func() { st.leave(at("2026-11-03 09:00"), "red@exempel.se", "test:lesson:natverk/brev3") })
	st.tested(3, "red@exempel.se")
}

func TestAnAdminStopsAConfirmLetterToo(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.signUp(now, anna)
	st.must(st.UnsubscribeAddress(st.ctx, now.Add(time.Minute), anna))
	st.check()
	if claimed := st.claimAll(now.Add(time.Hour)); len(claimed) != 0 {
		t.Errorf("%v goes out to who wants no letters", claimed)
	}
	st.signUp(now.Add(24*time.Hour), anna) // of her own will
	if claimed := st.claimAll(now.Add(24 * time.Hour)); len(claimed) != 1 {
		t.Errorf("claimed %v, want one confirm letter", claimed)
	}
}

// Nor does what she asked for before come after: an answer of the editors', a
// letter to log in with, and a sign-up that no worker had carried out yet.
func TestAnAdminStopsWhatWasAskedFor(t *testing.T) {
	st := begin(t)
	reader := st.whoReads(anna)
	st.proposed(askedAt, st.asked(askedAt, reader, mingle), Proposal{})
	st.asksIn(askedAt, anna, "telefon")
	st.must(st.Subscribe(st.ctx, askedAt, SignUp{Email: anna, Form: "/anmalan"}))
	st.must(st.UnsubscribeAddress(st.ctx, askedAt, anna))
	st.carriedOut(askedAt)
	if n := st.count(`select count(*) from deliveries where state not in ('accepted', 'cancelled')`); n != 0 {
		t.Errorf("%d letters are still to come, want none", n)
	}
	if n := st.count(`select count(*) from deliveries where state = 'cancelled' and reason = 'left'`); n != 2 {
		t.Errorf("%d letters are cancelled, want the answer and the login letter", n)
	}
}

func TestAnAdminUnsubscribesAnAddressFromEverything(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo)
	st.asks(now.Add(time.Hour), SignUp{Email: anna, Newsletter: true, Access: "Läs.", NewsletterWording: "Ja."})
	st.confirmed(now.Add(time.Hour), anna, "omtanke")
	st.must(st.UnsubscribeAddress(st.ctx, now.Add(2*time.Hour), " ANNA@exempel.se"))
	st.check()
	p, _ := st.Show(st.ctx, anna)
	if p.Newsletter || p.Enrolments[0].State != "left" || p.Enrolments[1].State != "left" || st.suppressed(anna) != "unsubscribed" {
		t.Errorf("anna is %+v, suppressed %s", p, st.suppressed(anna))
	}
	got := st.lines(`select purpose || ' ' || method from consents where event = 'withdrawn' order by id`)
	if want := []string{"course:natverk admin", "course:omtanke admin", "newsletter admin"}; !slices.Equal(got, want) {
		t.Errorf("withdrawn are %v, want %v", got, want)
	}
	st.unchanged("once more", func() { st.must(st.UnsubscribeAddress(st.ctx, now.Add(3*time.Hour), anna)) })
	st.wantLessons(bo, "brev1 queued")
	if err := st.UnsubscribeAddress(st.ctx, now, "okand@exempel.se"); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v, want ErrUnknown", err)
	}
	if err := st.UnsubscribeAddress(st.ctx, now, "okand"); !errors.Is(err, ErrAddress) {
		t.Errorf("%v, want ErrAddress", err)
	}
}
