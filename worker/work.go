package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"fortsatt/course"
)

// ErrRelayAway says that no relay takes letters at the moment.
var ErrRelayAway = errors.New("no relay takes letters")

// Work sends everything that is ready in a scope, beside other workers or
// alone, and watches what others have claimed, until nothing of it waits any
// more. It plans nothing. each, if set, is told the scope's counts by state as
// they change. Errors: ErrRelayAway, ErrPutOff, course.ErrHeld; what was not sent
// stays queued.
func (w *Worker) Work(ctx context.Context, scope course.Scope, each func(map[string]int)) error {
	r := &run{Worker: w, scope: scope, each: each}
	return w.session(ctx, func(ctx context.Context, s *session) error {
		for {
			done, err := r.pass(ctx, s)
			if done || err != nil {
				return err
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	})
}

// run is one Work under way.
type run struct {
	*Worker
	scope   course.Scope
	each    func(map[string]int)
	counted time.Time     // when that was last done
	cost    time.Duration // how long it took
}

// pass recovers and claims once, and says whether nothing waits any more. In the
// middle of a long queue it does not stop to count.
func (r *run) pass(ctx context.Context, s *session) (done bool, err error) {
	claimed, err := s.claim(ctx, r.scope)
	if err != nil || claimed > 0 && time.Since(r.counted) < max(time.Second/2, 20*r.cost) {
		return false, err
	}
	if _, err := r.Store.Recover(ctx, r.Now(), r.Lease); err != nil {
		return false, err
	}
	r.counted = time.Now()
	tally, err := r.Store.Tally(ctx, r.scope)
	if err != nil {
		return false, err
	}
	r.cost = time.Since(r.counted)
	if r.each != nil {
		r.each(tally)
	}
	inHand := tally["claimed"] + tally["sending"]
	switch {
	case tally["queued"]+inHand == 0:
		return true, nil
	case inHand == 0 && r.fleet.rest(r.Now()) >= afterRefusal/2:
		return false, fmt.Errorf("%w: %w", ErrRelayAway, r.fleet.trouble())
	case claimed > 0:
		return false, nil
	case inHand == 0:
		if err := cmp.Or(r.held(ctx, r.scope), r.putOff(ctx, r.scope)); err != nil {
			return false, err
		}
	}
	r.nap(ctx)
	return false, nil
}

// held says whether, and by what, a scope's letters are held.
func (w *Worker) held(ctx context.Context, scope course.Scope) error {
	holds, err := w.Store.Holds(ctx)
	if err != nil {
		return err
	}
	for _, h := range holds {
		if h.Scope == scope.Letter || h.Scope == course.Everything || h.Scope == course.Pause {
			return fmt.Errorf("%w: %s (%s)", course.ErrHeld, h.Scope, h.Reason)
		}
	}
	return nil
}

// nap waits for our own lines, or a moment for those of others.
func (w *Worker) nap(ctx context.Context) {
	timer := time.NewTimer(100 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-w.settled:
	}
}
