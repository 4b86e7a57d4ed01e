package worker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"fortsatt/course"
)

// session is a worker's life in the ledger: it begins with Join, lasts while
// the heart beats, and ends with Leave, or by being declared gone.
type session struct {
	*Worker
	id     int64
	jobs   chan course.Claimed       // to the lines
	giveUp context.CancelCauseFunc   // ends the session, as if we were stopping
	beat   atomic.Pointer[time.Time] // when the last heartbeat was sent that arrived
}

// session runs work between Join and Leave, with lines to hand letters to.
// When ctx ends, the lines finish what they cannot take back, the heart beating
// until they have.
func (w *Worker) session(ctx context.Context, work func(context.Context, *session) error) error {
	joining := time.Now()
	id, err := w.Store.Join(ctx, name())
	if err != nil {
		return err
	}
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	s := &session{Worker: w, id: id, jobs: make(chan course.Claimed), giveUp: giveUp}
	s.beat.Store(&joining)
	alive, die := context.WithCancel(context.WithoutCancel(ctx))
	var heart, lines sync.WaitGroup
	heart.Go(func() { s.keepAlive(alive) })
	for range max(w.Connections, 1) {
		lines.Go(func() { (&line{session: s}).run(ctx) })
	}
	err = work(ctx, s)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // why it was stopped, not what it was doing then
	}
	close(s.jobs)
	lines.Wait()
	die()
	heart.Wait()
	return errors.Join(err, s.leave())
}

// beaten is when the last heartbeat was sent that arrived.
func (s *session) beaten() time.Time { return *s.beat.Load() }

// keepAlive renews the lease. A worker that was taken for dead gives up at once:
// what it held has been given to others.
func (s *session) keepAlive(ctx context.Context) {
	for {
		pause(ctx, s.Lease/3)
		if ctx.Err() != nil {
			return
		}
		sent := time.Now()
		err := s.Store.Beat(ctx, s.id)
		if err == nil {
			s.beat.Store(&sent)
		}
		if errors.Is(err, course.ErrDeclaredGone) {
			s.giveUp(err)
			return
		}
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("worker: heartbeat missed", "error", err)
		}
	}
}

// leave signs off, also while the process is being stopped.
func (s *session) leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return s.Store.Leave(ctx, s.Now(), s.id)
}

// claim takes letters from the ledger and hands them to the lines, a few for
// each, so that what is urgent never waits behind many. While no relay takes
// letters, it claims none.
func (s *session) claim(ctx context.Context, scope course.Scope) (int, error) {
	if s.fleet.rest(s.Now()) > 0 {
		return 0, nil
	}
	claimed, err := s.Store.Claim(ctx, s.Now(), s.id, scope, 4*max(s.Connections, 1))
	if err != nil {
		return 0, err
	}
	for _, c := range claimed {
		select {
		case s.jobs <- c:
		case <-ctx.Done(): // Leave queues the rest again
			return len(claimed), context.Cause(ctx)
		}
	}
	return len(claimed), nil
}

// nudge tells the loop that something was settled.
func (s *session) nudge() {
	select {
	case s.settled <- struct{}{}:
	default:
	}
}
