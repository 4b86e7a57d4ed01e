package worker

import (
	"context"
	"errors"
	"time"

	"fortsatt/course"
	"fortsatt/mailer"
)

// ending is how a letter ended, on its way into the ledger.
type ending struct {
	course.Record
	handed bool
	done   chan outcome
}

// askFor asks for a letter's mark. How the one before it ended is handed in with
// it, if it has not been.
func (l *line) askFor(p *parcel) <-chan outcome {
	marked := make(chan outcome, 1)
	e := entry{
		mark:   &course.Mark{Claimed: p.Claimed, Relay: l.conn.Relay().String(), SHA256: p.sum[:], At: l.Now()},
		marked: marked,
	}
	if l.ending != nil && !l.ending.handed {
		l.ending.handed = true
		e.ended, e.recorded = &l.ending.Record, l.ending.done
	}
	l.committer.in <- e
	return marked
}

// handIn hands in how the letter before ended, if it has not been.
func (l *line) handIn() {
	if l.ending != nil && !l.ending.handed {
		l.ending.handed = true
		l.committer.in <- entry{ended: &l.ending.Record, recorded: l.ending.done}
	}
}

// unmarked deals with a letter that may not have its dot. If it is still ours,
// its reader may not have it, and that ends it. If the ledger
// could not tell, it may stand marked or claimed: either way it is queued again.
func (l *line) unmarked(ctx context.Context, c course.Claimed, err error) {
	if errors.Is(err, course.ErrHeld) {
		l.brake.pull(c.Letter)
		l.giveBack(ctx, c, 0)
		return
	}
	if errors.Is(err, course.ErrFenced) {
		l.persist(ctx, "forgo", func(ctx context.Context) error { return l.Store.Forgo(ctx, l.Now(), c) })
		return
	}
	l.Log.Warn("worker: no mark, so no dot", "error", err)
	l.giveBack(ctx, c, c.Attempt+1)
	l.giveBack(ctx, c, 0)
}

// giveBack queues a letter again at once.
func (l *line) giveBack(ctx context.Context, c course.Claimed, attempt int) {
	l.persist(ctx, "give back", func(ctx context.Context) error {
		if attempt > 0 {
			return l.Store.Withdraw(ctx, c, attempt)
		}
		return l.Store.Release(ctx, c, l.Now())
	})
}

// record keeps how a letter ended until it is handed in. There is no further dot
// until that is in the ledger.
func (l *line) record(c course.Claimed, attempt int, relay mailer.Relay, e course.Ending) {
	l.ending = &ending{done: make(chan outcome, 1), Record: course.Record{
		Claimed: c, Worker: l.id, Attempt: attempt, Relay: relay.String(), At: l.Now(),
		Ending: e, Verdict: course.Judge(e),
	}}
}

// recorded waits until the letter before is in the ledger, and says whether it is.
func (l *line) recorded(ctx context.Context) bool {
	if l.ending == nil {
		return true
	}
	written := l.persist(ctx, "record", func(context.Context) error {
		l.handIn()
		l.ending.handed = false // if it has to be once more
		return (<-l.ending.done).err
	})
	l.ending = nil
	l.carried.Add(1)
	l.nudge()
	return written
}

// persist writes to the ledger, however long it is away: this line sends
// nothing meanwhile. Where that is not what is wrong, or the worker is stopping,
// it tries for grace, and then leaves the letter to whoever takes over from us. It
// says whether it wrote.
func (l *line) persist(ctx context.Context, what string, write func(context.Context) error) bool {
	patient := context.WithoutCancel(ctx)
	var deadline time.Time
	for {
		err := write(patient)
		if err == nil {
			return true
		}
		if deadline.IsZero() && (ctx.Err() != nil || !errors.Is(err, course.ErrAway)) {
			deadline = time.Now().Add(grace)
		}
		if !deadline.IsZero() && time.Now().After(deadline) {
			l.Log.Error("worker: ledger not written", "what", what, "error", err)
			l.giveUp(err)
			return false
		}
		l.Log.Warn("worker: ledger not written, trying again", "what", what, "error", err)
		pause(patient, time.Second)
	}
}
