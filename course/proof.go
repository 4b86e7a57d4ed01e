package course

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// ErrSuppressed says that an address must not be written to.
var ErrSuppressed = fmt.Errorf("the address is suppressed")

// PlanTest queues a lesson as a test to an address: real bytes, in no count of
// readers. A new address becomes staff. Errors: ErrAddress, ErrNoCourse,
// ErrNoWeek, ErrSuppressed.
func (s *Store) PlanTest(ctx context.Context, now time.Time, course string, week int, to string) (Scope, error) {
	c, ok := s.Course(course)
	if !ok {
		return Scope{}, fmt.Errorf("test %q: %w", course, ErrNoCourse)
	}
	letter := c.Letter(week)
	if letter == "" {
		return Scope{}, fmt.Errorf("test week %d of %s, which has %d: %w", week, c.ID, len(c.Lessons), ErrNoWeek)
	}
	address, err := ParseAddress(to)
	if err != nil {
		return Scope{}, fmt.Errorf("test to %q: %w", to, err)
	}
	scope := Scope{Letter: "test:" + letter}
	err = s.transact(ctx, "plan a test to "+to, func(tx *sqlx.Tx) error {
		known, err := s.meet(ctx, tx, now, address)
		if err != nil {
			return err
		}
		if known.Suppressed != "" {
			return ErrSuppressed
		}
		scope.SubscriberID = known.SubscriberID
		return requestTest(ctx, tx, now, scope, c.Lessons[week-1].Version)
	})
	return scope, err
}

func requestTest(ctx context.Context, tx *sqlx.Tx, now time.Time, scope Scope, v Version) error {
	// Somebody new, or whose sign-up nobody waits for, is staff.
	_, err := tx.ExecContext(ctx, `
		update subscribers s
		set kind = 'staff', state = 'active', confirmed_at = $2
		where id = $1 and state = 'pending'
		and not exists (select from requests r where r.subscriber_id = s.id and not starts_with(r.letter, 'test:'))`, scope.SubscriberID, now)
	if err != nil {
		return err
	}
	var copies int
	err = tx.GetContext(ctx, &copies, `
		select count(*)
		from requests
		where subscriber_id = $1 and letter = $2`, scope.SubscriberID, scope.Letter)
	if err != nil {
		return err
	}
	test := order{SubscriberID: scope.SubscriberID, Letter: scope.Letter, Copy: copies, Reason: "test"}
	if err := request(ctx, tx, now, rankConfirm, v, []order{test}); err != nil {
		return err
	}
	return wake(ctx, tx)
}
