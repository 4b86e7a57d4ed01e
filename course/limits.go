package course

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// acquaintance is what is known of an address, and how many confirm letters it
// has been sent lately.
type acquaintance struct {
	SubscriberID int64        `db:"subscriber_id"`
	Suppressed   string       `db:"suppressed"`
	LastAsked    sql.NullTime `db:"last_asked"`
	Today        int          `db:"today"`
	ThisMonth    int          `db:"this_month"`
}

// Limits on confirm letters to one address, since anybody can type it.
const (
	confirmGap      = 10 * time.Minute
	confirmPerDay   = 3
	confirmPerMonth = 5
)

// mayAsk says whether the address may be sent a confirm letter. After a hard
// bounce one a month is allowed, since the mailbox may have come back; after a
// complaint only an admin can allow it.
func (a acquaintance) mayAsk(now time.Time) bool {
	switch a.Suppressed {
	case "complaint", "admin":
		return false
	case "bounce":
		return a.ThisMonth == 0
	}
	resting := a.LastAsked.Valid && now.Before(a.LastAsked.Time.Add(confirmGap))
	return !resting && a.Today < confirmPerDay && a.ThisMonth < confirmPerMonth
}

// meet returns what is known of an address and locks it; a new one, or one
// that was erased, gets a pending subscriber.
func (s *Store) meet(ctx context.Context, tx *sqlx.Tx, now time.Time, address Address) (acquaintance, error) {
	hash := s.keys.addressHash(address)
	_, err := tx.ExecContext(ctx, `insert into addresses (address_hash) values ($1) on conflict do nothing`, hash)
	if err != nil {
		return acquaintance{}, err
	}
	var known acquaintance
	err = tx.GetContext(ctx, &known, `
		select coalesce(subscriber_id, 0) as subscriber_id,
		       coalesce(suppressed, '') as suppressed,
		       (select max(t) from unnest(asked_at) t) as last_asked,
		       (select count(*) from unnest(asked_at) t where t > cast($2 as timestamptz) - interval '1 day') as today,
		       (select count(*) from unnest(asked_at) t where t > cast($2 as timestamptz) - interval '30 days') as this_month
		from addresses
		where address_hash = $1
		for update`, hash, now)
	if err != nil || known.SubscriberID != 0 {
		return known, err
	}
	known.SubscriberID = randomID()
	return known, create(ctx, tx, now, known.SubscriberID, address, hash)
}

func create(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64, address Address, hash []byte) error {
	_, err := tx.ExecContext(ctx, `insert into subscribers (id, email, created_at) values ($1, $2, $3)`, id, address, now)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `update addresses set subscriber_id = $2 where address_hash = $1`, hash, id)
	return err
}

// queueConfirm queues each subscriber's next confirm letter and counts it
// against the address's limits.
func (s *Store) queueConfirm(ctx context.Context, tx *sqlx.Tx, now time.Time, subscribers []int64, reason string) error {
	_, err := tx.ExecContext(ctx, `
		update addresses
		set asked_at = array(select t from unnest(asked_at) t where t > cast($2 as timestamptz) - interval '30 days') || cast($2 as timestamptz)
		where subscriber_id = any($1)`, pq.Array(subscribers), now)
	if err != nil {
		return err
	}
	var orders []order
	rows := []struct {
		SubscriberID int64 `db:"subscriber_id"`
		Count        int   `db:"count"`
	}{}
	err = tx.SelectContext(ctx, &rows, `
		select t.id as subscriber_id, count(r.letter)
		from unnest(cast($1 as bigint[])) t(id)
		left join requests r on r.subscriber_id = t.id and starts_with(r.letter, 'confirm:')
		group by t.id`, pq.Array(subscribers))
	if err != nil {
		return err
	}
	for _, row := range rows {
		orders = append(orders, order{SubscriberID: row.SubscriberID, Letter: fmt.Sprintf("confirm:%d", row.Count+1), Reason: reason})
	}
	return request(ctx, tx, now, rankConfirm, s.letters["confirm"], orders)
}
