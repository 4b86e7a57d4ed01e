package course

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// Anna comes back to the letter after her holiday: the link says so, and signing up
// again is all it takes.
func TestRow67ALinkThatExpired(t *testing.T) {
	st := begin(t)
	asked := at("2026-11-05 10:00")
	st.signUp(asked, anna)
	st.deliver(asked)
	now := asked.Add(InvitationLife)
	st.wantInvitation(now, st.link(anna, "confirm:1"), InvitationExpired)
	st.unchanged("an expired link's button", func() {
		if _, err := st.Confirm(st.ctx, now, st.link(anna, "confirm:1"), Confirmation{Course: "natverk"}); !errors.Is(err, ErrExpired) {
			t.Errorf("%v, want ErrExpired", err)
		}
	})
	st.signUp(now, anna)
	st.deliver(now)
	if done := st.confirmed(now, anna, "natverk"); done.Session == "" || !done.Enrolled {
		t.Errorf("the new link gave %+v", done)
	}
	st.wantLessons(anna, "brev1 queued")
}

// Anna left in week 2. The link of the letter that she once confirmed by shows
// success and brings nothing back; one that she asks for anew does, from where she
// stopped.
func TestRow67ALinkAfterLeaving(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-10 08:00"), anna)
	now := at("2026-11-11 10:00")
	st.leave(now, anna, "brev2")
	st.unchanged("a used link's button", func() {
		done, err := st.Confirm(st.ctx, now, st.link(anna, "confirm:1"), Confirmation{Course: "natverk"})
		if err != nil || done.Session != "" || done.Enrolled {
			t.Errorf("%+v, %v, want success without a session or a course", done, err)
		}
	})
	st.planned(at("2026-11-17 08:00"))
	st.wantLessons(anna, "brev1 accepted, brev2 accepted")

	now = at("2026-11-18 10:00")
	st.signUp(now, anna)
	st.confirmed(now, anna, "natverk")
	st.planned(now)
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 queued")
}

// An admin takes Anna off everything while her confirm letter lies in her inbox.
// The button is her own word, and later.
func TestRow67ALinkAfterBeingTakenOff(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.signUp(now, anna)
	st.deliver(now)
	st.must(st.UnsubscribeAddress(st.ctx, now.Add(time.Hour), anna))
	st.confirmed(now.Add(2*time.Hour), anna, "natverk")
	if why := st.suppressed(anna); why != "" {
		t.Errorf("she is suppressed: %s", why)
	}
	st.wantLessons(anna, "brev1 queued")
}

// Her mailbox was gone, and is back: one confirm letter in thirty days finds out.
func TestRow68SigningUpAfterABounce(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-10 08:00"), anna)
	st.returned(at("2026-11-10 08:05"), noMailbox, st.key(anna, "brev2"))
	if why := st.suppressed(anna); why != "bounce" {
		t.Fatalf("anna is suppressed %q, want bounce", why)
	}
	confirms := []int{}
	for _, clock := range []string{"2026-11-11 10:00", "2026-12-20 10:00", "2026-12-21 10:00", "2027-01-18 10:00"} {
		st.signUp(at(clock), anna)
		confirms = append(confirms, st.letters(anna, "confirm"))
	}
	// she joined on 3 November, so the first month has had its letter
	if want := []int{1, 2, 2, 2}; !slices.Equal(confirms, want) {
		t.Errorf("confirm letters after each sign-up: %v, want %v", confirms, want)
	}
	now := at("2026-12-22 10:00")
	if n := st.deliver(now); n != 1 {
		t.Errorf("%d letters went out, want the confirm letter, and no lesson", n)
	}
	st.confirmed(now, anna, "natverk")
	st.planned(now)
	if why := st.suppressed(anna); why != "" {
		t.Errorf("she is still suppressed: %s", why)
	}
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 queued")
	st.returned(now, noMailbox, st.key(anna, "brev2")) // the old bounce once more says nothing now
	if why := st.suppressed(anna); why != "" {
		t.Errorf("an old bounce suppressed her again: %s", why)
	}
}

// She called a letter spam. The form answers as ever, and sends her nothing, nor
// does asking to be let in, until an admin, whom she has asked, lifts it.
func TestRow68SigningUpAfterAComplaint(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-10 08:00"), anna)
	st.returned(at("2026-11-10 08:05"), ReturnedMail{Kind: ReturnComplaint, Trusted: true}, st.key(anna, "brev2"))
	if why := st.suppressed(anna); why != "complaint" {
		t.Fatalf("anna is suppressed %q, want complaint", why)
	}
	for _, months := range []int{0, 1, 12} {
		st.signUp(at("2026-11-11 10:00").AddDate(0, months, 0), anna)
		st.asksIn(at("2026-11-11 10:00").AddDate(0, months, 0), anna, "telefon")
	}
	if confirm, login := st.letters(anna, "confirm"), st.letters(anna, "login"); confirm != 1 || login != 0 {
		t.Errorf("she got %d confirm and %d login letters, want the first alone", confirm, login)
	}
	now := at("2027-12-01 10:00")
	if _, err := st.Unsuppress(st.ctx, now, anna); err != nil {
		t.Fatal(err)
	}
	st.signUp(now, anna)
	st.deliver(now)
	st.confirmed(now, anna, "")
	if n := st.letters(anna, "confirm"); n != 2 {
		t.Errorf("%d confirm letters, want the second", n)
	}
}

// Erased, and back within the hour: somebody new. The limits on letters to the
// address stand, for they are not the person's.
func TestRow68SigningUpAfterErasure(t *testing.T) {
	st := begin(t)
	st.joined(at("2026-11-05 10:00"), anna)
	old := st.key(anna, "confirm:1")
	st.signUp(at("2026-11-05 10:20"), anna)
	st.signUp(at("2026-11-05 10:40"), anna)
	st.must(st.Erase(st.ctx, at("2026-11-05 10:50"), anna))

	st.signUp(at("2026-11-05 11:00"), anna)
	if got := st.ledger(anna); len(got) != 0 {
		t.Errorf("anna has %v, a fourth letter within a day", got)
	}
	now := at("2026-11-06 11:00")
	st.signUp(now, anna)
	if d := st.key(anna, "confirm:1"); d.SubscriberID == old.SubscriberID {
		t.Error("she has the number of the person erased")
	}
	if got := st.evidence(anna); len(got) != 2 {
		t.Errorf("of her consent stands %v, want what she said since", got)
	}
	for what, err := range map[string]error{
		"confirm": second(st.Confirm(st.ctx, now, st.ConfirmToken(old), Confirmation{})),
		"login":   second(st.LoginLink(st.ctx, now, st.LoginToken(old))),
	} {
		if !errors.Is(err, ErrToken) {
			t.Errorf("the %s link of the person erased: %v, want ErrToken", what, err)
		}
	}
	st.confirmed(now, anna, "natverk")
	st.wantLessons(anna, "brev1 queued")
	st.wantPlace(anna, "1 active, next Tue 2026-11-17 08:00")
}
