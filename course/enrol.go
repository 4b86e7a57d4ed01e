package course

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// activate makes subscribers active, as their consent allows, and lifts what
// their own wish lifts: a bounce that is over, or having left.
func activate(ctx context.Context, tx *sqlx.Tx, now time.Time, subscribers []int64, newsletter bool) error {
	_, err := tx.ExecContext(ctx, `
		update subscribers
		set kind = 'reader', state = 'active', confirmed_at = coalesce(confirmed_at, $2), newsletter = newsletter or $3
		where id = any($1) and state <> 'erased'`, pq.Array(subscribers), now, newsletter)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		update addresses
		set suppressed = null, suppressed_at = null
		where subscriber_id = any($1) and suppressed in ('bounce', 'unsubscribed', 'erased')`, pq.Array(subscribers))
	return err
}

// Whether enrolling again takes up a course that was left.
const (
	rejoining    = true
	notRejoining = false
)

// enrol starts a course for subscribers, with letter 1 queued and due at once.
// Who is enrolled stays as they are; who left goes on where they stopped, if they
// themselves asked to, with the letter that leaving or a bounce cancelled; one
// that was handed over twice without a reply is again left to a human.
func (s *Store) enrol(ctx context.Context, tx *sqlx.Tx, now time.Time, course string, subscribers []int64, rejoin bool) error {
	_, err := tx.ExecContext(ctx, `
		insert into enrolments (subscriber_id, course, next_due_at, started_at)
		select t.id, $2, $3, $3
		from unnest(cast($1 as bigint[])) t(id)
		on conflict (subscriber_id, course) do update
		set state = 'active', ended_at = null, next_due_at = coalesce(enrolments.next_due_at, $3)
		where $4 and enrolments.state = 'left'`, pq.Array(subscribers), course, now, rejoin)
	if err != nil {
		return err
	}
	if rejoin {
		_, err = tx.ExecContext(ctx, `
			update deliveries d
			set state = case when d.state <> 'cancelled' then d.state when doubts > 1 then 'parked' else 'queued' end,
			    ready_at = case when d.state = 'cancelled' and doubts <= 1 then cast($3 as timestamptz) end,
			    settled_at = null, reason = case when d.state = 'cancelled' and doubts > 1 then 'handed over twice without a reply' end
			from subscribers s
			where s.id = any($1) and s.state = 'active' and subscriber_id = s.id and starts_with(letter, $2)
			and d.state in ('cancelled', 'sending', 'uncertain') and reason in ('left', 'suppressed')`,
			pq.Array(subscribers), Course{ID: course}.prefix(), now)
		if err != nil {
			return err
		}
	}
	c, ok := s.Course(course)
	if !ok {
		return nil // planned once its texts are published
	}
	return plan(ctx, tx, now, c, subscribers)
}
