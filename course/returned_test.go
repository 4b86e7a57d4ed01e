package course

import (
	"fmt"
	"math/rand/v2"
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
func TestRow61ABounceBeforeOurRecord(t *testing.T) {
	was := map[string]func(*story, time.Time, Claimed){
		"being sent": func(*story, time.Time, Claimed) {},
		"uncertain": func(st *story, now time.Time, c Claimed) {
			st.ended(now, c, 1, lostAtDot)
		},
		"queued to be repeated": func(st *story, now time.Time, c Claimed) {
			st.ended(now.Add(-Quarantine), c, 1, lostAtDot)
			st.quarantined(now)
		},
		"claimed to be repeated": func(st *story, now time.Time, c Claimed) {
			st.ended(now.Add(-Quarantine), c, 1, lostAtDot)
			st.quarantined(now)
			st.claimOne(now)
		},
		"put off when repeated": func(st *story, now time.Time, c Claimed) {
			st.ended(now.Add(-Quarantine), c, 1, lostAtDot)
			st.quarantined(now)
			again := st.claimOne(now)
			st.ended(now, again, st.mark(now, again), Ending{Stage: AtDot, Code: 451})
		},
		"parked": func(st *story, now time.Time, c Claimed) {
			st.ended(now.Add(-2*Quarantine), c, 1, lostAtDot)
			st.quarantined(now.Add(-Quarantine))
			st.silence(now.Add(-Quarantine))
			st.quarantined(now)
		},
	}
	for what, becomes := range was {
		t.Run(what, func(t *testing.T) {
			st := begin(t)
			now := at("2026-11-03 08:00")
			st.joined(now, anna)
			c := st.claimOne(now)
			st.mark(now, c)
			now = now.Add(time.Hour)
			becomes(st, now, c)
			if got := st.returned(now, fullBox, c.DeliveryKey); !got.Known || got.Judged != Soft || got.Suppressed {
				t.Errorf("got %+v, want a soft bounce", got)
			}
			if what == "being sent" {
				st.wantLessons(anna, "brev1 sending")
				st.ended(now, c, 1, lostAtDot)
				st.quarantined(now.Add(Quarantine))
			}
			st.wantLessons(anna, "brev1 accepted")
			st.check()
			st.planned(at("2026-11-10 08:00"))
			if again := st.claimAll(at("2026-11-10 08:00")); len(again) != 1 || again[0].Letter != natverk.Letter(2) {
				t.Errorf("%v go out, want letter 2", again)
			}
		})
	}
}

// Our own record comes after the bounce, and is written as ever.
func TestRow61OurRecordAfterTheBounce(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna)
	c := st.claimOne(now)
	attempt := st.mark(now, c)
	if got := st.returned(now, noMailbox, c.DeliveryKey); !got.Suppressed {
		t.Errorf("got %+v, want her suppressed", got)
	}
	st.ended(now.Add(time.Second), c, attempt, accepted)
	st.wantLessons(anna, "brev1 accepted")
	p, _ := st.Show(st.ctx, anna)
	if last := p.Deliveries[1]; last.QueueID != "Q1" || last.Reply != "250 OK" || p.State != "blocked" {
		t.Errorf("the letter is %+v, anna %s", last, p.State)
	}
}

// A relay repeats itself a hundred times, all at once. It is one bounce, and one
// suppression.
func TestRow62TheSameBounceAHundredTimes(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	results := make([]ReturnedResult, 100)
	together(100, func(i int) { results[i] = st.returned(now, noMailbox, st.key(anna, "brev1")) })
	first := 0
	for _, r := range results {
		if !r.Again && r.Suppressed {
			first++
		}
		if !r.Known || r.Judged != Hard {
			t.Errorf("one of them gave %+v", r)
		}
	}
	if n := st.count(`select count(*) from returns`); n != 1 || first != 1 {
		t.Errorf("%d bounces are written down, %d of them suppressed, want one", n, first)
	}
	st.unchanged("a day later", func() { st.returned(now.AddDate(0, 0, 1), noMailbox, st.key(anna, "brev1")) })
}

