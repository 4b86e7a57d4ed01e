package main

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fortsatt/mailer/relaytest"
)

// A trap keeps every connection waiting at one stage, until it is sprung.
type trap struct {
	stage  relaytest.Stage
	caught atomic.Int64
	sprung chan struct{}
}

func newTrap(stage relaytest.Stage) *trap {
	return &trap{stage: stage, sprung: make(chan struct{})}
}

func (tr *trap) behave(e relaytest.Event) relaytest.Action {
	if e.Stage != tr.stage {
		return relaytest.Action{}
	}
	tr.caught.Add(1)
	return relaytest.Action{Hold: tr.sprung}
}

func (tr *trap) await(t *testing.T, n int) {
	t.Helper()
	until(t, "connections are in the trap", func() bool { return tr.caught.Load() >= int64(n) })
}

// execute lets something happen in the database behind the program's back.
func (b *box) execute(statements ...string) {
	b.t.Helper()
	db := b.open()
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(inTime(b.t), statement); err != nil {
			b.t.Fatalf("%s: %v", statement, err)
		}
	}
}

// holding executes statements in a transaction that stays open until letGo.
func (b *box) holding(statements ...string) (letGo func()) {
	b.t.Helper()
	db := b.open()
	tx, err := db.BeginTx(inTime(b.t), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := tx.Exec(statement); err != nil {
			b.t.Fatalf("%s: %v", statement, err)
		}
	}
	letGo = sync.OnceFunc(func() {
		tx.Rollback()
		db.Close()
	})
	b.t.Cleanup(letGo)
	return letGo
}

// barrier keeps every statement waiting that does this to the deliveries, as
// "update of state … when (new.state = 'uncertain')", until lift.
func (b *box) barrier(doing string) (lift func()) {
	b.t.Helper()
	event, when, _ := strings.Cut(doing, " when ")
	if when != "" {
		when = "when " + when
	}
	b.execute(`create function wait_at_barrier() returns trigger language plpgsql as
		'begin perform pg_advisory_xact_lock_shared(1); return new; end'`,
		`create trigger barrier before `+event+` on deliveries for each row `+when+` execute function wait_at_barrier()`)
	return b.holding(`select pg_advisory_xact_lock(1)`)
}

// waits returns once somebody waits for a lock in the database.
func (b *box) waits() {
	b.t.Helper()
	until(b.t, "somebody waits for a lock", func() bool {
		return b.count(`select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) > 0
	})
}

// throwOut ends whoever waits for a lock: a process that was killed is not
// missed by its session while it waits.
func (b *box) throwOut() {
	b.t.Helper()
	b.counts(0, `
		select count(pg_terminate_backend(pid))
		from pg_stat_activity
		where datname = current_database() and wait_event_type = 'Lock'`)
}
