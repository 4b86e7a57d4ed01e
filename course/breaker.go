package course

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// Anybody can have letters sent to anybody, by the sign-up form. So there are only
// so many a minute, of all workers together: ten times the usual, and never fewer
// than a hundred. What is over that waits, and goes out at this rate.
const (
	breakerTimes = 10
	breakerLeast = 100
	usualOver    = 7 * 24 * time.Hour // how long what was usual is remembered
)

// breaker is the row that all workers share.
type breaker struct {
	At       time.Time     `db:"at"`
	Recent   pq.Int64Array `db:"recent"` // letters in each of the 60 seconds that end with At, the newest last
	Usual    float64       `db:"usual"`  // letters a minute
	OpenedAt *time.Time    `db:"opened_at"`
}

// limit is how many letters may be asked for in a minute.
func (b breaker) limit() int { return max(breakerLeast, int(breakerTimes*b.Usual)) }

// room is how many more there may be at now.
func (b breaker) room(now time.Time) int { return b.since(now).left() }

func (b breaker) left() int {
	sum := int64(0)
	for _, n := range b.Recent {
		sum += n
	}
	return b.limit() - int(sum)
}

// since is the breaker as it is at now. The clocks of two workers differ a little;
// what is more than a minute ahead was written by a clock that was wrong.
func (b breaker) since(now time.Time) breaker {
	passed := now.Unix() - b.At.Unix()
	recent := make([]int64, len(b.Recent))
	switch n := int64(len(recent)); {
	case passed >= n, passed < -n:
	case passed < 0:
		now = b.At
		copy(recent, b.Recent)
	default:
		copy(recent, b.Recent[passed:])
	}
	b.Usual *= math.Exp(-max(now.Sub(b.At), 0).Seconds() / usualOver.Seconds())
	b.At, b.Recent = now, recent
	return b
}

// after is the breaker after so many letters at now.
func (b breaker) after(now time.Time, letters int) breaker {
	b = b.since(now)
	b.Recent[len(b.Recent)-1] += int64(letters)
	b.Usual += float64(letters) / usualOver.Minutes()
	return b
}

// calm says whether half of the minute is free.
func (b breaker) calm() bool { return b.left() >= b.limit()/2 }

// lockBreaker returns the breaker, free unless another worker holds it. A worker
// that was stopped with it in its hands must not stop the others for ever.
func lockBreaker(ctx context.Context, tx *sqlx.Tx) (b breaker, free bool, err error) {
	err = tx.GetContext(ctx, &b, `
		select at, recent, usual, opened_at
		from breaker, set_config('idle_in_transaction_session_timeout', '10s', true)
		for update of breaker skip locked`)
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	return b, err == nil, err
}

func (b breaker) write(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `
		update breaker
		set at = $1, recent = $2, usual = $3, opened_at = $4`, b.At, b.Recent, b.Usual, b.OpenedAt)
	return err
}
