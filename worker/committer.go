package worker

import (
	"context"
	"errors"
	"time"

	"fortsatt/course"
)

// committer writes down what the lines hand in: how a letter ended, or which one
// is to have its dot now. It takes whatever is there into one statement, and does
// not wait for more: the busier the lines, the larger the groups.
type committer struct {
	store *course.Store
	in    chan entry
}

// entry is one of the two.
type entry struct {
	ended *course.Record
	mark  *course.Mark
	done  chan<- outcome
}

// outcome is what became of an entry.
type outcome struct {
	began time.Time // when the ledger was asked
	err   error
}

func newCommitter(store *course.Store, lines int) *committer {
	return &committer{store: store, in: make(chan entry, 2*lines)}
}

// patience is how long one statement may take.
const patience = 20 * time.Second

// run works until in is closed. It goes on while the worker is being stopped.
func (c *committer) run() {
	for first := range c.in {
		c.commit(c.gather(first))
	}
}

// gather adds what else lies ready.
func (c *committer) gather(first entry) []entry {
	group := []entry{first}
	for range cap(c.in) {
		select {
		case next, ok := <-c.in:
			if !ok {
				return group
			}
			group = append(group, next)
		default:
			return group
		}
	}
	return group
}

// commit answers each entry. An entry that the ledger cannot take must not keep
// the others waiting: then they are tried one by one.
func (c *committer) commit(group []entry) {
	began := time.Now()
	refused, err := c.advance(group)
	if err != nil && len(group) > 1 && !errors.Is(err, course.ErrAway) {
		for i := range group {
			c.commit(group[i : i+1])
		}
		return
	}
	for _, e := range group {
		o := outcome{began: began, err: err}
		if e.mark != nil && err == nil {
			o.err, refused = refused[0], refused[1:]
		}
		e.done <- o
	}
}

func (c *committer) advance(group []entry) (refused []error, err error) {
	var ended []course.Record
	var next []course.Mark
	for _, e := range group {
		if e.mark != nil {
			next = append(next, *e.mark)
		} else {
			ended = append(ended, *e.ended)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.store.Advance(ctx, ended, next)
}

// mark hands in that a letter is to have its dot.
func (c *committer) mark(m course.Mark) <-chan outcome {
	done := make(chan outcome, 1)
	c.in <- entry{mark: &m, done: done}
	return done
}

// record hands in how a letter ended.
func (c *committer) record(r course.Record) <-chan outcome {
	done := make(chan outcome, 1)
	c.in <- entry{ended: &r, done: done}
	return done
}
