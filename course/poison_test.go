package course

import (
	"testing"
	"time"
)

// killed lets the story's worker die by lease, and has another begin.
func (st *story) killed() {
	st.Helper()
	st.die(st.worker)
	var err error
	st.worker, err = st.Join(st.ctx, "the next")
	st.must(err)
}

// Something about Bo's letter kills each worker that takes it up. The second
// death casts suspicion on all that were claimed; from then on each of them goes
// alone, so the others arrive, and Bo's waits for a human.
func TestRow27APoisonedLetterStopsNoOther(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo, cilla)
	for range 2 {
		if n := len(st.claimAll(now)); n != 3 {
			t.Fatalf("%d letters claimed together, want 3", n)
		}
		st.killed()
	}
	if n := len(st.claimAll(now)); n != 0 {
		t.Errorf("%d letters are claimed together after two deaths, want each alone", n)
	}
	deaths := 0
	for range 10 {
		alone, err := st.ClaimSuspect(st.ctx, now, st.worker, Scope{})
		st.must(err)
		if len(alone) == 0 {
			break
		}
		if len(alone) > 1 {
			t.Fatalf("%d suspects claimed at a time", len(alone))
		}
		if alone[0].Email == bo {
			st.killed()
			deaths++
			continue
		}
		st.ended(now, alone[0], st.mark(now, alone[0]), accepted)
	}
	if deaths != 3 {
		t.Errorf("Bo's letter killed %d more workers, want 3", deaths)
	}
	st.wantRow(st.key(anna, "brev1"), "accepted claim 3 attempt 1 free settled 11-03 08:00 250 OK Q1")
	st.wantRow(st.key(cilla, "brev1"), "accepted claim 3 attempt 1 free settled 11-03 08:00 250 OK Q1")
	st.wantRow(st.key(bo, "brev1"), "parked claim 5 attempt 0 free each worker that took it up died")

	// An admin who lets it go again does not let it loose on the others.
	_, _, err := st.Retry(st.ctx, now, st.key(bo, "brev1").handle())
	st.must(err)
	if n := len(st.claimAll(now)); n != 0 {
		t.Error("after a retry it is claimed among others")
	}
	st.suspect(now, bo)
}

// suspect claims alone what must be this person's letter.
func (st *story) suspect(now time.Time, email string) Claimed {
	st.Helper()
	alone, err := st.ClaimSuspect(st.ctx, now, st.worker, Scope{})
	st.must(err)
	if len(alone) != 1 || alone[0].Email != email {
		st.Fatalf("claimed alone: %+v, want the letter to %s", alone, email)
	}
	return alone[0]
}

// What passes its mark was not what killed its workers; nor is a worker that
// signs off a dead one.
func TestSuspicionEndsAtTheMark(t *testing.T) {
	st, now := ready(t)
	for range 4 {
		st.claimOne(now)
		st.must(st.Leave(st.ctx, now, st.worker))
		var err error
		st.worker, err = st.Join(st.ctx, "the next")
		st.must(err)
	}
	for range 2 {
		st.claimOne(now)
		st.killed()
	}
	c := st.suspect(now, anna)
	st.ended(now, c, st.mark(now, c), Ending{Stage: AtDot, Code: 451, Reply: "451 later"})
	now = now.Add(15 * time.Minute)
	for range 2 {
		st.claimOne(now)
		st.killed()
	}
	st.suspect(now, anna)
}
