package course

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// A worker lives by its row in workers. Leases run on the database's clock, so
// that workers need not agree on the time.

// Join announces a worker and returns its id.
func (s *Store) Join(ctx context.Context, name string) (int64, error) {
	var id int64
	err := s.db.GetContext(ctx, &id, `
		insert into workers (name, started_at, heartbeat_at)
		values ($1, now(), now())
		returning id`, name)
	if err != nil {
		return 0, fmt.Errorf("announce the worker: %w", away(err))
	}
	return id, nil
}

// ErrDeclaredGone says that a worker was taken for dead and its claims given
// to others: it must start anew.
var ErrDeclaredGone = fmt.Errorf("this worker was taken for dead")

// Beat renews a worker's lease, and says what is wrong with its relays, "" for
// nothing. Errors: ErrDeclaredGone.
func (s *Store) Beat(ctx context.Context, worker int64, trouble string) error {
	beat, err := s.db.ExecContext(ctx, `
		update workers
		set heartbeat_at = now(), trouble = $2
		where id = $1 and stopped_at is null`, worker, trouble)
	if err != nil {
		return fmt.Errorf("renew the lease: %w", away(err))
	}
	if n, _ := beat.RowsAffected(); n == 0 {
		return ErrDeclaredGone
	}
	return nil
}

// Leave ends a worker: what it claimed and did not begin to send is queued again.
func (s *Store) Leave(ctx context.Context, now time.Time, worker int64) error {
	return s.transact(ctx, "sign the worker off", func(tx *sqlx.Tx) error {
		return bury(ctx, tx, now, []int64{worker}, 0)
	})
}

// Recover takes over from workers whose lease ran out: claimed letters are
// queued again, since they never reached the dot; those that were being sent
// become uncertain. It returns how many workers were gone.
func (s *Store) Recover(ctx context.Context, now time.Time, lease time.Duration) (int, error) {
	var gone []int64
	err := s.transact(ctx, "recover from dead workers", func(tx *sqlx.Tx) error {
		gone = nil
		err := tx.SelectContext(ctx, &gone, `
			select id
			from workers
			where stopped_at is null and heartbeat_at < now() - cast($1 as bigint) * interval '1 microsecond'
			order by id
			for update skip locked`, lease.Microseconds())
		if err != nil || len(gone) == 0 {
			return err
		}
		return bury(ctx, tx, now, gone, 1)
	})
	return len(gone), err
}

// bury queues what workers had claimed. A letter that one too many died with is
// parked instead: it may be what kills them.
func bury(ctx context.Context, tx *sqlx.Tx, now time.Time, workers []int64, deaths int) error {
	_, err := tx.ExecContext(ctx, `select from workers where id = any($1) order by id for update`, pq.Array(workers)) // no claim of theirs is under way
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		update workers
		set stopped_at = now()
		where id = any($1) and stopped_at is null`, pq.Array(workers))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		update deliveries
		set deaths = deaths + $2, worker = null,
		    state = case when deaths + $2 >= $3 then 'parked' else 'queued' end,
		    ready_at = case when deaths + $2 < $3 then due_at end,
		    reason = case when deaths + $2 >= $3 then 'each worker that took it up died' else reason end
		where worker = any($1) and state = 'claimed'`, pq.Array(workers), deaths, deadly)
	if err != nil {
		return err
	}
	if err := doubt(ctx, tx, now, workers); err != nil {
		return err
	}
	return wake(ctx, tx)
}

// doubt makes uncertain what workers were sending when they were lost. The
// quarantine begins now: one of them may yet come back with the reply.
func doubt(ctx context.Context, tx *sqlx.Tx, now time.Time, workers []int64) error {
	_, err := tx.ExecContext(ctx, `
		with doubtful as (
			update deliveries
			set state = 'uncertain', doubts = doubts + 1, doubted_at = $2, reply = 'the worker was lost before it heard the reply'
			where worker = any($1) and state = 'sending'
			returning *
		)
		insert into attempts (subscriber_id, delivery_id, attempt, worker, relay, marked_at, ended_at, outcome, stage, code, enhanced, reply, sha256)
		select subscriber_id, id, attempt, worker, relay, marked_at, $2, state, 'dot', 0, '', reply, sha256
		from doubtful
		where reason is distinct from 'erased'`, pq.Array(workers), now)
	return err
}
