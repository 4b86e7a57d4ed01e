package course

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// acquaintance is what is known of an address, and how many letters that anybody
// can ask for it has been sent lately.
type acquaintance struct {
	SubscriberID int64  `db:"subscriber_id"` // 0: nobody's
	Suppressed   string `db:"suppressed"`
	Confirm      lately `db:"confirm"`
	Login        lately `db:"login"`
}

// lately counts an address's letters of one kind.
type lately struct {
	Last      sql.NullTime `db:"last"`
	Today     int          `db:"today"`
	ThisMonth int          `db:"this_month"`
}

// Limits on the letters of a kind to one address, since anybody can type it.
const (
	confirmGap      = 10 * time.Minute
	confirmPerDay   = 3
	confirmPerMonth = 5
)

// allows says whether one more may be sent.
func (l lately) allows(now time.Time) bool {
	resting := l.Last.Valid && now.Before(l.Last.Time.Add(confirmGap))
	return !resting && l.Today < confirmPerDay && l.ThisMonth < confirmPerMonth
}

// mayAsk says whether the address may be sent a confirm letter. After a hard
// bounce one a month is allowed, since the mailbox may have come back; after a
// complaint only an admin can allow it.
func (a acquaintance) mayAsk(now time.Time) bool {
	switch a.Suppressed {
	case "complaint", "admin":
		return false
	case "bounce":
		return a.Confirm.ThisMonth == 0
	}
	return a.Confirm.allows(now)
}

// meet returns what is known of an address and locks it; a new one, or one
// that was erased, gets a pending subscriber.
func (s *Store) meet(ctx context.Context, tx *sqlx.Tx, now time.Time, address Address) (acquaintance, error) {
	known, err := s.recall(ctx, tx, now, address)
	if err != nil || known.SubscriberID != 0 {
		return known, err
	}
	known.SubscriberID = randomID()
	return known, create(ctx, tx, now, known.SubscriberID, address, s.keys.addressHash(address))
}

// recall returns what is known of an address and locks it. From then on its
// letters can be counted, whether it is anybody's or not.
func (s *Store) recall(ctx context.Context, tx *sqlx.Tx, now time.Time, address Address) (acquaintance, error) {
	hash := s.keys.addressHash(address)
	_, err := tx.ExecContext(ctx, `insert into addresses (address_hash) values ($1) on conflict do nothing`, hash)
	if err != nil {
		return acquaintance{}, err
	}
	var known acquaintance
	err = tx.GetContext(ctx, &known, `
		select coalesce(subscriber_id, 0) as subscriber_id,
		       coalesce(suppressed, '') as suppressed,
		       (select max(t) from unnest(asked_at) t) as "confirm.last",
		       (select count(*) from unnest(asked_at) t where t > cast($2 as timestamptz) - interval '1 day') as "confirm.today",
		       (select count(*) from unnest(asked_at) t where t > cast($2 as timestamptz) - interval '30 days') as "confirm.this_month",
		       (select max(t) from unnest(login_asked_at) t) as "login.last",
		       (select count(*) from unnest(login_asked_at) t where t > cast($2 as timestamptz) - interval '1 day') as "login.today",
		       (select count(*) from unnest(login_asked_at) t where t > cast($2 as timestamptz) - interval '30 days') as "login.this_month"
		from addresses
		where address_hash = $1
		for update`, hash, now)
	return known, err
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
	_, err = s.queueService(ctx, tx, now, "confirm", reason, subscribers...)
	return err
}

// queueService queues each subscriber's next letter of a kind that may come many
// times, numbered from 1.
func (s *Store) queueService(ctx context.Context, tx *sqlx.Tx, now time.Time, kind, reason string, subscribers ...int64) ([]order, error) {
	rows := []struct {
		SubscriberID int64 `db:"subscriber_id"`
		Count        int   `db:"count"`
	}{}
	err := tx.SelectContext(ctx, &rows, `
		select t.id as subscriber_id, count(r.letter)
		from unnest(cast($1 as bigint[])) t(id)
		left join requests r on r.subscriber_id = t.id and starts_with(r.letter, $2)
		group by t.id`, pq.Array(subscribers), kind+":")
	if err != nil {
		return nil, err
	}
	var orders []order
	for _, row := range rows {
		orders = append(orders, order{SubscriberID: row.SubscriberID, Letter: fmt.Sprintf("%s:%d", kind, row.Count+1), Reason: reason})
	}
	return orders, request(ctx, tx, now, rankConfirm, s.letters[kind], orders)
}
