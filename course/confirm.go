package course

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jmoiron/sqlx"
)

// ErrExpired says that a confirm link is too old: the person can sign up again.
var ErrExpired = errors.New("the link has expired")

// InvitationLife is how long the link in a confirm letter works.
const InvitationLife = 7 * 24 * time.Hour

// SessionLife is how long a browser stays signed in.
const SessionLife = 365 * 24 * time.Hour

// InvitationState is what a confirm link can still do.
type InvitationState string

const (
	InvitationOpen    InvitationState = "open"
	InvitationUsed    InvitationState = "used"
	InvitationExpired InvitationState = "expired"
)

// Invitation is what a confirm letter's link stands for.
type Invitation struct {
	SubscriberID int64           `db:"subscriber_id"`
	State        InvitationState `db:"state"`
	Article      string          `db:"article"`    // whose wall it was, "" for none
	Newsletter   bool            `db:"newsletter"` // the box was ticked
}

// Invitation reads a confirm link and changes nothing. Errors: ErrToken.
func (s *Store) Invitation(ctx context.Context, now time.Time, token string) (Invitation, error) {
	d, err := s.keys.open(toConfirm, token)
	if err != nil {
		return Invitation{}, err
	}
	invitation, err := readInvitation(ctx, s.db, now, d)
	if err != nil {
		return Invitation{}, fmt.Errorf("read a confirm link: %w", away(err))
	}
	return invitation, nil
}

// A link is used once anything was confirmed after it was made. What it stands
// for is the last sign-up, and with it the newsletter only if the box was
// ticked then; sending the form again within confirmGap is the same sign-up.
func readInvitation(ctx context.Context, db sqlx.QueryerContext, now time.Time, d DeliveryKey) (Invitation, error) {
	var in Invitation
	err := sqlx.GetContext(ctx, db, &in, `
		select d.subscriber_id,
		       case when exists (select from consents c where c.subscriber_id = d.subscriber_id
		                         and c.event = 'confirmed' and c.method = 'link' and c.at >= d.planned_at) then 'used'
		            when d.planned_at <= $3 or coalesce(a.suppressed in ('complaint', 'admin'), false) then 'expired'
		            else 'open' end as state,
		       coalesce((select c.article from consents c where c.subscriber_id = d.subscriber_id
		                 and c.event = 'asked' and c.purpose = 'access' order by c.id desc limit 1), '') as article,
		       coalesce((select c.purpose = 'newsletter' and c.event = 'asked' from consents c where c.subscriber_id = d.subscriber_id
		                 and c.purpose in ('access', 'newsletter') and c.event <> 'confirmed' order by c.id desc limit 1), false) as newsletter
		from deliveries d
		join subscribers s on s.id = d.subscriber_id and s.state <> 'erased'
		left join addresses a on a.subscriber_id = d.subscriber_id
		where d.subscriber_id = $1 and d.id = $2 and starts_with(d.letter, 'confirm:')`, d.SubscriberID, d.ID, now.Add(-InvitationLife))
	if errors.Is(err, sql.ErrNoRows) {
		return in, ErrToken
	}
	return in, err
}

// Confirmation is what the person chose on the confirm page.
type Confirmation struct {
	Course  string     // id of the course to start, "" for only reading
	Wording string     // the chosen button's text as shown
	IP      netip.Addr // truncated before it is kept
}

// Confirmed is what came of it.
type Confirmed struct {
	Session  string // for this browser's cookie; "" where the link had been used, which signs nobody in
	Article  string
	Enrolled bool
}

// Confirm proves an address: the subscriber becomes active, what was asked for
// is confirmed, and the chosen course starts with letter 1 queued at once. A
// used link changes nothing. Errors: ErrToken, ErrExpired.
func (s *Store) Confirm(ctx context.Context, now time.Time, token string, in Confirmation) (Confirmed, error) {
	d, err := s.keys.open(toConfirm, token)
	if err != nil {
		return Confirmed{}, err
	}
	var done Confirmed
	err = s.transact(ctx, "confirm", func(tx *sqlx.Tx) error {
		done = Confirmed{}
		if err := lockSubscriber(ctx, tx, d.SubscriberID); err != nil {
			return err
		}
		invitation, err := readInvitation(ctx, tx, now, d)
		if err != nil {
			return err
		}
		done.Article = invitation.Article
		switch invitation.State {
		case InvitationUsed:
			return nil
		case InvitationExpired:
			return ErrExpired
		}
		done.Enrolled = in.Course != ""
		done.Session, err = s.admit(ctx, tx, now, invitation, in)
		return err
	})
	return done, err
}

func lockSubscriber(ctx context.Context, tx *sqlx.Tx, id int64) error {
	var locked int64
	err := tx.GetContext(ctx, &locked, `select id from subscribers where id = $1 for no key update`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrToken
	}
	return err
}

// admit carries a confirmation out and returns the new session.
func (s *Store) admit(ctx context.Context, tx *sqlx.Tx, now time.Time, invitation Invitation, in Confirmation) (string, error) {
	id := invitation.SubscriberID
	if err := activate(ctx, tx, now, []int64{id}, invitation.Newsletter); err != nil {
		return "", err
	}
	if err := vouch(ctx, tx, now, id); err != nil {
		return "", err
	}
	evidence := consent{Event: "confirmed", Method: "link", Wording: in.Wording, Article: invitation.Article, IP: in.IP}
	purposes := []string{"access"}
	if invitation.Newsletter {
		purposes = append(purposes, newsletter)
	}
	if in.Course != "" {
		purposes = append(purposes, "course:"+in.Course)
	}
	for _, evidence.Purpose = range purposes {
		if err := evidence.write(ctx, tx, now, id); err != nil {
			return "", err
		}
	}
	if in.Course != "" {
		if err := s.enrol(ctx, tx, now, in.Course, []int64{id}, rejoining); err != nil {
			return "", err
		}
	}
	session, err := openSession(ctx, tx, now, id)
	if err != nil {
		return "", err
	}
	return session, wake(ctx, tx)
}

func openSession(ctx context.Context, tx *sqlx.Tx, now time.Time, subscriber int64) (string, error) {
	session := rand.Text() + rand.Text()
	_, err := tx.ExecContext(ctx, `
		insert into sessions (token_hash, subscriber_id, created_at, expires_at)
		values ($1, $2, $3, $4)`, hashed(session), subscriber, now, now.Add(SessionLife))
	return session, err
}
