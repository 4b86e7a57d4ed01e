package course

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestAnnaTakesTheWholeCourseOverTheChangeToWinterTime(t *testing.T) {
	st := begin(t)
	st.joined(at("2026-10-01 07:30"), anna) // a Thursday
	st.deliver(at("2026-10-01 07:30"))
	for week := 2; week <= 8; week++ {
		tuesday := at("2026-10-06 08:00").In(stockholm).AddDate(0, 0, 7*(week-2))
		st.wantPlace(anna, fmt.Sprintf("%d active, next %s", week-1, local(tuesday)))
		if n := st.planned(tuesday.Add(-time.Second)); n != 0 {
			t.Fatalf("week %d: planned before its time", week)
		}
		if n := st.planned(tuesday); n != 1 {
			t.Fatalf("week %d: %d planned at %s, want one", week, n, local(tuesday))
		}
		if n := st.planned(tuesday); n != 0 {
			t.Fatalf("week %d: planned twice", week)
		}
		if n := st.deliver(tuesday); n != 1 {
			t.Fatalf("week %d: %d letters, want one", week, n)
		}
	}
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 accepted, brev4 accepted, brev5 accepted, brev6 accepted, brev7 accepted, brev8 accepted")
	st.planned(at("2026-11-17 08:01"))
	st.wantPlace(anna, "8 finished")
	p, _ := st.Show(st.ctx, anna)
	if end := p.Enrolments[0].EndedAt; end == nil || !end.Equal(at("2026-11-17 08:01")) {
		t.Errorf("finished at %v", end)
	}
	if n := st.planned(at("2027-11-17 08:00")); n != 0 {
		t.Errorf("%d planned for who has finished", n)
	}
}

func TestAnnaAndBoAreInDifferentWeeks(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-10-27 08:00"), anna)
	st.joined(at("2026-10-29 07:30"), bo)
	st.deliver(at("2026-10-29 07:30"))

	if n := st.planned(at("2026-11-03 07:59")); n != 0 {
		t.Errorf("%d planned at 07:59, want none", n)
	}
	if n := st.planned(at("2026-11-03 08:00")); n != 2 {
		t.Errorf("%d planned at 08:00, want both", n)
	}
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 queued")
	st.wantLessons(bo, "brev1 accepted, brev2 queued")
	due := st.lines(`select to_char(due_at at time zone 'Europe/Stockholm', 'Dy HH24:MI') from deliveries where state = 'queued'`)
	if fmt.Sprint(due) != "[Tue 08:00 Tue 08:00]" {
		t.Errorf("due %v, want Tuesday at eight", due)
	}
}

// The next lesson waits until the one before is settled, whatever it waits for.
func TestAnUnsettledLessonHoldsTheNext(t *testing.T) {
	st := begin(t)
	tuesday, next := at("2026-11-03 08:00"), at("2026-11-10 08:00")
	states := []string{"queued", "claimed", "sending", "deferred", "uncertain", "parked", "accepted", "rejected", "cancelled"}
	for _, state := range states {
		st.reached(1, at("2026-10-27 08:00"), state+"@exempel.se")
	}
	st.planned(tuesday)
	for _, c := range st.claimAll(tuesday) {
		state := c.Email[:len(c.Email)-len("@exempel.se")]
		switch state {
		case "queued":
			st.must(st.Release(st.ctx, c, tuesday))
		case "parked":
			st.must(st.Park(st.ctx, c, "a broken template"))
		case "cancelled": // as an admin does
			st.exec(`update deliveries set state = 'cancelled', settled_at = $1, reason = 'admin' where id = $2`, tuesday, c.ID)
		case "claimed":
		default:
			attempt := st.mark(tuesday, c)
			endings := map[string]Ending{"accepted": accepted, "deferred": {Stage: AtRcpt, Code: 451}, "rejected": {Stage: AtRcpt, Code: 550}, "uncertain": {Stage: AtDot}}
			if e, ok := endings[state]; ok {
				st.ended(tuesday, c, attempt, e)
			}
		}
	}
	for _, state := range states {
		st.wantLessons(state+"@exempel.se", "brev1 accepted, brev2 "+state)
	}

	if n := st.planned(next); n != 3 {
		t.Errorf("%d planned a week later, want the three settled", n)
	}
	for _, state := range states {
		want := "brev1 accepted, brev2 " + state
		if state == "accepted" || state == "rejected" || state == "cancelled" {
			want += ", brev3 queued"
		}
		st.wantLessons(state+"@exempel.se", want)
	}
}

