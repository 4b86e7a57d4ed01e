package course

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// Suppressions by an admin's hand.

// ErrReason says that an admin cannot suppress an address for this reason.
var ErrReason = errors.New("no such reason")

// Suppressed is an address that is not written to, or not by imports.
type Suppressed struct {
	Email  string    `json:"email" db:"email"` // "" of nobody who is a subscriber
	Hash   string    `json:"hash" db:"-"`      // the beginning of what the address is known by
	Reason string    `json:"reason" db:"suppressed"`
	Since  time.Time `json:"since" db:"suppressed_at"`
}

// SuppressionReasons are all that there are, the weakest first.
func SuppressionReasons() []string { return slices.Clone(suppressions) }

// ListSuppressed calls each for every suppressed address, the newest first;
// reason "" means any.
func (s *Store) ListSuppressed(ctx context.Context, reason string, each func(Suppressed) error) error {
	rows, err := s.db.QueryxContext(ctx, `
		select coalesce(s.email, '') as email, a.address_hash, a.suppressed, a.suppressed_at
		from addresses a
		left join subscribers s on s.id = a.subscriber_id
		where a.suppressed is not null and ($1 = '' or a.suppressed = $1)
		order by a.suppressed_at desc, a.address_hash`, reason)
	if err != nil {
		return fmt.Errorf("list suppressions: %w", away(err))
	}
	defer rows.Close()
	for rows.Next() {
		var row struct {
			Suppressed
			AddressHash []byte `db:"address_hash"`
		}
		if err := rows.StructScan(&row); err != nil {
			return fmt.Errorf("list suppressions: %w", err)
		}
		row.Hash = hex.EncodeToString(row.AddressHash[:4])
		if err := each(row.Suppressed); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("list suppressions: %w", away(err))
	}
	return nil
}

// Suppress stops all letters to an address, whether or not anybody has it yet,
// as the same thing would that came back: a complaint, or being unsubscribed,
// ends every course and the newsletter too. It returns the reason that stands
// then, which may be a stronger one, and whether anything changed. Errors:
// ErrAddress, ErrReason.
func (s *Store) Suppress(ctx context.Context, now time.Time, email, reason string) (stands string, changed bool, err error) {
	address, err := ParseAddress(email)
	if err != nil {
		return "", false, fmt.Errorf("suppress %q: %w", email, err)
	}
	if reason == "erased" || !slices.Contains(suppressions, reason) {
		return "", false, fmt.Errorf("suppress %s for %q: %w", address, reason, ErrReason)
	}
	err = s.transact(ctx, "suppress "+string(address), func(tx *sqlx.Tx) error {
		hash := s.keys.addressHash(address)
		_, err := tx.ExecContext(ctx, `insert into addresses (address_hash) values ($1) on conflict do nothing`, hash)
		if err != nil {
			return err
		}
		id, before, err := suppressionOf(ctx, tx, hash)
		if err != nil {
			return err
		}
		if id == 0 {
			err = suppressNobody(ctx, tx, now, hash, reason)
		} else {
			err = suppressReader(ctx, tx, now, id, reason)
		}
		if err != nil {
			return err
		}
		_, stands, err = suppressionOf(ctx, tx, hash)
		changed = stands != before
		return err
	})
	return stands, changed, err
}

// suppressionOf returns an address's subscriber, 0 for none, and why it is
// suppressed, "" if it is not.
func suppressionOf(ctx context.Context, tx *sqlx.Tx, hash []byte) (id int64, reason string, err error) {
	err = tx.QueryRowxContext(ctx, `
		select coalesce(subscriber_id, 0), coalesce(suppressed, '')
		from addresses
		where address_hash = $1`, hash).Scan(&id, &reason)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, reason, err
}

func suppressNobody(ctx context.Context, tx *sqlx.Tx, now time.Time, hash []byte, reason string) error {
	_, err := tx.ExecContext(ctx, `
		update addresses
		set suppressed = $2, suppressed_at = $3
		where address_hash = $1 and `+weaker, hash, reason, now, pq.Array(suppressions))
	return err
}

func suppressReader(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64, reason string) error {
	if err := lockSubscriber(ctx, tx, id); err != nil {
		return err
	}
	switch reason {
	case "unsubscribed":
		return takeOff(ctx, tx, now, id)
	case "complaint":
		if err := leaveAll(ctx, tx, now, id, "admin"); err != nil {
			return err
		}
	}
	_, err := suppress(ctx, tx, now, id, reason)
	return err
}

// Unsuppressed is what came of lifting a suppression.
type Unsuppressed struct {
	Was    string // the reason that is lifted, "" if there was none
	Stands string // the reason that stays: who left everything is not imported again
	Email  string // of the subscriber whose address it is, "" for none
	State  string // of the subscriber
}

// Unsuppress lets an address be written to again: who had confirmed is active,
// and what bounced before is forgotten. Letters that were cancelled stay so, and
// courses go on with the next one; what a complaint or the reader ended stays
// ended, until they sign up anew. Errors: ErrAddress.
func (s *Store) Unsuppress(ctx context.Context, now time.Time, email string) (Unsuppressed, error) {
	var done Unsuppressed
	address, err := ParseAddress(email)
	if err != nil {
		return done, fmt.Errorf("lift the suppression of %q: %w", email, err)
	}
	err = s.transact(ctx, "lift the suppression of "+string(address), func(tx *sqlx.Tx) error {
		done = Unsuppressed{}
		hash := s.keys.addressHash(address)
		id, _, err := suppressionOf(ctx, tx, hash)
		if err != nil {
			return err
		}
		if id != 0 {
			if err := lockSubscriber(ctx, tx, id); err != nil {
				return err
			}
		}
		if _, done.Was, err = suppressionOf(ctx, tx, hash); err != nil || done.Was == "" {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			update addresses
			set suppressed = null, suppressed_at = null, vouched_at = $2
			where address_hash = $1`, hash, now)
		if err != nil || id == 0 {
			return err
		}
		return done.readmit(ctx, tx, now, id)
	})
	return done, err
}

// readmit gives a subscriber their state back.
func (u *Unsuppressed) readmit(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64) error {
	err := tx.QueryRowxContext(ctx, `
		update subscribers
		set state = case when state <> 'blocked' then state when confirmed_at is null then 'pending' else 'active' end
		where id = $1
		returning state, coalesce(email, '')`, id).Scan(&u.State, &u.Email)
	if err != nil {
		return err
	}
	if u.Was != "unsubscribed" {
		if err := suppressIfWithdrawn(ctx, tx, now, id); err != nil {
			return err
		}
	}
	err = tx.GetContext(ctx, &u.Stands, `select coalesce(suppressed, '') from addresses where subscriber_id = $1`, id)
	if err != nil {
		return err
	}
	return wake(ctx, tx)
}

// suppressIfWithdrawn remembers that a reader had left everything.
func suppressIfWithdrawn(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64) error {
	var withdrew bool
	err := tx.GetContext(ctx, &withdrew, `select exists (select from consents where subscriber_id = $1 and event = 'withdrawn')`, id)
	if err != nil || !withdrew {
		return err
	}
	return suppressIfAllLeft(ctx, tx, now, id)
}
