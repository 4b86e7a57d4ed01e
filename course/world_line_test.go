package course

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// line is one connection of a process, and where it is with its letter. Between
// any two places everybody else may act, and the process may stop or die.
type line struct {
	*process
	at      place
	job     Claimed
	bytes   []byte
	attempt int // as marked, 0 before
	marked  time.Time
	dotted  time.Time
	replies time.Time // when the relay's word comes
	ending  Ending
}

type place int

const (
	idle    place = iota
	taken         // to be rendered and offered
	offered       // all of it but the dot: to be marked
	marked        // the dot is next
	waiting       // for the reply to the dot
	heard         // to be recorded
)

const relayName = "relay.exempel.se"

// ready are the lines that can go on now.
func (w *world) ready() (ready []*line) {
	for _, l := range w.busy() {
		if l.at != waiting || !w.now.Before(l.replies) {
			ready = append(ready, l)
		}
	}
	return ready
}

// busy are the lines of running processes that have something to do.
func (w *world) busy() (busy []*line) {
	for _, p := range w.processes {
		for _, l := range p.lines {
			if !p.stopped && (l.at != idle || len(p.jobs) > 0) {
				busy = append(busy, l)
			}
		}
	}
	return busy
}

func (w *world) firstReply(busy []*line) (first time.Time) {
	for _, l := range busy {
		if l.at == waiting && (first.IsZero() || l.replies.Before(first)) {
			first = l.replies
		}
	}
	return first
}

// carry takes a line one step further.
func (w *world) carry(l *line) {
	w.Helper()
	switch l.at {
	case idle:
		l.job, l.jobs, l.attempt, l.at = l.jobs[0], l.jobs[1:], 0, taken
	case taken:
		w.offers(l)
	case offered:
		w.marks(l)
	case marked:
		w.dots(l)
	case waiting:
		l.at = heard
		if w.now.Sub(l.dotted) > replyWait && w.chance(50) { // too late for the socket's deadline
			l.ending = Ending{Stage: AtDot, Reply: "timeout"}
		}
	case heard:
		w.hears(l)
	}
	w.leavesIfDone(l.process)
	if l.job.Claim > 1 {
		w.meets(l)
	}
}

// compose makes a letter's bytes of its row and its version, as a worker does.
func (w *world) compose(c Claimed) []byte {
	name, date := c.Name, c.DatedAt
	if list(c.Letter) == "" {
		name, date = "", c.PlannedAt
	}
	return fmt.Appendf(nil, "To: %s\nDate: %s, %s\nMessage-ID: %s\n\nHej %s, %x",
		c.Email, c.DatedAt.UTC(), date.UTC(), w.MessageToken(c.DeliveryKey), name, c.Version)
}

func (w *world) offers(l *line) {
	w.Helper()
	if l.leaving {
		if l.at = idle; w.chance(50) { // else Leave queues it again
			w.givesBack(l)
		}
		return
	}
	l.bytes = w.compose(l.job)
	sum := sha256.Sum256(l.bytes)
	switch {
	case l.job.Email == "", w.fault(1):
		w.parks(l, "the template is broken")
	case l.job.Doubts > 0 && !bytes.Equal(sum[:], l.job.SHA256):
		if l.job.Name == w.names[l.job.DeliveryKey] {
			w.Fatalf("%s to %s is not as it was, though nobody renamed them", l.job.Letter, l.job.Email)
		}
		w.parks(l, "cannot be repeated exactly")
	case l.rest.After(w.now):
		w.givesBack(l)
	default:
		l.at = offered
		if e, refused := w.relay.offer(w, w.person(l.job.Email)); refused {
			w.refused(l, e)
		}
	}
}

// refused deals with a letter that the relay would not take.
func (w *world) refused(l *line, e Ending) {
	w.Helper()
	if Judge(e) == Refused {
		l.rest = w.relay.rest(w)
		w.givesBack(l)
		return
	}
	l.ending, l.at = e, heard
}

// marks asks for the mark, often together with other lines of the process, and
// with records of theirs. The answer may be lost, on its way there or back.
func (w *world) marks(l *line) {
	w.Helper()
	group, ended := []*line{l}, []*line(nil)
	if w.chance(40) {
		for _, other := range l.lines {
			switch {
			case other != l && other.at == offered:
				group = append(group, other)
			case other.at == heard && Judge(other.ending) != Refused:
				ended = append(ended, other)
			}
		}
	}
	lost := w.fault(1)
	var granted []error
	if !lost || w.chance(70) {
		granted = w.advance(ended, group)
	}
	for _, l := range ended {
		if !lost {
			l.at = idle
		}
	}
	for i, l := range group {
		if lost { // it may stand marked or claimed
			w.givesBackAs(l, l.job.Attempt+1)
			w.givesBackAs(l, 0)
			continue
		}
		w.answered(l, granted[i])
	}
}

// answered goes on as the ledger said.
func (w *world) answered(l *line, granted error) {
	w.Helper()
	switch {
	case granted == nil:
		w.mayBeMarked(l.job)
		l.attempt, l.marked, l.at = l.job.Attempt+1, w.now, marked
	case errors.Is(granted, ErrHeld):
		w.givesBack(l)
	case errors.Is(granted, ErrFenced):
		w.forgoes(l)
	default:
		w.must(granted)
	}
}

// dots ends the letter, unless the guard finds the mark or the lease too old.
func (w *world) dots(l *line) {
	w.Helper()
	if w.now.Sub(l.marked) > markLife || w.now.Sub(l.beaten) > theLease {
		w.givesBack(l)
		return
	}
	l.at, l.dotted = waiting, w.now
	l.ending, l.replies = w.relay.dot(w, l)
	if l.leaving {
		l.hurry(w.now)
	}
}

// hurry makes a line of a leaving process hang up after a while.
func (l *line) hurry(now time.Time) {
	const grace = 25 * time.Second
	if l.at == waiting && l.replies.After(now.Add(grace)) {
		l.replies, l.ending = now.Add(grace), Ending{Stage: AtDot, Reply: "connection closed"}
	}
}

func (w *world) hears(l *line) {
	w.Helper()
	if Judge(l.ending) == Refused {
		l.rest = w.relay.rest(w)
		w.givesBack(l)
		return
	}
	w.advance([]*line{l}, nil)
	if !w.fault(2) { // else the answer was lost, and it is told again
		l.at = idle
	}
}
