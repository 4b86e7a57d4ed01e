package course

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// What a mail provider tells us by HTTP is kept as it came, so that it is
// answered at once, and read by a worker.

// KeepHook keeps one verified body. The same again changes nothing.
func (s *Store) KeepHook(ctx context.Context, now time.Time, provider string, body []byte) error {
	hash := sha256.Sum256(append([]byte(provider+"\n"), body...))
	return s.transact(ctx, "keep what "+provider+" told", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			insert into hooks (provider, hash, body, kept_at)
			values ($1, $2, $3, $4)
			on conflict do nothing`, provider, hash[:], body, now)
		if err != nil {
			return err
		}
		return wake(ctx, tx)
	})
}

// hook is one body that waits to be read.
type hook struct {
	ID       int64
	Provider string
	Body     []byte
}

// TakeHooks reads what was kept and records it, each body once, however many
// workers do so, and returns how many there were. What cannot be read or
// recorded is kept with the reason, and not tried again.
func (s *Store) TakeHooks(ctx context.Context, now time.Time, read func(provider string, body []byte) ([]ReturnedMail, error)) (int, error) {
	for taken := 0; ; taken++ {
		waited := false
		err := s.transact(ctx, "read what a provider told", func(tx *sqlx.Tx) error {
			var h hook
			err := tx.GetContext(ctx, &h, `
				select id, provider, body
				from hooks
				where read_at is null
				order by id
				limit 1
				for update skip locked`)
			if waited = err == nil; errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			return s.takeHook(ctx, tx, now, h, read)
		})
		if err != nil || !waited {
			return taken, err
		}
	}
}

func (s *Store) takeHook(ctx context.Context, tx *sqlx.Tx, now time.Time, h hook, read func(provider string, body []byte) ([]ReturnedMail, error)) error {
	mails, err := read(h.Provider, h.Body)
	if err != nil {
		return h.setAside(ctx, tx, now, err)
	}
	if _, err := tx.ExecContext(ctx, `savepoint telling`); err != nil {
		return err
	}
	for _, m := range mails {
		_, err := s.recordReturned(ctx, tx, now, m)
		if refusal := new(pq.Error); errors.As(err, &refusal) && !retryable(err) && !errors.Is(away(err), ErrAway) && ctx.Err() == nil {
			if _, err := tx.ExecContext(ctx, `rollback to savepoint telling`); err != nil {
				return err
			}
			return h.setAside(ctx, tx, now, refusal)
		}
		if err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `update hooks set read_at = $2, body = null where id = $1`, h.ID, now)
	return err
}

// setAside keeps a body that nothing could be made of, for people.
func (h hook) setAside(ctx context.Context, tx *sqlx.Tx, now time.Time, why error) error {
	_, err := tx.ExecContext(ctx, `update hooks set read_at = $2, error = $3 where id = $1`, h.ID, now, storable(why.Error()))
	return err
}
