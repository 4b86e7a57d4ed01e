package course

import (
	"context"
	"fmt"
	"time"
)

// Listed is one row of `subscribers list` and of the export: a subscriber, and
// the place in one course, if any.
type Listed struct {
	ID          int64      `json:"-" db:"id"`
	Email       string     `json:"email" db:"email"`
	Name        string     `json:"name" db:"name"`
	State       string     `json:"state" db:"state"`
	Suppressed  *string    `json:"suppressed" db:"suppressed"`
	Newsletter  bool       `json:"newsletter" db:"newsletter"`
	CreatedAt   time.Time  `json:"created_at" db:"created_at"`
	ConfirmedAt *time.Time `json:"confirmed_at" db:"confirmed_at"`
	Course      *string    `json:"course" db:"course"`
	Enrolment   *string    `json:"enrolment" db:"enrolment"`
	Position    *int       `json:"position" db:"position"`
	NextDueAt   *time.Time `json:"next_due_at" db:"next_due_at"`
}

// List calls each for every subscriber in order of sign-up, once per course,
// without staff and those erased. It reads as it goes, whatever their number.
func (s *Store) List(ctx context.Context, each func(Listed) error) error {
	rows, err := s.db.QueryxContext(ctx, `
		select s.id, s.email, s.name, s.state, a.suppressed, s.newsletter, s.created_at, s.confirmed_at,
		       e.course, e.state as enrolment, e.position,
		       case when e.state in ('active', 'paused') then e.next_due_at end as next_due_at
		from subscribers s
		left join addresses a on a.subscriber_id = s.id
		left join enrolments e on e.subscriber_id = s.id
		where s.kind = 'reader' and s.state <> 'erased'
		order by s.created_at, s.id, e.course`)
	if err != nil {
		return fmt.Errorf("list subscribers: %w", away(err))
	}
	defer rows.Close()
	for rows.Next() {
		var row Listed
		if err := rows.StructScan(&row); err != nil {
			return fmt.Errorf("list subscribers: %w", err)
		}
		if row.Course != nil && s.over(Enrolment{Course: *row.Course, State: *row.Enrolment, Position: *row.Position}) {
			row.NextDueAt = nil
		}
		if err := each(row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("list subscribers: %w", away(err))
	}
	return nil
}
