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

// entry is one of the two, or both, each with where its outcome goes.
type entry struct {
	ended    *course.Record
	recorded chan<- outcome
	mark     *course.Mark
	marked   chan<- outcome
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
		if e.ended != nil {
			e.recorded <- outcome{began: began, err: err}
		}
		if e.mark == nil {
			continue
		}
		o := outcome{began: began, err: err}
		if err == nil {
			o.err, refused = refused[0], refused[1:]
		}
		e.marked <- o
	}
}

func (c *committer) advance(group []entry) (refused []error, err error) {
	var ended []course.Record
	var next []course.Mark
	for _, e := range group {
		if e.mark != nil {
			next = append(next, *e.mark)
		}
		if e.ended != nil {
			ended = append(ended, *e.ended)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.store.Advance(ctx, ended, next)
}
