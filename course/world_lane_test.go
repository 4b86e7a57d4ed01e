package course

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/jmoiron/sqlx"

	"fortsatt/demo"
)

// Every seed of a run, in a few lanes with a database each:
//
//	WORLDS=10000 FIRST=1 go test -run TestWorlds ./course
//
// A world that breaks a law tells its seed; WORLDS=1 and FIRST=seed play it again.
func TestWorlds(t *testing.T) {
	t.Parallel()
	const lanes = 4
	first, worlds := setting("FIRST", 1), setting("WORLDS", 300)
	var told tally
	t.Cleanup(func() {
		fmt.Printf("%d worlds: %d letters at the relay, %d of them second copies, in %d steps\n",
			told.worlds.Load(), told.letters.Load(), told.copies.Load(), told.steps.Load())
	})
	for lane := range min(lanes, worlds) {
		t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
			t.Parallel()
			stage := newLane(t)
			for seed := first + lane; seed < first+worlds; seed += lanes {
				t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
					stage.play(t, seed, &told)
				})
			}
		})
	}
}

type tally struct{ worlds, letters, copies, steps atomic.Int64 }

// setting reads a number from the environment.
func setting(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// A lane is a database on which worlds are played one after the other.
type lane struct {
	*story
	questions map[string]*sqlx.Stmt // that are asked all the time, planned once
}

// ask is Select, for what is asked all the time.
func (l *lane) ask(rows any, question string, args ...any) {
	l.Helper()
	asked, ok := l.questions[question]
	if !ok {
		var err error
		asked, err = l.db.Preparex(question)
		l.must(err)
		l.questions[question] = asked
	}
	l.must(asked.Select(rows, args...))
}

// Letters that become ready at the same moment are claimed in no order; here a
// few microseconds between them make one, so that a seed means one world.
const inOrder = `
	create function in_order() returns trigger language plpgsql as $$
	begin
		new.ready_at := new.ready_at + interval '1 microsecond' * (
			select 64 * coalesce(cast(substring(email from '[0-9]+') as integer), 0) + 16 * (new.copy % 4)
			       + cast(substring(new.letter from '[0-9]+$') as integer) % 16
			from subscribers where id = new.subscriber_id);
		return new;
	end $$;
	create trigger in_order before insert or update of ready_at on deliveries
		for each row when (new.ready_at < '9999-01-01') execute function in_order()`

func newLane(t *testing.T) *lane {
	l := &lane{open(t, demo.Database(t, Migrate)), map[string]*sqlx.Stmt{}}
	l.exec(inOrder)
	return l
}

func (l lane) play(t *testing.T, seed int, told *tally) {
	st := *l.story
	st.T = t
	l.story = &st
	l.exec(`truncate addresses, subscribers, consents, wordings, sessions, enrolments,
		versions, requests, deliveries, attempts, returns, hooks, workers, holds, signups, logins, questions, erased_consents restart identity`)
	l.exec(`update breaker set at = 'epoch', recent = array_fill(0, array[60]), usual = 0, opened_at = null`)
	w := newWorld(&l, uint64(seed))
	defer func() {
		if t.Failed() {
			t.Logf("step %d, %s; play it again: WORLDS=1 FIRST=%d go test -run TestWorlds ./course", w.steps, local(w.now), seed)
		}
		told.worlds.Add(1)
		told.letters.Add(int64(w.relay.letters))
		told.copies.Add(int64(w.relay.copies))
		told.steps.Add(int64(w.steps))
	}()
	w.begins()
	for w.now.Before(w.end) {
		w.step()
	}
	w.settles()
}
