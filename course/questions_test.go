package course

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fortsatt/demo"
)

const (
	mingle    = "Måste jag mingla? Min chef Gun på Bolaget säger det."
	mingleNow = "Måste jag mingla? Min chef säger det."
	noMingle  = "Nej, det måste du inte. Gå dit med ett ärende."
	coffee    = "Hellre kaffe än mingel"
)

var (
	askedAt = at("2026-11-05 12:00")
	office  = netip.MustParseAddr("192.0.2.77")
)

// whoReads is somebody who has confirmed, and only reads.
func (st *story) whoReads(email string) int64 {
	st.Helper()
	st.signUp(askedAt.Add(-time.Hour), email)
	st.confirmed(askedAt.Add(-time.Hour), email, "")
	st.deliver(askedAt.Add(-time.Hour))
	return st.key(email, "confirm:1").SubscriberID
}

// asked has a reader ask, and returns the question's id.
func (st *story) asked(now time.Time, reader int64, text string) string {
	st.Helper()
	st.must(st.Ask(st.ctx, now, AskedQuestion{SubscriberID: reader, Text: text, Signature: coffee, Consent: "Skicka frågan", Form: "/fraga-redaktionen", IP: office}))
	list, err := st.Questions(st.ctx, now, false)
	st.must(err)
	i := slices.IndexFunc(list, func(q Question) bool { return q.Text == text })
	if i < 0 {
		st.Fatalf("%q is not among %+v", text, list)
	}
	return list[i].ID
}

func (st *story) proposed(now time.Time, id string, p Proposal) Question {
	st.Helper()
	if p.Answer == "" {
		p.Answer = noMingle
	}
	q, err := st.Propose(st.ctx, now, id, p)
	st.must(err)
	return q
}

// about is the token in a letter about a question, as "question-wording:1".
func (st *story) about(email, letter string) string {
	st.Helper()
	return st.QuestionToken(st.key(email, letter))
}

func (st *story) question(now time.Time, id string) Question {
	st.Helper()
	q, err := st.Question(st.ctx, now, id)
	st.must(err)
	return q
}

func (st *story) published() (slugs []string) {
	st.Helper()
	list, err := st.PublishedQuestions(st.ctx)
	st.must(err)
	for _, q := range list {
		slugs = append(slugs, q.Slug)
	}
	return slugs
}

func yes(q Question) Said {
	return Said{Proposal: q.Proposal(), Consent: "Ja, publicera", IP: office}
}

// Anna asks at lunch. The editors take her boss's name out and answer; she says
// yes the next morning, and there it stands.
func TestAnnaAsksAndIsAnswered(t *testing.T) {
	st := begin(t)
	anna1 := st.whoReads(anna)
	id := st.asked(askedAt, anna1, mingle)
	if !regexp.MustCompile(`^[a-z2-7]{8}$`).MatchString(id) {
		t.Errorf("the id %q is not easily copied", id)
	}
	if q := st.question(askedAt, strings.ToUpper(id)); q.State != "asked" || q.Signature != coffee || !q.AskedAt.Equal(askedAt) {
		t.Errorf("asked: %+v", q)
	}
	if got := st.published(); len(got) != 0 {
		t.Errorf("published at once: %v", got)
	}
	st.wantLessons(anna, "")

	q := st.proposed(askedAt.Add(time.Hour), id, Proposal{Wording: mingleNow})
	if q.State != "proposed" || q.Title != "Måste jag mingla?" || q.Slug != "maste-jag-mingla" || q.Wording != mingleNow {
		t.Errorf("proposed: %+v", q)
	}
	st.wantLessons(anna, "question-wording:1 queued")
	if got := st.published(); len(got) != 0 {
		t.Errorf("published before she has seen it: %v", got)
	}
	if _, err := st.PublishedQuestion(st.ctx, q.Slug); !errors.Is(err, ErrNoQuestion) {
		t.Errorf("read before she has seen it: %v", err)
	}
	st.deliver(askedAt.Add(time.Hour))

	morning := at("2026-11-06 08:00")
	token := st.about(anna, "question-wording:1")
	shown, err := st.QuestionLink(st.ctx, morning, token)
	st.must(err)
	if shown.Wording != mingleNow || shown.Title != q.Title || shown.Signature != coffee || shown.Lapsed {
		t.Errorf("she is shown %+v", shown)
	}
	st.must(st.Approve(st.ctx, morning, token, yes(shown)))
	if got := st.published(); !slices.Equal(got, []string{"maste-jag-mingla"}) {
		t.Errorf("published: %v", got)
	}
	stands, err := st.PublishedQuestion(st.ctx, "maste-jag-mingla")
	st.must(err)
	if stands.Wording != mingleNow || stands.Answer != noMingle || stands.PublishedAt == nil || !stands.PublishedAt.Equal(morning) || stands.Text != "" {
		t.Errorf("it stands there as %+v", stands)
	}
	st.wantLessons(anna, "question-wording:1 accepted, question-answered:1 queued")
	st.wantEvidence(anna,
		`access asked 2026-11-05 11:00 form /artiklar/laget laget "Du får läsa."`,
		`access confirmed 2026-11-05 11:00 link  laget 192.0.2.0/24 "Starta kursen"`,
		fmt.Sprintf(`question asked 2026-11-05 12:00 form /fraga-redaktionen %s 192.0.2.0/24 "Skicka frågan"`, id),
		fmt.Sprintf(`question confirmed 2026-11-06 08:00 question  %s 192.0.2.0/24 "Ja, publicera"`, id))
	if gun := st.count(`select count(*) from questions q where cast(q as text) like '%Gun%'`); gun != 0 {
		t.Error("what was taken out of her question is kept")
	}
	st.deliver(morning)
	after, err := st.QuestionLink(st.ctx, morning, st.about(anna, "question-answered:1"))
	if err != nil || after.State != "published" || after.Slug != "maste-jag-mingla" {
		t.Errorf("the last letter's link leads to %+v, %v", after, err)
	}
}

