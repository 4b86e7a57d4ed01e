package course

import (
	"context"
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
// letter was attempted, claiming sets its date. Suspects are left out.
func (s *Store) Claim(ctx context.Context, now time.Time, worker int64, scope Scope, limit int) ([]Claimed, error) {
	return s.claim(ctx, now, worker, scope, false, limit)
}

// suspicious is how many workers must have died with a letter in their claim
// before it is handed out alone; deadly, how many in all before it is parked.
// Alone a letter has several chances: workers are killed for other reasons too.
const (
	suspicious = 2
	deadly     = 5
)

// ClaimSuspect gives a worker, which must hold no other, one letter that several
// workers have died with: if it is what kills them, it takes no others along.
func (s *Store) ClaimSuspect(ctx context.Context, now time.Time, worker int64, scope Scope) ([]Claimed, error) {
	return s.claim(ctx, now, worker, scope, true, 1)
}

// claimQuery walks the index deliveries_ready and stops at the limit. The holds
// are an array, not a join: of a join the planner believes that nothing will be
// left, and then reads and sorts the whole queue for every claim.
const claimQuery = `
	with alive as (
		select from workers where id = $1 and stopped_at is null for key share
	), claimed as (
		update deliveries d
		set state = 'claimed', claim = d.claim + 1, worker = $1, ready_at = null, reason = null,
		    dated_at = case when d.attempt = 0 then date_trunc('second', cast($2 as timestamptz)) else d.dated_at end
		from subscribers s, alive
		where s.id = d.subscriber_id
		and d.ctid = any(array(
			select ctid
			from deliveries
			where ready_at <= $2
			and ($3 = '' or letter = $3)
			and (cast($4 as bigint) = 0 or subscriber_id = $4)
			and (deaths >= $6) = $7
			and not array['everything', 'pause', letter] && array(select scope from holds)
			order by rank, ready_at
			limit $5
			for update skip locked))
		returning d.*, coalesce(s.email, '') as email, s.name
	)
	select subscriber_id, id, letter, copy, version, claim, attempt, planned_at, dated_at, doubts, sha256, email, name
	from claimed
	order by rank, due_at`

func (s *Store) claim(ctx context.Context, now time.Time, worker int64, scope Scope, suspect bool, limit int) ([]Claimed, error) {
	var claimed []Claimed
	// Outside a transaction, the driver would run it again after a lost answer,
	// and the rows of the first time would lie still.
	err := s.transact(ctx, "claim deliveries", func(tx *sqlx.Tx) error {
		claimed = nil
		return tx.SelectContext(ctx, &claimed, claimQuery, worker, now, scope.Letter, scope.SubscriberID, limit, suspicious, suspect)
	})
	return claimed, err
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

// Forgo ends a claimed delivery whose mark was refused because of its reader, who
// is blocked or erased. Should that be over, it is queued again.
func (s *Store) Forgo(ctx context.Context, now time.Time, c Claimed) error {
	return s.settleClaim(ctx, "cancel a delivery", c, `
		with reader as (
			select state, state = 'active' as wanted from subscribers where id = $1
		)
		update deliveries d
		set state = case when wanted then 'queued' else 'cancelled' end, worker = null,
		    ready_at = case when wanted then cast($4 as timestamptz) end,
		    settled_at = case when not wanted then cast($4 as timestamptz) end,
		    reason = case when reader.state = 'erased' then 'erased' when not wanted then 'suppressed' end
		from reader
		where subscriber_id = $1 and id = $2 and claim = $3 and d.state = 'claimed'`, now)
}

// Withdraw queues a delivery again that was marked and whose dot was not sent:
// that was no attempt. One whose reader may not have it any more is cancelled.
func (s *Store) Withdraw(ctx context.Context, c Claimed, attempt int) error {
	return s.transact(ctx, "withdraw a delivery", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			update deliveries
			set state = case when reason in ('left', 'suppressed', 'erased') then 'cancelled' else 'queued' end, worker = null,
			    attempt = attempt - 1,
			    repeats = repeats - case when doubts > 0 then 1 else 0 end,
			    ready_at = case when reason in ('left', 'suppressed', 'erased') then null else due_at end,
			    settled_at = case when reason in ('left', 'suppressed', 'erased') then marked_at end
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
