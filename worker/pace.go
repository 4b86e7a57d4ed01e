package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"fortsatt/course"
)

// Warmup is a daily ramp for a sender that nobody knows yet: mailbox providers
// want to see a new domain grow slowly. The zero Warmup is none.
type Warmup struct {
	From  time.Time // the first day, at its midnight; days count in its zone
	First int       // letters on that day; twice as many on each that follows
}

// warmupDays is how long a ramp lasts: by then it allows 8,192 times its first day.
const warmupDays = 14

// most is how many letters may go out on the day of a moment; without a ramp,
// and after it, there is no limit.
func (w Warmup) most(now time.Time) (day time.Time, n int, limited bool) {
	if w.First == 0 {
		return time.Time{}, 0, false
	}
	for i := range warmupDays {
		day = w.From.AddDate(0, 0, i)
		if now.Before(day.AddDate(0, 0, 1)) {
			return day, w.First << i, true
		}
	}
	return time.Time{}, 0, false
}

// pace spreads the letters to one recipient domain. What has to wait goes back
// to the queue, one slot behind the other, and others pass by.
type pace struct {
	rate    float64 // letters a second to one domain; 0: no limit
	domains map[string]*lane
}

// lane is one domain's.
type lane struct {
	limit *rate.Limiter
	next  time.Time // the last slot that was given away
}

// slot says when a letter may go to a domain, now at the earliest.
func (p *pace) slot(domain string, now time.Time) time.Time {
	if p.rate == 0 {
		return now
	}
	l := p.lane(domain, now)
	if l.limit.AllowN(now, 1) {
		return now
	}
	if l.next.Before(now) {
		l.next = now
	}
	l.next = l.next.Add(time.Duration(float64(time.Second) / p.rate))
	return l.next
}

// manyLanes is when those that nobody waits in are forgotten.
const manyLanes = 10_000

func (p *pace) lane(domain string, now time.Time) *lane {
	if l, ok := p.domains[domain]; ok {
		return l
	}
	if p.domains == nil || len(p.domains) >= manyLanes {
		before := p.domains
		p.domains = map[string]*lane{}
		for name, l := range before {
			if l.next.After(now) {
				p.domains[name] = l
			}
		}
	}
	l := &lane{limit: rate.NewLimiter(rate.Limit(p.rate), max(1, int(p.rate)))}
	p.domains[domain] = l
	return l
}

// urgent letters are waited for by a person at a screen. They count, and never wait.
func urgent(c course.Claimed) bool {
	kind, _, _ := strings.Cut(c.Letter, ":")
	return kind == "confirm" || kind == "login" || kind == "test"
}

// spread returns those of the claimed letters that may go now, the urgent ones
// first, and puts off the others, with the reason.
func (s *session) spread(ctx context.Context, claimed []course.Claimed) (now []course.Claimed, err error) {
	if s.DomainRate == 0 && s.Warmup.First == 0 {
		return claimed, nil
	}
	moment := s.Now()
	var calm []course.Claimed
	var later []course.PutOff
	for _, c := range claimed {
		to := domain(c.Email)
		at := s.pace.slot(to, moment)
		switch {
		case urgent(c):
			now = append(now, c)
		case at.After(moment):
			later = append(later, course.PutOff{Claimed: c, Until: at, Reason: fmt.Sprintf("at most %g letters a second to %s", s.DomainRate, to)})
		default:
			calm = append(calm, c)
		}
	}
	granted, cold, err := s.warm(ctx, len(now), calm, moment)
	if err != nil {
		return nil, err
	}
	return append(now, granted...), s.Store.PutOff(ctx, append(later, cold...))
}

// warm takes from the day's allowance what the letters need, after those that
// do not wait, and puts off what is over it: to the same hour of the next day,
// since nobody wants letters at midnight.
func (s *session) warm(ctx context.Context, hurried int, calm []course.Claimed, now time.Time) (granted []course.Claimed, cold []course.PutOff, err error) {
	day, most, limited := s.Warmup.most(now)
	if !limited {
		return calm, nil, nil
	}
	n, err := s.Store.Warm(ctx, day, hurried, len(calm), most)
	if err != nil {
		return nil, nil, err
	}
	tomorrow := now.In(s.Warmup.From.Location()).AddDate(0, 0, 1)
	for _, c := range calm[n:] {
		cold = append(cold, course.PutOff{Claimed: c, Until: tomorrow, Reason: fmt.Sprintf("warm-up: at most %d letters on %s", most, day.Format(time.DateOnly))})
	}
	return calm[:n], cold, nil
}

// ErrPutOff says that what is left has to wait for longer than anyone would watch.
var ErrPutOff = errors.New("put off")

// aWhile is how long Work waits for letters that were put off.
const aWhile = 10 * time.Minute

// putOff says whether, and why, a scope's letters wait for longer than that.
func (w *Worker) putOff(ctx context.Context, scope course.Scope) error {
	until, reason, err := w.Store.PutOffUntil(ctx, scope)
	if err != nil || reason == "" || until.Before(w.Now().Add(aWhile)) {
		return err
	}
	return fmt.Errorf("%w: %s", ErrPutOff, reason)
}
