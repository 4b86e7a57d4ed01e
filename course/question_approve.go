package course

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// ErrReworded says that the asker was shown an older wording: show the new one.
var ErrReworded = errors.New("the wording has changed")

// QuestionLink reads the link in a letter about a question and changes nothing.
// Errors: ErrToken.
func (s *Store) QuestionLink(ctx context.Context, now time.Time, token string) (Question, error) {
	key, err := s.openQuestion(ctx, s.db, token)
	if err != nil {
		return Question{}, fmt.Errorf("read a question's link: %w", away(err))
	}
	q, err := readQuestion(ctx, s.db, `
		select `+questionColumns+`
		from questions q
		where subscriber_id = $1 and number = $2`, key.SubscriberID, key.Number)
	if errors.Is(err, ErrNoQuestion) {
		err = ErrToken
	}
	if err != nil {
		return Question{}, fmt.Errorf("read a question: %w", away(err))
	}
	return q.at(now), nil
}

type questionKey struct {
	SubscriberID int64
	Number       int
}

// openQuestion returns the question that a letter is about: the letter's name ends
// with its number.
func (s *Store) openQuestion(ctx context.Context, db sqlx.QueryerContext, token string) (questionKey, error) {
	d, err := s.keys.open(toRead, token)
	if err != nil {
		return questionKey{}, err
	}
	var letter string
	err = sqlx.GetContext(ctx, db, &letter, `
		select letter
		from deliveries
		where subscriber_id = $1 and id = $2 and starts_with(letter, 'question-')`, d.SubscriberID, d.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return questionKey{}, ErrToken
	}
	if err != nil {
		return questionKey{}, err
	}
	_, after, _ := strings.Cut(letter, ":")
	number, err := strconv.Atoi(after)
	return questionKey{d.SubscriberID, number}, err
}

// Said is what an asker's answer rests on.
type Said struct {
	Proposal string     // Question.Proposal of what was shown; only for Approve
	Consent  string     // the exact wording around the button
	IP       netip.Addr // truncated before it is kept
}

// Approve publishes a question with its answer, and tells the asker by letter. One
// that is published stays so. Errors: ErrToken, ErrReworded, ErrExpired (lapsed,
// declined or withdrawn: the page says which).
func (s *Store) Approve(ctx context.Context, now time.Time, token string, in Said) error {
	return s.onLink(ctx, now, "approve a question", token, func(tx *sqlx.Tx, q inHandQuestion) error {
		switch {
		case q.State == "published":
			return nil
		case q.State != "proposed" || q.Lapsed:
			return ErrExpired
		case q.Proposal() != in.Proposal:
			return ErrReworded
		}
		_, err := tx.ExecContext(ctx, `
			update questions
			set state = 'published', published_at = $3, text = null
			where subscriber_id = $1 and number = $2`, q.SubscriberID, q.Number, now)
		if err != nil {
			return err
		}
		if err := q.evidence(ctx, tx, now, "confirmed", in); err != nil {
			return err
		}
		_, err = s.write(ctx, tx, now, q, "question-answered", 0)
		return err
	})
}

// TakeBack is the asker's no, before or after publication: the question is on no
// page any more, and all its words are deleted. Errors: ErrToken.
func (s *Store) TakeBack(ctx context.Context, now time.Time, token string, in Said) error {
	return s.onLink(ctx, now, "take a question back", token, func(tx *sqlx.Tx, q inHandQuestion) error {
		if q.State != "proposed" && q.State != "published" {
			return nil
		}
		_, err := tx.ExecContext(ctx, `
			update questions
			set state = 'withdrawn', closed_at = $3, published_at = null,
			    text = null, signature = null, title = null, slug = null, wording = null, answer = null
			where subscriber_id = $1 and number = $2`, q.SubscriberID, q.Number, now)
		if err != nil {
			return err
		}
		return q.evidence(ctx, tx, now, "withdrawn", in)
	})
}

// onLink runs an event on the question that a letter's link is about, locked.
func (s *Store) onLink(ctx context.Context, now time.Time, doing, token string, event func(*sqlx.Tx, inHandQuestion) error) error {
	return s.transact(ctx, doing, func(tx *sqlx.Tx) error {
		key, err := s.openQuestion(ctx, tx, token)
		if err != nil {
			return err
		}
		q, err := takeQuestion(ctx, tx, now, `q.subscriber_id = $1 and q.number = $2`, key.SubscriberID, key.Number)
		if errors.Is(err, ErrNoQuestion) {
			return ErrToken
		}
		if err != nil {
			return err
		}
		return event(tx, q)
	})
}

// evidence of what the asker said. Its method is not "link", which would stand for
// a confirmed address.
func (q inHandQuestion) evidence(ctx context.Context, tx *sqlx.Tx, now time.Time, event string, in Said) error {
	said := consent{Purpose: questionPurpose, Event: event, Method: "question", Wording: in.Consent, Article: q.ID, IP: in.IP}
	return said.write(ctx, tx, now, q.SubscriberID)
}