func TestALateLessonMovesTheNextToAWindowFiveDaysOn(t *testing.T) {
	st := begin(t)
	st.reached(1, at("2026-10-27 08:00"), anna, bo, cilla)
	st.planned(at("2026-11-03 08:00"))
	accepts := map[string]time.Time{anna: at("2026-11-05 08:00"), bo: at("2026-11-05 08:01"), cilla: at("2026-11-12 12:00")}
	for _, c := range st.claimAll(at("2026-11-03 08:00")) {
		st.ended(accepts[c.Email], c, st.mark(at("2026-11-03 08:00"), c), accepted)
	}
	st.planned(at("2026-11-10 08:00"))
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 queued")
	st.wantLessons(bo, "brev1 accepted, brev2 accepted")
	st.wantPlace(bo, "2 active, next Tue 2026-11-17 08:00")
	st.planned(at("2026-11-17 08:00"))
	st.wantLessons(bo, "brev1 accepted, brev2 accepted, brev3 queued")
	st.wantPlace(cilla, "2 active, next Tue 2026-11-24 08:00") // held on the 10th, five days short on the 17th
}

// The five days count from the lesson, however late the planner looks.
func TestALatePlannerDoesNotLoseAWindow(t *testing.T) {
	st := begin(t)
	st.reached(1, at("2026-10-27 08:00"), anna)
	st.planned(at("2026-11-03 08:00"))
	st.deliver(at("2026-11-08 12:00"))
	st.planned(at("2026-11-12 09:00"))
	st.wantLessons(anna, "brev1 accepted, brev2 accepted")
	st.wantPlace(anna, "2 active, next Tue 2026-11-17 08:00")
}

func TestAfterAnOutageOfThreeWeeksOneLessonAndThenTheWindow(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-03 08:00"), anna)
	back := at("2026-11-26 14:20") // a Thursday
	for range 3 {
		st.planned(back)
		st.deliver(back)
	}
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 accepted")
	st.wantPlace(anna, "3 active, next Tue 2026-12-08 08:00")
	st.planned(at("2026-12-01 08:00")) // four days and some
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 accepted")
	st.planned(at("2026-12-08 08:00"))
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 accepted, brev4 queued")
}

func TestALongOutageWhileALessonWaitedBringsItAloneToo(t *testing.T) {
	st := begin(t)
	st.reached(1, at("2026-11-03 08:00"), anna)
	st.planned(at("2026-11-10 08:00")) // and then the machines stop
	back := at("2026-12-01 09:00")
	for range 3 {
		st.planned(back)
		st.deliver(back)
	}
	st.wantLessons(anna, "brev1 accepted, brev2 accepted")
	st.wantPlace(anna, "2 active, next Tue 2026-12-08 08:00")
}

func TestWhoIsNotActiveIsNotPlanned(t *testing.T) {
	st := begin(t)
	st.reached(1, at("2026-11-03 08:00"), anna, bo, cilla)
	st.exec(`update subscribers set state = 'blocked' where email = $1`, anna)
	st.exec(`update enrolments set state = 'paused' where subscriber_id = (select id from subscribers where email = $1)`, bo)
	st.must(st.UnsubscribeAddress(st.ctx, at("2026-11-04 08:00"), cilla))
	st.unchanged("planning", func() {
		if n := st.planned(at("2026-11-10 08:00")); n != 0 {
			t.Errorf("%d planned, want none", n)
		}
	})
}

func TestTheEighthIsSettledBeforeTheCourseIsFinished(t *testing.T) {
	st := begin(t)
	st.reached(7, at("2026-11-17 08:00"), anna, bo)
	last := at("2026-11-24 08:00")
	st.planned(last)
	for _, c := range st.claimAll(last) {
		end := Ending{Stage: AtRcpt, Code: 451}
		if c.Email == bo {
			end = Ending{Stage: AtRcpt, Code: 550}
		}
		st.ended(last, c, st.mark(last, c), end)
	}
	st.planned(last.Add(time.Minute))
	st.wantPlace(anna, "8 active")
	st.wantPlace(bo, "8 finished") // a rejection settles it too
	st.deliver(last.Add(time.Hour))
	st.planned(last.Add(2 * time.Hour))
	st.wantPlace(anna, "8 finished")
}

