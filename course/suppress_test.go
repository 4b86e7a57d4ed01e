package course

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestARefusalAtRcptIsABounce(t *testing.T) {
	for _, c := range []struct {
		ending     Ending
		judged     string
		suppressed string
	}{
		{Ending{Stage: AtRcpt, Code: 550, Enhanced: "5.1.1", Reply: "550 5.1.1 no such user"}, "hard", "bounce"},
		{Ending{Stage: AtRcpt, Code: 550, Enhanced: "5.2.1", Reply: "550 5.2.1 disabled"}, "hard", "bounce"},
		{Ending{Stage: AtRcpt, Code: 552, Enhanced: "5.2.2", Reply: "552 5.2.2 full"}, "soft", ""},
		{Ending{Stage: AtRcpt, Code: 550, Reply: "550 no"}, "soft", ""},
		{Ending{Stage: AtData, Code: 550, Enhanced: "5.1.1", Reply: "550 5.1.1 no such user"}, "", ""},
		{Ending{Stage: AtDot, Code: 550, Enhanced: "5.1.1", Reply: "550 5.1.1 no such user"}, "", ""},
		{Ending{Stage: AtRcpt, Code: 450, Enhanced: "4.2.1", Reply: "450 4.2.1 busy"}, "", ""},
	} {
		t.Run(fmt.Sprint(c.ending.Stage, c.ending.Reply), func(t *testing.T) {
			st, now := ready(t)
			lesson := st.claimOne(now)
			attempt := 0
			if c.ending.Stage == AtDot {
				attempt = st.mark(now, lesson)
			}
			for range 2 { // the answer may be lost
				st.ended(now, lesson, attempt, c.ending)
			}
			judged := ""
			if rows := st.lines(`select judged || ' ' || diagnostic from returns`); len(rows) > 0 {
				judged = rows[0]
			}
			want := c.judged
			if want != "" {
				want += " " + c.ending.Reply
			}
			if judged != want || st.suppressed(anna) != c.suppressed {
				t.Errorf("judged %q, suppressed %q, want %q, %q", judged, st.suppressed(anna), want, c.suppressed)
			}
		})
	}
}

func TestARefusalThatDoesNotStandIsNoBounce(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	st.must(st.Release(st.ctx, c, now))
	st.ended(now, c, 0, Ending{Stage: AtRcpt, Code: 550, Enhanced: "5.1.1", Reply: "550 5.1.1 no such user"})
	st.wantLessons(anna, "brev1 queued")
	if got := st.suppressed(anna); got != "" {
		t.Errorf("suppressed %q", got)
	}
}

func TestFiveWeeksOfAFullMailbox(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, bo)
	for week := range 5 {
		if got := st.suppressed(bo); got != "" {
			t.Fatalf("suppressed %q after %d weeks", got, week)
		}
		now = at("2026-11-03 08:00").In(stockholm).AddDate(0, 0, 7*week)
		st.planned(now)
		st.ended(now, st.claimOne(now), 0, Ending{Stage: AtRcpt, Code: 552, Enhanced: "5.2.2", Reply: "552 5.2.2 full"})
	}
	if got := st.suppressed(bo); got != "bounce" {
		t.Errorf("suppressed %q after five weeks", got)
	}
}

func TestWhatWasRefusedItsMarkEnds(t *testing.T) {
	for state, want := range map[string]string{
		"blocked": "brev1 cancelled suppressed",
		"active":  "brev1 queued -",
	} {
		t.Run(state, func(t *testing.T) {
			st, now := ready(t)
			c := st.claimOne(now)
			st.exec(`update subscribers set state = 'blocked'`)
			if _, err := st.tryMark(now, c, []byte("sum")); !errors.Is(err, ErrFenced) {
				t.Fatalf("the mark gave %v, want ErrFenced", err)
			}
			st.exec(`update subscribers set state = $1`, state)
			for range 2 {
				st.must(st.Forgo(st.ctx, now, c))
			}
			st.check()
			got := st.lines(`select split_part(letter, '/', 2) || ' ' || state || ' ' || coalesce(reason, '-') from deliveries where rank = 1`)
			if !slices.Equal(got, []string{want}) {
				t.Errorf("got %v, want %s", got, want)
			}
		})
	}
}

func TestABlockedReaderKeepsNobodyAwake(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	st.reached(1, now.AddDate(0, 0, 1), bo)
	st.returned(now, noMailbox, st.key(anna, "brev1"))
	now = at("2026-11-12 08:00")
	st.planned(now)
	st.deliver(now)
	next, err := st.NextMoment(st.ctx, Quarantine)
	st.must(err)
	if !next.After(now) {
		t.Errorf("the next moment is %s, want one to come", local(next))
	}
	status, err := st.Status(st.ctx, now)
	st.must(err)
	if !status.NextDueAt.Equal(next) || status.Suppressed["bounce"] != 1 {
		t.Errorf("status says %s, suppressed %v", local(*status.NextDueAt), status.Suppressed)
	}
}

func TestSuppressingWhilePlanning(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	var readers []string
	for n := range 20 {
		readers = append(readers, fmt.Sprintf("p%d@exempel.se", n))
	}
	st.reached(1, now, readers...)
	now = at("2026-11-10 08:00")
	together(len(readers)+2, func(i int) {
		if i < len(readers) {
			st.returned(now, noMailbox, st.key(readers[i], "brev1"))
		} else if _, err := st.PlanDue(st.ctx, now); err != nil {
			t.Error(err)
		}
	})
	st.check()
	if left := st.claimAll(now); len(left) != 0 {
		t.Errorf("%d letters are still to be sent", len(left))
	}
}