// Without an editor's wording it stands as she wrote it.
func TestAQuestionMayStandAsItWasAsked(t *testing.T) {
	st := begin(t)
	q := st.proposed(askedAt, st.asked(askedAt, st.whoReads(anna), mingle), Proposal{Title: "Om mingel"})
	if q.Wording != mingle || q.Title != "Om mingel" || q.Slug != "om-mingel" {
		t.Errorf("proposed: %+v", q)
	}
}

// What an editor took out does not come back with the next proposal.
func TestWhatIsLeftOutStaysAsItWasProposed(t *testing.T) {
	st := begin(t)
	id := st.asked(askedAt, st.whoReads(anna), mingle)
	st.proposed(askedAt, id, Proposal{Wording: mingleNow, Title: "Om mingel"})
	if q := st.proposed(askedAt, id, Proposal{Answer: "Nej.", Anew: true}); q.Wording != mingleNow || q.Title != "Om mingel" || q.Answer != "Nej." {
		t.Errorf("with another answer alone: %+v", q)
	}
	if q := st.proposed(askedAt, id, Proposal{Title: "Mingel", Anew: true}); q.Wording != mingleNow || q.Title != "Mingel" || q.Slug != "mingel" {
		t.Errorf("with another title alone: %+v", q)
	}
	if q := st.proposed(askedAt, id, Proposal{Wording: "Behöver jag gå på alla mingel?", Anew: true}); q.Title != "Behöver jag gå på alla mingel?" {
		t.Errorf("with another wording alone: %+v", q)
	}
}

func TestADeclinedQuestionGetsAReplyOfItsOwn(t *testing.T) {
	st := begin(t)
	id := st.asked(askedAt, st.whoReads(anna), mingle)
	told, err := st.Decline(st.ctx, askedAt.Add(time.Hour), id, "Ring 1177 i stället.")
	if err != nil || !told {
		t.Errorf("told: %v, %v", told, err)
	}
	st.wantLessons(anna, "question-declined:1 queued")
	q, err := st.QuestionLink(st.ctx, askedAt, st.about(anna, "question-declined:1"))
	if err != nil || q.State != "declined" || q.Answer != "Ring 1177 i stället." || q.Text+q.Signature+q.Wording != "" {
		t.Errorf("she is shown %+v, %v", q, err)
	}
	if n := st.count(`select count(*) from questions q where cast(q as text) like '%mingla%'`); n != 0 {
		t.Error("her words are kept")
	}
	// Nothing more comes of it, from either side.
	st.unchanged("a declined question", func() {
		if _, err := st.Propose(st.ctx, askedAt, id, Proposal{Answer: noMingle}); !errors.Is(err, ErrQuestionClosed) {
			t.Errorf("answered: %v", err)
		}
		if _, err := st.Decline(st.ctx, askedAt, id, "Nej."); !errors.Is(err, ErrQuestionClosed) {
			t.Errorf("declined again: %v", err)
		}
		if err := st.Approve(st.ctx, askedAt, st.about(anna, "question-declined:1"), yes(q)); !errors.Is(err, ErrExpired) {
			t.Errorf("approved: %v", err)
		}
		st.must(st.TakeBack(st.ctx, askedAt, st.about(anna, "question-declined:1"), Said{Consent: "Nej"}))
	})
}

