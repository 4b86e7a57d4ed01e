package course

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// Person is one row of an import.
type Person struct {
	Address Address
	Name    string // as CleanName returned it
}

// ImportWish says what imported people get.
type ImportWish struct {
	Consent    string // how it was given; "" sends a confirm letter instead
	Course     string // id, "" for none
	Newsletter bool
}

// Imported counts what an import did.
type Imported struct {
	Added      int // new subscribers
	Changed    int // known, and now active, enrolled or on the newsletter as they were not before
	Known      int // known, nothing to change
	Suppressed int // left, bounced, complained or erased: an import never brings them back
}

// ImportPage is how many people one call of Import takes at most.
const ImportPage = 1000

// standing is an imported address as the database knows it.
type standing struct {
	Hash         []byte `db:"address_hash"`
	SubscriberID int64  `db:"subscriber_id"`
	Suppressed   bool   `db:"suppressed"`
	State        string `db:"state"`
	Newsletter   bool   `db:"newsletter"` // gets it, or left it
	Enrolled     bool   `db:"enrolled"`   // in the course, or left it
}

// chosen are those whom an import gives something: the course and the
// newsletter only to those who neither have nor left them.
type chosen struct{ all, course, newsletter []int64 }

func (c *chosen) add(at standing, wish ImportWish) {
	c.all = append(c.all, at.SubscriberID)
	if wish.Course != "" && !at.Enrolled {
		c.course = append(c.course, at.SubscriberID)
	}
	if wish.Newsletter && !at.Newsletter {
		c.newsletter = append(c.newsletter, at.SubscriberID)
	}
}

// Import takes up to ImportPage people; an address that comes again is known
// by then. With consent they become active and enrolled, with letter 1 queued
// and due at once; without it they are sent a confirm letter, within the limits
// of the address.
func (s *Store) Import(ctx context.Context, now time.Time, people []Person, wish ImportWish) (Imported, error) {
	var done Imported
	err := s.transact(ctx, fmt.Sprintf("import %d people", len(people)), func(tx *sqlx.Tx) error {
		done = Imported{}
		known, err := s.meetAll(ctx, tx, people, wish.Course)
		if err != nil {
			return err
		}
		var added []newcomer
		var chosen chosen
		met := map[Address]bool{}
		for _, p := range people {
			at := known[string(s.keys.addressHash(p.Address))]
			switch {
			case at.Suppressed:
				done.Suppressed++
				continue
			case met[p.Address]:
				done.Known++
				continue
			case at.SubscriberID == 0:
				at.SubscriberID = randomID()
				added = append(added, newcomer{ID: at.SubscriberID, Email: p.Address, Name: p.Name, Hash: at.Hash})
				done.Added++
			case wish.changes(at):
				done.Changed++
			default:
				done.Known++
				if at.State != "pending" {
					continue
				}
			}
			met[p.Address] = true
			chosen.add(at, wish)
		}
		if err := createAll(ctx, tx, now, added); err != nil {
			return err
		}
		return s.welcome(ctx, tx, now, chosen, wish)
	})
	return done, err
}

// changes says whether an import has anything to give to somebody known.
func (w ImportWish) changes(at standing) bool {
	if w.Consent == "" {
		return false // until they confirm
	}
	return at.State == "pending" || w.Course != "" && !at.Enrolled || w.Newsletter && !at.Newsletter
}

// meetAll locks the people's addresses and returns what is known of each, by hash.
func (s *Store) meetAll(ctx context.Context, tx *sqlx.Tx, people []Person, course string) (map[string]standing, error) {
	var hashes [][]byte
	for _, p := range people {
		hashes = append(hashes, s.keys.addressHash(p.Address))
	}
	_, err := tx.ExecContext(ctx, `
		insert into addresses (address_hash)
		select h from unnest(cast($1 as bytea[])) h order by h
		on conflict do nothing`, pq.Array(hashes))
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `
		select from addresses where address_hash = any($1) order by address_hash for update`, pq.Array(hashes))
	if err != nil {
		return nil, err
	}
	var rows []standing
	err = tx.SelectContext(ctx, &rows, `
		select a.address_hash, coalesce(a.subscriber_id, 0) as subscriber_id,
		       a.suppressed is not null as suppressed,
		       coalesce(s.state, '') as state,
		       coalesce(s.newsletter or (
		           select event = 'withdrawn' from consents c
		           where c.subscriber_id = s.id and purpose = 'newsletter'
		           order by id desc limit 1), false) as newsletter,
		       e.subscriber_id is not null as enrolled
		from addresses a
		left join subscribers s on s.id = a.subscriber_id
		left join enrolments e on e.subscriber_id = a.subscriber_id and e.course = $2
		where a.address_hash = any($1)`, pq.Array(hashes), course)
	known := make(map[string]standing, len(rows))
	for _, row := range rows {
		known[string(row.Hash)] = row
	}
	return known, err
}

