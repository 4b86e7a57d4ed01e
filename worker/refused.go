package worker

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"fortsatt/course"
	"fortsatt/mailer"
)

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
	err = nameless(err)
	rest := l.fleet.failed(relay, l.Now(), first, err)
	l.Log.Warn("worker: relay passed over", "relay", relay.String(), "seconds", rest.Seconds(), "error", err)
}

// nameless is an error for the log, and for the worker's row: relays like to quote the
// addresses that they were given, a reader's or an envelope sender with its token.
func nameless(err error) error {
	text := err.Error()
	if said := anAddress.ReplaceAllString(text, "…"); said != text {
		return errors.New(said)
	}
	return err
}

var anAddress = regexp.MustCompile(`[^\s<>()\[\]:;,"]+@[^\s<>()\[\]:;,"]+`)

// endingOf translates what the wire said into the ledger's words.
func endingOf(wire *mailer.Error) course.Ending {
	e := course.Ending{Stage: course.Stage(wire.Stage.String()), Code: wire.Reply.Code, Enhanced: wire.Reply.Enhanced, Reply: wire.Reply.String()}
	if wire.Reply.Code == 0 {
		e.Reply = fmt.Sprintf("no reply at %s: %v", wire.Stage, wire.Err)
	}
	return e
}
