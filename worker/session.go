package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"fortsatt/course"
)

// session is a worker's life in the ledger: it begins with Join, lasts while
// the heart beats, and ends with Leave, or by being declared gone.
type session struct {
	*Worker
	id        int64
	jobs      chan course.Claimed // to the lines
	committer *committer
	giveUp    context.CancelCauseFunc   // ends the session, as if we were stopping
	beat      atomic.Pointer[time.Time] // when the last heartbeat was sent that arrived
	brake     brake
	failures  atomic.Int64 // letters in a row that could not be rendered
	inClaim   atomic.Int64 // letters in our claim that have not passed their mark
	carried   atomic.Int64 // letters that ended since the last claim
	batch     int          // how many to claim at a time
	laidOut   time.Time    // when that was last done
	full      bool         // there were as many as that
	alone     bool         // it was a suspect
	looked    time.Time    // when Run last looked for what became ready
}

// largestBatch is how many letters are claimed at a time at most, however many
// wait: memory does not grow with the queue.
const largestBatch = 200

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
	lines := max(w.Connections, 1)
	s := &session{
		Worker: w, id: id, giveUp: giveUp, jobs: make(chan course.Claimed, 2*max(largestBatch, lines)),
		committer: newCommitter(w.Store, lines), batch: min(4*lines, max(largestBatch, lines)),
	}
	s.beat.Store(&joining)
	ended := make(chan error, 1)
	go func() { ended <- s.live(ctx, lines, work) }()
	return lastCall(ctx, ended)
}

// lastCall waits for a session, but when stopping not for ever: what it cannot
// finish, whoever takes over from us will.
func lastCall(ctx context.Context, ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(stopping)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		return fmt.Errorf("%w; not everything could be recorded", context.Cause(ctx))
	}
}

// stopping is how long the end of a session may take: platforms kill after 30 s.
const stopping = 29 * time.Second

// live is the session itself: heart, committer and lines around the work.
func (s *session) live(ctx context.Context, lines int, work func(context.Context, *session) error) error {
	alive, die := context.WithCancel(context.WithoutCancel(ctx))
	var heart, carriers, books sync.WaitGroup
	heart.Go(func() { s.keepAlive(alive) })
	books.Go(s.committer.run)
	for range lines {
		carriers.Go(func() { (&line{session: s}).run(ctx) })
	}
	err := work(ctx, s)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // why it was stopped, not what it was doing then
	}
	close(s.jobs)
	carriers.Wait()
	close(s.committer.in)
	books.Wait()
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
		err := s.Store.Beat(ctx, s.id, s.fleet.complaint())
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
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	defer cancel()
	return s.Store.Leave(ctx, s.Now(), s.id)
}

// claim takes letters from the ledger and lays them out for the lines. While no
// relay takes letters, or a suspect is in hand, it claims none.
func (s *session) claim(ctx context.Context, scope course.Scope) (int, error) {
	if !s.runningLow(ctx) || s.fleet.rest(s.Now()) > 0 || s.alone && s.inClaim.Load() > 0 {
		return 0, nil
	}
	s.alone = false
	claimed, err := s.Store.Claim(ctx, s.Now(), s.id, scope, s.batch)
	if err == nil && len(claimed) == 0 && s.inClaim.Load() == 0 {
		claimed, err = s.Store.ClaimSuspect(ctx, s.Now(), s.id, scope)
		s.alone = len(claimed) > 0
	}
	if err != nil {
		return 0, err
	}
	now, err := s.spread(ctx, claimed)
	if err != nil {
		return 0, err
	}
	s.full = len(claimed) == s.batch
	s.laidOut = time.Now()
	s.inClaim.Add(int64(len(now)))
	for _, c := range now {
		s.jobs <- c // there is room: runningLow has seen to it
	}
	return len(claimed), nil
}

// runningLow waits, though not for ever, until most of what was claimed last has
// been taken up. It claims about as many next as the lines carried in half a
// second, so that what is urgent never waits behind many.
func (s *session) runningLow(ctx context.Context) bool {
	timer := time.NewTimer(poll)
	defer timer.Stop()
	for len(s.jobs) > s.batch/3 {
		select {
		case <-s.settled:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	if carried := s.carried.Swap(0); carried > 0 {
		pace := float64(carried) / time.Since(s.laidOut).Seconds()
		s.batch = max(s.Connections, 1, min(int(pace/2), 2*s.batch, largestBatch))
	}
	return true
}

// nudge tells the loop that there may be more to do.
func (w *Worker) nudge() {
	select {
	case w.settled <- struct{}{}:
	default:
	}
}
