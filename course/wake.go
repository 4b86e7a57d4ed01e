package course

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// Wake is the channel on which events that make work announce themselves. A
// notification is a hint; the tables are the truth.
const Wake = "course_wake"

func wake(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `select pg_notify($1, '')`, Wake)
	return err
}

// Listen returns a channel that receives whenever there may be new work, until
// ctx ends. It waits for the database, and needs a direct connection (no
// transaction pooler).
func Listen(ctx context.Context, dsn string) (<-chan struct{}, error) {
	listener := pq.NewListener(dsn, time.Second, 10*time.Second, nil)
	context.AfterFunc(ctx, func() { listener.Close() })
	if err := listener.Listen(Wake); err != nil {
		listener.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("listen for new work: %w", away(err))
	}
	hints := make(chan struct{}, 1)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-listener.Notify: // nil after a reconnection: then too, look
			}
			select {
			case hints <- struct{}{}:
			default:
			}
		}
	}()
	return hints, nil
}
