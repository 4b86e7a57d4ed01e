package course

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// The relay itself refuses a mailbox: that is as good as a bounce, where it is
// about the mailbox, and the refusal stood.
// A record that comes too late to stand says nothing about the mailbox either.
// Bo's mailbox is refused as full, week after week; in the fifth that is enough.
// A letter was claimed before its reader was blocked, and so its mark is refused.
// That ends it, unless the reader may have it again by then.
// Anna is blocked in the middle of the course. Nothing is due for her, so the
// worker may sleep, and Bo's date is the next.
// What was planned behind a suppression's back, by whoever was quicker, goes out
// to nobody.
// The reason that an admin gives decides what it takes to be written to again.
func TestAnAdminSuppressesAndLiftsIt(t *testing.T) {
	const goesOn = "2 active, next Tue 2026-11-17 08:00"
	for _, c := range []struct {
		reason, place string
		signsUp       int    // confirm letters, signing up anew
		stands        string // when it is lifted
	}{
		{"admin", goesOn, 0, ""},
		{"bounce", goesOn, 1, ""},
		{"complaint", "2 left", 0, "unsubscribed"},
		{"unsubscribed", "2 left", 1, ""},
	} {
		t.Run(c.reason, func(t *testing.T) {
			st := begin(t)
			now := at("2026-11-10 08:00")
			st.reached(1, now.AddDate(0, 0, -7), anna, bo)
			st.planned(now)
			stands, changed, err := st.Suppress(st.ctx, now, " ANNA@exempel.se", c.reason)
			if err != nil || !changed || stands != c.reason {
				t.Errorf("suppressing gave %q, %v, %v", stands, changed, err)
			}
			st.check()
			st.wantPlace(anna, c.place)
			st.wantLessons(anna, "brev1 accepted, brev2 cancelled")
			st.wantLessons(bo, "brev1 accepted, brev2 queued")
			st.unchanged("once more", func() { st.Suppress(st.ctx, now.Add(time.Hour), anna, c.reason) })
			done := st.imported(now, withConsent, anna)
			st.wantImported("a suppressed address", done, Imported{Suppressed: 1})

			st.deliver(now)
			now = now.AddDate(0, 1, 0)
			st.signUp(now, anna)
			if n := st.deliver(now); n != c.signsUp {
				t.Errorf("signing up anew brought %d letters, want %d", n, c.signsUp)
			}
			lifted, err := st.Unsuppress(st.ctx, now, anna)
			want := Unsuppressed{Was: c.reason, Stands: c.stands, Email: anna, State: "active"}
			if err != nil || lifted != want {
				t.Errorf("lifting it gave %+v, %v, want %+v", lifted, err, want)
			}
			st.check()
			st.wantPlace(anna, c.place)
			st.wantLessons(anna, "brev1 accepted, brev2 cancelled")
			if got := st.suppressed(anna); got != c.stands {
				t.Errorf("suppressed %q after that, want %q", got, c.stands)
			}
		})
	}
}

// A reader whose suppression was lifted gets the next lesson, not the cancelled one.
func TestAfterLiftingTheCourseGoesOn(t *testing.T) {
	st := begin(t)
	now := at("2026-11-10 08:00")
	st.reached(1, now.AddDate(0, 0, -7), anna)
	st.planned(now)
	st.returned(now, noMailbox, st.key(anna, "brev1"))
	_, err := st.Unsuppress(st.ctx, now.AddDate(0, 0, 1), anna)
	st.must(err)
	st.planned(at("2026-11-17 08:00"))
	st.deliver(at("2026-11-17 08:00"))
	st.wantLessons(anna, "brev1 accepted, brev2 cancelled, brev3 accepted")
}

// Who confirms anew, and starts the course, goes on with what the bounce cancelled.
func TestWhoConfirmsAfterABounceGoesOnWithTheCancelledLetter(t *testing.T) {
	st := begin(t)
	now := at("2026-11-10 08:00")
	st.reached(1, now.AddDate(0, 0, -7), anna)
	st.planned(now)
	st.returned(now, noMailbox, st.key(anna, "brev1"))
	now = at("2026-12-10 10:00")
	st.signUp(now, anna)
	st.deliver(now)
	st.confirmed(now, anna, "natverk")
	st.deliver(now)
	st.wantLessons(anna, "brev1 accepted, brev2 accepted")
}

