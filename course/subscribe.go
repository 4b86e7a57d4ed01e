package course

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/netip"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// SignUp is what a person sent through the form.
type SignUp struct {
	Email             string     // as typed
	Newsletter        bool       // the box was ticked
	Article           string     // slug of the article whose wall it was, "" from the form alone
	Form              string     // path of the form, kept as evidence
	IP                netip.Addr // truncated before it is kept
	Access            string     // the exact wording shown, for reading and the confirm letter
	NewsletterWording string     // the exact wording of the box
}

// Subscribe writes a sign-up down: the subscriber, pending if new, the evidence
// of what was agreed to, and a queued confirm letter, where the address has not
// been sent too many. It tells nobody whether the address was known. Errors:
// ErrAddress.
func (s *Store) Subscribe(ctx context.Context, now time.Time, in SignUp) error {
	address, err := ParseAddress(in.Email)
	if err != nil {
		return err
	}
	return s.transact(ctx, "subscribe", func(tx *sqlx.Tx) error {
		known, err := s.meet(ctx, tx, now, address)
		if err != nil {
			return err
		}
		if err := ask(ctx, tx, now, known.SubscriberID, in); err != nil {
			return err
		}
		if !known.mayAsk(now) {
			return nil
		}
		if err := s.queueConfirm(ctx, tx, now, []int64{known.SubscriberID}, "sign-up"); err != nil {
			return err
		}
		return wake(ctx, tx)
	})
}

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

// ask keeps the evidence of what a person asked for, once per confirmGap.
func ask(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64, in SignUp) error {
	evidence := consent{Event: "asked", Method: "form", Form: in.Form, Article: in.Article, IP: in.IP}
	evidence.Purpose, evidence.Wording = "access", in.Access
	if err := evidence.write(ctx, tx, now, id); err != nil || !in.Newsletter {
		return err
	}
	evidence.Purpose, evidence.Wording = newsletter, in.NewsletterWording
	return evidence.write(ctx, tx, now, id)
}

// consent is one piece of evidence: what was said to what wording, when and how.
type consent struct {
	Purpose string
	Event   string
	Method  string
	Wording string
	Form    string
	Article string
	IP      netip.Addr
}

// write appends the evidence for every subscriber. What was asked again within
// confirmGap is asked once.
func (c consent) write(ctx context.Context, tx *sqlx.Tx, now time.Time, subscribers ...int64) error {
	wording, err := keepWording(ctx, tx, c.Wording)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		insert into consents (subscriber_id, purpose, event, at, method, wording, form, article, ip)
		select t.id, $2, $3, $4, $5, $6, $7, $8, $9
		from unnest(cast($1 as bigint[])) t(id)
		where $3 <> 'asked' or not exists (
			select from consents
			where subscriber_id = t.id and purpose = $2 and event = 'asked' and article = $8 and at > $10)`,
		pq.Array(subscribers), c.Purpose, c.Event, now, c.Method, wording, c.Form, c.Article, truncate(c.IP), now.Add(-confirmGap))
	return err
}

// keepWording stores a text under its hash. No text, no hash.
func keepWording(ctx context.Context, tx *sqlx.Tx, text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	hash := sha256.Sum256([]byte(text))
	_, err := tx.ExecContext(ctx, `insert into wordings (hash, text) values ($1, $2) on conflict do nothing`, hash[:], text)
	return hash[:], err
}

// truncate keeps /24 of an IPv4 address and /48 of an IPv6 one, enough as
// evidence and too little to find a person by.
func truncate(ip netip.Addr) *string {
	if !ip.IsValid() {
		return nil
	}
	bits := 48
	if ip = ip.Unmap(); ip.Is4() {
		bits = 24
	}
	prefix, _ := ip.WithZone("").Prefix(bits) // errs only for more bits than there are
	text := prefix.String()
	return &text
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
