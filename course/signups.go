package course

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// ErrFlood says that sign-ups come so fast that their letters are delayed: tell
// the admin. Nothing is lost, and the next call goes on.
var ErrFlood = errors.New("sign-ups run at ten times the usual, so their letters are delayed")

// signUpsAtATime bounds one call, so that lessons do not wait for long.
const signUpsAtATime = 100

// TakeSignUps carries out what people asked for, oldest first and each once,
// however many workers do so, and returns how many there were; call it again when
// there were any. One that cannot be carried out for a fault of its own is set
// aside, and told in the error. Errors: ErrFlood.
func (s *Store) TakeSignUps(ctx context.Context, now time.Time) (int, error) {
	waiting, err := s.signUpsWait(ctx)
	if err != nil || !waiting {
		return 0, err
	}
	var faults error
	flood := false
	taken := 0
	for taken < signUpsAtATime {
		t, err := s.takeSignUp(ctx, now)
		faults = errors.Join(faults, t.fault, err)
		flood = t.flood
		if !t.took {
			break
		}
		taken++
	}
	switch {
	case flood && faults == nil:
		return taken, ErrFlood
	case flood:
		faults = errors.Join(faults, ErrFlood)
	}
	return taken, faults
}

// signUpsWait says whether there is anything to do, at little cost.
func (s *Store) signUpsWait(ctx context.Context) (waiting bool, err error) {
	err = s.db.GetContext(ctx, &waiting, `
		select exists (select from signups where fault is null) or exists (select from breaker where opened_at is not null)`)
	if err != nil {
		return false, fmt.Errorf("look for sign-ups: %w", away(err))
	}
	return waiting, nil
}

// turn is what became of one look for a sign-up; nothing, after an error.
type turn struct {
	took  bool
	flood bool  // the breaker is open
	fault error // why it was set aside
}

// takeSignUp carries out the oldest sign-up, where there is one and the breaker
// lets it through. A worker that finds another at it leaves it to that one.
func (s *Store) takeSignUp(ctx context.Context, now time.Time) (t turn, err error) {
	err = s.transact(ctx, "carry out a sign-up", func(tx *sqlx.Tx) error {
		t = turn{}
		b, free, err := lockBreaker(ctx, tx)
		if err != nil {
			return err
		}
		if !free {
			return tx.GetContext(ctx, &t.flood, `select opened_at is not null from breaker`)
		}
		w, waits, err := oldestWish(ctx, tx)
		if err != nil {
			return err
		}
		letters := 0
		if t.took = waits && b.room(now) > 0; t.took {
			if letters, t.fault, err = s.grant(ctx, tx, now, w); err != nil {
				return err
			}
		}
		next := b.after(now, letters)
		switch {
		case waits && !t.took && next.OpenedAt == nil:
			next.OpenedAt = &now
		case !waits && next.calm():
			next.OpenedAt = nil
		}
		t.flood = next.OpenedAt != nil
		if letters == 0 && next.OpenedAt == b.OpenedAt {
			return nil
		}
		return next.write(ctx, tx)
	})
	if err != nil {
		return turn{}, err
	}
	return t, nil
}

// wish is something that a person asked for, as it waits.
type wish struct {
	ID                int64
	At                time.Time
	Email             Address
	Login             bool
	Newsletter        bool
	Article, Form     string
	IP                string
	Access            string
	NewsletterWording string `db:"newsletter_wording"`
	Browser           []byte
}

func oldestWish(ctx context.Context, tx *sqlx.Tx) (w wish, waits bool, err error) {
	err = tx.GetContext(ctx, &w, `
		select id, at, email, login, newsletter, article, form, coalesce(text(ip), '') as ip,
		       coalesce((select text from wordings where hash = access), '') as access,
		       coalesce((select text from wordings where hash = newsletter_wording), '') as newsletter_wording, browser
		from signups
		where fault is null
		order by id
		limit 1
		for update skip locked`)
	if errors.Is(err, sql.ErrNoRows) {
		return w, false, nil
	}
	return w, err == nil, err
}

// grant does what a person asked for, and in the same transaction forgets the
// wish, so that it is done once. It returns how many letters were queued.
func (s *Store) grant(ctx context.Context, tx *sqlx.Tx, now time.Time, w wish) (letters int, fault, err error) {
	if _, err := tx.ExecContext(ctx, `savepoint before_wish`); err != nil {
		return 0, nil, err
	}
	if w.Login {
		letters, err = s.queueLogin(ctx, tx, now, w)
	} else {
		letters, err = s.enter(ctx, tx, w)
	}
	fault = itsOwnFault(w, err)
	if fault == nil {
		if err == nil {
			_, err = tx.ExecContext(ctx, `delete from signups where id = $1`, w.ID)
		}
		return letters, nil, err
	}
	if _, err := tx.ExecContext(ctx, `rollback to savepoint before_wish`); err != nil {
		return 0, nil, err
	}
	_, err = tx.ExecContext(ctx, `update signups set fault = $2 where id = $1`, w.ID, fault.Error())
	return 0, fault, err
}

// itsOwnFault returns what is wrong with a wish, where that is the reason. Classes
// 22 and 23 are about data; all else is about the database, and may be over the
// next time. The database's own words could hold the address, and go nowhere.
func itsOwnFault(w wish, err error) error {
	var refusal *pq.Error
	if !errors.As(err, &refusal) || refusal.Code.Class() != "22" && refusal.Code.Class() != "23" {
		return nil
	}
	return fmt.Errorf("sign-up %d is set aside: %s (%s) %s %s", w.ID, refusal.Code.Name(), refusal.Code, refusal.Table, refusal.Constraint)
}

// enter writes a sign-up down: the subscriber, pending if new, the evidence of what
// was agreed to, and a queued confirm letter, where the address has not been sent
// too many. All of it is as of the moment when the person asked, from which the
// link's life counts too.
func (s *Store) enter(ctx context.Context, tx *sqlx.Tx, w wish) (letters int, err error) {
	known, err := s.meet(ctx, tx, w.At, w.Email)
	if err != nil {
		return 0, err
	}
	if err := w.writeEvidence(ctx, tx, known.SubscriberID); err != nil || !known.mayAsk(w.At) {
		return 0, err
	}
	return 1, s.queueConfirm(ctx, tx, w.At, []int64{known.SubscriberID}, "sign-up")
}

// writeEvidence keeps what a person asked for, once per confirmGap.
func (w wish) writeEvidence(ctx context.Context, tx *sqlx.Tx, id int64) error {
	evidence := consent{Event: "asked", Method: "form", Form: w.Form, Article: w.Article}
	if prefix, err := netip.ParsePrefix(w.IP); err == nil {
		evidence.IP = prefix.Addr()
	}
	evidence.Purpose, evidence.Wording = "access", w.Access
	if err := evidence.write(ctx, tx, w.At, id); err != nil || !w.Newsletter {
		return err
	}
	evidence.Purpose, evidence.Wording = newsletter, w.NewsletterWording
	return evidence.write(ctx, tx, w.At, id)
}
