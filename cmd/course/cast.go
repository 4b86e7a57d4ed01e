package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"fortsatt/course"
)

// The invented readers of a demo, by how many weeks ago they began.
var cast = []struct {
	email, name string
	weeksAgo    int
}{
	{"birgitta@kontoret.example", "Birgitta", 9},
	{"samir@kontoret.example", "Samir", 8},
	{"elin@kontoret.example", "Elin", 7},
	{"joakim@kontoret.example", "Joakim", 6},
	{"fatima@kontoret.example", "", 5},
	{"lena@kontoret.example", "Lena", 4},
	{"oskar@kontoret.example", "Oskar", 4},
	{"mirja@kontoret.example", "Mirja", 3},
	{"tove@kontoret.example", "Tove", 2},
	{"agneta@kontoret.example", "Agneta", 1},
	{"petra@kontoret.example", "Petra", 1},
	{"hamid@kontoret.example", "Hamid", 0},
}

// castConsent is how the invented readers agreed.
const castConsent = "Påhittad läsare i demon"

// errRealPeople refuses to play with a database that others are in.
var errRealPeople = usage(errors.New("demo: there are people in the database at DATABASE_URL, and a demo's letters reach nobody"),
	"unset DATABASE_URL, or give the demo an empty database")

// play lets the invented readers go through their weeks on a clock of their
// own, so that there is something to see. It does so once per database.
func (s *stage) play(ctx context.Context) error {
	played, err := s.played(ctx)
	if err != nil || played {
		return err
	}
	week := cmp.Or(s.Pace, 7*24*time.Hour)
	end := time.Now()
	clock := end.Add(-10 * week)
	sender, err := s.worker(s.app, nil)
	if err != nil {
		return err
	}
	sender.Now = func() time.Time { return clock }
	for left := cast; !clock.After(end); clock = s.nextScene(ctx, clock, end, (week / 7).Truncate(time.Microsecond)) {
		for len(left) > 0 && !end.Add(-time.Duration(left[0].weeksAgo)*week).After(clock) {
			if err := s.enter(ctx, clock, left[0].email, left[0].name); err != nil {
				return err
			}
			left = left[1:]
		}
		if _, err := s.store.PlanDue(ctx, clock); err != nil {
			return err
		}
		if err := sender.Work(ctx, course.Scope{}, nil); err != nil {
			return err
		}
	}
	return nil
}

// nextScene is when something is due, or a step on; the last one is at end.
func (s *stage) nextScene(ctx context.Context, clock, end time.Time, step time.Duration) time.Time {
	next := clock.Add(step)
	if clock.Before(end) && next.After(end) {
		next = end
	}
	if due, err := s.store.NextMoment(ctx, course.Quarantine); err == nil && due.After(clock) && due.Before(next) {
		next = due
	}
	return next
}

// played says whether the invented readers are here already. Anybody else than
// they is real.
func (s *stage) played(ctx context.Context) (bool, error) {
	_, err := s.store.Show(ctx, cast[0].email)
	if !errors.Is(err, course.ErrUnknown) {
		return err == nil, err
	}
	return false, s.store.List(ctx, func(course.Listed) error { return errRealPeople })
}

func (s *stage) enter(ctx context.Context, now time.Time, email, name string) error {
	address, err := course.ParseAddress(email)
	if err != nil {
		return fmt.Errorf("enter %s: %w", email, err)
	}
	first, _ := s.store.Course("")
	wish := course.ImportWish{Consent: castConsent, Course: first.ID, Newsletter: true}
	_, err = s.store.Import(ctx, now, []course.Person{{Address: address, Name: name}}, wish)
	return err
}