// A weaker reason never takes the place of a stronger one.
func TestTheStrongerReasonStands(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	strength := []string{"unsubscribed", "bounce", "admin", "complaint"}
	st.reached(1, now, anna)
	for _, email := range []string{anna, "nobody@exempel.se"} {
		for i, stronger := range strength {
			if stands, changed, err := st.Suppress(st.ctx, now, email, stronger); stands != stronger || !changed || err != nil {
				t.Errorf("%s, %s: got %q, %v, %v", email, stronger, stands, changed, err)
			}
			for _, weaker := range strength[:i] {
				if stands, changed, err := st.Suppress(st.ctx, now, email, weaker); stands != stronger || changed || err != nil {
					t.Errorf("%s, %s after %s: got %q, %v, %v", email, weaker, stronger, stands, changed, err)
				}
			}
		}
	}
}

// An address may be suppressed before anybody has it, and is known by its hash.
func TestSuppressingAnAddressThatNobodyHas(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	_, _, err := st.Suppress(st.ctx, now, anna, "admin")
	st.must(err)
	st.reached(1, now, bo)
	st.returned(now.Add(time.Minute), isSpam, st.key(bo, "brev1"))
	hash := fmt.Sprintf("%x", st.keys.addressHash(anna))[:8]
	var got []string
	tell := func(s Suppressed) error {
		got = append(got, fmt.Sprintf("%s|%v|%s", s.Email, s.Hash == hash, s.Reason))
		return nil
	}
	st.must(st.ListSuppressed(st.ctx, "", tell))
	if want := []string{bo + "|false|complaint", "|true|admin"}; !slices.Equal(got, want) {
		t.Errorf("listed are %v, want %v", got, want)
	}
	got = nil
	st.must(st.ListSuppressed(st.ctx, "admin", tell))
	if len(got) != 1 || got[0] != "|true|admin" {
		t.Errorf("by reason, listed are %v", got)
	}
	st.signUp(now, anna)
	if n := st.deliver(now); n != 0 {
		t.Errorf("%d letters go to a suppressed address", n)
	}
	done, err := st.Unsuppress(st.ctx, now, anna)
	if want := (Unsuppressed{Was: "admin", Email: anna, State: "pending"}); err != nil || done != want {
		t.Errorf("lifting it gave %+v, %v, want %+v", done, err, want)
	}
	st.unchanged("lifting nothing", func() {
		if done, err := st.Unsuppress(st.ctx, now, anna); err != nil || done != (Unsuppressed{}) {
			t.Errorf("got %+v, %v", done, err)
		}
	})
}

func TestWhatNobodyCanSuppress(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	if _, _, err := st.Suppress(st.ctx, now, "anna", "admin"); !errors.Is(err, ErrAddress) {
		t.Errorf("got %v, want ErrAddress", err)
	}
	for _, reason := range []string{"erased", "whim", ""} {
		if _, _, err := st.Suppress(st.ctx, now, anna, reason); !errors.Is(err, ErrReason) {
			t.Errorf("for %q got %v, want ErrReason", reason, err)
		}
	}
	if _, err := st.Unsuppress(st.ctx, now, "anna"); !errors.Is(err, ErrAddress) {
		t.Errorf("got %v, want ErrAddress", err)
	}
}

// Who never confirmed is asked once more when the suppression is lifted, and not
// taken for a reader.
func TestLiftingMakesNobodyAReader(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.signUp(now, anna)
	st.deliver(now)
	st.returned(now, noMailbox, st.key(anna, "confirm:1"))
	done, err := st.Unsuppress(st.ctx, now.Add(time.Hour), anna)
	if want := (Unsuppressed{Was: "bounce", Email: anna, State: "pending"}); err != nil || done != want {
		t.Errorf("lifting it gave %+v, %v, want %+v", done, err, want)
	}
	st.signUp(now.Add(time.Hour), anna)
	if n := st.deliver(now.Add(time.Hour)); n != 1 {
		t.Errorf("signing up anew brought %d letters, want one", n)
	}
}
