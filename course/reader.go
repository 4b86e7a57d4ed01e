package course

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// ErrNoSession says that a cookie signs nobody in (any more).
var ErrNoSession = errors.New("no such session")

// Reader is the person that a session belongs to.
type Reader struct {
	SubscriberID int64  `db:"id"`
	Name         string `db:"name"`
}

// Reader returns whose session this is. Errors: ErrNoSession.
func (s *Store) Reader(ctx context.Context, now time.Time, session string) (Reader, error) {
	var reader Reader
	err := s.db.GetContext(ctx, &reader, `
		select s.id, s.name
		from sessions
		join subscribers s on s.id = subscriber_id
		where token_hash = $1 and expires_at > $2 and s.state <> 'erased'`, hashed(session), now)
	if errors.Is(err, sql.ErrNoRows) {
		return reader, ErrNoSession
	}
	if err != nil {
		return reader, fmt.Errorf("read a session: %w", away(err))
	}
	return reader, nil
}

// Rename sets the name that letters greet with. Errors: ErrName.
func (s *Store) Rename(ctx context.Context, subscriberID int64, typed string) error {
	name, err := CleanName(typed)
	if err != nil {
		return err
	}
	return s.transact(ctx, "rename a subscriber", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `update subscribers set name = $2 where id = $1 and state <> 'erased'`, subscriberID, name)
		return err
	})
}
