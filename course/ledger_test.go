package course

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
)

// What a story reads of its ledger.

// ledger tells what somebody was sent, as "brev1 accepted", in the order of planning.
func (st *story) ledger(email string) []string {
	st.Helper()
	return st.lines(`
		select regexp_replace(letter, '^lesson:[a-z]+/', '') || case when copy > 0 then '#' || copy else '' end || ' ' || d.state
		from deliveries d join subscribers s on s.id = subscriber_id
		where email = $1 order by planned_at, rank, letter, copy`, email)
}

// lessons is ledger without confirm letters.
func (st *story) lessons(email string) string {
	st.Helper()
	lines := slices.DeleteFunc(st.ledger(email), func(l string) bool { return strings.HasPrefix(l, "confirm") })
	return strings.Join(lines, ", ")
}

func (st *story) wantLessons(email, want string) {
	st.Helper()
	if got := st.lessons(email); got != want {
		st.Errorf("%s has %q, want %q", email, got, want)
	}
}

// place tells where somebody stands in natverk, as "3 active, next Tue 2026-11-03 08:00".
func (st *story) place(email string) string {
	st.Helper()
	p, err := st.Show(st.ctx, email)
	st.must(err)
	for _, e := range p.Enrolments {
		if e.Course == natverk.ID && e.NextDueAt != nil {
			return fmt.Sprintf("%d %s, next %s", e.Position, e.State, local(*e.NextDueAt))
		} else if e.Course == natverk.ID {
			return fmt.Sprintf("%d %s", e.Position, e.State)
		}
	}
	return "not enrolled"
}

func (st *story) wantPlace(email, want string) {
	st.Helper()
	if got := st.place(email); got != want {
		st.Errorf("%s is at %q, want %q", email, got, want)
	}
}

func (st *story) count(query string, args ...any) int {
	st.Helper()
	var n int
	st.must(st.db.Get(&n, query, args...))
	return n
}

func (st *story) lines(query string, args ...any) []string {
	st.Helper()
	lines := []string{}
	st.must(st.db.Select(&lines, query, args...))
	return lines
}

func (st *story) exec(query string, args ...any) {
	st.Helper()
	_, err := st.db.Exec(query, args...)
	st.must(err)
}

// dump writes out every row of every table.
func (st *story) dump() string { st.Helper(); return dump(st.T, st.db) }

func dump(t *testing.T, db *sqlx.DB) string {
	t.Helper()
	var tables []string
	if err := db.Select(&tables, `select table_name from information_schema.tables where table_schema = 'public' order by 1`); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, table := range tables {
		var rows string
		if err := db.Get(&rows, fmt.Sprintf(`select coalesce(string_agg(cast(t as text), chr(10) order by cast(t as text)), '') from %q t`, table)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s:\n%s\n", table, rows)
	}
	return all.String()
}

// unchanged fails if doing something wrote anything down.
func (st *story) unchanged(what string, doing func()) {
	st.Helper()
	before := st.dump()
	doing()
	if after := st.dump(); after != before {
		st.Errorf("%s changed the database:\nbefore:\n%s\nafter:\n%s", what, before, after)
	}
}

// until waits for a question to the database to be answered with yes.
func (st *story) until(question string) {
	st.Helper()
	for range 10_000 {
		var yes bool
		st.must(st.db.Get(&yes, question))
		if yes {
			return
		}
		time.Sleep(time.Millisecond)
	}
	st.Fatal("waited in vain for: ", question)
}
