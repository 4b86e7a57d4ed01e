package course

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// Single letters, by an admin's hand: what waits for one, and the two things
// that can be done about it.

// ListedDelivery is one row of `deliveries list`.
type ListedDelivery struct {
	DeliveryKey `json:"-"`
	ID          string     `json:"id" db:"-"` // what Retry and Cancel take
	Letter      string     `json:"letter" db:"letter"`
	Copy        int        `json:"copy" db:"copy"`
	Email       string     `json:"email" db:"email"` // "" of somebody erased
	State       string     `json:"state" db:"state"`
	Since       time.Time  `json:"since" db:"since"` // in this state, as near as the ledger knows; deferred ones since their first try
	ReadyAt     *time.Time `json:"ready_at" db:"ready_at"`
	Attempts    int        `json:"attempts" db:"attempt"`
	Doubts      int        `json:"doubts" db:"doubts"` // copies that may have arrived unheard
	Held        bool       `json:"held" db:"held"`
	Reason      string     `json:"reason" db:"reason"` // why parked or cancelled; else the relay's last reply
}

var listedColumns = `
	d.subscriber_id, d.id, d.letter, d.copy, coalesce(s.email, '') as email, d.state, nullif(d.ready_at, '` + atRest.Format(time.RFC3339) + `') as ready_at, d.attempt, d.doubts,
	coalesce(d.settled_at, case d.state when 'queued' then d.due_at when 'deferred' then d.dated_at else greatest(d.dated_at, d.marked_at) end, d.due_at) as since,
	coalesce(case when d.state in ('queued', 'parked', 'cancelled') then d.reason else d.reply end, '') as reason,
	exists (select from holds where scope in ('everything', 'pause', d.letter)) as held`

// inTrouble are the states that somebody should look at, the most urgent first.
var inTrouble = []string{"parked", "uncertain", "deferred"}

// ListDeliveries calls each for every delivery in a state, the newest first;
// "" means all that are parked, uncertain or deferred, in this order. It reads
// as it goes, whatever their number.
func (s *Store) ListDeliveries(ctx context.Context, state string, each func(ListedDelivery) error) error {
	states := inTrouble
	if state != "" {
		states = []string{state}
	}
	rows, err := s.db.QueryxContext(ctx, `
		select `+listedColumns+`
		from deliveries d
		join subscribers s on s.id = d.subscriber_id
		where d.state = any($1)
		order by array_position($1, d.state), since desc, d.subscriber_id, d.id`, pq.Array(states))
	if err != nil {
		return fmt.Errorf("list deliveries: %w", away(err))
	}
	defer rows.Close()
	for rows.Next() {
		var d ListedDelivery
		if err := rows.StructScan(&d); err != nil {
			return fmt.Errorf("list deliveries: %w", err)
		}
		d.ID = d.handle()
		if err := each(d); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("list deliveries: %w", away(err))
	}
	return nil
}

// handle writes a key for an admin to copy: both numbers in base 36, at most 27
// characters. Either number alone would be shorter, but deliveries are found by
// both, and only both are sure to name one.
func (d DeliveryKey) handle() string {
	return strconv.FormatInt(d.SubscriberID, 36) + "." + strconv.FormatInt(d.ID, 36)
}

// parseHandle reads what handle wrote, in either case. Errors: ErrNoDelivery.
func parseHandle(handle string) (DeliveryKey, error) {
	person, letter, _ := strings.Cut(handle, ".")
	subscriberID, err1 := strconv.ParseUint(person, 36, 63)
	id, err2 := strconv.ParseUint(letter, 36, 63)
	if err1 != nil || err2 != nil {
		return DeliveryKey{}, ErrNoDelivery
	}
	return DeliveryKey{SubscriberID: int64(subscriberID), ID: int64(id)}, nil
}

var (
	// ErrNoDelivery says that no letter has this id: take one from ListDeliveries.
	ErrNoDelivery = errors.New("no letter with this id")
	// ErrSettled says that a letter came to its end and stays there; PlanSend
	// with Resend makes a further copy of a lesson.
	ErrSettled = errors.New("that is settled")
	// ErrMayHaveArrived says that a letter is uncertain: wait for the end of its
	// quarantine, or Cancel it.
	ErrMayHaveArrived = errors.New("it may have arrived")
	// ErrBeingSent says that a letter has passed its mark: look again when it has ended.
	ErrBeingSent = errors.New("too late to stop it now")
	// ErrReaderGone says that whom the letter is to must have none: it can only be cancelled.
	ErrReaderGone = errors.New("the reader left, or is blocked or erased")
)

// inHand is a delivery that is locked for an admin.
type inHand struct {
	ListedDelivery
	Version []byte `db:"version"`
	Gone    bool   `db:"gone"` // a mark would be refused, or the reader left
}

