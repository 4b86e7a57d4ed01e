package course

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// ErrTooLate says that leaving can no longer be undone: the person can sign up again.
var ErrTooLate = errors.New("too late to undo")

// UndoLife is how long leaving can be undone.
const UndoLife = 10 * time.Minute

// Leaving is what an unsubscribe link stands for.
type Leaving struct {
	List      string    // a course's id
	Left      bool      // nothing more comes from it
	UndoUntil time.Time // zero where there is nothing to undo
}

// Leaving reads an unsubscribe link and changes nothing. Errors: ErrToken.
func (s *Store) Leaving(ctx context.Context, token string) (Leaving, error) {
	d, err := s.keys.open(toUnsubscribe, token)
	if err != nil {
		return Leaving{}, err
	}
	list, err := listOf(ctx, s.db, d)
	if err != nil {
		return Leaving{}, fmt.Errorf("read an unsubscribe link: %w", away(err))
	}
	leaving := Leaving{List: list, Left: true}
	var leftAt sql.NullTime
	err = s.db.GetContext(ctx, &leftAt, `
		select case when state = 'left' then ended_at end
		from enrolments
		where subscriber_id = $1 and course = $2`, d.SubscriberID, list)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return leaving, nil
	case err != nil:
		return leaving, fmt.Errorf("read an enrolment: %w", away(err))
	case leftAt.Valid:
		leaving.UndoUntil = leftAt.Time.Add(UndoLife)
	}
	leaving.Left = leftAt.Valid
	return leaving, nil
}

// listOf returns the list that a delivery's letter belongs to.
func listOf(ctx context.Context, db sqlx.QueryerContext, d DeliveryKey) (string, error) {
	var letter string
	err := sqlx.GetContext(ctx, db, &letter, `
		select letter
		from deliveries
		where subscriber_id = $1 and id = $2`, d.SubscriberID, d.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrToken
	}
	return list(letter), err
}

// Unsubscribe ends what the link's letter belongs to, once however often it is
// called: letters under way are cancelled up to their mark. Errors: ErrToken.
func (s *Store) Unsubscribe(ctx context.Context, now time.Time, token string) error {
	d, err := s.keys.open(toUnsubscribe, token)
	if err != nil {
		return err
	}
	return s.transact(ctx, "unsubscribe", func(tx *sqlx.Tx) error {
		list, err := listOf(ctx, tx, d)
		if err != nil {
			return err
		}
		return leaveList(ctx, tx, now, d.SubscriberID, list, "one-click")
	})
}

// leaveList ends a course for a subscriber who left it now; there is none behind
// a test letter.
func leaveList(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64, list, method string) error {
	left, err := leaveCourse(ctx, tx, now, id, list, method)
	if err != nil || !left {
		return err
	}
	return suppressIfAllLeft(ctx, tx, now, id)
}

// UnsubscribeAddress ends every course and newsletter of an address, as an
// admin who was asked to. Errors: ErrAddress, ErrUnknown.
func (s *Store) UnsubscribeAddress(ctx context.Context, now time.Time, email string) error {
	return s.transact(ctx, "unsubscribe "+email, func(tx *sqlx.Tx) error {
		id, err := s.find(ctx, tx, email)
		if err != nil {
			return err
		}
		return takeOff(ctx, tx, now, id)
	})
}

// takeOff ends all that a subscriber gets, answers to what they asked for too.
func takeOff(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64) error {
	if err := leaveAll(ctx, tx, now, id, "admin"); err != nil {
		return err
	}
	if err := cancelService(ctx, tx, now, id); err != nil {
		return err
	}
	return suppressIfAllLeft(ctx, tx, now, id)
}

// leaveAll ends every course and the newsletter of a subscriber.
func leaveAll(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64, method string) error {
	var courses []string
	err := tx.SelectContext(ctx, &courses, `select course from enrolments where subscriber_id = $1 order by course`, id)
	if err != nil {
		return err
	}
	for _, course := range courses {
		if _, err := leaveCourse(ctx, tx, now, id, course, method); err != nil {
			return err
		}
	}
	return leaveNewsletter(ctx, tx, now, id, method)
}

// find returns the subscriber of an address.
func (s *Store) find(ctx context.Context, db sqlx.QueryerContext, email string) (int64, error) {
	address, err := ParseAddress(email)
	if err != nil {
		return 0, fmt.Errorf("%q: %w", email, err)
	}
	var id int64
	err = sqlx.GetContext(ctx, db, &id, `
		select subscriber_id
		from addresses
		where address_hash = $1 and subscriber_id is not null`, s.keys.addressHash(address))
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrUnknown
	}
	return id, err
}

