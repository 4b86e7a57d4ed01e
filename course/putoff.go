package course

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// PutOff is a claimed letter that has to wait, until when, and why.
type PutOff struct {
	Claimed
	Until  time.Time
	Reason string
}

// PutOff queues claimed letters again, each ready at its moment, with the reason
// for people. No attempt is burnt, and the reason goes with the next claim.
func (s *Store) PutOff(ctx context.Context, later []PutOff) error {
	var subscribers, ids, claims []int64
	var until, reasons []string
	for _, p := range later {
		subscribers, ids, claims = append(subscribers, p.SubscriberID), append(ids, p.ID), append(claims, int64(p.Claim))
		until, reasons = append(until, p.Until.Format(time.RFC3339Nano)), append(reasons, p.Reason)
	}
	_, err := s.db.ExecContext(ctx, `
		update deliveries d
		set state = 'queued', ready_at = g.until, reason = g.reason, worker = null
		from unnest($1::bigint[], $2::bigint[], $3::int[], $4::timestamptz[], $5::text[]) as g(subscriber_id, id, claim, until, reason)
		where d.subscriber_id = g.subscriber_id and d.id = g.id and d.claim = g.claim and d.state = 'claimed'`,
		pq.Array(subscribers), pq.Array(ids), pq.Array(claims), pq.Array(until), pq.Array(reasons))
	if err != nil {
		return fmt.Errorf("put off letters: %w", away(err))
	}
	return nil
}

// PutOffUntil returns when the first of a scope's letters is ready that was put
// off, and why; no reason if another is ready before, or none waits.
func (s *Store) PutOffUntil(ctx context.Context, scope Scope) (until time.Time, reason string, err error) {
	var first []struct {
		Until  *time.Time
		Reason string
	}
	err = s.db.SelectContext(ctx, &first, `
		select case when reason is not null then ready_at end as until, coalesce(reason, '') as reason
		from deliveries
		where ready_at is not null
		and ($1 = '' or letter = $1)
		and (cast($2 as bigint) = 0 or subscriber_id = $2)
		order by ready_at
		limit 1`, scope.Letter, scope.SubscriberID)
	if err != nil || len(first) == 0 || first[0].Until == nil {
		return time.Time{}, "", away(err)
	}
	return *first[0].Until, first[0].Reason, nil
}

// Warm counts letters towards what may go out on a day, over all workers: those
// that do not wait whatever the day allows, and of the others as many as it has
// left, which it returns. A letter that is taken up twice counts twice.
func (s *Store) Warm(ctx context.Context, day time.Time, hurried, calm, most int) (granted int, err error) {
	err = s.transact(ctx, "count the day's letters", func(tx *sqlx.Tx) error {
		date := day.Format(time.DateOnly)
		if _, err := tx.ExecContext(ctx, `insert into warm_days (day) values ($1) on conflict do nothing`, date); err != nil {
			return err
		}
		return tx.GetContext(ctx, &granted, `
			update warm_days w
			set letters = w.letters + $2 + g.granted
			from (
				select least($3, greatest($4 - letters - $2, 0)) as granted
				from warm_days
				where day = $1
				for update
			) g
			where w.day = $1
			returning g.granted`, date, hurried, calm, most)
	})
	return granted, err
}