func takeInHand(ctx context.Context, tx *sqlx.Tx, id string) (inHand, error) {
	var d inHand
	key, err := parseHandle(id)
	if err != nil {
		return d, err
	}
	err = tx.GetContext(ctx, &d, `
		select `+listedColumns+`, d.version,
		       not (s.state = 'active' or d.rank = 0 and s.state <> 'erased') or exists (
		           select from enrolments e
		           where e.subscriber_id = d.subscriber_id and e.state = 'left' and starts_with(d.letter, 'lesson:' || e.course || '/')
		       ) as gone
		from deliveries d
		join subscribers s on s.id = d.subscriber_id
		where d.subscriber_id = $1 and d.id = $2
		for update of d`, key.SubscriberID, key.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return d, ErrNoDelivery
	}
	d.ID = d.handle()
	return d, err
}

// but says why nothing is done about a delivery.
func (d inHand) but(why error) error {
	return fmt.Errorf("%s to %s is %s: %w", d.Letter, cmp.Or(d.Email, "somebody erased"), d.State, why)
}

// Retry makes a parked or deferred letter ready at once, and says whether it
// had to. A letter that is on its way already stays as it is. Errors:
// ErrNoDelivery, ErrSettled, ErrMayHaveArrived, ErrReaderGone.
func (s *Store) Retry(ctx context.Context, now time.Time, id string) (after ListedDelivery, changed bool, err error) {
	err = s.transact(ctx, "retry "+id, func(tx *sqlx.Tx) error {
		d, err := takeInHand(ctx, tx, id)
		if err != nil {
			return err
		}
		if why := d.unretryable(); why != nil {
			return d.but(why)
		}
		changed = d.State == "parked" || d.State == "deferred" && d.ReadyAt.After(now)
		if changed {
			err = s.ready(ctx, tx, now, &d)
		}
		after = d.ListedDelivery
		return err
	})
	return after, changed, err
}

// unretryable says why a delivery cannot be tried again; pure.
func (d inHand) unretryable() error {
	switch {
	case d.Gone:
		return ErrReaderGone
	case d.State == "uncertain":
		return ErrMayHaveArrived
	case d.State == "accepted", d.State == "rejected", d.State == "cancelled":
		return ErrSettled
	}
	return nil
}

// ready queues what was parked, or moves a deferred letter up. A parked letter
// that was never tried takes its text as it is now: mending the text is what
// its admin will have done, and nobody has seen the old one.
func (s *Store) ready(ctx context.Context, tx *sqlx.Tx, now time.Time, d *inHand) error {
	if d.State == "parked" {
		d.State, d.Reason = "queued", ""
		if text := s.text(d.Letter); d.Attempts == 0 && text != nil {
			d.Version = text
		}
	}
	d.ReadyAt = &now
	_, err := tx.ExecContext(ctx, `
		update deliveries
		set state = $3, ready_at = $4, version = $5, reason = null, deaths = least(deaths, $6)
		where subscriber_id = $1 and id = $2`, d.SubscriberID, d.DeliveryKey.ID, d.State, now, d.Version, suspicious)
	if err != nil {
		return err
	}
	return wake(ctx, tx)
}

// text is the hash of a letter's published text, nil where there is none.
func (s *Store) text(letter string) []byte {
	kind, _, _ := strings.Cut(letter, ":")
	if v, ok := s.letters[kind]; ok {
		return v.Hash()
	}
	for _, c := range s.courses {
		if week := c.Week(strings.TrimPrefix(letter, "test:")); week > 0 {
			return c.Lessons[week-1].Version.Hash()
		}
	}
	return nil
}

// Cancel ends a letter that has not passed its mark, or that nobody can know
// about, and says whether it had to. The reader's course goes on with the next
// lesson. Errors: ErrNoDelivery, ErrSettled, ErrBeingSent.
func (s *Store) Cancel(ctx context.Context, now time.Time, id string) (after ListedDelivery, changed bool, err error) {
	err = s.transact(ctx, "cancel "+id, func(tx *sqlx.Tx) error {
		d, err := takeInHand(ctx, tx, id)
		if err != nil {
			return err
		}
		if why := d.uncancellable(); why != nil {
			return d.but(why)
		}
		if changed = d.State != "cancelled"; changed {
			err = cancel(ctx, tx, now, &d)
		}
		after = d.ListedDelivery
		return err
	})
	return after, changed, err
}

// uncancellable says why a delivery cannot be cancelled; pure.
func (d inHand) uncancellable() error {
	switch d.State {
	case "sending":
		return ErrBeingSent
	case "accepted", "rejected":
		return ErrSettled
	}
	return nil
}

// cancel also wakes the workers, since the next lesson may be due.
func cancel(ctx context.Context, tx *sqlx.Tx, now time.Time, d *inHand) error {
	d.State, d.Reason, d.Since, d.ReadyAt = "cancelled", "admin", now, nil
	_, err := tx.ExecContext(ctx, `
		update deliveries
		set state = $3, settled_at = $5, ready_at = null, doubted_at = null, worker = null,
		    reason = case when reason = 'erased' then reason else $4 end
		where subscriber_id = $1 and id = $2`, d.SubscriberID, d.DeliveryKey.ID, d.State, d.Reason, now)
	if err != nil {
		return err
	}
	return wake(ctx, tx)
}
