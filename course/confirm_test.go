package course

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// link is the token in somebody's confirm letter.
func (st *story) link(email, letter string) string {
	st.Helper()
	return st.ConfirmToken(st.key(email, letter))
}

func (st *story) wantInvitation(now time.Time, token string, want InvitationState) Invitation {
	st.Helper()
	in, err := st.Invitation(st.ctx, now, token)
	st.must(err)
	if in.State != want {
		st.Errorf("at %s the link is %s, want %s", local(now), in.State, want)
	}
	return in
}

// Scanners open every link: reading changes nothing, however often.
func TestReadingALinkChangesNothing(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.signUp(now, anna)
	st.joined(now, bo)
	st.unchanged("reading links", func() {
		for range 3 {
			st.wantInvitation(now, st.link(anna, "confirm:1"), InvitationOpen)
			st.wantInvitation(now, st.link(bo, "confirm:1"), InvitationUsed)
			st.wantInvitation(now.AddDate(0, 0, 8), st.link(anna, "confirm:1"), InvitationExpired)
			if _, err := st.Leaving(st.ctx, st.UnsubscribeToken(st.key(bo, "brev1"))); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAnnaConfirmsAndStartsTheCourse(t *testing.T) {
	st := begin(t)
	st.signUp(at("2026-11-05 10:00"), anna)
	token := st.link(anna, "confirm:1")
	if in := st.wantInvitation(at("2026-11-05 10:03"), token, InvitationOpen); in.Article != "laget" || in.Newsletter {
		t.Errorf("the link stands for %+v, want the article laget and no newsletter", in)
	}
	now := at("2026-11-05 10:04")
	done, err := st.Confirm(st.ctx, now, token, Confirmation{Course: "natverk", Wording: "Starta kursen", IP: netip.MustParseAddr("2001:db8:1:2:3::4")})
	st.must(err)
	if !done.Enrolled || done.Article != "laget" || len(done.Session) < 26 {
		t.Errorf("that gave %+v", done)
	}
	p, _ := st.Show(st.ctx, anna)
	if p.State != "active" || p.Newsletter || p.ConfirmedAt == nil || !p.ConfirmedAt.Equal(now) {
		t.Errorf("anna is %+v", p)
	}
	st.wantEvidence(anna,
		`access asked 2026-11-05 10:00 form /artiklar/laget laget "Du får läsa."`,
		`access confirmed 2026-11-05 10:04 link  laget 2001:db8:1::/48 "Starta kursen"`,
		`course:natverk confirmed 2026-11-05 10:04 link  laget 2001:db8:1::/48 "Starta kursen"`)
	st.wantLessons(anna, "brev1 queued")
	st.wantPlace(anna, "1 active, next Tue 2026-11-17 08:00") // the 10th is two hours short of five days on
	if got := st.claimAll(now); len(got) != 2 || got[1].Letter != "lesson:natverk/brev1" {
		t.Errorf("ready at once are %v, want the confirm letter and letter 1", got)
	}
}

// A clock is finer than what Postgres keeps of it, which may be rounded up.
func TestLetter1IsQueuedInWhateverNanosecond(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00").Add(600 * time.Nanosecond)
	st.signUp(now, anna)
	st.confirmed(now, anna, "natverk")
	st.imported(now, withConsent, bo)
	st.wantLessons(anna, "brev1 queued")
	st.wantLessons(bo, "brev1 queued")
}

func TestBoOnlyWantsToRead(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.signUp(now, bo)
	done := st.confirmed(now, bo, "")
	if done.Enrolled || done.Session == "" {
		t.Errorf("that gave %+v, want a session and no course", done)
	}
	st.wantPlace(bo, "not enrolled")
	st.wantLessons(bo, "")
	reader, err := st.Reader(st.ctx, now, done.Session)
	if err != nil || reader.SubscriberID != st.key(bo, "confirm:1").SubscriberID {
		t.Errorf("the session is %+v's, %v", reader, err)
	}
}

func TestTheNewsletterComesOnlyToWhoTickedTheBox(t *testing.T) {
	st := begin(t)
	tick := func(clock, email string, newsletter bool) {
		st.asks(at(clock), SignUp{Email: email, Newsletter: newsletter, Article: "laget", Access: "Läs.", NewsletterWording: "Ja."})
	}
	wants := func(email string, want bool) {
		t.Helper()
		st.confirmed(at("2026-11-25 11:00"), email, "")
		if p, _ := st.Show(st.ctx, email); p.Newsletter != want {
			t.Errorf("%s gets the newsletter: %v, want %v", email, p.Newsletter, want)
		}
		if n := st.count(`select count(*) from consents join subscribers s on s.id = subscriber_id where email = $1 and (purpose, event) = ('newsletter', 'confirmed')`, email); (n > 0) != want {
			t.Errorf("%s: %d times evidence of it, want: %v", email, n, want)
		}
	}
	tick("2026-11-25 10:00", anna, true)
	wants(anna, true)
	tick("2026-11-25 10:00", bo, false)
	wants(bo, false)
	// Cilla ticked it once and let that letter lie; weeks later she does not.
	tick("2026-11-02 10:00", cilla, true)
	tick("2026-11-25 10:00", cilla, false)
	wants(cilla, false)
	// Dag forgot the box and sent the form again, within ten minutes.
	tick("2026-11-25 10:00", "dag@exempel.se", false)
	tick("2026-11-25 10:01", "dag@exempel.se", true)
	wants("dag@exempel.se", true)
	// Anna, a reader of it, signs up at another wall without the box: it stays.
	tick("2026-11-25 12:00", anna, false)
	st.confirmed(at("2026-11-25 12:01"), anna, "")
	if p, _ := st.Show(st.ctx, anna); !p.Newsletter {
		t.Error("signing up again took the newsletter from anna")
	}
}

func TestAUsedLinkChangesNothingAndSignsNobodyIn(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.joined(now, anna)
	token := st.link(anna, "confirm:1")
	st.unchanged("a used link", func() {
		done, err := st.Confirm(st.ctx, now.AddDate(0, 0, 30), token, Confirmation{Course: "omtanke", Wording: "Starta"})
		if err != nil || done != (Confirmed{Article: "laget"}) {
			t.Errorf("a used link gives %+v, %v, want the article alone", done, err)
		}
	})
}

func TestALinkWorksForSevenDays(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.signUp(now, anna)
	token := st.link(anna, "confirm:1")
	last := now.Add(7 * 24 * time.Hour)
	st.wantInvitation(last.Add(-time.Second), token, InvitationOpen)
	st.wantInvitation(last, token, InvitationExpired)
	st.unchanged("an expired link", func() {
		if _, err := st.Confirm(st.ctx, last, token, Confirmation{Course: "natverk"}); !errors.Is(err, ErrExpired) {
			t.Errorf("%v, want ErrExpired", err)
		}
	})
	if _, err := st.Confirm(st.ctx, last.Add(-time.Second), token, Confirmation{Course: "natverk"}); err != nil {
		t.Error(err)
	}
}

func TestALinkOfOthersOrForOtherThingsIsRefused(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.joined(now, anna)
	lesson := st.key(anna, "brev1")
	for what, token := range map[string]string{
		"a lesson's":            st.ConfirmToken(lesson),
		"an unsubscribe link":   st.UnsubscribeToken(st.key(anna, "confirm:1")),
		"nobody's":              st.ConfirmToken(DeliveryKey{SubscriberID: 5, ID: 7}),
		"another letter of her": st.ConfirmToken(DeliveryKey{SubscriberID: lesson.SubscriberID, ID: 7}),
		"nonsense":              "hej",
	} {
		st.unchanged(what, func() {
			if _, err := st.Confirm(st.ctx, now, token, Confirmation{}); !errors.Is(err, ErrToken) {
				t.Errorf("%s: %v, want ErrToken", what, err)
			}
			if _, err := st.Invitation(st.ctx, now, token); !errors.Is(err, ErrToken) {
				t.Errorf("%s: read %v, want ErrToken", what, err)
			}
		})
	}
}

func TestTwentyConfirmAtOnce(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.signUp(now, anna)
	token := st.link(anna, "confirm:1")
	done := make([]Confirmed, 20)
	errs := make([]error, 20)
	together(20, func(i int) {
		done[i], errs[i] = st.Confirm(st.ctx, now, token, Confirmation{Course: "natverk", Wording: "Starta"})
	})
	st.must(errors.Join(errs...))
	sessions := 0
	for _, d := range done {
		if d.Session != "" {
			sessions++
		}
	}
	if sessions != 1 || st.count(`select count(*) from sessions`) != 1 {
		t.Errorf("%d sessions, want one", sessions)
	}
	if n := st.count(`select count(*) from consents where event = 'confirmed'`); n != 2 {
		t.Errorf("%d pieces of evidence, want one of access and one of the course", n)
	}
	st.wantLessons(anna, "brev1 queued")
	st.check()
}

func TestOfTwoConfirmLettersOneIsUsed(t *testing.T) {
	st := begin(t)
	st.signUp(at("2026-11-05 10:00"), anna)
	st.signUp(at("2026-11-05 10:15"), anna)
	now := at("2026-11-05 10:20")
	if done, err := st.Confirm(st.ctx, now, st.link(anna, "confirm:1"), Confirmation{Course: "natverk"}); err != nil || done.Session == "" {
		t.Fatalf("the first letter gives %+v, %v", done, err)
	}
	st.wantInvitation(now, st.link(anna, "confirm:1"), InvitationUsed)
	st.wantInvitation(now, st.link(anna, "confirm:2"), InvitationUsed)
}

// An import made her active before she pressed the button: it still signs her in.
func TestALinkIsUsedByTheButtonAlone(t *testing.T) {
	st := begin(t)
	st.signUp(at("2026-11-05 10:00"), anna)
	st.imported(at("2026-11-05 10:01"), withConsent, anna)
	st.wantInvitation(at("2026-11-05 10:02"), st.link(anna, "confirm:1"), InvitationOpen)
	if done := st.confirmed(at("2026-11-05 10:02"), anna, ""); done.Session == "" {
		t.Error("no session")
	}
	st.wantInvitation(at("2026-11-05 10:03"), st.link(anna, "confirm:1"), InvitationUsed)
}

func TestAReaderWhoSignsUpAgainSignsInAndKeepsTheirPlace(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-10 08:00"), anna)
	st.signUp(at("2026-11-12 10:00"), anna)
	st.wantInvitation(at("2026-11-12 10:01"), st.link(anna, "confirm:1"), InvitationUsed)
	st.wantInvitation(at("2026-11-12 10:01"), st.link(anna, "confirm:2"), InvitationOpen)
	if done := st.confirmed(at("2026-11-12 10:02"), anna, "natverk"); done.Session == "" {
		t.Error("no session")
	}
	st.wantPlace(anna, "2 active, next Tue 2026-11-17 08:00")
	st.wantLessons(anna, "brev1 accepted, brev2 accepted")
}

func TestAComplaintClosesTheLink(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.signUp(now, anna)
	st.exec(`update addresses set suppressed = 'complaint', suppressed_at = $1`, now)
	if _, err := st.Confirm(st.ctx, now, st.link(anna, "confirm:1"), Confirmation{}); !errors.Is(err, ErrExpired) {
		t.Errorf("%v, want ErrExpired", err)
	}
}

func TestASessionLastsAYearAndBelongsToOneBrowser(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.signUp(now, anna)
	session := st.confirmed(now, anna, "").Session
	id := st.key(anna, "confirm:1").SubscriberID
	st.must(st.Rename(st.ctx, id, "  Anna   Berg "))
	for _, c := range []struct {
		what, session string
		now           time.Time
		want          error
	}{
		{"fresh", session, now, nil},
		{"in its last second", session, now.Add(SessionLife - time.Second), nil},
		{"expired", session, now.Add(SessionLife), ErrNoSession},
		{"guessed", session + "A", now, ErrNoSession},
		{"empty", "", now, ErrNoSession},
	} {
		reader, err := st.Reader(st.ctx, c.now, c.session)
		if !errors.Is(err, c.want) || c.want == nil && reader != (Reader{SubscriberID: id, Name: "Anna Berg"}) {
			t.Errorf("a session %s: %+v, %v, want %v", c.what, reader, err, c.want)
		}
	}
	if again := st.confirmedAgain(now.Add(time.Hour), anna).Session; again == session {
		t.Error("two browsers have one session")
	}
	if err := st.Rename(st.ctx, id, "http://ond.example"); !errors.Is(err, ErrName) {
		t.Errorf("%v, want ErrName", err)
	}
	st.must(st.Erase(st.ctx, at("2026-11-05 10:00"), anna))
	if _, err := st.Reader(st.ctx, now, session); !errors.Is(err, ErrNoSession) {
		t.Errorf("a session of somebody erased: %v, want ErrNoSession", err)
	}
}

func TestASecondCourseRunsBesideTheFirst(t *testing.T) {
	st := begin(t)
	st.joined(at("2026-11-05 10:00"), anna)
	st.signUp(at("2026-11-06 10:00"), anna)
	st.confirmed(at("2026-11-06 10:01"), anna, "omtanke")
	got := st.ledger(anna)
	want := []string{"confirm:1 accepted", "brev1 queued", "confirm:2 queued", "rad1 queued"}
	if !slices.Equal(got, want) {
		t.Errorf("anna has %v, want %v", got, want)
	}
}