// She says no, before or after it was published: it is gone, words and all.
func TestAnnaTakesItBack(t *testing.T) {
	for _, after := range []bool{false, true} {
		st := open(t, demo.Database(t, Migrate))
		id := st.asked(askedAt, st.whoReads(anna), mingle)
		q := st.proposed(askedAt, id, Proposal{Wording: mingleNow})
		token := st.about(anna, "question-wording:1")
		if after {
			st.must(st.Approve(st.ctx, askedAt, token, yes(q)))
		}
		st.must(st.TakeBack(st.ctx, askedAt.Add(time.Hour), token, Said{Consent: "Nej tack", IP: office}))
		if got := st.published(); len(got) != 0 {
			t.Errorf("published all the same: %v", got)
		}
		if n := st.count(`select count(*) from questions q where cast(q as text) ~ 'mingla|mingel|ärende'`); n != 0 {
			t.Error("her words are kept")
		}
		if got := st.evidence(anna); got[len(got)-1] != fmt.Sprintf(`question withdrawn 2026-11-05 13:00 question  %s 192.0.2.0/24 "Nej tack"`, id) {
			t.Errorf("evidence ends with %s", got[len(got)-1])
		}
		st.unchanged("a withdrawn question", func() {
			if err := st.Approve(st.ctx, askedAt, token, yes(q)); !errors.Is(err, ErrExpired) {
				t.Errorf("approved: %v", err)
			}
			st.must(st.TakeBack(st.ctx, askedAt, token, Said{Consent: "Nej tack"}))
			if _, err := st.Propose(st.ctx, askedAt, id, Proposal{Wording: mingleNow, Answer: noMingle, Anew: true}); !errors.Is(err, ErrQuestionClosed) {
				t.Errorf("answered: %v", err)
			}
		})
	}
}

// Her yes is to what she read, not to what was put in its place meanwhile.
func TestAYesIsToTheWordingThatWasShown(t *testing.T) {
	st := begin(t)
	id := st.asked(askedAt, st.whoReads(anna), mingle)
	first := st.proposed(askedAt, id, Proposal{Wording: mingleNow})
	if _, err := st.Propose(st.ctx, askedAt, id, Proposal{Answer: noMingle}); !errors.Is(err, ErrProposed) {
		t.Errorf("a second admin's answer: %v, want ErrProposed", err)
	}
	second := st.proposed(askedAt.Add(time.Hour), id, Proposal{Wording: mingle, Anew: true})
	st.wantLessons(anna, "question-wording:1 queued, question-wording:1#1 queued")
	for _, old := range []Said{yes(first), {Consent: "Ja"}} {
		if err := st.Approve(st.ctx, askedAt, st.about(anna, "question-wording:1"), old); !errors.Is(err, ErrReworded) {
			t.Errorf("her yes to %q: %v, want ErrReworded", old.Proposal, err)
		}
	}
	if got := st.published(); len(got) != 0 {
		t.Errorf("published: %v", got)
	}
	for _, changed := range []func(*Question){
		func(q *Question) { q.Title += "!" }, func(q *Question) { q.Signature += "!" }, func(q *Question) { q.Wording += "!" },
	} {
		other := second
		if changed(&other); other.Proposal() == second.Proposal() {
			t.Errorf("%+v has the same proposal", other)
		}
	}
	st.must(st.Approve(st.ctx, askedAt, st.about(anna, "question-wording:1"), yes(second)))
}

