package course

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/jmoiron/sqlx"
)

// ErrManyQuestions says that a reader has as many open questions as one may have.
var ErrManyQuestions = errors.New("too many open questions")

// openQuestions is how many questions of one reader may wait at a time.
const openQuestions = 3

// AskedQuestion is what a reader sent through the form.
type AskedQuestion struct {
	SubscriberID int64
	Text         string     // as typed
	Signature    string     // as typed
	Consent      string     // the exact wording around the button
	Form         string     // path of the form, kept as evidence
	IP           netip.Addr // truncated before it is kept
}

// Ask keeps a reader's question for the editors. The same one twice, while it is
// open, is one. Errors: ErrQuestionText, ErrSignature, ErrManyQuestions,
// ErrReaderGone.
func (s *Store) Ask(ctx context.Context, now time.Time, in AskedQuestion) error {
	text, err := cleanQuestion(in.Text)
	if err != nil {
		return err
	}
	signature, err := cleanSignature(in.Signature)
	if err != nil {
		return err
	}
	return s.transact(ctx, "ask a question", func(tx *sqlx.Tx) error {
		known, err := questionsOf(ctx, tx, now, in.SubscriberID, text)
		switch {
		case err != nil || known.Again:
			return err
		case !known.Reachable:
			return ErrReaderGone
		case known.Open >= openQuestions:
			return ErrManyQuestions
		}
		id := questionID()
		_, err = tx.ExecContext(ctx, `
			insert into questions (subscriber_id, number, id, asked_at, text, signature)
			values ($1, $2, $3, $4, $5, $6)`, in.SubscriberID, known.Count+1, id, now, text, signature)
		if err != nil {
			return err
		}
		// The question's id stands where an article's slug would: each has its own evidence.
		evidence := consent{Purpose: questionPurpose, Event: "asked", Method: "form", Wording: in.Consent, Form: in.Form, Article: id, IP: in.IP}
		return evidence.write(ctx, tx, now, in.SubscriberID)
	})
}

// questionPurpose names consents to a question's being kept and published.
const questionPurpose = "question"

// askersQuestions is what is known of a reader who asks.
type askersQuestions struct {
	Reachable bool `db:"reachable"`
	Count     int  `db:"count"` // ever asked
	Open      int  `db:"open"`
	Again     bool `db:"again"` // this very text is open
}

// questionsOf locks the reader, so that questions are counted one by one.
func questionsOf(ctx context.Context, tx *sqlx.Tx, now time.Time, subscriber int64, text string) (known askersQuestions, err error) {
	if err := lockSubscriber(ctx, tx, subscriber); err != nil {
		return known, ErrReaderGone
	}
	err = tx.GetContext(ctx, &known, `
		with waiting as (
			select text
			from questions
			where subscriber_id = $1 and (state = 'asked' or state = 'proposed' and proposed_at > $2)
		)
		select state = 'active' as reachable,
		       (select coalesce(max(number), 0) from questions where subscriber_id = $1) as count,
		       (select count(*) from waiting) as open,
		       exists (select from waiting where text = $3) as again
		from subscribers
		where id = $1`, subscriber, now.Add(-ProposalLife), text)
	return known, err
}
