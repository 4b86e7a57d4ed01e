package course

import (
	"errors"
	"fmt"
	"testing"
)

func (st *story) tested(week int, to string) Scope {
	st.Helper()
	scope, err := st.PlanTest(st.ctx, at("2026-11-03 08:00"), "", week, to)
	st.must(err)
	st.check()
	return scope
}

func TestATestLetterIsInNoCount(t *testing.T) {
	st := begin(t)
	before, err := st.Status(st.ctx, at("2026-11-03 08:00"))
	st.must(err)
	scope := st.tested(3, "red@exempel.se")
	st.tested(3, " RED@exempel.se")
	after, err := st.Status(st.ctx, at("2026-11-03 08:00"))
	st.must(err)
	before.Workers, after.Workers = nil, nil
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("two tests changed the status from %+v to %+v", before, after)
	}
	p, _ := st.Show(st.ctx, "red@exempel.se")
	if p.Kind != "staff" || p.State != "active" || len(p.Deliveries) != 2 || p.Deliveries[1].Copy != 1 {
		t.Errorf("the tester is %+v, want staff with two letters", p)
	}

	got, err := st.Claim(st.ctx, at("2026-11-03 08:00"), st.worker, scope, 10)
	st.must(err)
	if len(got) != 2 || got[0].Letter != "test:lesson:natverk/brev3" || got[0].Email != "red@exempel.se" {
		t.Fatalf("claimed %v, want the two tests", got)
	}
	for _, c := range got {
		st.ended(at("2026-11-03 08:00"), c, st.mark(at("2026-11-03 08:00"), c), accepted)
	}
}

func TestATestToAReaderLeavesThemAsTheyAre(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-03 08:00"), anna)
	st.signUp(at("2026-11-03 08:00"), bo)
	st.imported(at("2026-11-03 08:00"), withConsent, cilla)
	for _, email := range []string{anna, bo, cilla} {
		st.tested(3, email)
	}
	st.deliver(at("2026-11-03 08:00"))
	st.wantPlace(anna, "2 active, next Tue 2026-11-10 08:00")
	for _, email := range []string{anna, cilla} {
		if p, _ := st.Show(st.ctx, email); p.Kind != "reader" {
			t.Errorf("%s is %s", email, p.Kind)
		}
	}
	if p, _ := st.Show(st.ctx, bo); p.Kind != "reader" || p.State != "pending" {
		t.Errorf("bo, who has not confirmed, is %s, %s", p.Kind, p.State)
	}
	st.planned(at("2026-11-10 08:00"))
	st.wantLessons(anna, "brev1 accepted, test:lesson:natverk/brev3 accepted, brev2 accepted, brev3 queued")
}

func TestStaffMayBecomeReaders(t *testing.T) {
	st := begin(t)
	st.tested(1, anna)
	st.joined(at("2026-11-03 09:00"), anna)
	if p, _ := st.Show(st.ctx, anna); p.Kind != "reader" {
		t.Errorf("anna is %s, want a reader", p.Kind)
	}
	st.wantPlace(anna, "1 active, next Tue 2026-11-10 08:00")
}

func TestATestIsRefused(t *testing.T) {
	st := begin(t)
	st.joined(at("2026-11-03 08:00"), anna)
	st.must(st.UnsubscribeAddress(st.ctx, at("2026-11-03 08:00"), anna))
	for _, c := range []struct {
		course string
		week   int
		to     string
		want   error
	}{
		{"", 1, anna, ErrSuppressed},
		{"", 1, "nonsens", ErrAddress},
		{"", 9, bo, ErrNoWeek},
		{"okand", 1, bo, ErrNoCourse},
	} {
		st.unchanged("a refused test", func() {
			if _, err := st.PlanTest(st.ctx, at("2026-11-03 08:00"), c.course, c.week, c.to); !errors.Is(err, c.want) {
				t.Errorf("%+v: %v, want %v", c, err, c.want)
			}
		})
	}
}
