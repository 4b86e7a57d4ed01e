package course

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

const lease = 30 * time.Second

// die silences a worker for an hour and lets the others find out.
func (st *story) die(worker int64) {
	st.Helper()
	st.exec(`update workers set heartbeat_at = now() - interval '1 hour' where id = $1`, worker)
	if n, err := st.Recover(st.ctx, at("2026-11-03 08:00"), lease); n != 1 || err != nil {
		st.Fatalf("%d workers were found gone, %v, want the one", n, err)
	}
	st.check()
}

func TestADeadWorkersLettersAreTakenOver(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo, cilla)
	alive, err := st.Join(st.ctx, "alive")
	st.must(err)
	one, err := st.Claim(st.ctx, now, alive, Scope{SubscriberID: st.key(cilla, "brev1").SubscriberID}, 1)
	st.must(err)
	for _, c := range st.claimAll(now) {
		if c.Email == bo {
			st.mark(now, c)
		}
	}

	st.die(st.worker)
	st.wantRow(st.key(anna, "brev1"), "queued claim 1 attempt 0 free ready 11-03 08:00")
	st.wantRow(st.key(bo, "brev1"), "uncertain claim 1 attempt 1 held the worker was lost before it heard the reply")
	st.wantRow(st.key(cilla, "brev1"), "claimed claim 1 attempt 0 held")
	if got := st.attempts(); len(got) != 1 || got[0][:len("1 uncertain dot 0 ")] != "1 uncertain dot 0 " {
		t.Errorf("attempts %v, want bo's uncertain one", got)
	}
	if n, err := st.Recover(st.ctx, at("2026-11-03 08:00"), lease); n != 0 || err != nil {
		t.Errorf("%d more workers gone, %v", n, err)
	}
	if err := st.Beat(st.ctx, st.worker, ""); !errors.Is(err, ErrDeclaredGone) {
		t.Errorf("the dead worker beats: %v, want ErrDeclaredGone", err)
	}
	if err := st.Beat(st.ctx, alive, ""); err != nil {
		t.Errorf("the living one: %v", err)
	}
	if _, err := st.tryMark(now, one[0], nil); err != nil {
		t.Errorf("the living one marks: %v", err)
	}
}

func TestAHeartbeatKeepsAWorkerAlive(t *testing.T) {
	st := begin(t)
	st.exec(`update workers set heartbeat_at = now() - interval '1 hour'`)
	st.must(st.Beat(st.ctx, st.worker, ""))
	if n, err := st.Recover(st.ctx, at("2026-11-03 08:00"), lease); n != 0 || err != nil {
		t.Errorf("%d workers gone, %v, want none", n, err)
	}
	if err := st.Beat(st.ctx, 12345, ""); !errors.Is(err, ErrDeclaredGone) {
		t.Errorf("nobody beats: %v, want ErrDeclaredGone", err)
	}
}

// Row 13 of the faults: stopped for longer than its lease, a worker wakes up
// and goes on. What it claimed then nobody would ever take over.
func TestAWorkerTakenForDeadIsGivenNothing(t *testing.T) {
	st, now := ready(t)
	st.die(st.worker)
	if got := st.claimAll(now); len(got) != 0 {
		t.Errorf("it claimed %v", got)
	}
	other, err := st.Join(st.ctx, "another")
	st.must(err)
	if got, err := st.Claim(st.ctx, now, other, Scope{}, 10); err != nil || len(got) != 1 {
		t.Errorf("another claimed %v, %v, want the letter", got, err)
	}
}

// The same, while it is being declared gone: it waits for the verdict.
func TestAWorkerThatIsBeingTakenForDeadIsGivenNothing(t *testing.T) {
	st, now := ready(t)
	tx := st.db.MustBegin()
	st.must(bury(st.ctx, tx, at("2026-11-03 08:00"), []int64{st.worker}, 1))
	got := make(chan int)
	go func() {
		claimed, err := st.Claim(st.ctx, now, st.worker, Scope{}, 10)
		if err != nil {
			t.Error(err)
		}
		got <- len(claimed)
	}()
	st.until(`select count(*) > 0 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
	st.must(tx.Commit())
	if n := <-got; n != 0 {
		t.Errorf("it claimed %d letters", n)
	}
}

func TestAWorkerThatLeavesReleasesItsLetters(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo)
	for _, c := range st.claimAll(now.Add(time.Hour)) {
		if c.Email == bo {
			st.ended(now, c, st.mark(now, c), accepted)
		}
	}
	st.must(st.Leave(st.ctx, at("2026-11-03 08:00"), st.worker))
	st.wantRow(st.key(anna, "brev1"), "queued claim 1 attempt 0 free ready 11-03 08:00")
	if st.key(bo, "brev1"); st.ledger(bo)[1] != "brev1 accepted" {
		t.Errorf("bo has %v", st.ledger(bo))
	}
	if err := st.Beat(st.ctx, st.worker, ""); !errors.Is(err, ErrDeclaredGone) {
		t.Errorf("having left it beats: %v, want ErrDeclaredGone", err)
	}
	st.exec(`update workers set heartbeat_at = now() - interval '1 hour'`)
	if n, err := st.Recover(st.ctx, at("2026-11-03 08:00"), lease); n != 0 || err != nil {
		t.Errorf("%d workers gone, %v: it had signed off", n, err)
	}
}

func TestManyRecoverAtOnce(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo, cilla)
	for _, c := range st.claimAll(now) {
		st.mark(now, c)
	}
	st.exec(`update workers set heartbeat_at = now() - interval '1 hour'`)
	gone := make([]int, 12)
	errs := make([]error, 12)
	together(12, func(i int) { gone[i], errs[i] = st.Recover(st.ctx, at("2026-11-03 08:00"), lease) })
	st.must(errors.Join(errs...))
	sum := 0
	for _, n := range gone {
		sum += n
	}
	if sum != 1 {
		t.Errorf("found gone %v, want the one worker once", gone)
	}
	if n := len(st.attempts()); n != 3 {
		t.Errorf("%d attempts, want one a letter", n)
	}
	for _, email := range []string{anna, bo, cilla} {
		st.wantLessons(email, "brev1 uncertain")
	}
}

// Row 9: the one who recovers dies in the middle, again and again.
func TestARecoveryThatBreaksOffIsDoneAgain(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo)
	for i, c := range st.claimAll(now) {
		if i == 0 {
			st.mark(now, c)
		}
	}
	before := st.dump()
	for range 5 {
		tx := st.db.MustBegin()
		st.must(bury(st.ctx, tx, at("2026-11-03 08:00"), []int64{st.worker}, 1))
		st.must(tx.Rollback())
	}
	if st.dump() != before {
		t.Error("a broken-off recovery left something")
	}
	st.die(st.worker)
	states := fmt.Sprint(st.lines(`select state from deliveries where rank = 1 order by 1`))
	if states != "[queued uncertain]" {
		t.Errorf("the letters are %s, want [queued uncertain]", states)
	}
}
