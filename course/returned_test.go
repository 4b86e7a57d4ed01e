package course

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// returned brings a mail back to the envelope senders of letters, or of one.
func (st *story) returned(now time.Time, m ReturnedMail, letters ...DeliveryKey) ReturnedResult {
	st.Helper()
	for _, d := range letters {
		m.Tokens = append(m.Tokens, st.BounceToken(d))
	}
	m.Via = "pipe"
	result, err := st.RecordBounce(st.ctx, now, m)
	st.must(err)
	return result
}

var (
	noMailbox = ReturnedMail{Kind: ReturnFailed, Enhanced: "5.1.1", Code: 550, Diagnostic: "550 5.1.1 no such user", Raw: []byte("no such user")}
	fullBox   = ReturnedMail{Kind: ReturnFailed, Enhanced: "5.2.2", Code: 552, Diagnostic: "552 5.2.2 mailbox full", Raw: []byte("full")}
	isSpam    = ReturnedMail{Kind: ReturnComplaint, Raw: []byte("spam")}
)

// Anna's mailbox is closed in week 3, in which she has another letter under way
// in every state that a letter can be in. None of them goes out, and nobody else
// notices.
func TestAHardBounceStopsAllLettersToOneReader(t *testing.T) {
	st := begin(t)
	now := at("2026-11-17 08:00")
	st.reached(3, now, anna, bo)
	st.sent(now, SendRequest{Week: 7, To: anna, Early: true})
	claimed := st.claimOne(now)
	st.sent(now, SendRequest{Week: 8, To: anna, Early: true})
	deferred := st.claimOne(now)
	st.ended(now, deferred, st.mark(now, deferred), Ending{Stage: AtDot, Code: 451})
	st.sent(now, SendRequest{Week: 6, To: anna, Early: true})
	parked := st.claimOne(now)
	st.must(st.Park(st.ctx, parked, "a broken text"))
	st.sent(now, SendRequest{Week: 5, To: anna, Early: true})
	sending := st.claimOne(now)
	st.mark(now, sending)
	st.sent(now, SendRequest{Week: 4, To: anna, Early: true})
	st.planned(at("2026-11-24 08:00"))

	now = at("2026-11-24 08:01")
	got := st.returned(now, noMailbox, st.key(anna, "brev3"))
	if want := (ReturnedResult{Known: true, Delivery: st.key(anna, "brev3"), Judged: Hard, Suppressed: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	st.check()
	if _, err := st.tryMark(now, claimed, []byte("sum")); err == nil {
		t.Error("a letter that was claimed before the bounce is marked after it")
	}
	st.must(st.Withdraw(st.ctx, sending, 1)) // the dot was not sent after all
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 accepted, brev4 cancelled, brev5 cancelled, brev6 cancelled, brev7 cancelled, brev8 cancelled")
	p, err := st.Show(st.ctx, anna)
	st.must(err)
	if p.State != "blocked" || *p.Suppressed != "bounce" || !p.SuppressedAt.Equal(now) {
		t.Errorf("anna is %s, suppressed %v since %v", p.State, *p.Suppressed, p.SuppressedAt)
	}
	st.planned(at("2026-12-01 08:00"))
	st.deliver(at("2026-12-01 08:00"))
	st.wantLessons(bo, "brev1 accepted, brev2 accepted, brev3 accepted, brev4 accepted")
	if n := st.count(`select count(*) from addresses where suppressed is not null`); n != 1 {
		t.Errorf("%d addresses are suppressed, want anna's", n)
	}
}

// The report comes quicker than our own record, from a worker who is about to
// die. The letter was sent, so it is never sent again.
// Our own record comes after the bounce, and is written as ever.
// A relay repeats itself a hundred times, all at once. It is one bounce, and one
// suppression.
// Six weeks of a full mailbox come back in whatever order, each report several
// times. It ends as it would have ended in order.
// Five letters within one week, all back softly, are one bad week.
func TestSoftBouncesOfOneWeekAreOneBadWeek(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	for week := range 5 {
		now = now.Add(time.Hour)
		st.sent(now, SendRequest{Week: week + 2, To: anna, Early: true})
		st.deliver(now)
		st.returned(now, fullBox, st.key(anna, fmt.Sprint("brev", week+2)))
	}
	if got := st.suppressed(anna); got != "" {
		t.Errorf("suppressed %q", got)
	}
}

// What is forged, damaged, of another purpose or about nobody changes nothing,
// whoever says so in the report.
// Junk before the token does not hide it, and nobody but its own reader is meant,
// whatever tokens follow.
func TestTheFirstValidTokenSaysWhoseBounceItIs(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna, bo)
	m := noMailbox
	m.Tokens = []string{"postmaster", st.UnsubscribeToken(st.key(bo, "brev1"))}
	st.returned(now, m, st.key(anna, "brev1"), st.key(bo, "brev1"))
	if a, b := st.suppressed(anna), st.suppressed(bo); a != "bounce" || b != "" {
		t.Errorf("anna is suppressed %q, bo %q", a, b)
	}
}

// A provider that signs may name the letter by its Message-ID; nobody else may.
func TestOnlyATrustedDoorMayNameTheMessageID(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	m := noMailbox
	m.MessageIDs = []string{"0100-of-the-provider@example", st.MessageToken(st.key(anna, "brev1")) + "@exempel.se"}
	if got := st.returned(now, m); got.Known {
		t.Errorf("untrusted, it is known: %+v", got)
	}
	m.Trusted = true
	if got := st.returned(now, m); !got.Suppressed {
		t.Errorf("trusted, it gave %+v", got)
	}
}

// Row 64 at the policy: a delay, an absence, a list server's note are written
// down and nothing else, however many there are.
// Anna calls a letter spam: that ends everything, at once, and only an admin can
// let her be written to again.
func TestAComplaintEndsEverything(t *testing.T) {
	st := begin(t)
	now := at("2026-11-10 08:00")
	st.asks(now.AddDate(0, 0, -7), SignUp{Email: anna, Newsletter: true, Access: "Läs.", NewsletterWording: "Ja."})
	st.deliver(now.AddDate(0, 0, -7))
	st.confirmed(now.AddDate(0, 0, -7), anna, "natverk")
	st.deliver(now.AddDate(0, 0, -7))
	st.planned(now)
	got := st.returned(now, isSpam, st.key(anna, "brev1"))
	if !got.Suppressed || got.Judged != Complained {
		t.Errorf("got %+v", got)
	}
	st.check()
	st.wantLessons(anna, "brev1 accepted, brev2 cancelled")
	st.wantPlace(anna, "2 left")
	p, _ := st.Show(st.ctx, anna)
	if p.Newsletter || p.State != "blocked" || *p.Suppressed != "complaint" {
		t.Errorf("anna is %+v", p)
	}
	withdrawn := st.lines(`select purpose || ' ' || method from consents where event = 'withdrawn' order by id`)
	if want := []string{"course:natverk complaint", "newsletter complaint"}; !slices.Equal(withdrawn, want) {
		t.Errorf("withdrawn are %v, want %v", withdrawn, want)
	}
	for days := range 40 {
		st.signUp(now.AddDate(0, 0, days), anna)
	}
	if n := st.deliver(now.AddDate(0, 0, 40)); n != 0 {
		t.Errorf("%d letters go out after a complaint", n)
	}
}

// An opt-out in a complaint's clothes is one click on that letter's link.
func TestAnOptOutLeavesTheLettersCourse(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	st.confirmedAgain(now, anna)
	st.exec(`insert into enrolments (subscriber_id, course, next_due_at, started_at) select id, 'omtanke', $2, $2 from subscribers where email = $1`, anna, now)
	if got := st.returned(now, ReturnedMail{Kind: ReturnOptOut}, st.key(anna, "brev1")); got.Judged != OptedOut || got.Suppressed {
		t.Errorf("got %+v", got)
	}
	p, _ := st.Show(st.ctx, anna)
	if p.Enrolments[0].State != "left" || p.Enrolments[1].State != "active" || p.State != "active" || p.Suppressed != nil {
		t.Errorf("anna is %+v", p)
	}
}

// After a hard bounce Anna signs up anew and opens that letter: the mailbox
// works. A report about an old letter, come late, says nothing against it; one
// about a newer letter does.
func TestALateBounceSaysNothingOfAMailboxThatWorksSince(t *testing.T) {
	st := begin(t)
	now := at("2026-11-10 08:00")
	st.reached(2, now, anna)
	st.returned(now, noMailbox, st.key(anna, "brev1"))
	now = now.AddDate(0, 1, 0)
	st.signUp(now, anna)
	if n := st.deliver(now); n != 1 {
		t.Fatalf("%d letters go out, want a confirm letter", n)
	}
	now = now.Add(time.Hour)
	st.confirmed(now, anna, "natverk")
	if got := st.suppressed(anna); got != "" {
		t.Fatalf("she is still suppressed %q", got)
	}
	if got := st.returned(now, noMailbox, st.key(anna, "brev2")); got.Judged != Hard || got.Suppressed {
		t.Errorf("an old bounce gave %+v", got)
	}
	if got := st.returned(now, noMailbox, st.key(anna, "confirm:2")); got.Suppressed {
		t.Errorf("a bounce of the very letter that she opened gave %+v", got)
	}
	st.planned(at("2026-12-15 08:00"))
	st.deliver(at("2026-12-15 08:00"))
	if got := st.returned(at("2026-12-15 08:01"), noMailbox, st.key(anna, "brev3")); !got.Suppressed {
		t.Errorf("a new bounce gave %+v", got)
	}
}

// A stranger's bytes are no text that a database takes.
func TestWhatCameBackMayBeNoText(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	m := ReturnedMail{Kind: ReturnFailed, Enhanced: "5.2.2\x00", Diagnostic: "full\xff\x00", Raw: []byte("a\x00\xff")}
	if got := st.returned(now, m, st.key(anna, "brev1")); !got.Known {
		t.Errorf("got %+v", got)
	}
}
