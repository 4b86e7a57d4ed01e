package course

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// A reader who has confirmed gets in on a new browser by a letter with a link and
// a short code: mail is often read on another device. Only the browser that asked
// gets in, and a row of logins is its last request. What that browser can learn
// does not depend on whether the address was anybody's: the request is kept, its
// letters are counted and its tries run out for all alike.

var (
	// ErrOtherBrowser says that a login link was opened in a browser that did not
	// ask for it: the code can be typed in the one that did.
	ErrOtherBrowser = errors.New("another browser asked to log in")
	// ErrCode says that a code is wrong: the person can try again.
	ErrCode = errors.New("wrong code")
)

// LoginLife is how long a login letter's link and code work.
const LoginLife = 30 * time.Minute

// loginTries is how many codes may be typed for one request.
const loginTries = 5

// queueLogin carries out a wish to be let in: a login letter to a reader who has
// confirmed, another confirm letter to one who has not. Whoever may not be written
// to gets none. The request lives from now, since the letter comes only now.
func (s *Store) queueLogin(ctx context.Context, tx *sqlx.Tx, now time.Time, w wish) (letters int, err error) {
	known, err := s.recall(ctx, tx, w.At, w.Email)
	if err != nil || !known.Login.allows(w.At) {
		return 0, err
	}
	if err := s.countLogin(ctx, tx, w); err != nil {
		return 0, err
	}
	var state string
	err = tx.GetContext(ctx, &state, `select state from subscribers where id = $1 and kind = 'reader'`, known.SubscriberID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	var letter DeliveryKey
	switch {
	case state == "active":
		orders, err := s.queueService(ctx, tx, w.At, "login", "login", known.SubscriberID)
		if err != nil {
			return 0, err
		}
		letter, letters = DeliveryKey{SubscriberID: known.SubscriberID, ID: orders[0].ID}, 1
	case state == "pending" && known.mayAsk(w.At):
		if err := s.queueConfirm(ctx, tx, w.At, []int64{known.SubscriberID}, "login"); err != nil {
			return 0, err
		}
		letters = 1
	}
	return letters, keepLogin(ctx, tx, now, w, letter)
}

func (s *Store) countLogin(ctx context.Context, tx *sqlx.Tx, w wish) error {
	_, err := tx.ExecContext(ctx, `
		update addresses
		set login_asked_at = array(select t from unnest(login_asked_at) t where t > cast($2 as timestamptz) - interval '30 days') || cast($2 as timestamptz)
		where address_hash = $1`, s.keys.addressHash(w.Email), w.At)
	return err
}

// keepLogin keeps a browser's request, in the place of its older one; those of
// yesterday go.
func keepLogin(ctx context.Context, tx *sqlx.Tx, now time.Time, w wish, letter DeliveryKey) error {
	_, err := tx.ExecContext(ctx, `delete from logins where at < $1`, now.AddDate(0, 0, -1))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		insert into logins (browser, subscriber_id, delivery_id, article, at)
		values ($1, nullif(cast($2 as bigint), 0), nullif(cast($3 as bigint), 0), $4, $5)
		on conflict (browser) do update
		set subscriber_id = excluded.subscriber_id, delivery_id = excluded.delivery_id, article = excluded.article,
		    at = excluded.at, tries = 0, used_at = null`, w.Browser, letter.SubscriberID, letter.ID, w.Article, now)
	return err
}

// LoginLink is what a login letter's link stands for.
type LoginLink struct {
	State   InvitationState `db:"state"`
	Article string          `db:"article"` // to go on with, "" for none
}

// LoginLink reads a login letter's link and changes nothing. Errors: ErrToken.
func (s *Store) LoginLink(ctx context.Context, now time.Time, token string) (LoginLink, error) {
	d, err := s.keys.open(toLogIn, token)
	if err != nil {
		return LoginLink{}, err
	}
	link, err := readLogin(ctx, s.db, now, d)
	if err != nil {
		return LoginLink{}, fmt.Errorf("read a login link: %w", away(err))
	}
	return link, nil
}

// A link whose request the same browser has replaced since is expired.
func readLogin(ctx context.Context, db sqlx.QueryerContext, now time.Time, d DeliveryKey) (LoginLink, error) {
	var link LoginLink
	err := sqlx.GetContext(ctx, db, &link, `
		select case when l.used_at is not null then 'used'
		            when l.at > $3 then 'open'
		            else 'expired' end as state,
		       coalesce(l.article, '') as article
		from deliveries d
		join subscribers s on s.id = d.subscriber_id and s.state <> 'erased'
		left join logins l on l.subscriber_id = d.subscriber_id and l.delivery_id = d.id
		where d.subscriber_id = $1 and d.id = $2 and starts_with(d.letter, 'login:')`, d.SubscriberID, d.ID, now.Add(-LoginLife))
	if errors.Is(err, sql.ErrNoRows) {
		return link, ErrToken
	}
	return link, err
}

// LoggedIn is what came of logging in.
type LoggedIn struct {
	Session string // for this browser's cookie
	Article string // to go on with, "" for none
}

// Login signs in the browser that asked for the link's letter, once. Errors:
// ErrToken, ErrExpired, ErrOtherBrowser.
func (s *Store) Login(ctx context.Context, now time.Time, token, browser string) (LoggedIn, error) {
	d, err := s.keys.open(toLogIn, token)
	if err != nil {
		return LoggedIn{}, err
	}
	var in LoggedIn
	err = s.transact(ctx, "log in", func(tx *sqlx.Tx) error {
		in, err = useLogin(ctx, tx, now, d, browser)
		if errors.Is(err, sql.ErrNoRows) {
			err = whyNotIn(ctx, tx, now, d)
		}
		return err
	})
	return in, err
}

// whyNotIn says why a link signs nobody in.
func whyNotIn(ctx context.Context, tx *sqlx.Tx, now time.Time, d DeliveryKey) error {
	link, err := readLogin(ctx, tx, now, d)
	switch {
	case err != nil:
		return err
	case link.State != InvitationOpen:
		return ErrExpired
	}
	return ErrOtherBrowser
}

// useLogin opens a session for the browser that asked for a letter, once.
func useLogin(ctx context.Context, tx *sqlx.Tx, now time.Time, d DeliveryKey, browser string) (in LoggedIn, err error) {
	err = tx.GetContext(ctx, &in.Article, `
		update logins
		set used_at = $4
		where subscriber_id = $1 and delivery_id = $2 and browser = $3 and used_at is null and at > $5
		and exists (select from subscribers where id = $1 and state <> 'erased')
		returning article`, d.SubscriberID, d.ID, hashed(browser), now, now.Add(-LoginLife))
	if err == nil {
		in.Session, err = openSession(ctx, tx, now, d.SubscriberID)
	}
	return in, err
}

// LoginByCode signs in the browser that asked, by its letter's code. A browser has
// five tries a request. Errors: ErrCode; ErrExpired, where there is no such
// request, or it is too old, used, or out of tries. Tell people the same of both.
func (s *Store) LoginByCode(ctx context.Context, now time.Time, browser, code string) (LoggedIn, error) {
	code = strings.Join(strings.Fields(code), "")
	var in LoggedIn
	wrong := false
	err := s.transact(ctx, "log in by a code", func(tx *sqlx.Tx) error {
		in = LoggedIn{}
		d, err := countTry(ctx, tx, now, browser)
		if err != nil {
			return err
		}
		if wrong = !s.keys.isCode(d, code) || d.ID == 0; wrong {
			return nil // the try counts
		}
		in, err = useLogin(ctx, tx, now, d, browser)
		if errors.Is(err, sql.ErrNoRows) {
			err = ErrExpired
		}
		return err
	})
	if err == nil && wrong {
		err = ErrCode
	}
	return in, err
}

// countTry counts a code against a browser's request, and returns its letter.
func countTry(ctx context.Context, tx *sqlx.Tx, now time.Time, browser string) (d DeliveryKey, err error) {
	err = tx.GetContext(ctx, &d, `
		update logins
		set tries = tries + 1
		where browser = $1 and used_at is null and at > $2 and tries < $3
		returning coalesce(subscriber_id, 0) as subscriber_id, coalesce(delivery_id, 0) as id`, hashed(browser), now.Add(-LoginLife), loginTries)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrExpired
	}
	return d, err
}

// isCode says whether a code is the letter's, by any of the secrets.
func (k keys) isCode(d DeliveryKey, code string) bool {
	is := false
	for _, ring := range k.rings {
		is = hmac.Equal([]byte(code), []byte(ring.code(d))) || is
	}
	return is
}

// Logout ends a session. There need not be one.
func (s *Store) Logout(ctx context.Context, session string) error {
	if _, err := s.db.ExecContext(ctx, `delete from sessions where token_hash = $1`, hashed(session)); err != nil {
		return fmt.Errorf("log out: %w", away(err))
	}
	return nil
}
