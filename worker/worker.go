// Package worker decides when: it plans what is due, claims what is ready,
// renders it with lessons, hands it to a relay with mailer, and records in
// course what became of it.
//
// Start with Worker.Run, the process that never ends, and Worker.Work (work.go), which
// sends one letter to everyone who is to have it and returns. Both keep a
// session (session.go): a row of ours in the ledger with a heartbeat, and some
// lines. A line (line.go) is one SMTP connection and carries one letter at a
// time, composed in parcel.go; what the lines have to say to the ledger (books.go)
// goes there in groups (committer.go). The tables are the truth about what is to
// be done; notifications only shorten the sleep.
package worker

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"fortsatt/course"
	"fortsatt/mailer"
)

// Options are what a worker needs to know.
type Options struct {
	Store        *course.Store
	Relays       []mailer.Relay
	Connections  int          // SMTP connections, and so letters in doubt at most if we are killed
	From         mail.Address // whom the letters are from
	ReplyTo      mail.Address // zero: From
	BounceDomain string       // domain of the envelope senders; "" means From's
	Links        course.Links
	Signer       *mailer.Signer // nil: unsigned
	Postmark     bool           // a relay is Postmark, and reports to us
	Rate         float64        // letters a second at most; 0: as fast as the relay takes them
	DomainRate   float64        // letters a second to one recipient domain at most; 0: no limit
	Warmup       Warmup         // a daily ramp, for a sender that is new
	Lease        time.Duration  // how long we may be silent before others take over; 0 means 30 s
	Quarantine   time.Duration  // how long a letter without a reply waits; 0 means course.Quarantine
	Now          func() time.Time
	Log          *slog.Logger
	Hints        <-chan struct{} // from course.Listen; nil: none
	Inbound      net.Listener    // where returned mail comes in by SMTP; nil: nowhere
}

// Worker sends letters.
type Worker struct {
	Options
	fleet   *fleet
	texts   texts
	advised sync.Map // what the log has said about letters
	limit   *rate.Limiter
	pace    pace
	settled chan struct{} // a hint from the lines: something was recorded
	hooked  time.Time     // when providers' reports were last looked for
	visits  visitTimes
	flooded bool // sign-ups are delayed, and the log has said so

	retained time.Time // when what is too old was last looked for, on the ledger's clock
}

// poll is how long the worker sleeps at most. What a dead worker held is taken
// over within that of its lease's end.
const poll = 3 * time.Second

// New returns a worker, at rest.
func New(o Options) *Worker {
	if o.Lease == 0 {
		o.Lease = 30 * time.Second
	}
	if o.Quarantine == 0 {
		o.Quarantine = course.Quarantine
	}
	if o.BounceDomain == "" {
		o.BounceDomain = domain(o.From.Address)
	}
	o.asTheyTravel()
	limit := rate.NewLimiter(rate.Inf, 1)
	if o.Rate > 0 {
		limit = rate.NewLimiter(rate.Limit(o.Rate), 1)
	}
	return &Worker{Options: o, fleet: newFleet(o.Relays), limit: limit, pace: pace{rate: o.DomainRate}, settled: make(chan struct{}, 1), visits: usualVisit}
}

// asTheyTravel writes domains with å as xn--, once for all letters. What is none stays as it
// is: each letter will say so.
func (o *Options) asTheyTravel() {
	from := o.From.Address
	if d, err := mailer.WireDomain(domain(from)); err == nil {
		o.From.Address = strings.TrimSuffix(from, domain(from)) + d
	}
	if d, err := mailer.WireDomain(o.BounceDomain); err == nil {
		o.BounceDomain = d
	}
	if base, err := mailer.WireURL(o.Links.Base); err == nil {
		o.Links.Base = base
	}
}

// Run plans and sends until ctx ends. Then letters whose dot may be out are
// finished and recorded, and the rest goes back to the queue. After a long
// silence in the ledger it waits for an admin to resume. Meanwhile it takes in
// what comes back.
func (w *Worker) Run(ctx context.Context) error {
	var door sync.WaitGroup
	defer door.Wait()
	if w.Inbound != nil {
		door.Go(func() { w.receive(ctx, w.Inbound) })
	}
	for ctx.Err() == nil {
		err := w.listenForSilence(ctx)
		if err == nil {
			err = w.session(ctx, func(ctx context.Context, s *session) error { return w.loop(ctx, s) })
		}
		if err != nil && ctx.Err() == nil {
			w.Log.Warn("worker: session ended, trying again", "error", err)
			pause(ctx, time.Second)
		}
	}
	return nil
}

// listenForSilence pauses everything if no worker was heard of for long.
func (w *Worker) listenForSilence(ctx context.Context) error {
	paused, err := w.Store.PauseAfterSilence(ctx, w.Now())
	if paused {
		w.Log.Error("worker: nothing was heard of any worker for two days, so all sending waits for: course resume")
	}
	return err
}

// loop owns time: one pass after the other, and exactly enough sleep between.
func (w *Worker) loop(ctx context.Context, s *session) error {
	for {
		busy, err := w.pass(ctx, s)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		case !busy:
			w.sleep(ctx)
		}
	}
}

// pass recovers, plans and claims once. In the middle of a long queue it claims
// more often than it looks at the rest.
func (w *Worker) pass(ctx context.Context, s *session) (busy bool, err error) {
	if !s.full || time.Since(s.looked) > time.Second {
		if err := w.look(ctx); err != nil {
			return false, err
		}
		s.looked = time.Now()
	}
	n, err := s.claim(ctx, course.Scope{})
	return n > 0, err
}

// look finds what the clock, or another worker's end, has made ready. What
// providers reported comes first, since it may end letters that wait.
func (w *Worker) look(ctx context.Context) error {
	if time.Since(w.hooked) > poll {
		w.takeHooks(ctx)
		w.hooked = time.Now()
	}
	w.takeSignUps(ctx)
	if _, err := w.Store.Recover(ctx, w.Now(), w.Lease); err != nil {
		return err
	}
	if _, err := w.Store.EndQuarantine(ctx, w.Now(), w.Quarantine); err != nil {
		return err
	}
	if _, err := w.Store.PlanDue(ctx, w.Now()); err != nil {
		return err
	}
	w.retain(ctx)
	return nil
}

// sleep waits until something may be due, or a hint says so.
func (w *Worker) sleep(ctx context.Context) {
	wait := poll
	if next, err := w.Store.NextMoment(ctx, w.Quarantine); err == nil && !next.IsZero() {
		// What is due already waits for something else, which ends in a hint.
		wait = min(max(next.Sub(w.Now()), time.Second), poll)
	}
	wait = max(wait, w.fleet.rest(w.Now()))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-w.Hints:
		w.hooked = time.Time{}
	case <-w.settled:
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// name tells people which process a worker is.
func name() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}