type newcomer struct {
	ID    int64
	Email Address
	Name  string
	Hash  []byte
}

func createAll(ctx context.Context, tx *sqlx.Tx, now time.Time, added []newcomer) error {
	var ids []int64
	var emails, names []string
	var hashes [][]byte
	for _, n := range added {
		ids, emails, names, hashes = append(ids, n.ID), append(emails, string(n.Email)), append(names, n.Name), append(hashes, n.Hash)
	}
	_, err := tx.ExecContext(ctx, `
		insert into subscribers (id, email, name, created_at)
		select id, email, name, $4
		from unnest(cast($1 as bigint[]), cast($2 as text[]), cast($3 as text[])) t(id, email, name)`,
		pq.Array(ids), pq.Array(emails), pq.Array(names), now)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		update addresses a
		set subscriber_id = t.id
		from unnest(cast($1 as bigint[]), cast($2 as bytea[])) t(id, hash)
		where a.address_hash = t.hash`, pq.Array(ids), pq.Array(hashes))
	return err
}

// welcome gives imported people what the import wishes for them.
func (s *Store) welcome(ctx context.Context, tx *sqlx.Tx, now time.Time, chosen chosen, wish ImportWish) error {
	if len(chosen.all) == 0 {
		return nil
	}
	if err := s.evidence(ctx, tx, now, chosen, wish); err != nil {
		return err
	}
	if wish.Consent == "" {
		if err := s.inviteAll(ctx, tx, now, chosen.all); err != nil {
			return err
		}
		return wake(ctx, tx)
	}
	if err := activate(ctx, tx, now, chosen.all, false); err != nil {
		return err
	}
	if err := activate(ctx, tx, now, chosen.newsletter, true); err != nil {
		return err
	}
	if wish.Course != "" {
		if err := s.enrol(ctx, tx, now, wish.Course, chosen.course, notRejoining); err != nil {
			return err
		}
	}
	return wake(ctx, tx)
}

func (s *Store) evidence(ctx context.Context, tx *sqlx.Tx, now time.Time, chosen chosen, wish ImportWish) error {
	given := consent{Event: "confirmed", Method: "import", Wording: wish.Consent}
	if wish.Consent == "" {
		given.Event = "asked"
		chosen.course = nil // asked for on the confirm page
	}
	for _, part := range []struct {
		purpose     string
		subscribers []int64
	}{{"access", chosen.all}, {newsletter, chosen.newsletter}, {"course:" + wish.Course, chosen.course}} {
		given.Purpose = part.purpose
		if err := given.write(ctx, tx, now, part.subscribers...); err != nil {
			return err
		}
	}
	return nil
}

// inviteAll queues confirm letters for those whose address may have one more.
func (s *Store) inviteAll(ctx context.Context, tx *sqlx.Tx, now time.Time, chosen []int64) error {
	var may []int64
	err := tx.SelectContext(ctx, &may, `
		select a.subscriber_id
		from addresses a
		cross join lateral (select max(t) as last, count(*) as month from unnest(a.asked_at) t
		                    where t > cast($2 as timestamptz) - interval '30 days') asked
		where a.subscriber_id = any($1)
		and asked.month < $3 and coalesce(asked.last <= $4, true)`,
		pq.Array(chosen), now, confirmPerMonth, now.Add(-24*time.Hour))
	if err != nil || len(may) == 0 {
		return err
	}
	return s.queueConfirm(ctx, tx, now, may, "import")
}
