package course

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// id is how an admin names a delivery.
func (st *story) id(email, letter string) string {
	st.Helper()
	return st.key(email, letter).handle()
}

func (st *story) listed(state string) []ListedDelivery {
	st.Helper()
	var all []ListedDelivery
	st.must(st.ListDeliveries(st.ctx, state, func(d ListedDelivery) error {
		all = append(all, d)
		return nil
	}))
	return all
}

// retried retries a letter and fails unless it had to be.
func (st *story) retried(now time.Time, id string) ListedDelivery {
	st.Helper()
	d, changed, err := st.Retry(st.ctx, now, id)
	if err != nil || !changed {
		st.Fatalf("retry changed %v, %v, want it done", changed, err)
	}
	st.check()
	return d
}

// cancelled cancels a letter and fails unless it had to be.
func (st *story) cancelled(now time.Time, id string) {
	st.Helper()
	d, changed, err := st.Cancel(st.ctx, now, id)
	if err != nil || !changed || d.State != "cancelled" {
		st.Fatalf("cancel gave %+v, changed %v, %v, want it done", d, changed, err)
	}
	st.check()
}

// everyState has a reader for each state of a delivery, named after it, whose
// brev2 is in that state on Tuesday 3 November: claimed at eight, marked a minute
// later, and ended a minute after that.
func everyState(t *testing.T) (*story, time.Time) {
	st := begin(t)
	for _, state := range States {
		st.reached(1, at("2026-10-27 08:00"), named(state))
	}
	now := at("2026-11-03 08:00")
	st.planned(now)
	endings := map[string]Ending{
		"accepted": accepted, "deferred": {Stage: AtDot, Code: 451, Reply: "451 full"},
		"rejected": {Stage: AtRcpt, Code: 550, Reply: "550 gone"}, "uncertain": {Stage: AtDot, Reply: "connection lost"},
	}
	for _, c := range st.claimAll(now) {
		marking, ending := now.Add(time.Minute), now.Add(2*time.Minute)
		switch state, _, _ := strings.Cut(c.Email, "@"); state {
		case "queued":
			st.must(st.Release(st.ctx, c, now.Add(time.Hour)))
		case "sending":
			st.mark(marking, c)
		case "parked":
			st.must(st.Park(st.ctx, c, "a field is missing"))
		case "cancelled":
			st.cancelled(ending, c.handle())
		case "claimed":
		case "rejected": // before the mark
			st.ended(ending, c, 0, endings[state])
		default:
			st.ended(ending, c, st.mark(marking, c), endings[state])
		}
	}
	for _, state := range States {
		st.wantLessons(named(state), "brev1 accepted, brev2 "+state)
	}
	return st, now
}

func TestListingTellsOfEachState(t *testing.T) {
	st, _ := everyState(t)
	for state, want := range map[string]string{
		"queued": "08:00 ", "claimed": "08:00 ", "sending": "08:01 ",
		"accepted": "08:02 250 OK", "deferred": "08:00 451 full", "rejected": "08:02 550 gone", "cancelled": "08:02 admin",
		"uncertain": "08:01 connection lost", "parked": "08:00 a field is missing",
	} {
		all := slices.DeleteFunc(st.listed(state), func(d ListedDelivery) bool { return d.Letter != "lesson:natverk/brev2" })
		if len(all) != 1 {
			t.Errorf("%d letters are listed as %s, want the one: %+v", len(all), state, all)
			continue
		}
		d := all[0]
		got := d.Since.In(stockholm).Format("15:04 ") + d.Reason
		if got != want || d.Email != named(state) || d.State != state || d.ID != st.id(named(state), "brev2") || d.Held {
			t.Errorf("%s is listed as %+v, want since and why %q", state, d, want)
		}
	}
}

func TestWithoutAStateWhatIsInTroubleIsListed(t *testing.T) {
	st, now := everyState(t)
	later := now.AddDate(0, 0, 7)
	st.reached(1, now, anna)
	st.planned(later)
	claimed, err := st.Claim(st.ctx, later, st.worker, Scope{SubscriberID: st.key(anna, "brev2").SubscriberID}, 1)
	st.must(err)
	st.must(st.Park(st.ctx, claimed[0], "a field is missing"))
	var got []string
	for _, d := range st.listed("") {
		got = append(got, d.State+" "+d.Email)
	}
	want := []string{"parked " + anna, "parked " + named("parked"), "uncertain " + named("uncertain"), "deferred " + named("deferred")}
	if !slices.Equal(got, want) {
		t.Errorf("listed are %q, want %q", got, want)
	}
}