func TestAProposalLapsesAfterThirtyDays(t *testing.T) {
	st := begin(t)
	id := st.asked(askedAt, st.whoReads(anna), mingle)
	q := st.proposed(askedAt, id, Proposal{})
	token := st.about(anna, "question-wording:1")
	late := askedAt.AddDate(0, 0, 30)
	if st.question(late.Add(-time.Second), id).Lapsed || !st.question(late, id).Lapsed {
		t.Error("it lapses at another time")
	}
	st.unchanged("a lapsed proposal", func() {
		if err := st.Approve(st.ctx, late, token, yes(q)); !errors.Is(err, ErrExpired) {
			t.Errorf("approved: %v", err)
		}
	})
	if list, err := st.Questions(st.ctx, late, false); err != nil || len(list) != 1 || !list[0].Lapsed {
		t.Errorf("the editors see %+v, %v", list, err)
	}
	st.proposed(late, id, Proposal{Anew: true})
	st.must(st.Approve(st.ctx, late.Add(time.Hour), token, yes(q)))
}

func TestAReaderHasThreeOpenQuestions(t *testing.T) {
	st := begin(t)
	reader, other := st.whoReads(anna), st.whoReads(bo)
	ask := func(now time.Time, reader int64, n int) error {
		return st.Ask(st.ctx, now, AskedQuestion{SubscriberID: reader, Text: fmt.Sprint(mingle, " Fråga ", n), Signature: coffee, Consent: "Skicka"})
	}
	for n := range 3 {
		st.must(ask(askedAt, reader, n))
	}
	st.unchanged("one question too many, and one twice", func() {
		if err := ask(askedAt, reader, 3); !errors.Is(err, ErrManyQuestions) {
			t.Errorf("a fourth: %v", err)
		}
		st.must(ask(askedAt, reader, 0))
	})
	st.must(ask(askedAt, other, 0))
	if n := st.count(`select count(*) from consents where purpose = 'question'`); n != 4 {
		t.Errorf("%d pieces of evidence for 4 questions", n)
	}

	// Whatever is no longer open makes room: declined, or lapsed.
	ids := st.lines(`select id from questions where subscriber_id = $1 order by number`, reader)
	_, err := st.Decline(st.ctx, askedAt, ids[0], "Nej.")
	st.must(err)
	st.must(ask(askedAt, reader, 4))
	if err := ask(askedAt, reader, 5); !errors.Is(err, ErrManyQuestions) {
		t.Errorf("four open: %v", err)
	}
	st.proposed(askedAt, ids[1], Proposal{})
	if err := ask(askedAt.AddDate(0, 0, 29), reader, 5); !errors.Is(err, ErrManyQuestions) {
		t.Errorf("four open, one of them proposed: %v", err)
	}
	st.must(ask(askedAt.AddDate(0, 0, 30), reader, 5))
}

// Anna presses ten times, in ten windows with a question each.
func TestQuestionsAskedAtOnceAreCounted(t *testing.T) {
	st := begin(t)
	reader := st.whoReads(anna)
	together(10, func(i int) {
		err := st.Ask(st.ctx, askedAt, AskedQuestion{SubscriberID: reader, Text: fmt.Sprint(mingle, i), Signature: coffee, Consent: "Skicka"})
		if err != nil && !errors.Is(err, ErrManyQuestions) {
			t.Errorf("question %d: %v", i, err)
		}
	})
	if n := st.count(`select count(*) from questions`); n != 3 {
		t.Errorf("%d questions, want 3", n)
	}
}

// Whom we may not write to cannot be asked for a yes.
func TestOnlyActiveReadersAskAndAreAnswered(t *testing.T) {
	st := begin(t)
	reader := st.whoReads(anna)
	id := st.asked(askedAt, reader, mingle)
	st.exec(`update subscribers set state = 'blocked' where id = $1`, reader)
	st.unchanged("a blocked reader", func() {
		if _, err := st.Propose(st.ctx, askedAt, id, Proposal{Answer: noMingle}); !errors.Is(err, ErrReaderGone) {
			t.Errorf("answered: %v", err)
		}
		for _, who := range []int64{reader, 4711} {
			if err := st.Ask(st.ctx, askedAt, AskedQuestion{SubscriberID: who, Text: mingleNow, Signature: coffee}); !errors.Is(err, ErrReaderGone) {
				t.Errorf("asked: %v", err)
			}
		}
	})
	if told, err := st.Decline(st.ctx, askedAt, id, "Nej."); told || err != nil {
		t.Errorf("declined: told %v, %v", told, err)
	}
	st.wantLessons(anna, "")

	st.signUp(askedAt, bo) // pending
	if err := st.Ask(st.ctx, askedAt, AskedQuestion{SubscriberID: st.key(bo, "confirm:1").SubscriberID, Text: mingleNow, Signature: coffee}); !errors.Is(err, ErrReaderGone) {
		t.Errorf("asked before confirming: %v", err)
	}
}

