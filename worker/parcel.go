package worker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"fortsatt/course"
)

// parcel is a letter in a line's hands, ready to travel.
type parcel struct {
	course.Claimed
	letter
	sum     [sha256.Size]byte
	claimed bool // it stands in our claim, unmarked
}

// pack makes a letter ready to travel, when its turn has come; nil if it does not
// travel now.
func (l *line) pack(ctx context.Context, c course.Claimed) *parcel {
	if l.limit.Wait(ctx) != nil {
		l.letGo(&parcel{Claimed: c, claimed: true})
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
	p := &parcel{Claimed: c, claimed: true}
	if !l.fill(ctx, p) {
		l.letGo(p)
		return nil
	}
	return p
}

// fill composes a letter; one that cannot travel it deals with, and says so.
func (l *line) fill(ctx context.Context, p *parcel) (ok bool) {
	if l.brake.on(p.Letter) {
		l.giveBack(ctx, p.Claimed, 0)
		return false
	}
	var err error
	if p.letter, err = l.compose(ctx, p.Claimed, l.room); err != nil {
		l.setAside(ctx, p.Claimed, err)
		l.stopRun(ctx, p.Claimed, err)
		return false
	}
	l.failures.Store(0)
	l.room = p.bytes
	p.sum = sha256.Sum256(p.bytes)
	if p.Doubts > 0 && !bytes.Equal(p.sum[:], p.SHA256) {
		l.setAside(ctx, p.Claimed, errChanged)
		return false
	}
	return true
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
	reason := fmt.Sprintf("%d in a row could not be rendered: %v", enough, nameless(err))
	l.Log.Error("worker: letter held", "letter", c.Letter, "reason", reason)
	l.persist(ctx, "hold", func(ctx context.Context) error { return l.Store.Hold(ctx, l.Now(), c.Letter, reason) })
}

// letGo says that a letter no longer stands unmarked in our claim.
func (l *line) letGo(p *parcel) {
	if p.claimed {
		p.claimed = false
		l.inClaim.Add(-1)
		l.nudge()
	}
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
	l.Log.Error("worker: letter parked", "letter", c.Letter, "error", nameless(err))
	l.persist(ctx, "park", func(ctx context.Context) error { return l.Store.Park(ctx, c, err.Error()) })
}