func TestListingStopsWhenItsReaderDoes(t *testing.T) {
	st := begin(t)
	st.crowd(at("2026-11-03 08:00"), 20)
	enough := errors.New("enough")
	seen := 0
	err := st.ListDeliveries(st.ctx, "queued", func(ListedDelivery) error {
		if seen++; seen == 7 {
			return enough
		}
		return nil
	})
	if seen != 7 || err != enough {
		t.Errorf("saw %d, %v, want 7 and that it was enough", seen, err)
	}
	if n := len(st.listed("queued")); n != 20 {
		t.Errorf("listed %d, want all 20", n)
	}
	if n := len(st.listed("")); n != 0 {
		t.Errorf("%d letters are in trouble, want none", n)
	}
}

func TestAnAdminRetriesAParkedLetter(t *testing.T) {
	st, now := ready(t)
	st.must(st.Park(st.ctx, st.claimOne(now), "a field is missing"))
	id := st.id(anna, "brev1")
	later := now.Add(3 * time.Hour)
	if d := st.retried(later, strings.ToUpper(id)); d.State != "queued" || d.Email != anna || d.ID != id || d.Reason != "" {
		t.Errorf("retried is %+v", d)
	}
	st.wantRow(st.key(anna, "brev1"), "queued claim 1 attempt 0 free ready 11-03 11:00")
	st.unchanged("once more", func() {
		if d, changed, err := st.Retry(st.ctx, later.Add(time.Minute), id); err != nil || changed || d.State != "queued" {
			t.Errorf("once more gave %+v, %v, %v", d, changed, err)
		}
	})
	if n := st.deliver(later); n != 1 {
		t.Errorf("%d letters went out, want the one", n)
	}
	st.wantLessons(anna, "brev1 accepted")
}

func TestAnAdminRetriesADeferredLetterAtOnce(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	st.ended(now, c, st.mark(now, c), Ending{Stage: AtDot, Code: 451, Reply: "451 later"})
	soon := now.Add(time.Minute)
	if got := st.claimAll(soon); len(got) != 0 {
		t.Fatalf("%v is tried before its time", got)
	}
	st.retried(soon, c.handle())
	st.unchanged("once more", func() {
		if _, changed, err := st.Retry(st.ctx, soon.Add(time.Minute), c.handle()); err != nil || changed {
			t.Errorf("once more changed %v, %v", changed, err)
		}
	})
	st.wantLessons(anna, "brev1 deferred") // as the relay's last word was
	st.deliver(soon)
	st.wantLessons(anna, "brev1 accepted")
}

func TestRetryingIsOnlyForWhatMayBeTried(t *testing.T) {
	st, now := everyState(t)
	for state, want := range map[string]error{
		"queued": nil, "claimed": nil, "sending": nil, // on their way already
		"uncertain": ErrMayHaveArrived, "accepted": ErrSettled, "rejected": ErrSettled, "cancelled": ErrSettled,
	} {
		st.unchanged("retrying what is "+state, func() {
			_, changed, err := st.Retry(st.ctx, now.Add(time.Minute), st.id(named(state), "brev2"))
			if !errors.Is(err, want) || changed {
				t.Errorf("retrying what is %s: changed %v, %v, want %v", state, changed, err, want)
			}
		})
	}
}

func TestNothingIsRetriedForAReaderWhoIsGone(t *testing.T) {
	for what, gone := range map[string]string{
		"left":    `update enrolments set state = 'left', ended_at = now()`,
		"blocked": `update subscribers set state = 'blocked'`,
	} {
		t.Run(what, func(t *testing.T) {
			st, now := ready(t)
			st.must(st.Park(st.ctx, st.claimOne(now), "a field is missing"))
			id := st.id(anna, "brev1")
			st.exec(gone)
			st.unchanged("retrying", func() {
				if _, _, err := st.Retry(st.ctx, now, id); !errors.Is(err, ErrReaderGone) {
					t.Errorf("%v, want ErrReaderGone", err)
				}
			})
			if d, changed, err := st.Cancel(st.ctx, now, id); err != nil || !changed || d.State != "cancelled" {
				t.Errorf("cancelling gave %+v, %v, %v, want it done", d, changed, err)
			}
		})
	}
}

// Who signs up anew may have a confirm letter, whatever became of the address.
func TestAConfirmLetterIsRetriedForWhoIsNotActive(t *testing.T) {
	for _, state := range []string{"pending", "blocked"} {
		t.Run(state, func(t *testing.T) {
			st := begin(t)
			now := at("2026-11-03 08:00")
			st.signUp(now, anna)
			c := st.claimOne(now)
			st.must(st.Park(st.ctx, c, "a field is missing"))
			st.exec(`update subscribers set state = $1`, state)
			st.retried(now, c.handle())
			st.deliver(now)
		})
	}
}