func TestTwoQuestionsOfOneTitle(t *testing.T) {
	st := begin(t)
	first := st.asked(askedAt, st.whoReads(anna), mingle)
	second := st.asked(askedAt, st.whoReads(bo), mingleNow)
	if got := st.proposed(askedAt, first, Proposal{}).Slug; got != "maste-jag-mingla" {
		t.Errorf("the first is at %s", got)
	}
	if got, want := st.proposed(askedAt, second, Proposal{}).Slug, "maste-jag-mingla-"+second; got != want {
		t.Errorf("the second is at %s, want %s", got, want)
	}
	// A new proposal of the same title keeps its address.
	if got := st.proposed(askedAt, first, Proposal{Anew: true}).Slug; got != "maste-jag-mingla" {
		t.Errorf("the first is now at %s", got)
	}
}

// Another takes the address between our look and our word.
func TestAnAddressIsTakenMeanwhile(t *testing.T) {
	st := begin(t)
	first := st.asked(askedAt, st.whoReads(anna), mingle)
	second := st.asked(askedAt, st.whoReads(bo), mingleNow)
	st.proposed(askedAt, first, Proposal{Title: "Om kaffe"})
	tx := st.db.MustBegin()
	tx.MustExec(`update questions set slug = 'om-mingel' where id = $1`, first)
	slug := make(chan string)
	go func() {
		q, err := st.Propose(st.ctx, askedAt, second, Proposal{Title: "Om mingel", Answer: noMingle})
		if err != nil {
			t.Error(err)
		}
		slug <- q.Slug
	}()
	st.until(`select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`)
	st.must(tx.Commit())
	if got, want := <-slug, "om-mingel-"+second; got != want {
		t.Errorf("it is at %s, want %s", got, want)
	}
}

// Two admins answer and one declines, Anna presses yes five times and no once, all at once.
func TestManyHandsOnOneQuestion(t *testing.T) {
	st := begin(t)
	reader := st.whoReads(anna)
	ids := []string{st.asked(askedAt, reader, mingle), st.asked(askedAt, reader, mingleNow)}
	won := make(chan string, 8)
	together(8, func(i int) {
		_, err := st.Propose(st.ctx, askedAt, ids[i%2], Proposal{Answer: noMingle, Title: "Samma titel"})
		if err == nil {
			won <- ids[i%2]
		} else if !errors.Is(err, ErrProposed) {
			t.Errorf("answering: %v", err)
		}
	})
	close(won)
	var winners []string
	for id := range won {
		winners = append(winners, id)
	}
	if len(winners) != 2 || winners[0] == winners[1] {
		t.Errorf("answered: %v, want each once", winners)
	}
	q := st.question(askedAt, ids[0])
	number := st.count(`select number from questions where id = $1`, ids[0])
	token := st.about(anna, fmt.Sprint("question-wording:", number))
	together(6, func(i int) {
		if err := st.Approve(st.ctx, askedAt, token, yes(q)); err != nil {
			t.Errorf("approving: %v", err)
		}
	})
	if n := st.count(`select count(*) from deliveries where letter like 'question-answered:%'`); n != 1 {
		t.Errorf("%d letters that it is answered, want one", n)
	}
	if n := st.count(`select count(*) from consents where purpose = 'question' and event = 'confirmed'`); n != 1 {
		t.Errorf("%d times evidence of her yes, want one", n)
	}
	together(6, func(i int) {
		if i%2 == 0 {
			st.must(st.TakeBack(st.ctx, askedAt, token, Said{Consent: "Nej"}))
		} else if err := st.Approve(st.ctx, askedAt, token, yes(q)); err != nil && !errors.Is(err, ErrExpired) {
			t.Errorf("approving: %v", err)
		}
	})
	if got := st.question(askedAt, ids[0]).State; got != "withdrawn" {
		t.Errorf("it is %s, want withdrawn", got)
	}
}

