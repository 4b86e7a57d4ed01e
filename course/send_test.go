package course

import (
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"
)

func (st *story) wantSurvey(what string, got, want Survey) {
	st.Helper()
	if want.DaysSince == nil {
		want.DaysSince = map[int]int{}
	}
	if !maps.Equal(got.DaysSince, want.DaysSince) || fmt.Sprint(got) != fmt.Sprint(want) {
		st.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

func named(name string) string { return name + "@exempel.se" }

// everyKind brings together one reader of every kind that `course send --week 3`
// can meet on Thursday 12 November at noon.
func everyKind(t *testing.T) (*story, time.Time) {
	st := begin(t)
	st.reached(2, at("2026-11-10 08:00"), named("soon"))
	st.reached(3, at("2026-11-03 08:00"), named("had"))
	st.reached(2, at("2026-11-03 08:00"), named("waiting"))
	st.reached(1, at("2026-11-03 08:00"), named("unsettled"))
	st.planned(at("2026-11-10 08:00")) // waiting has week 3 queued, unsettled week 2
	st.reached(2, at("2026-11-03 08:00"), named("next"), named("paused"), named("blocked"), named("left"))
	st.reached(1, at("2026-11-03 08:00"), named("before"))
	st.signUp(at("2026-11-03 08:00"), named("pending"))
	st.exec(`update enrolments set state = 'paused' where subscriber_id = (select id from subscribers where email = $1)`, named("paused"))
	st.exec(`update subscribers set state = 'blocked' where email = $1`, named("blocked"))
	st.must(st.UnsubscribeAddress(st.ctx, at("2026-11-04 08:00"), named("left")))
	st.check()
	return st, at("2026-11-12 12:00")
}

func TestSendWeek3MeetsEveryKindOfReader(t *testing.T) {
	st, now := everyKind(t)
	want := Survey{Planned: 1, Waiting: 1, Had: 1, Suppressed: 1, Paused: 1, TooSoon: 1, NotYet: 2, DaysSince: map[int]int{9: 1}}
	var dry Survey
	st.unchanged("a dry run", func() {
		var err error
		dry, _, err = st.PlanSend(st.ctx, now, SendRequest{Week: 3}, true)
		st.must(err)
	})
	st.wantSurvey("a dry run", dry, want)
	st.wantSurvey("the send", st.sent(now, SendRequest{Week: 3}), want)

	st.wantLessons(named("next"), "brev1 accepted, brev2 accepted, brev3 queued")
	st.wantPlace(named("next"), "3 active, next Tue 2026-11-24 08:00") // the 17th is four hours short of five days
	for _, other := range []string{"soon", "paused", "blocked", "left"} {
		st.wantLessons(named(other), "brev1 accepted, brev2 accepted")
	}
	st.wantLessons(named("had"), "brev1 accepted, brev2 accepted, brev3 accepted, brev4 queued")
	st.wantLessons(named("waiting"), "brev1 accepted, brev2 accepted, brev3 queued")
	st.wantLessons(named("before"), "brev1 accepted")
	st.wantLessons(named("pending"), "")

	want.Planned, want.Waiting, want.DaysSince = 0, 2, nil
	st.unchanged("the same send again", func() {
		st.wantSurvey("again", st.sent(now, SendRequest{Week: 3}), want)
	})
}

func TestSendEarlyTakesThoseWithALessonAShortWhileAgo(t *testing.T) {
	st, now := everyKind(t)
	want := Survey{Planned: 2, Waiting: 1, Had: 1, Suppressed: 1, Paused: 1, NotYet: 2, DaysSince: map[int]int{2: 1, 9: 1}}
	st.wantSurvey("early", st.sent(now, SendRequest{Week: 3, Early: true}), want)
	st.wantLessons(named("soon"), "brev1 accepted, brev2 accepted, brev3 queued")
}

func TestSendAllTakesEveryoneActiveAndLeavesTheirPlace(t *testing.T) {
	st, now := everyKind(t)
	places := map[string]string{}
	for _, name := range []string{"next", "before"} {
		places[name] = st.place(named(name))[:1]
	}
	want := Survey{Planned: 3, Waiting: 1, Had: 1, Suppressed: 1, Paused: 1, TooSoon: 1, DaysSince: map[int]int{9: 3}}
	st.wantSurvey("all", st.sent(now, SendRequest{Week: 3, All: true}), want)
	for name, position := range places {
		st.wantPlace(named(name), position+" active, next Tue 2026-11-24 08:00")
	}
	st.wantLessons(named("before"), "brev1 accepted, brev3 queued")
	st.wantLessons(named("next"), "brev1 accepted, brev2 accepted, brev3 queued")
	if n := st.count(`select count(*) from requests where reason = 'all'`); n != 3 {
		t.Errorf("%d requests are written down, want three", n)
	}
}

func TestWhoIsPastAWeekWithoutItIsSkippedAndCounted(t *testing.T) {
	st := begin(t)
	st.reached(4, at("2026-11-03 08:00"), anna)
	changed := aCourse("natverk", "brev", 8, natverk.Rhythm)
	changed.Lessons[2].ID = "nytt" // a new third lesson
	st.must(st.Publish(st.ctx, someLetters, []Course{changed}))
	st.wantSurvey("week 3", st.sent(at("2026-11-12 12:00"), SendRequest{Week: 3}), Survey{Past: 1})
	st.wantSurvey("week 3 to all", st.sent(at("2026-11-12 12:00"), SendRequest{Week: 3, All: true}), Survey{Planned: 1, DaysSince: map[int]int{9: 1}})
	st.wantPlace(anna, "4 active, next Tue 2026-11-24 08:00")
}

func TestSendToOnePerson(t *testing.T) {
	st := begin(t)
	now := at("2026-11-12 12:00")
	st.reached(1, at("2026-11-03 08:00"), anna, bo)
	survey, scope, err := st.PlanSend(st.ctx, now, SendRequest{Week: 3, To: " Anna@Exempel.SE"}, false)
	st.must(err)
	st.wantSurvey("to anna", survey, Survey{Planned: 1, DaysSince: map[int]int{9: 1}})
	if id := st.key(anna, "brev1").SubscriberID; scope != (Scope{Letter: "lesson:natverk/brev3", SubscriberID: id}) {
		t.Errorf("the scope is %+v, want week 3 and anna", scope)
	}
	st.wantLessons(anna, "brev1 accepted, brev3 queued")
	st.wantPlace(anna, "1 active, next Tue 2026-11-24 08:00")
	st.wantLessons(bo, "brev1 accepted")

	got, err := st.Claim(st.ctx, now, st.worker, scope, 10)
	st.must(err)
	if len(got) != 1 || got[0].Email != anna || got[0].Letter != scope.Letter {
		t.Errorf("in that scope are %v, want anna's third letter", got)
	}
	tally, err := st.Tally(st.ctx, scope)
	if err != nil || !maps.Equal(tally, map[string]int{"claimed": 1}) {
		t.Errorf("the tally is %v, %v, want one claimed", tally, err)
	}
}

func TestSendToOnePersonWhatIsNextMovesThem(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-03 08:00"), anna)
	st.sent(at("2026-11-12 12:00"), SendRequest{Week: 3, To: anna})
	st.wantPlace(anna, "3 active, next Tue 2026-11-24 08:00")
	if n := st.count(`select count(*) from requests where letter like 'lesson:%'`); n != 0 {
		t.Errorf("%d requests, want none: it was her turn", n)
	}
}

func TestSendToOnePersonTooSoon(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-10 08:00"), anna)
	st.wantSurvey("too soon", st.sent(at("2026-11-12 12:00"), SendRequest{Week: 3, To: anna}), Survey{TooSoon: 1})
	st.wantSurvey("five days on", st.sent(at("2026-11-15 08:00"), SendRequest{Week: 3, To: anna}), Survey{Planned: 1, DaysSince: map[int]int{5: 1}})
}

func TestSendSaysWhyItCannot(t *testing.T) {
	st := begin(t)
	st.reached(1, at("2026-11-03 08:00"), anna)
	st.signUp(at("2026-11-03 08:00"), bo)
	st.joined(at("2026-11-03 08:00"), cilla)
	st.must(st.UnsubscribeAddress(st.ctx, at("2026-11-03 09:00"), cilla))
	for _, c := range []struct {
		r    SendRequest
		want error
	}{
		{SendRequest{Week: 0}, ErrNoWeek},
		{SendRequest{Week: 9}, ErrNoWeek},
		{SendRequest{Week: -1}, ErrNoWeek},
		{SendRequest{Course: "okand", Week: 1}, ErrNoCourse},
		{SendRequest{Course: "omtanke", Week: 3}, ErrNoWeek},
		{SendRequest{Week: 2, To: "okand@exempel.se"}, ErrUnknown},
		{SendRequest{Week: 2, To: "nonsens"}, ErrAddress},
		{SendRequest{Week: 2, To: bo}, ErrNotEnrolled},
		{SendRequest{Week: 2, To: cilla}, ErrNotEnrolled},
		{SendRequest{Course: "omtanke", Week: 2, To: anna}, ErrNotEnrolled},
	} {
		st.unchanged("a send that cannot be", func() {
			if _, _, err := st.PlanSend(st.ctx, at("2026-11-12 12:00"), c.r, false); !errors.Is(err, c.want) {
				t.Errorf("%+v: %v, want %v", c.r, err, c.want)
			}
		})
	}
}

func TestResendMakesCopies(t *testing.T) {
	st := begin(t)
	st.reached(3, at("2026-11-10 08:00"), anna)
	again := SendRequest{Week: 3, To: anna, Resend: true}
	st.wantSurvey("without resend", st.sent(at("2026-11-10 09:00"), SendRequest{Week: 3, To: anna}), Survey{Had: 1})
	st.wantSurvey("resend", st.sent(at("2026-11-10 09:00"), again), Survey{Planned: 1, DaysSince: map[int]int{0: 1}})
	st.wantSurvey("resend of what is under way", st.sent(at("2026-11-10 09:00"), again), Survey{Waiting: 1})
	st.deliver(at("2026-11-10 09:00"))
	st.sent(at("2026-11-10 10:00"), again)
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 accepted, brev3#1 accepted, brev3#2 queued")
	st.wantPlace(anna, "3 active, next Tue 2026-11-17 08:00")
}

func TestResendWithoutAPersonCopiesNothing(t *testing.T) {
	st := begin(t)
	st.reached(3, at("2026-11-10 08:00"), anna)
	st.reached(2, at("2026-11-10 08:00"), bo)
	now := at("2026-11-12 12:00")
	st.wantSurvey("resend to all", st.sent(now, SendRequest{Week: 3, All: true, Resend: true}), Survey{Had: 1, TooSoon: 1})
	st.wantSurvey("resend", st.sent(now, SendRequest{Week: 3, Resend: true}), Survey{Had: 1, TooSoon: 1})
}

func TestResendToWhoHasFinished(t *testing.T) {
	st := begin(t)
	st.reached(8, at("2026-11-10 08:00"), anna)
	st.planned(at("2026-11-10 09:00"))
	st.wantPlace(anna, "8 finished")
	st.wantSurvey("everyone", st.sent(at("2026-11-12 12:00"), SendRequest{Week: 3, All: true}), Survey{})
	st.wantSurvey("resend", st.sent(at("2026-11-12 12:00"), SendRequest{Week: 3, To: anna, Resend: true}), Survey{Planned: 1, DaysSince: map[int]int{2: 1}})
	st.deliver(at("2026-11-12 12:00"))
	st.wantPlace(anna, "8 finished")
}

// A course may grow: who has finished can be sent what was added.
func TestANinthLessonForWhoHasFinished(t *testing.T) {
	st := begin(t)
	st.reached(8, at("2026-11-03 08:00"), anna)
	st.planned(at("2026-11-03 09:00"))
	st.must(st.Publish(st.ctx, someLetters, []Course{aCourse("natverk", "brev", 9, natverk.Rhythm)}))
	st.wantSurvey("week 9", st.sent(at("2026-11-12 12:00"), SendRequest{Week: 9, To: anna}), Survey{Planned: 1, DaysSince: map[int]int{9: 1}})
	if n := st.deliver(at("2026-11-12 12:00")); n != 1 {
		t.Errorf("%d letters went out, want the one that was promised", n)
	}
}

func TestManyAdminsSendAtOnce(t *testing.T) {
	st := begin(t)
	for i := range 6 {
		st.reached(2, at("2026-11-03 08:00"), named(fmt.Sprint("p", i)))
	}
	now := at("2026-11-12 12:00")
	errs := make([]error, 20)
	together(20, func(i int) {
		r := SendRequest{Week: 3, All: i%4 == 1}
		if i%4 == 3 {
			_, errs[i] = st.PlanDue(st.ctx, now)
			return
		}
		_, _, errs[i] = st.PlanSend(st.ctx, now, r, i%4 == 2)
	})
	st.must(errors.Join(errs...))
	st.check()
	for i := range 6 {
		st.wantLessons(named(fmt.Sprint("p", i)), "brev1 accepted, brev2 accepted, brev3 queued")
	}
}

func TestSendTakesPageAfterPage(t *testing.T) {
	st := begin(t)
	st.crowd(at("2026-11-03 08:00"), 2300)
	st.exec(`update deliveries set state = 'cancelled', settled_at = $1, ready_at = null`, at("2026-11-03 08:00"))
	now := at("2026-11-12 12:00")
	want := Survey{Planned: 2300, DaysSince: map[int]int{-1: 2300}}
	dry, _, err := st.PlanSend(st.ctx, now, SendRequest{Week: 2}, true)
	st.must(err)
	st.wantSurvey("dry", dry, want)
	st.wantSurvey("for real", st.sent(now, SendRequest{Week: 2}), want)
	if n := st.count(`select count(*) from deliveries where letter = 'lesson:natverk/brev2' and state = 'queued'`); n != 2300 {
		t.Errorf("%d letters queued, want all", n)
	}
}

// Cilla leaves while an admin's send has found her and not yet locked her row.
func TestWhoLeavesWhileASendLooksIsNotSentTo(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-03 08:00"), anna, cilla)
	now := at("2026-11-12 12:00")
	tx := st.db.MustBegin()
	tx.MustExec(`update enrolments set state = 'left', ended_at = $1 where subscriber_id = (select id from subscribers where email = $2)`, now, cilla)
	done := make(chan error)
	go func() {
		_, _, err := st.PlanSend(st.ctx, now, SendRequest{Week: 3}, false)
		done <- err
	}()
	st.until(`select count(*) > 0 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
	st.must(tx.Commit())
	st.must(<-done)
	st.check()
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 queued")
	st.wantLessons(cilla, "brev1 accepted, brev2 accepted")
}
