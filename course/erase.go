package course

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// Erasing a person (GDPR art. 17). Afterwards two things are left that nothing
// joins: under the keyed hash of the address its limits, its suppression and what
// was once agreed to; and under a number that leads to nobody the letters that
// went out, as letter, copy, state and times. No answer of a relay's is among
// these, since an address stands in many.
//
// A letter past its mark may still go out. Its reason says 'erased', and by that
// whoever writes down its end keeps no word of what was answered.

// deletedBySubscriber is what goes whole; $1 are subscribers' ids. What stays of
// a table is stripped in forget.
//
// Logging in locks its request and then opens a session: so requests go first.
var deletedBySubscriber = []string{
	`delete from logins where subscriber_id = any($1)`,
	`delete from sessions where subscriber_id = any($1)`,
	`delete from attempts where subscriber_id = any($1)`,
	`delete from returns where subscriber_id = any($1)`,
	`delete from consents where subscriber_id = any($1)`,
	`delete from enrolments where subscriber_id = any($1)`,
	`delete from questions where subscriber_id = any($1)`,
}

// deletedByAddress is what may be kept of an address before anybody is known to
// have it; $1 is the address.
var deletedByAddress = []string{
	`delete from signups where email = $1`,
}

// Erase forgets a person, once however often it is called. Letters that wait are
// cancelled. Imports pass the address over from then on; its owner may sign up
// anew, and is somebody new. Errors: ErrAddress, ErrUnknown.
func (s *Store) Erase(ctx context.Context, now time.Time, email string) error {
	address, err := ParseAddress(email)
	if err != nil {
		return fmt.Errorf("erase a person: %w", err)
	}
	return s.transact(ctx, "erase a person", func(tx *sqlx.Tx) error {
		waited, err := forgetWishes(ctx, tx, address)
		if err != nil {
			return err
		}
		id, err := s.find(ctx, tx, email)
		if errors.Is(err, ErrUnknown) {
			return s.wasErased(ctx, tx, address, waited)
		}
		if err != nil {
			return err
		}
		if err := lockWhole(ctx, tx, id); err != nil {
			return err
		}
		if err := forgetReports(ctx, tx, address); err != nil {
			return err
		}
		return erase(ctx, tx, now, []int64{id})
	})
}

// wasErased says whether there was anything to erase, or had been before.
func (s *Store) wasErased(ctx context.Context, tx *sqlx.Tx, address Address, waited bool) error {
	var before bool
	err := tx.GetContext(ctx, &before, `
		select exists (select from addresses where address_hash = $1 and suppressed = 'erased')
		    or exists (select from erased_consents where address_hash = $1)`, s.keys.addressHash(address))
	if err == nil && !before && !waited {
		err = ErrUnknown
	}
	return err
}

// lockWhole waits for whatever is being done about a person: confirming and
// bounces lock the subscriber, planning and leaving the enrolments, signing up
// the address.
func lockWhole(ctx context.Context, tx *sqlx.Tx, id int64) error {
	for _, lock := range []string{
		`select from subscribers where id = $1 for no key update`,
		`select from enrolments where subscriber_id = $1 order by course for update`,
		`select from addresses where subscriber_id = $1 for update`,
	} {
		if _, err := tx.ExecContext(ctx, lock, id); err != nil {
			return err
		}
	}
	return nil
}

// forgetWishes deletes what waits under the address, and says whether there was any.
func forgetWishes(ctx context.Context, tx *sqlx.Tx, address Address) (bool, error) {
	waited := false
	for _, deletion := range deletedByAddress {
		result, err := tx.ExecContext(ctx, deletion, address)
		if err != nil {
			return waited, err
		}
		n, _ := result.RowsAffected()
		waited = waited || n > 0
	}
	return waited, nil
}

// erase is forget for people who had confirmed: what they agreed to is kept under
// their addresses' hashes, and these are not imported again.
func erase(ctx context.Context, tx *sqlx.Tx, now time.Time, ids []int64) error {
	_, err := tx.ExecContext(ctx, `
		insert into erased_consents (address_hash, purpose, event, at, wording)
		select a.address_hash, c.purpose, c.event, c.at, c.wording
		from consents c
		join addresses a on a.subscriber_id = c.subscriber_id
		where c.subscriber_id = any($1)
		order by c.subscriber_id, c.id`, pq.Array(ids))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		update addresses
		set suppressed = $2, suppressed_at = $3
		where subscriber_id = any($1) and `+weaker, pq.Array(ids), "erased", now, pq.Array(suppressions))
	if err != nil {
		return err
	}
	return forget(ctx, tx, now, ids)
}

// forget strips people's rows down to numbers, letters, states and times. The
// letters that their enrolments stood for stand among the requests from then on,
// so that the ledger goes on balancing.
func forget(ctx context.Context, tx *sqlx.Tx, now time.Time, ids []int64) error {
	statements := []string{`
		update subscribers
		set state = 'erased', email = null, name = '', newsletter = false
		where id = any($1)`, `
		update addresses
		set subscriber_id = null, vouched_at = null
		where subscriber_id = any($1)`, `
		update requests
		set reason = 'erased'
		where subscriber_id = any($1)`, `
		insert into requests (subscriber_id, letter, copy, reason, requested_at)
		select subscriber_id, letter, copy, 'erased', planned_at
		from deliveries
		where subscriber_id = any($1)
		on conflict do nothing`,
	}
	for _, statement := range append(statements, deletedBySubscriber...) {
		if _, err := tx.ExecContext(ctx, statement, pq.Array(ids)); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `
		update deliveries
		set state = case when state in ('sending', 'uncertain', 'accepted', 'rejected') then state else 'cancelled' end,
		    settled_at = case when state in ('sending', 'uncertain') then null else coalesce(settled_at, $2) end,
		    ready_at = null, reply = null, queue_id = null, sha256 = null, reason = 'erased'
		where subscriber_id = any($1)`, pq.Array(ids), now)
	return err
}

// forgetReports drops what providers told that nothing could be made of, where it
// may name the address: no row says whom it is about. Those that wait to be read
// are dropped when they have been.
func forgetReports(ctx context.Context, tx *sqlx.Tx, address Address) error {
	_, err := tx.ExecContext(ctx, `
		update hooks h
		set body = null, error = null
		where read_at is not null and body is not null
		and not exists (
			select from unnest(cast($1 as text[])) part
			where position(part in lower(encode(h.body, 'escape') || coalesce(h.error, ''))) = 0)`, pq.Array(parts(address)))
	return err
}

// parts are the runs of letters and digits in an address: these stay themselves
// in every encoding that a report may write the rest in.
func parts(address Address) []string {
	return strings.FieldsFunc(string(address), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
