package course

// A stand-in for being let in on a new browser, until the ledger has its own:
// what was asked stands in memory, and one browser's newest request counts.

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
)

// LoginLife is how long a login letter's link and code work.
const LoginLife = 30 * time.Minute

var (
	// ErrOtherBrowser says that a link was opened elsewhere than where it was asked for.
	ErrOtherBrowser = errors.New("another browser asked for this")
	// ErrCode says that a code is wrong: the person can try again.
	ErrCode = errors.New("wrong code")
)

// LoginWish is what a person sent to be let in on a new browser.
type LoginWish struct {
	Email   string     // as typed
	Browser string     // random, from the cookie
	Article string     // where to go back to
	IP      netip.Addr // truncated before it is kept
}

// LoginLink is what a login letter's link stands for.
type LoginLink struct {
	State   InvitationState
	Article string
}

// LoggedIn is what came of it.
type LoggedIn struct{ Session, Article string }

type loginRequest struct {
	delivery         DeliveryKey
	browser, article string
	at               time.Time
	tries            int
	used             bool
}

func (l *loginRequest) state(now time.Time) InvitationState {
	switch {
	case l.used:
		return InvitationUsed
	case !now.Before(l.at.Add(LoginLife)):
		return InvitationExpired
	}
	return InvitationOpen
}

var standIn struct {
	sync.Mutex
	asked map[*Store][]*loginRequest
}

// AskLogin queues a login letter to an address that is confirmed. Errors: ErrAddress.
func (s *Store) AskLogin(ctx context.Context, now time.Time, in LoginWish) error {
	address, err := ParseAddress(in.Email)
	if err != nil {
		return err
	}
	return s.transact(ctx, "ask to be let in", func(tx *sqlx.Tx) error {
		l := &loginRequest{browser: in.Browser, article: in.Article, at: now}
		err := tx.GetContext(ctx, &l.delivery.SubscriberID, `select id from subscribers where email = $1 and state = 'active'`, address)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		var n int
		if err := tx.GetContext(ctx, &n, `select count(*) from requests where subscriber_id = $1 and starts_with(letter, 'login:')`, l.delivery.SubscriberID); err != nil {
			return err
		}
		letter := fmt.Sprintf("login:%d", n+1)
		orders := []order{{SubscriberID: l.delivery.SubscriberID, Letter: letter, Reason: "log in"}}
		if err := request(ctx, tx, now, rankConfirm, s.letters["login"], orders); err != nil {
			return err
		}
		if err := tx.GetContext(ctx, &l.delivery.ID, `select id from deliveries where subscriber_id = $1 and letter = $2`, l.delivery.SubscriberID, letter); err != nil {
			return err
		}
		standIn.Lock()
		defer standIn.Unlock()
		if standIn.asked == nil {
			standIn.asked = map[*Store][]*loginRequest{}
		}
		standIn.asked[s] = append(standIn.asked[s], l)
		return wake(ctx, tx)
	})
}

// TakeSignUps finds nothing to do: Subscribe carries a sign-up out at once.
func (s *Store) TakeSignUps(context.Context, time.Time) (int, error) { return 0, nil }

func (s *Store) findLogin(token string) (*loginRequest, error) {
	d, err := s.keys.open(toLogIn, token)
	if err != nil {
		return nil, err
	}
	for _, l := range standIn.asked[s] {
		if l.delivery == d {
			return l, nil
		}
	}
	return nil, ErrToken
}

// LoginLink reads a login letter's link and changes nothing. Errors: ErrToken.
func (s *Store) LoginLink(ctx context.Context, now time.Time, token string) (LoginLink, error) {
	standIn.Lock()
	defer standIn.Unlock()
	l, err := s.findLogin(token)
	if err != nil {
		return LoginLink{}, err
	}
	return LoginLink{State: l.state(now), Article: l.article}, nil
}

// Login signs in the browser that asked. Errors: ErrToken, ErrExpired, ErrOtherBrowser.
func (s *Store) Login(ctx context.Context, now time.Time, token, browser string) (LoggedIn, error) {
	standIn.Lock()
	defer standIn.Unlock()
	l, err := s.findLogin(token)
	if err != nil {
		return LoggedIn{}, err
	}
	if l.state(now) != InvitationOpen {
		return LoggedIn{}, ErrExpired
	}
	if subtle.ConstantTimeCompare([]byte(l.browser), []byte(browser)) == 0 {
		return LoggedIn{}, ErrOtherBrowser
	}
	return s.letIn(ctx, now, l)
}

// LoginByCode does it with the letter's code; at most 5 tries a request.
// Errors: ErrCode, ErrExpired.
func (s *Store) LoginByCode(ctx context.Context, now time.Time, browser, code string) (LoggedIn, error) {
	standIn.Lock()
	defer standIn.Unlock()
	var newest *loginRequest
	for _, l := range standIn.asked[s] {
		if l.browser == browser {
			newest = l
		}
	}
	if newest == nil || newest.state(now) != InvitationOpen || newest.tries == 5 {
		return LoggedIn{}, ErrExpired
	}
	newest.tries++
	if subtle.ConstantTimeCompare([]byte(s.LoginCode(newest.delivery)), []byte(strings.Join(strings.Fields(code), ""))) == 0 {
		return LoggedIn{}, ErrCode
	}
	return s.letIn(ctx, now, newest)
}

func (s *Store) letIn(ctx context.Context, now time.Time, l *loginRequest) (in LoggedIn, err error) {
	in.Article, l.used = l.article, true
	err = s.transact(ctx, "log in", func(tx *sqlx.Tx) error {
		in.Session, err = openSession(ctx, tx, now, l.delivery.SubscriberID)
		return err
	})
	return in, err
}

// Logout ends a session.
func (s *Store) Logout(ctx context.Context, session string) error {
	return s.transact(ctx, "log out", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `delete from sessions where token_hash = $1`, sessionHash(session))
		return err
	})
}