// Six weeks of a full mailbox come back in whatever order, each report several
// times. It ends as it would have ended in order.
func TestRow62BouncesOutOfOrder(t *testing.T) {
	for _, c := range []struct {
		weeks      []int // whose letters come back, of six
		suppressed string
	}{
		{[]int{1, 2, 3, 4, 5}, "bounce"},
		{[]int{2, 3, 4, 5, 6}, "bounce"},
		{[]int{1, 2, 3, 4}, ""},
		{[]int{1, 2, 4, 5, 6}, ""},
		{[]int{1, 2, 3, 5, 6}, ""},
	} {
		t.Run(fmt.Sprint(c.weeks), func(t *testing.T) {
			st := begin(t)
			now := at("2026-12-08 08:00")
			st.reached(6, now, anna, bo)
			weeks := slices.Concat(c.weeks, c.weeks, c.weeks)
			rand.Shuffle(len(weeks), func(i, j int) { weeks[i], weeks[j] = weeks[j], weeks[i] })
			for _, week := range weeks {
				now = now.Add(time.Minute)
				st.returned(now, fullBox, st.key(anna, fmt.Sprint("brev", week)))
			}
			if got := st.suppressed(anna); got != c.suppressed {
				t.Errorf("in the order %v she is suppressed %q, want %q", weeks, got, c.suppressed)
			}
			if got := st.suppressed(bo); got != "" {
				t.Errorf("bo is suppressed %q", got)
			}
		})
	}
}

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
func TestRow63AForgedBounce(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	d := st.key(anna, "brev1")
	good := st.BounceToken(d)
	other := story{T: t, Store: &Store{keys: keys{rings: ringsOf([]string{"somebody else's secret, 32 characters"})}}}
	for what, token := range map[string]string{
		"none":                 "",
		"an address":           "anna",
		"a damaged one":        good[:10] + string('a'+(good[10]-'a'+1)%26) + good[11:],
		"a shortened one":      good[:54],
		"a longer one":         good + "a",
		"another's secret":     other.BounceToken(d),
		"for unsubscribing":    st.UnsubscribeToken(d),
		"for confirming":       st.ConfirmToken(d),
		"a Message-ID":         st.MessageToken(d),
		"of no letter of hers": st.BounceToken(DeliveryKey{SubscriberID: d.SubscriberID, ID: 7}),
		"of no reader":         st.BounceToken(DeliveryKey{SubscriberID: 7, ID: d.ID}),
	} {
		t.Run(what, func(t *testing.T) {
			m := noMailbox
			m.Tokens, m.MessageIDs, m.Via = []string{token}, []string{st.MessageToken(d) + "@exempel.se"}, "smtp"
			st.unchanged("a forged bounce", func() {
				if got, err := st.RecordBounce(st.ctx, now, m); err != nil || got != (ReturnedResult{}) {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		})
		if what != "of no letter of hers" && what != "of no reader" && st.KnowsEnvelope(token) {
			t.Errorf("%s is taken for an envelope token", what)
		}
	}
	if !st.KnowsEnvelope(good) {
		t.Error("a good token is not known")
	}
}

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
func TestRow64NotesAreNoBounces(t *testing.T) {
	st := begin(t)
	now := at("2026-12-08 08:00")
	st.reached(6, now, anna)
	for week := range 6 {
		for _, kind := range []ReturnedKind{ReturnDelayed, ReturnAutoReply, ReturnUnclear} {
			m := noMailbox // says so, but is none
			m.Kind = kind
			if got := st.returned(now, m, st.key(anna, fmt.Sprint("brev", week+1))); got.Judged != Noted || got.Suppressed {
				t.Errorf("%s gave %+v, want a note", kind, got)
			}
		}
	}
	if n := st.count(`select count(*) from returns`); n != 18 || st.suppressed(anna) != "" {
		t.Errorf("%d notes, want 18; suppressed %q", n, st.suppressed(anna))
	}
}

// Anna calls a letter spam: that ends everything, at once, and only an admin can
// let her be written to again.
func TestAComplaintEndsEverything(t *testing.T) {
	st := begin(t)
	now := at("2026-11-10 08:00")
	st.must(st.Subscribe(st.ctx, now.AddDate(0, 0, -7), SignUp{Email: anna, Newsletter: true, Access: "Läs.", NewsletterWording: "Ja."}))
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

// A late bounce for who was erased is noted under its number, without a word of
// it, since her address stands in them.
func TestALateBounceForWhoWasErased(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	d := st.key(anna, "brev1")
	st.exec(`update addresses set subscriber_id = null, suppressed = 'erased', suppressed_at = $1`, now)
	st.exec(`update subscribers set state = 'erased', email = null`)
	m := noMailbox
	m.Diagnostic, m.Raw = anna+" is unknown", []byte(anna)
	if got := st.returned(now, m, d); !got.Known || got.Suppressed {
		t.Errorf("got %+v", got)
	}
	if words := st.lines(`select diagnostic || coalesce(encode(raw, 'escape'), '') from returns`); !slices.Equal(words, []string{""}) {
		t.Errorf("kept are %q", words)
	}
	if state := st.lines(`select state from subscribers`); state[0] != "erased" {
		t.Errorf("she is %s", state)
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