// leaveCourse takes the enrolment's lock first, as the planner does, so that
// no lesson is planned behind its back. A letter past its mark cannot be called
// back, but carries the reason, so that it is cancelled should it come back.
func leaveCourse(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64, course, method string) (left bool, err error) {
	result, err := tx.ExecContext(ctx, `
		update enrolments
		set state = 'left', ended_at = $3
		where subscriber_id = $1 and course = $2 and state <> 'left'`, id, course, now)
	if err != nil {
		return false, err
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return false, nil
	}
	_, err = tx.ExecContext(ctx, `
		update deliveries
		set state = case when state in ('sending', 'uncertain') then state else 'cancelled' end,
		    settled_at = case when state in ('sending', 'uncertain') then null else cast($3 as timestamptz) end,
		    ready_at = null, reason = 'left'
		where subscriber_id = $1 and starts_with(letter, $2) and state not in ('accepted', 'rejected', 'cancelled')`,
		id, Course{ID: course}.prefix(), now)
	if err != nil {
		return false, err
	}
	return true, consent{Purpose: "course:" + course, Event: "withdrawn", Method: method}.write(ctx, tx, now, id)
}

// cancelService takes back the letters of somebody who wants none which answer what
// they did, and the wish for one that waits. One that is past its mark cannot be,
// but carries the reason, should it come back.
func cancelService(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64) error {
	_, err := tx.ExecContext(ctx, `delete from signups where email = (select email from subscribers where id = $1)`, id)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		update deliveries
		set state = case when state in ('sending', 'uncertain') then state else 'cancelled' end,
		    settled_at = case when state in ('sending', 'uncertain') then null else cast($2 as timestamptz) end,
		    ready_at = null, reason = 'left'
		where subscriber_id = $1 and letter !~ '^(lesson|newsletter|test):' and state not in ('accepted', 'rejected', 'cancelled')`, id, now)
	return err
}

func leaveNewsletter(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64, method string) error {
	left, err := tx.ExecContext(ctx, `update subscribers set newsletter = false where id = $1 and newsletter`, id)
	if err != nil {
		return err
	}
	if n, _ := left.RowsAffected(); n == 0 {
		return nil
	}
	return consent{Purpose: newsletter, Event: "withdrawn", Method: method}.write(ctx, tx, now, id)
}

// suppressIfAllLeft guards those who want nothing more from being imported again.
func suppressIfAllLeft(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64) error {
	_, err := tx.ExecContext(ctx, `
		update addresses
		set suppressed = 'unsubscribed', suppressed_at = $2
		where subscriber_id = $1 and suppressed is null
		and not exists (select from subscribers where id = $1 and newsletter)
		and not exists (select from enrolments where subscriber_id = $1 and state in ('active', 'paused'))`, id, now)
	return err
}

// Rejoin undoes leaving, within UndoLife: the course goes on where it was, and
// letters that leaving cancelled are queued again. A complaint, or an admin's word,
// is no such leaving. Errors: ErrToken, ErrTooLate.
func (s *Store) Rejoin(ctx context.Context, now time.Time, token string) error {
	d, err := s.keys.open(toUnsubscribe, token)
	if err != nil {
		return err
	}
	return s.transact(ctx, "undo unsubscribing", func(tx *sqlx.Tx) error {
		course, err := listOf(ctx, tx, d)
		if err != nil {
			return err
		}
		var leftAt sql.NullTime
		err = tx.GetContext(ctx, &leftAt, `
			select case when state = 'left' then ended_at end
			from enrolments
			where subscriber_id = $1 and course = $2
			and not exists (select from addresses where subscriber_id = $1 and suppressed in ('complaint', 'admin'))
			for update`, d.SubscriberID, course)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrTooLate
		case err != nil:
			return err
		case !leftAt.Valid:
			return nil // undone already
		case !now.Before(leftAt.Time.Add(UndoLife)):
			return ErrTooLate
		}
		return s.rejoin(ctx, tx, now, d.SubscriberID, course)
	})
}

func (s *Store) rejoin(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64, course string) error {
	_, err := tx.ExecContext(ctx, `
		update addresses
		set suppressed = null, suppressed_at = null
		where subscriber_id = $1 and suppressed = 'unsubscribed'`, id)
	if err != nil {
		return err
	}
	if err := s.enrol(ctx, tx, now, course, []int64{id}, rejoining); err != nil {
		return err
	}
	evidence := consent{Purpose: "course:" + course, Event: "confirmed", Method: "undo"}
	if err := evidence.write(ctx, tx, now, id); err != nil {
		return err
	}
	return wake(ctx, tx)
}
