package worker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"fortsatt/course"
	"fortsatt/mailer"
)

// line is one SMTP connection, opened when there is something to send. One
// letter at a time: rendered, offered but for the dot, marked, ended, recorded.
type line struct {
	*session
	conn *mailer.Conn // nil: none
	used bool         // it has carried a letter before
}

const (
	// idle is how long an unused connection is kept; relays hang up on us otherwise.
	idle = 5 * time.Second
	// grace is how long a stopping worker waits for the reply to a dot.
	grace = 25 * time.Second
)

func (l *line) run(ctx context.Context) {
	defer l.close()
	for {
		select {
		case c, ok := <-l.jobs:
			if !ok {
				return
			}
			l.carry(ctx, c)
			l.nudge()
		case <-l.idle():
			l.close()
		}
	}
}

// idle fires when an open connection has waited long enough.
func (l *line) idle() <-chan time.Time {
	if l.conn == nil {
		return nil
	}
	return time.After(idle)
}

// carry takes one letter as far as it goes. Whatever happens, the ledger knows
// afterwards, or will when the lease runs out.
func (l *line) carry(ctx context.Context, c course.Claimed) {
	letter, err := l.compose(ctx, c)
	if err != nil {
		l.setAside(ctx, c, err)
		return
	}
	sum := sha256.Sum256(letter.bytes)
	if c.Doubts > 0 && !bytes.Equal(sum[:], c.SHA256) {
		l.setAside(ctx, c, errChanged)
		return
	}
	if err := l.limit.Wait(ctx); err != nil {
		return // stopping: Leave queues it again
	}
	if err := l.offer(ctx, c, letter); err != nil {
		l.refused(ctx, c, 0, err)
		return
	}
	attempt, err := l.Store.Mark(ctx, l.Now(), c, l.conn.Relay().String(), sum[:])
	marked := time.Now()
	if err != nil {
		l.abort() // without the dot, the relay forgets the letter
		l.unmarked(ctx, c, err)
		return
	}
	if late(marked, time.Now(), markLife) || late(l.beaten(), time.Now(), l.Lease) {
		l.abort()
		l.Log.Warn("worker: too late for the dot, letter withdrawn", "letter", c.Letter)
		l.giveBack(ctx, c, attempt)
		return
	}
	reply, err := l.dot(ctx)
	if err != nil {
		l.refused(ctx, c, attempt, err)
		return
	}
	l.fleet.worked(l.conn.Relay())
	l.record(ctx, c, attempt, l.conn.Relay(), course.Ending{
		Stage: course.AtDot, Code: reply.Code, Enhanced: reply.Enhanced, Reply: reply.String(), QueueID: reply.QueueID,
	})
}

// unmarked deals with a letter that may not have its dot. If it is still ours,
// its reader may not have it, and nobody else would ever look at it. If Mark
// could not tell, it may stand marked or claimed: either way it is queued again.
func (l *line) unmarked(ctx context.Context, c course.Claimed, err error) {
	if errors.Is(err, course.ErrHeld) {
		l.giveBack(ctx, c, 0)
		return
	}
	if errors.Is(err, course.ErrFenced) {
		l.persist(ctx, "park", func(ctx context.Context) error {
			return l.Store.Park(ctx, c, "the reader may no longer be written to")
		})
		return
	}
	l.Log.Warn("worker: no mark, so no dot", "error", err)
	l.giveBack(ctx, c, c.Attempt+1)
	l.giveBack(ctx, c, 0)
}

// errChanged parks a letter in doubt of which a second copy would not be the
// same as the first: its reader's name, a setting or this program has changed.
var errChanged = errors.New("cannot be repeated exactly")

// setAside deals with a letter that could not be rendered: parked for a human,
// unless only the database was away.
func (l *line) setAside(ctx context.Context, c course.Claimed, err error) {
	if ctx.Err() != nil || errors.Is(err, course.ErrAway) {
		l.giveBack(ctx, c, 0)
		return
	}
	l.Log.Error("worker: letter parked", "letter", c.Letter, "error", err)
	l.persist(ctx, "park", func(ctx context.Context) error { return l.Store.Park(ctx, c, err.Error()) })
}

// offer hands the letter over but for its dot. A connection that has grown
// stale since the last letter is opened anew, once.
func (l *line) offer(ctx context.Context, c course.Claimed, letter letter) error {
	for {
		if err := l.open(ctx); err != nil {
			return err
		}
		stale := l.used
		l.used = true
		err := l.conn.Offer(ctx, letter.sender, letter.recipient, letter.bytes)
		var wire *mailer.Error
		if stale && errors.As(err, &wire) && wire.Lost && wire.Stage == mailer.Mail {
			l.abort()
			continue
		}
		return err
	}
}

