package course

import (
	"context"
	"net/netip"
	"time"

	"github.com/jmoiron/sqlx"
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
