package worker

import (
	"context"
	"errors"
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
	room   []byte       // where letters are composed; free again once one is written
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
	marked := l.askFor(p)
	written := l.conn.Write(ctx, p.bytes)
	next = l.ahead(ctx)
	mark := <-marked
	recorded := l.recorded(ctx)
	attempt := p.Attempt + 1
	switch {
	case mark.err != nil:
		l.abort() // without the dot, the relay forgets the letter
		l.unmarked(ctx, p.Claimed, mark.err)
	case written != nil:
		l.refused(ctx, p.Claimed, attempt, written)
	case !recorded || late(mark.began, time.Now(), markLife) || late(l.beaten(), time.Now(), l.Lease):
		l.abort()
		l.Log.Warn("worker: too late for the dot, letter withdrawn", "letter", p.Letter)
		l.giveBack(ctx, p.Claimed, attempt)
	default:
		l.letGo(p)
		next = l.end(ctx, p, next)
	}
	return next
}

// end sends the dot, and hands in what became of the letter. It returns the next
// one, if that is still ours.
func (l *line) end(ctx context.Context, p, next *parcel) *parcel {
	relay := l.conn.Relay()
	kept := l.lend(ctx, next)
	reply, err := l.dot(ctx, next)
	ours := kept()
	if err != nil {
		l.refused(ctx, p.Claimed, p.Attempt+1, err)
	} else {
		l.fleet.worked(relay)
		l.record(p.Claimed, p.Attempt+1, relay, course.Ending{
			Stage: course.AtDot, Code: reply.Code, Enhanced: reply.Enhanced, Reply: reply.String(), QueueID: reply.QueueID,
		})
	}
	switch {
	case ours == nil:
		l.recorded(ctx)
	case l.conn == nil || !l.conn.Answered(): // else it goes together with the next one's mark
		l.handIn()
	}
	if ours == nil && next != nil {
		l.close() // it was announced here
	}
	return ours
}

// hurry is how long a letter waits for the word on the one before it.
const hurry = 3 * time.Second

// lend gives a letter back if it has to wait for too long, and tells in the end
// whether it is still ours.
func (l *line) lend(ctx context.Context, next *parcel) (kept func() *parcel) {
	if next == nil {
		return func() *parcel { return nil }
	}
	timer := time.AfterFunc(hurry, func() {
		l.giveBack(ctx, next.Claimed, 0)
		l.letGo(next)
	})
	return func() *parcel {
		if timer.Stop() {
			return next
		}
		return nil
	}
}

// offer announces a letter. A connection that has grown stale since the last
// letter is opened anew, once.
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