func (l *line) open(ctx context.Context) error {
	if l.conn != nil {
		return nil
	}
	relay, ok := l.fleet.pick(l.Now())
	if !ok {
		return errResting
	}
	conn, err := relay.Dial(ctx, mailer.Options{Hello: l.BounceDomain})
	if err != nil {
		l.rest(ctx, relay, err)
		return errResting
	}
	l.conn, l.used = conn, false
	return nil
}

// errResting says that no relay can be tried now.
var errResting = errors.New("all relays rest")

// dot ends the letter and waits for the reply, but when stopping only for grace.
func (l *line) dot(ctx context.Context) (mailer.Reply, error) {
	done, finished := context.WithCancel(context.WithoutCancel(ctx))
	defer finished()
	conn := l.conn
	stop := context.AfterFunc(ctx, func() {
		pause(done, grace)
		if done.Err() == nil {
			conn.Abort()
		}
	})
	defer stop()
	return conn.Dot(context.WithoutCancel(ctx))
}

// refused deals with a letter that did not get through: what was the letter's
// fault is recorded, what was the relay's or ours burns no attempt.
func (l *line) refused(ctx context.Context, c course.Claimed, attempt int, err error) {
	var wire *mailer.Error
	if !errors.As(err, &wire) {
		l.giveBack(ctx, c, attempt)
		return
	}
	relay := l.conn.Relay()
	ending := endingOf(wire)
	switch {
	case wire.Reply.Code == 0 && !wire.Lost: // never left the house
		l.setAside(ctx, c, err)
		return
	case course.Judge(ending) == course.Refused:
		l.rest(ctx, relay, err)
		l.giveBack(ctx, c, attempt)
		l.close() // the next letter goes by another relay, or waits
		return
	}
	if wire.Lost { // a letter in doubt; the next ones must not follow it
		l.rest(ctx, relay, err)
	}
	l.record(ctx, c, attempt, relay, ending)
	if wire.Lost || wire.Stage != mailer.Dot && l.conn.Reset(ctx) != nil {
		l.abort()
	}
}

// rest passes a relay over for a while; stopping is no trouble of the relay's.
func (l *line) rest(ctx context.Context, relay mailer.Relay, err error) {
	if ctx.Err() != nil {
		return
	}
	first := afterRefusal
	if wire := (*mailer.Error)(nil); errors.As(err, &wire) && wire.Lost && wire.Reply.Code == 0 && wire.Stage >= mailer.Mail {
		first = afterHangUp
	}
	rest := l.fleet.failed(relay, l.Now(), first, err)
	l.Log.Warn("worker: relay passed over", "relay", relay.String(), "seconds", rest.Seconds(), "error", err)
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

func (l *line) record(ctx context.Context, c course.Claimed, attempt int, relay mailer.Relay, ending course.Ending) {
	r := course.Record{
		Claimed: c, Worker: l.id, Attempt: attempt, Relay: relay.String(),
		Ending: ending, Verdict: course.Judge(ending),
	}
	l.persist(ctx, "record", func(ctx context.Context) error { return l.Store.Record(ctx, l.Now(), r) })
}

// persist writes to the ledger, however long it is away: this line sends
// nothing meanwhile. Where that is not what is wrong, or the worker is stopping,
// it tries for grace, and then leaves the letter to whoever takes over from us.
func (l *line) persist(ctx context.Context, what string, write func(context.Context) error) {
	patient := context.WithoutCancel(ctx)
	var deadline time.Time
	for {
		err := write(patient)
		if err == nil {
			return
		}
		if deadline.IsZero() && (ctx.Err() != nil || !errors.Is(err, course.ErrAway)) {
			deadline = time.Now().Add(grace)
		}
		if !deadline.IsZero() && time.Now().After(deadline) {
			l.Log.Error("worker: ledger not written", "what", what, "error", err)
			l.giveUp(err)
			return
		}
		l.Log.Warn("worker: ledger not written, trying again", "what", what, "error", err)
		pause(patient, time.Second)
	}
}

func (l *line) abort() {
	if l.conn != nil {
		l.conn.Abort()
		l.conn = nil
	}
}

func (l *line) close() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}

// endingOf translates what the wire said into the ledger's words.
func endingOf(wire *mailer.Error) course.Ending {
	e := course.Ending{Stage: course.Stage(wire.Stage.String()), Code: wire.Reply.Code, Enhanced: wire.Reply.Enhanced, Reply: wire.Reply.String()}
	if wire.Reply.Code == 0 {
		e.Reply = fmt.Sprintf("no reply at %s: %v", wire.Stage, wire.Err)
	}
	return e
}