func TestALessonSentOutOfTurnIsPassedOver(t *testing.T) {
	st := begin(t)
	st.reached(1, at("2026-11-03 08:00"), anna)
	st.sent(at("2026-11-09 12:00"), SendRequest{Week: 3, All: true})
	st.deliver(at("2026-11-09 12:00"))
	st.wantPlace(anna, "1 active, next Tue 2026-11-17 08:00")
	for _, tuesday := range []string{"2026-11-17 08:00", "2026-11-24 08:00"} {
		st.planned(at(tuesday))
		st.deliver(at(tuesday))
	}
	st.wantLessons(anna, "brev1 accepted, brev3 accepted, brev2 accepted, brev4 accepted")
	st.wantPlace(anna, "4 active, next Tue 2026-12-01 08:00")
}

func TestTheLastLessonSentOutOfTurnEndsTheCourseEarlier(t *testing.T) {
	st := begin(t)
	st.reached(7, at("2026-11-03 08:00"), anna)
	st.sent(at("2026-11-09 12:00"), SendRequest{Week: 8, All: true})
	st.deliver(at("2026-11-09 12:00"))
	st.planned(at("2026-11-17 08:00"))
	st.wantPlace(anna, "8 finished")
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 accepted, brev4 accepted, brev5 accepted, brev6 accepted, brev7 accepted, brev8 accepted")
}

func TestManyPlannersPlanManyReadersOnce(t *testing.T) {
	st := begin(t)
	start := at("2026-11-03 08:00")
	const readers = 2300 // more than two pages
	st.crowd(start, readers)
	st.exec(`update deliveries set state = 'accepted', attempt = 1, marked_at = $1, settled_at = $1, ready_at = null`, start)
	st.exec(`insert into attempts select subscriber_id, id, 1, 1, 'r', $1, $1, 'accepted', 'dot', 250, '', '' from deliveries`, start)

	moved := make([]int, 6)
	errs := make([]error, 6)
	together(6, func(i int) { moved[i], errs[i] = st.PlanDue(st.ctx, at("2026-11-10 08:00")) })
	st.must(errors.Join(errs...))
	sum := 0
	for _, n := range moved {
		sum += n
	}
	if rest := st.planned(at("2026-11-10 08:00")); sum+rest != readers {
		t.Errorf("planners moved %v and then %d, want %d in all", moved, rest, readers)
	}
	if n := st.count(`select count(*) from deliveries where letter = 'lesson:natverk/brev2'`); n != readers {
		t.Errorf("%d lessons of week 2, want %d", n, readers)
	}
}

func TestOnePlannerTakesPageAfterPage(t *testing.T) {
	st := begin(t)
	const readers = 2300
	st.crowd(at("2026-11-03 08:00"), readers)
	st.exec(`update deliveries set state = 'cancelled', settled_at = $1, ready_at = null`, at("2026-11-03 08:00"))
	if n := st.planned(at("2026-11-10 08:00")); n != readers {
		t.Errorf("%d planned, want all %d", n, readers)
	}
}

// Signing up anew plans what is due, too, and must wait for the same.
func TestSigningUpAnewDoesNotOvertakeALessonUnderWay(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-03 08:00"), anna)
	st.planned(at("2026-11-10 08:00")) // and no worker takes it
	now := at("2026-11-24 08:00")
	st.signUp(now, anna)
	st.confirmed(now, anna, "natverk")
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 queued")
}

// An admin's transaction holds Anna's enrolment: the others do not wait for it.
func TestThePlannerPassesByWhatIsLocked(t *testing.T) {
	st := begin(t)
	st.reached(1, at("2026-11-03 08:00"), anna, bo)
	tx := st.db.MustBegin()
	defer tx.Rollback()
	tx.MustExec(`select from enrolments where subscriber_id = (select id from subscribers where email = $1) for update`, anna)
	ctx, cancel := context.WithTimeout(st.ctx, 10*time.Second)
	defer cancel()
	if n, err := st.PlanDue(ctx, at("2026-11-10 08:00")); n != 1 || err != nil {
		t.Errorf("%d planned, %v, want bo's", n, err)
	}
	st.wantLessons(bo, "brev1 accepted, brev2 queued")
}

func TestACourseAtAPaceGoesOnWithoutACalendar(t *testing.T) {
	quick := natverk
	quick.Rhythm.Pace = 10 * time.Second
	st := begin(t, quick)
	now := at("2026-11-05 03:00")
	st.joined(now, anna)
	for range 8 {
		st.planned(now.Add(-time.Second))
		st.planned(now)
		st.deliver(now)
		now = now.Add(10 * time.Second)
	}
	st.planned(now)
	st.wantLessons(anna, "brev1 accepted, brev2 accepted, brev3 accepted, brev4 accepted, brev5 accepted, brev6 accepted, brev7 accepted, brev8 accepted")
	st.wantPlace(anna, "8 finished")
}
