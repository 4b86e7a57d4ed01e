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
// letter at a time: announced, marked, ended, recorded. While the ledger works,
// the text is written, and the next letter is composed; it is announced together
// with the end of this one, so that a letter costs one round trip. What was
// promised stays: no dot before its mark is committed and the letter before it
// recorded, and so one letter in doubt at most if we are killed.
type line struct {
	*session
	conn   *mailer.Conn // nil: none
	used   bool         // it has carried a letter before
	ending *ending      // of the letter before; nil once it is recorded
}

// parcel is a letter in a line's hands, ready to travel.
type parcel struct {
	course.Claimed
	letter
	sum  [sha256.Size]byte
	held bool // it stands in our claim, unmarked
}

// ending is how a letter ended, on its way into the ledger.
type ending struct {
	course.Record
	done <-chan outcome
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
			for p := l.pack(ctx, c); p != nil; {
				p = l.carry(ctx, p)
			}
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

// pack makes a letter ready to travel, when its turn has come; nil if it does not
// travel now.
func (l *line) pack(ctx context.Context, c course.Claimed) *parcel {
	if l.limit.Wait(ctx) != nil {
		l.letGo(&parcel{Claimed: c, held: true})
		return nil // stopping: Leave queues it again
	}
	return l.wrap(ctx, c)
}

// ahead is pack for a letter that need not be waited for; nil if there is none.
func (l *line) ahead(ctx context.Context) *parcel {
	if ctx.Err() != nil || len(l.jobs) == 0 || !l.limit.Allow() {
		return nil
	}
	select {
	case c, ok := <-l.jobs:
		if ok {
			return l.wrap(ctx, c)
		}
	default:
	}
	return nil
}

func (l *line) wrap(ctx context.Context, c course.Claimed) *parcel {
	p := &parcel{Claimed: c, held: true}
	if l.brake.on(c.Letter) {
		l.giveBack(ctx, c, 0)
		l.letGo(p)
		return nil
	}
	var err error
	if p.letter, err = l.compose(ctx, c); err != nil {
		l.setAside(ctx, c, err)
		l.stopRun(ctx, c, err)
		l.letGo(p)
		return nil
	}
	l.failures.Store(0)
	p.sum = sha256.Sum256(p.bytes)
	if c.Doubts > 0 && !bytes.Equal(p.sum[:], c.SHA256) {
		l.setAside(ctx, c, errChanged)
		l.letGo(p)
		return nil
	}
	return p
}

// enough is how many letters in a row may fail to render before theirs is held:
// then the fault is not in a name, but in the text.
const enough = 20

// stopRun holds a letter that fails for one reader after the other.
func (l *line) stopRun(ctx context.Context, c course.Claimed, err error) {
	if ctx.Err() != nil || errors.Is(err, course.ErrAway) || l.failures.Add(1) < enough {
		return
	}
	l.failures.Store(0)
	l.brake.pull(c.Letter)
	reason := fmt.Sprintf("%d in a row could not be rendered: %v", enough, err)
	l.Log.Error("worker: letter held", "letter", c.Letter, "reason", reason)
	l.persist(ctx, "hold", func(ctx context.Context) error { return l.Store.Hold(ctx, l.Now(), c.Letter, reason) })
}

// letGo says that a letter no longer stands unmarked in our claim.
func (l *line) letGo(p *parcel) {
	if p.held {
		p.held = false
		l.unmarked.Add(-1)
		l.nudge()
	}
}

// carry takes one letter as far as it goes, and returns the one after it, if that
// was taken up meanwhile. Whatever happens, the ledger knows afterwards, or will
// when the lease runs out.
func (l *line) carry(ctx context.Context, p *parcel) (next *parcel) {
	defer l.letGo(p)
	if err := l.offer(ctx, p); err != nil {
		l.recorded(ctx)
		l.refused(ctx, p.Claimed, 0, err)
		return nil
	}
	relay := l.conn.Relay()
	marked := l.committer.mark(course.Mark{Claimed: p.Claimed, Relay: relay.String(), SHA256: p.sum[:], At: l.Now()})
	written := l.conn.Write(ctx, p.bytes)
	next = l.ahead(ctx)
	mark := <-marked
	l.recorded(ctx)
	if mark.err != nil {
		l.abort() // without the dot, the relay forgets the letter
		l.unmarkable(ctx, p.Claimed, mark.err)
		return next
	}
	l.letGo(p)
	attempt := p.Attempt + 1
	if written != nil {
		l.refused(ctx, p.Claimed, attempt, written)
		return next
	}
	if late(mark.began, time.Now(), markLife) || late(l.beaten(), time.Now(), l.Lease) {
		l.abort()
		l.Log.Warn("worker: too late for the dot, letter withdrawn", "letter", p.Letter)
		l.giveBack(ctx, p.Claimed, attempt)
		return next
	}
	reply, err := l.dot(ctx, next)
	if err != nil {
		l.refused(ctx, p.Claimed, attempt, err)
		return next
	}
	l.fleet.worked(relay)
	l.record(p.Claimed, attempt, relay, course.Ending{
		Stage: course.AtDot, Code: reply.Code, Enhanced: reply.Enhanced, Reply: reply.String(), QueueID: reply.QueueID,
	})
	if next == nil {
		l.recorded(ctx)
	}
	return next
}

// unmarkable deals with a letter that may not have its dot. If it is still ours,
// its reader may not have it, and nobody else would ever look at it. If the ledger
// could not tell, it may stand marked or claimed: either way it is queued again.
func (l *line) unmarkable(ctx context.Context, c course.Claimed, err error) {
	if errors.Is(err, course.ErrHeld) {
		l.brake.pull(c.Letter)
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

// offer announces a letter. A connection that has grown
// stale since the last letter is opened anew, once.
func (l *line) offer(ctx context.Context, p *parcel) error {
	for {
		if err := l.open(ctx); err != nil {
			return err
		}
		stale := l.used
		l.used = true
		err := l.conn.Offer(ctx, p.envelope)
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
func (l *line) dot(ctx context.Context, next *parcel) (mailer.Reply, error) {
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
	var announced *mailer.Envelope
	if next != nil {
		announced = &next.envelope
	}
	return conn.Dot(context.WithoutCancel(ctx), announced)
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
	if course.Judge(ending) == course.Rejected && wire.Stage >= mailer.Data && l.fleet.rejected(relay) {
		l.rest(ctx, relay, err)
	}
	l.record(c, attempt, relay, ending)
	l.recorded(ctx)
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

// record hands in how a letter ended. There is no further dot until that is
// recorded.
func (l *line) record(c course.Claimed, attempt int, relay mailer.Relay, e course.Ending) {
	r := course.Record{
		Claimed: c, Worker: l.id, Attempt: attempt, Relay: relay.String(), At: l.Now(),
		Ending: e, Verdict: course.Judge(e),
	}
	l.ending = &ending{Record: r, done: l.committer.record(r)}
}

// recorded waits until the letter before is in the ledger.
func (l *line) recorded(ctx context.Context) {
	if l.ending == nil {
		return
	}
	done := l.ending.done
	l.persist(ctx, "record", func(context.Context) error {
		if done == nil {
			done = l.committer.record(l.ending.Record)
		}
		err := (<-done).err
		done = nil
		return err
	})
	l.carried.Add(1)
	l.ending = nil
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
