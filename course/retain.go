package course

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// How long what is kept for a time is kept. Who has not confirmed within
// InvitationLife of asking goes as soon as the link does; limits go with
// limitLife, the longest that any of them looks back.
const (
	limitLife      = 30 * 24 * time.Hour
	rawLife        = 30 * 24 * time.Hour // returned mail as it came, and what providers told
	ipLife         = 90 * 24 * time.Hour
	attemptMonths  = 18
	signUpLife     = 7 * 24 * time.Hour  // of one that could not be carried out
	loginLife      = 24 * time.Hour      // of a request to be let in, which works for half an hour
	proposalLife   = 90 * 24 * time.Hour // of a wording that its asker has not approved
	finishedMonths = 12                  // of who came to the end of every course, and wants no newsletter
)

// Retained counts what Retain let go.
type Retained struct {
	Unconfirmed int // people whose confirm letter's link has expired
	Finished    int // people, erased
	IPs         int
	Raw         int // returned mails, of which the verdict stays
	Hooks       int
	Attempts    int
	Sessions    int
	WarmDays    int
	SignUps     int
	Logins      int
	Proposals   int  // questions, withdrawn
	Limits      int  // addresses of which fewer, or no, sign-ups are remembered
	More        bool // a batch was full: there may be more to do at once
}

// None says that nothing had come of age.
func (r Retained) None() bool { return r == Retained{} }

// How much one call of Retain takes of each kind, so that letters do not wait for it.
const (
	retainPeople = 100
	retainRows   = 1000
)

// Retain lets go what has been kept for as long as was promised, a bounded batch
// of each kind. Any number of workers may do so at once, beside everything else:
// what somebody holds is left for the next time.
func (s *Store) Retain(ctx context.Context, now time.Time) (Retained, error) {
	var done Retained
	let := func(count *int, most int, drop func(*sqlx.Tx) (int, error)) error {
		err := s.transact(ctx, "let go what is old", func(tx *sqlx.Tx) (err error) {
			*count, err = drop(tx)
			return err
		})
		done.More = done.More || *count >= most
		return err
	}
	err := let(&done.Unconfirmed, retainPeople, func(tx *sqlx.Tx) (int, error) { return dropUnconfirmed(ctx, tx, now) })
	if err == nil {
		err = let(&done.Finished, retainPeople, func(tx *sqlx.Tx) (int, error) { return eraseFinished(ctx, tx, now) })
	}
	for _, rows := range done.aging(now) {
		if err == nil {
			err = let(rows.count, retainRows, func(tx *sqlx.Tx) (int, error) { return dropOld(ctx, tx, rows.drop, rows.before) })
		}
	}
	if err == nil {
		err = let(&done.Limits, retainRows, func(tx *sqlx.Tx) (int, error) { return dropLimits(ctx, tx, now) })
	}
	return done, err
}

// aging are rows that one statement lets go of, by their age alone.
type aging struct {
	count  *int
	before time.Time // $1
	drop   string    // $2 is how many at most
}

func (r *Retained) aging(now time.Time) []aging {
	return []aging{
		{&r.IPs, now.Add(-ipLife), `
			update consents
			set ip = null
			where ctid = any(array(
				select ctid from consents where ip is not null and at <= $1 order by at limit $2 for update skip locked))`},
		{&r.Raw, now.Add(-rawLife), `
			update returns
			set raw = null
			where ctid = any(array(
				select ctid from returns where raw is not null and at <= $1 order by at limit $2 for update skip locked))`},
		{&r.Hooks, now.Add(-rawLife), `
			delete from hooks
			where ctid = any(array(
				select ctid from hooks where read_at is not null and kept_at <= $1 order by id limit $2 for update skip locked))`},
		{&r.Attempts, now.AddDate(0, -attemptMonths, 0), `
			delete from attempts -- but for those of letters that are not settled
			where ctid = any(array(
				select a.ctid
				from attempts a
				join deliveries d on d.subscriber_id = a.subscriber_id and d.id = a.delivery_id
				where a.ended_at <= $1 and d.settled_at is not null
				order by a.ended_at
				limit $2
				for update of a skip locked))`},
		{&r.Sessions, now, `
			delete from sessions
			where ctid = any(array(
				select ctid from sessions where expires_at <= $1 order by expires_at limit $2 for update skip locked))`},
		{&r.WarmDays, now.AddDate(0, -1, 0), `
			delete from warm_days
			where day in (
				select day from warm_days where day < cast($1 as date) order by day limit $2 for update skip locked)`},
		{&r.SignUps, now.Add(-signUpLife), `
			delete from signups
			where ctid = any(array(
				select ctid from signups where at <= $1 order by id limit $2 for update skip locked))`},
		{&r.Logins, now.Add(-loginLife), `
			delete from logins
			where ctid = any(array(
				select ctid from logins where at <= $1 order by at limit $2 for update skip locked))`},
		{&r.Proposals, now.Add(-proposalLife), `
			update questions
			set state = 'withdrawn', closed_at = cast($1 as timestamptz) + interval '90 days', text = null, signature = null,
			    title = null, slug = null, wording = null, answer = null
			where ctid = any(array(
				select ctid from questions where state = 'proposed' and proposed_at <= $1 order by proposed_at limit $2 for update skip locked))`},
	}
}

