package course

import (
	"context"
	"fmt"
	"sync"
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

// wakeGap is how often one process wakes the workers for sign-ups at most: a
// notification in every transaction would make each commit wait for the others.
const wakeGap = 50 * time.Millisecond

// A waker announces, a moment after the first event that asks it to, all that
// came meanwhile.
type waker struct {
	announce func()
	mu       sync.Mutex
	due      *time.Timer // nil: there is nothing to announce
}

// wakeSoon has all that was committed so far announced within wakeGap.
func (w *waker) wakeSoon() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.due == nil {
		w.due = time.AfterFunc(wakeGap, w.fire)
	}
}

func (w *waker) fire() {
	w.mu.Lock()
	w.due = nil // what comes from now on has a timer of its own
	w.mu.Unlock()
	w.announce()
}

// stop announces at once what waits to be.
func (w *waker) stop() {
	w.mu.Lock()
	waits := w.due != nil && w.due.Stop()
	w.mu.Unlock()
	if waits {
		w.announce()
	}
}

// announce wakes the workers. If it cannot, they look by themselves before long.
func (s *Store) announce() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.db.ExecContext(ctx, `select pg_notify($1, '')`, Wake)
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
