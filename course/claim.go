package course

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Scope narrows what a worker works on. The zero Scope is everything.
type Scope struct {
	Letter       string // only this letter
	SubscriberID int64  // only this person
}

// Claimed is a delivery that a worker holds, with what its letter needs.
type Claimed struct {
	DeliveryKey
	Letter    string    `db:"letter"`
	Copy      int       `db:"copy"`
	Version   []byte    `db:"version"` // hash
	Claim     int       `db:"claim"`
	Attempt   int       `db:"attempt"` // made so far
	PlannedAt time.Time `db:"planned_at"`
	DatedAt   time.Time `db:"dated_at"` // the letter's Date
	Doubts    int       `db:"doubts"`   // endings without a reply: the bytes must be as they were
	SHA256    []byte    `db:"sha256"`   // of the bytes last marked
	Email     string    `db:"email"`
	Name      string    `db:"name"`
}

// Claim gives a worker up to limit deliveries that are ready, confirm letters
// first. Nobody else gets them while the worker's lease lasts; a worker that
// was taken for dead gets none, since nobody would take them over. Until a
// letter was attempted, claiming sets its date.
func (s *Store) Claim(ctx context.Context, now time.Time, worker int64, scope Scope, limit int) ([]Claimed, error) {
	var claimed []Claimed
	// Outside a transaction, the driver would run it again after a lost answer,
	// and the rows of the first time would lie still.
	err := s.transact(ctx, "claim deliveries", func(tx *sqlx.Tx) error {
		claimed = nil
		return tx.SelectContext(ctx, &claimed, `
		with alive as (
			select from workers where id = $1 and stopped_at is null for key share
		), claimed as (
			update deliveries d
			set state = 'claimed', claim = d.claim + 1, worker = $1, ready_at = null,
			    dated_at = case when d.attempt = 0 then date_trunc('second', cast($2 as timestamptz)) else d.dated_at end
			from subscribers s, alive
			where s.id = d.subscriber_id
			and d.ctid = any(array(
				select ctid
				from deliveries
				where ready_at <= $2
				and ($3 = '' or letter = $3)
				and (cast($4 as bigint) = 0 or subscriber_id = $4)
				and not exists (select from holds where scope in ('everything', 'pause', letter))
				order by rank, ready_at
				limit $5
				for update skip locked))
			returning d.*, coalesce(s.email, '') as email, s.name
		)
		select subscriber_id, id, letter, copy, version, claim, attempt, planned_at, dated_at, doubts, sha256, email, name
		from claimed
		order by rank, due_at`, worker, now, scope.Letter, scope.SubscriberID, limit)
	})
	return claimed, err
}

// ErrFenced says that a delivery is no longer the caller's, or no longer to be
// sent: close the connection without the dot.
var ErrFenced = errors.New("no longer ours to send")

// Mark is the last word before the dot: the claim still stands, the person may
// still have the letter, and nobody holds it. It counts the attempt and returns
// its number. The very same call again, as the driver makes it after a lost
// answer, returns the same. Errors: ErrFenced, ErrHeld.
func (s *Store) Mark(ctx context.Context, now time.Time, c Claimed, relay string, sha256 []byte) (int, error) {
	var attempt int
	err := s.db.GetContext(ctx, &attempt, `
		update deliveries d
		set state = 'sending', attempt = $7 + 1, marked_at = $4, relay = $5, sha256 = $6,
		    repeats = repeats + case when d.state = 'claimed' and doubts > 0 then 1 else 0 end
		from subscribers s
		where d.subscriber_id = $1 and d.id = $2 and d.claim = $3
		and (d.state = 'claimed' or d.state = 'sending' and d.attempt = $7 + 1 and d.marked_at = $4 and d.sha256 = $6)
		and s.id = d.subscriber_id
		and (s.state = 'active' or d.rank = 0 and s.state <> 'erased')
		and (d.state = 'sending' or not exists (select from holds where scope in ('everything', 'pause', d.letter)))
		returning d.attempt`, c.SubscriberID, c.ID, c.Claim, now, relay, sha256, c.Attempt)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, s.refusal(ctx, c)
	}
	if err != nil {
		return 0, fmt.Errorf("mark a delivery: %w", away(err))
	}
	return attempt, nil
}

// refusal says why a mark was not granted.
func (s *Store) refusal(ctx context.Context, c Claimed) error {
	var held bool
	err := s.db.GetContext(ctx, &held, `
		select exists (
			select from deliveries d
			join holds on scope in ('everything', 'pause', d.letter)
			where d.subscriber_id = $1 and d.id = $2 and d.claim = $3 and d.state = 'claimed')`, c.SubscriberID, c.ID, c.Claim)
	switch {
	case err != nil:
		return fmt.Errorf("ask why a mark was refused: %w", away(err))
	case held:
		return ErrHeld
	}
	return ErrFenced
}

// Release queues a claimed delivery again, ready at a moment, with no attempt
// burnt: the fault was not its own.
func (s *Store) Release(ctx context.Context, c Claimed, readyAt time.Time) error {
	return s.settleClaim(ctx, "release a delivery", c, `
		update deliveries
		set state = 'queued', ready_at = $4, worker = null
		where subscriber_id = $1 and id = $2 and claim = $3 and state = 'claimed'`, readyAt)
}

// Park sets a claimed delivery aside for a human, with the reason.
func (s *Store) Park(ctx context.Context, c Claimed, reason string) error {
	return s.settleClaim(ctx, "park a delivery", c, `
		update deliveries
		set state = 'parked', reason = $4, worker = null
		where subscriber_id = $1 and id = $2 and claim = $3 and state = 'claimed'`, reason)
}

// Withdraw queues a delivery again that was marked and whose dot was not sent;
// one whose reader left meanwhile is cancelled.
func (s *Store) Withdraw(ctx context.Context, c Claimed, attempt int) error {
	return s.transact(ctx, "withdraw a delivery", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			update deliveries
			set state = case when reason = 'left' then 'cancelled' else 'queued' end, worker = null,
			    repeats = repeats - case when doubts > 0 then 1 else 0 end,
			    ready_at = case when reason = 'left' then null else due_at end,
			    settled_at = case when reason = 'left' then marked_at end
			where subscriber_id = $1 and id = $2 and claim = $4 and attempt = $3 and state = 'sending'`, c.SubscriberID, c.ID, attempt, c.Claim)
		return err
	})
}

func (s *Store) settleClaim(ctx context.Context, doing string, c Claimed, query string, value any) error {
	if _, err := s.db.ExecContext(ctx, query, c.SubscriberID, c.ID, c.Claim, value); err != nil {
		return fmt.Errorf("%s: %w", doing, away(err))
	}
	return nil
}