// dropOld runs one statement about rows older than a moment.
func dropOld(ctx context.Context, tx *sqlx.Tx, statement string, before time.Time) (int, error) {
	result, err := tx.ExecContext(ctx, statement, before, retainRows)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// unconfirmed are people who never confirmed, and last asked to before $1. One
// whose confirm letter is in a worker's hands is left until that has ended.
const unconfirmed = `
	select s.id
	from subscribers s
	where s.kind = 'reader' and s.confirmed_at is null and s.state <> 'erased' and s.created_at <= $1
	and not exists (select from consents c where c.subscriber_id = s.id and c.event = 'asked' and c.at > $1)
	and not exists (select from addresses a, unnest(a.asked_at) t where a.subscriber_id = s.id and t > $1)
	and not exists (select from deliveries d where d.subscriber_id = s.id and d.state in ('claimed', 'sending', 'uncertain'))`

// dropUnconfirmed leaves nothing of them but their addresses' hashes, with limits
// and suppression. There is nothing to prove: nobody agreed to anything.
func dropUnconfirmed(ctx context.Context, tx *sqlx.Tx, now time.Time) (int, error) {
	ids, err := alone(ctx, tx, unconfirmed, now.Add(-InvitationLife), "s.created_at")
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if err := forget(ctx, tx, now, ids); err != nil {
		return 0, err
	}
	for _, deletion := range []string{
		`delete from deliveries where subscriber_id = any($1)`,
		`delete from requests where subscriber_id = any($1)`,
		`delete from subscribers where id = any($1)`,
	} {
		if _, err := tx.ExecContext(ctx, deletion, pq.Array(ids)); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// finished are people who came to the end of all their courses before $1, or left
// them, want no newsletter, and have not signed in since.
const finished = `
	select s.id
	from subscribers s
	where s.kind = 'reader' and s.confirmed_at is not null and s.state <> 'erased' and not s.newsletter
	and exists (select from enrolments e where e.subscriber_id = s.id and e.ended_at <= $1)
	and not exists (select from enrolments e where e.subscriber_id = s.id and (e.ended_at is null or e.ended_at > $1))
	and not exists (select from sessions b where b.subscriber_id = s.id and b.created_at > $1)
	and not exists (select from consents c where c.subscriber_id = s.id and c.event = 'asked' and c.at > $1)
	and not exists (select from deliveries d where d.subscriber_id = s.id and d.state in ('claimed', 'sending', 'uncertain'))`

func eraseFinished(ctx context.Context, tx *sqlx.Tx, now time.Time) (int, error) {
	ids, err := alone(ctx, tx, finished, now.AddDate(0, -finishedMonths, 0), "s.id")
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return len(ids), erase(ctx, tx, now, ids)
}

// alone returns some of the people that a question finds, whom nobody else is
// doing anything about: their rows and their addresses' are locked, and the
// question was asked again after that.
func alone(ctx context.Context, tx *sqlx.Tx, question string, before time.Time, order string) ([]int64, error) {
	var found, locked, still []int64
	err := tx.SelectContext(ctx, &found, question+` order by `+order+` limit $2 for update of s skip locked`, before, retainPeople)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	err = tx.SelectContext(ctx, &locked, `
		select subscriber_id from addresses where subscriber_id = any($1) for update skip locked`, pq.Array(found))
	if err != nil {
		return nil, err
	}
	err = tx.SelectContext(ctx, &still, question+` and s.id = any($2)`, before, pq.Array(locked))
	return still, err
}

// dropLimits forgets sign-ups that no limit counts any more, and with the last
// of them an address that nothing else is known of.
//
// Signing up finds an address's row, or makes it, and locks it after: a row that
// went between the two would be missed. So rows go while nobody is at it, by a
// lock on the table that is not waited for.
func dropLimits(ctx context.Context, tx *sqlx.Tx, now time.Time) (int, error) {
	pruned, err := dropOld(ctx, tx, `
		update addresses
		set asked_at = array(select t from unnest(asked_at) t where t > $1 order by t),
		    login_asked_at = array(select t from unnest(login_asked_at) t where t > $1 order by t)
		where ctid = any(array(
			select ctid from addresses where $1 >= any(asked_at || login_asked_at) limit $2 for update skip locked))`, now.Add(-limitLife))
	if err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `savepoint quiet`); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `lock table addresses in share row exclusive mode nowait`)
	if busy := new(pq.Error); errors.As(err, &busy) && busy.Code == "55P03" { // lock_not_available
		_, err = tx.ExecContext(ctx, `rollback to savepoint quiet`)
		return pruned, err
	}
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `
		delete from addresses
		where ctid = any(array(
			select ctid
			from addresses
			where subscriber_id is null and suppressed is null and asked_at = '{}' and login_asked_at = '{}'
			limit $1))`, retainRows)
	return pruned, err
}