// Leaving and a retry at once: whichever comes first, nothing goes out after.
func TestARetryDoesNotOutrunLeaving(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	var emails []string
	for i := range 20 {
		emails = append(emails, named(fmt.Sprint("p", i)))
	}
	st.joined(now, emails...)
	for _, c := range st.claimAll(now) {
		st.must(st.Park(st.ctx, c, "a field is missing"))
	}
	for _, email := range emails {
		d := st.key(email, "brev1")
		together(2, func(i int) {
			if i == 0 {
				if err := st.Unsubscribe(st.ctx, now, st.UnsubscribeToken(d)); err != nil {
					t.Error(err)
				}
			} else if _, _, err := st.Retry(st.ctx, now, d.handle()); err != nil && !errors.Is(err, ErrReaderGone) && !errors.Is(err, ErrSettled) {
				t.Error(err)
			}
		})
		st.wantLessons(email, "brev1 cancelled")
	}
}

// A letter is parked because its text is wrong. Mended, it is the mended text
// that goes out, unless some relay may have seen the old one.
func TestARetriedLetterTakesTheMendedText(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo)
	for _, c := range st.claimAll(now) {
		if c.Email == bo {
			st.ended(now, c, st.mark(now, c), Ending{Stage: AtDot, Code: 451})
			continue
		}
		st.must(st.Park(st.ctx, c, "a field is missing"))
	}
	again := now.Add(Backoff(1))
	st.must(st.Park(st.ctx, st.claimOne(again), "a field is missing"))

	mended := aCourse("natverk", "brev", 8, natverk.Rhythm)
	mended.Lessons[0].Version.Source = []byte("text brev1, mended")
	st.must(st.Publish(st.ctx, someLetters, []Course{mended}))
	for email, want := range map[string]string{anna: "text brev1, mended", bo: "text brev1"} {
		st.retried(again, st.id(email, "brev1"))
		v, err := st.Version(st.ctx, st.version(email))
		st.must(err)
		if string(v.Source) != want {
			t.Errorf("%s gets %q, want %q", email, v.Source, want)
		}
	}
}

// version is the text of somebody's first lesson.
func (st *story) version(email string) (hash []byte) {
	st.Helper()
	st.must(st.db.Get(&hash, `select version from deliveries where id = $1`, st.key(email, "brev1").ID))
	return hash
}

func TestAnAdminCancelsWhatHasNotPassedTheMark(t *testing.T) {
	st, now := everyState(t)
	later := now.Add(time.Hour)
	for _, state := range []string{"queued", "claimed", "deferred", "parked", "uncertain"} {
		id := st.id(named(state), "brev2")
		st.cancelled(later, id)
		st.wantLessons(named(state), "brev1 accepted, brev2 cancelled")
		st.unchanged("once more", func() {
			if d, changed, err := st.Cancel(st.ctx, later.Add(time.Hour), id); err != nil || changed || d.State != "cancelled" {
				t.Errorf("once more gave %+v, %v, %v", d, changed, err)
			}
		})
		st.wantWhy(later, named(state), 2, "cancelled on Tue 3 November 2026 09:00:00 CET: by an admin")
	}
	for state, want := range map[string]error{"sending": ErrBeingSent, "accepted": ErrSettled, "rejected": ErrSettled} {
		st.unchanged("cancelling what is "+state, func() {
			if _, changed, err := st.Cancel(st.ctx, later, st.id(named(state), "brev2")); !errors.Is(err, want) || changed {
				t.Errorf("cancelling what is %s: changed %v, %v, want %v", state, changed, err, want)
			}
		})
	}
}

func TestTheCourseGoesOnAfterACancelledLesson(t *testing.T) {
	st := begin(t)
	st.reached(1, at("2026-10-27 08:00"), anna)
	now := at("2026-11-03 08:00")
	st.planned(now)
	st.must(st.Park(st.ctx, st.claimOne(now), "a field is missing"))
	next := at("2026-11-10 08:00")
	st.planned(next)
	st.wantLessons(anna, "brev1 accepted, brev2 parked")

	st.cancelled(next.Add(-24*time.Hour), st.id(anna, "brev2"))
	st.planned(next.Add(-time.Minute))
	st.wantLessons(anna, "brev1 accepted, brev2 cancelled")
	st.planned(next)
	st.wantLessons(anna, "brev1 accepted, brev2 cancelled, brev3 queued")
	st.deliver(next)
	st.wantPlace(anna, "3 active, next Tue 2026-11-17 08:00")
	if s := st.sent(next.Add(time.Hour), SendRequest{Week: 2}); s.Planned != 0 {
		t.Errorf("a send takes up %d cancelled lessons", s.Planned)
	}
}