// Scanners open every link: reading changes nothing. Another letter's token, or
// another kind of token, opens nothing.
func TestAQuestionsLinkIsItsOwn(t *testing.T) {
	st := begin(t)
	id := st.asked(askedAt, st.whoReads(anna), mingle)
	q := st.proposed(askedAt, id, Proposal{})
	wording := st.key(anna, "question-wording:1")
	st.unchanged("looking at links", func() {
		_, err := st.QuestionLink(st.ctx, askedAt, st.QuestionToken(wording))
		st.must(err)
		for what, token := range map[string]string{
			"a confirm letter's":  st.QuestionToken(st.key(anna, "confirm:1")),
			"a confirm token":     st.ConfirmToken(wording),
			"an unsubscribing":    st.UnsubscribeToken(wording),
			"nobody's":            st.QuestionToken(DeliveryKey{SubscriberID: wording.SubscriberID, ID: 1}),
			"somebody else's":     st.QuestionToken(DeliveryKey{SubscriberID: 1, ID: wording.ID}),
			"a damaged":           st.QuestionToken(wording)[1:],
			"an empty, or no one": "",
		} {
			_, read := st.QuestionLink(st.ctx, askedAt, token)
			if approve, back := st.Approve(st.ctx, askedAt, token, yes(q)), st.TakeBack(st.ctx, askedAt, token, Said{}); !errors.Is(read, ErrToken) || !errors.Is(approve, ErrToken) || !errors.Is(back, ErrToken) {
				t.Errorf("%s token: %v, %v, %v, want ErrToken", what, read, approve, back)
			}
		}
	})
}

// Her yes to a wording is not a yes to the sign-up that waits in her inbox.
func TestApprovingLeavesAConfirmLinkOpen(t *testing.T) {
	st := begin(t)
	id := st.asked(askedAt, st.whoReads(anna), mingle)
	q := st.proposed(askedAt, id, Proposal{})
	st.signUp(askedAt, anna)
	later := askedAt.Add(time.Hour)
	st.must(st.Approve(st.ctx, later, st.about(anna, "question-wording:1"), yes(q)))
	st.wantInvitation(later, st.link(anna, "confirm:2"), InvitationOpen)
}

// Letters about questions go before a queue of lessons, and yet are treated as
// lessons are: only to active readers, and once more after a silence.
func TestLettersAboutQuestionsDoNotWait(t *testing.T) {
	st := begin(t)
	reader := st.whoReads(anna)
	id := st.asked(askedAt, reader, mingle)
	st.crowd(askedAt, 20)
	st.proposed(askedAt.Add(time.Minute), id, Proposal{})
	now := askedAt.Add(2 * time.Minute)
	if next, err := st.NextMoment(st.ctx, Quarantine); err != nil || !next.Equal(askedAt) {
		t.Errorf("next is %s, %v", next, err)
	}
	first, err := st.Claim(st.ctx, now, st.worker, Scope{}, 1)
	st.must(err)
	if len(first) != 1 || first[0].Letter != "question-wording:1" {
		t.Fatalf("claimed first: %+v", first)
	}
	attempt := st.mark(now, first[0])
	st.ended(now, first[0], attempt, Ending{Stage: AtDot, Reply: "no reply"})
	st.quarantined(now.Add(Quarantine))
	st.wantLessons(anna, "question-wording:1 queued")

	again, err := st.Claim(st.ctx, now.Add(Quarantine), st.worker, Scope{SubscriberID: reader}, 1)
	st.must(err)
	st.exec(`update subscribers set state = 'blocked' where id = $1`, reader)
	if _, err := st.tryMark(now.Add(Quarantine), again[0], []byte("bytes")); err == nil {
		t.Error("marked for a blocked reader")
	}
}

// A queue of nothing but a question's letter is waited for.
func TestAQuestionsLetterIsNext(t *testing.T) {
	st := begin(t)
	st.proposed(askedAt, st.asked(askedAt, st.whoReads(anna), mingle), Proposal{})
	if next, err := st.NextMoment(st.ctx, Quarantine); err != nil || !next.Equal(askedAt) {
		t.Errorf("next is %s, %v, want the letter's moment", next, err)
	}
}

func TestQuestionsStandInTheDossier(t *testing.T) {
	st := begin(t)
	reader := st.whoReads(anna)
	st.asked(askedAt, reader, mingle)
	st.proposed(askedAt, st.asked(askedAt, reader, mingleNow), Proposal{})
	d, err := st.Dossier(st.ctx, anna)
	st.must(err)
	if len(d.Questions) != 2 || d.Questions[0].Text != mingle || d.Questions[1].Answer != noMingle {
		t.Errorf("the dossier has %+v", d.Questions)
	}
}
