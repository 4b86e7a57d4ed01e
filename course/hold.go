package course

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// The brake. A hold keeps letters queued from the moment it is committed, since
// every mark asks for it; a pause stops planning too. Nothing is lost by either.

// Scopes of a hold besides a letter's name.
const (
	Everything = "everything"
	Pause      = "pause"
)

// Hold is what is not to be sent, and why.
type Hold struct {
	Scope  string    `json:"scope" db:"scope"`
	Reason string    `json:"reason" db:"reason"`
	HeldAt time.Time `json:"held_at" db:"held_at"`
}

// atRest is when held letters are ready, so that claiming need not step over them.
var atRest = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Hold stops a letter, Everything, or with Pause planning too. Once more
// changes nothing.
func (s *Store) Hold(ctx context.Context, now time.Time, scope, reason string) error {
	return s.transact(ctx, "hold "+scope, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			insert into holds (scope, reason, held_at)
			values ($1, $2, $3)
			on conflict do nothing`, scope, reason, now)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			update deliveries
			set ready_at = $2
			where letter = $1 and state = 'queued'`, scope, atRest)
		return err
	})
}

// ReleaseHold lets go what was held and returns how many letters then wait to be
// sent. What was not held stays as it is. A letter that was never tried takes its
// text as it is now: mending the text is what it will have been held for.
func (s *Store) ReleaseHold(ctx context.Context, now time.Time, scope string) (int, error) {
	waiting := 0
	err := s.transact(ctx, "release "+scope, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `delete from holds where scope = $1`, scope); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			update deliveries
			set ready_at = case when ready_at = $3 then $2 else ready_at end,
			    version = case when attempt = 0 then coalesce($4, version) else version end
			where letter = $1 and state = 'queued' and (ready_at = $3 or attempt = 0)`, scope, now, atRest, s.text(scope))
		if err != nil {
			return err
		}
		err = tx.GetContext(ctx, &waiting, `
			select count(*)
			from deliveries
			where ready_at <= $2 and (letter = $1 or $1 in ('everything', 'pause'))`, scope, now)
		if err != nil {
			return err
		}
		return wake(ctx, tx)
	})
	return waiting, err
}

// Holds lists what is held, the oldest first.
func (s *Store) Holds(ctx context.Context) ([]Hold, error) {
	return readHolds(ctx, s.db)
}

func readHolds(ctx context.Context, db sqlx.QueryerContext) ([]Hold, error) {
	holds := []Hold{}
	err := sqlx.SelectContext(ctx, db, &holds, `select scope, reason, held_at from holds order by held_at, scope`)
	if err != nil {
		return nil, fmt.Errorf("read what is held: %w", away(err))
	}
	return holds, nil
}

// longSilence is how long nothing may have been heard of any worker before
// sending waits for an admin: the database may be an old dump, whose letters
// have been sent since.
const longSilence = 48 * time.Hour

// PauseAfterSilence pauses if workers ran here once and none has been heard of
// for longSilence. It says whether it did.
func (s *Store) PauseAfterSilence(ctx context.Context, now time.Time) (bool, error) {
	paused := false
	err := s.transact(ctx, "look for a long silence", func(tx *sqlx.Tx) error {
		var hours int
		err := tx.GetContext(ctx, &hours, `
			select floor(coalesce(extract(epoch from now() - max(heartbeat_at)) / 3600, 0))::int
			from workers`)
		if paused = time.Duration(hours)*time.Hour >= longSilence; err != nil || !paused {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			insert into holds (scope, reason, held_at)
			values ($1, $2, $3)
			on conflict do nothing`, Pause, fmt.Sprintf("nothing was heard of any worker for %d hours; is this an old copy of the database?", hours), now)
		return err
	})
	return paused, err
}