func TestACancelledLetterIsNotSentByWhoeverHoldsIt(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	st.cancelled(now, c.handle())
	if _, err := st.tryMark(now, c, nil); !errors.Is(err, ErrFenced) {
		t.Errorf("marked: %v, want ErrFenced", err)
	}
	st.must(st.Release(st.ctx, c, now))
	st.must(st.Park(st.ctx, c, "too late"))
	st.ended(now, c, 0, Ending{Stage: AtRcpt, Code: 451})
	st.die(st.worker)
	st.wantRow(c.DeliveryKey, "cancelled claim 1 attempt 0 free settled 11-03 08:00 admin")
}

// The mark and a cancellation at once: exactly one of them wins.
func TestCancellingOrMarkingWins(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.crowd(now, 30)
	for _, c := range st.claimAll(now) {
		var marked, stopped error
		together(2, func(i int) {
			if i == 0 {
				_, marked = st.tryMark(now, c, []byte("bytes"))
			} else {
				_, _, stopped = st.Cancel(st.ctx, now, c.handle())
			}
		})
		won := "sending"
		if stopped == nil {
			won = "cancelled"
		}
		if won == "cancelled" && !errors.Is(marked, ErrFenced) || won == "sending" && (marked != nil || !errors.Is(stopped, ErrBeingSent)) {
			t.Errorf("marking gave %v, cancelling %v", marked, stopped)
		}
		st.wantLessons(c.Email, "brev1 "+won)
	}
	st.check()
}

// What an admin cancelled stays so, though the reader left and came back.
func TestUndoingDoesNotBringBackWhatAnAdminCancelled(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo)
	st.cancelled(now, st.id(anna, "brev1"))
	for _, email := range []string{anna, bo} {
		st.leave(now, email, "brev1")
		st.must(st.Rejoin(st.ctx, now.Add(time.Minute), st.UnsubscribeToken(st.key(email, "brev1"))))
	}
	st.wantLessons(anna, "brev1 cancelled")
	st.wantLessons(bo, "brev1 queued")
}

func TestAHeldLetterIsListedSoAndStaysHeld(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo)
	for _, c := range st.claimAll(now) {
		if c.Email == bo {
			st.must(st.Park(st.ctx, c, "a field is missing"))
			continue
		}
		st.must(st.Release(st.ctx, c, now))
	}
	st.must(st.Hold(st.ctx, now, natverk.Letter(1), "a wrong link"))
	for _, d := range append(st.listed("queued"), st.listed("parked")...) {
		if !d.Held {
			t.Errorf("%s's letter is not listed as held", d.Email)
		}
	}
	if _, changed, err := st.Retry(st.ctx, now, st.id(anna, "brev1")); changed || err != nil {
		t.Errorf("retrying what is held changed %v, %v", changed, err)
	}
	if d := st.retried(now, st.id(bo, "brev1")); !d.Held {
		t.Error("the retried letter is not said to be held")
	}
	if got := st.claimAll(now.Add(time.Hour)); len(got) != 0 {
		t.Errorf("%v goes out, though it is held", got)
	}
}

func TestAnIDNamesOneLetterOrNone(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo)
	annas, bos := st.key(anna, "brev1"), st.key(bo, "brev1")
	for _, id := range []string{
		"", ".", "nonsense", "1", "1.", ".1", "1.2.3", "-1.1", "+1.1", "1.-1", "å.1", "zzzzzzzzzzzzzz.1", "1.zzzzzzzzzzzzzz",
		DeliveryKey{SubscriberID: annas.SubscriberID, ID: bos.ID}.handle(),
		st.UnsubscribeToken(annas), annas.handle() + "1", " " + annas.handle() + " x",
	} {
		st.unchanged("the id "+id, func() {
			if _, _, err := st.Retry(st.ctx, now, id); !errors.Is(err, ErrNoDelivery) {
				t.Errorf("retry %q: %v, want ErrNoDelivery", id, err)
			}
			if _, _, err := st.Cancel(st.ctx, now, id); !errors.Is(err, ErrNoDelivery) {
				t.Errorf("cancel %q: %v, want ErrNoDelivery", id, err)
			}
		})
	}
	for _, key := range []DeliveryKey{annas, bos, {1, 1}, {1<<63 - 1, 1<<63 - 1}} {
		if back, err := parseHandle(key.handle()); err != nil || back != key || len(key.handle()) > 27 {
			t.Errorf("%+v is named %s, which is read as %+v, %v", key, key.handle(), back, err)
		}
	}
}

func TestAnAdminsHandWakesTheWorkers(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	st.must(st.Park(st.ctx, c, "a field is missing"))
	ctx, cancel := context.WithCancel(st.ctx)
	defer cancel()
	hints, err := Listen(ctx, st.dsn)
	st.must(err)
	wakes := func(what string) {
		t.Helper()
		select {
		case <-hints:
		case <-time.After(20 * time.Second):
			t.Errorf("%s woke nobody", what)
		}
	}
	st.retried(now, c.handle())
	wakes("a retry")
	st.cancelled(now, c.handle())
	wakes("a cancellation")
}
