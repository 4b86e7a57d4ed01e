package course

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

var (
	// ErrProposed says that the asker has a wording to decide on: wait, or propose anew.
	ErrProposed = errors.New("the asker has a wording to decide on")
	// ErrQuestionClosed says that a question has come to its end: look at it with Questions.
	ErrQuestionClosed = errors.New("nothing more can be done about it")
)

// Proposal is an editor's answer, and the question as it is to stand above it.
type Proposal struct {
	Wording string // edited; "" for as it was proposed before, or asked
	Title   string // "" for the wording's first sentence, or as it was proposed before with it
	Answer  string // Markdown
	Anew    bool   // in place of an earlier proposal that the asker has not approved
}

// Of returns a question as it would be proposed.
func (p Proposal) Of(q Question) Question {
	if p.Wording != "" || q.Wording == "" {
		q.Wording, q.Title = cmp.Or(p.Wording, q.Text), ""
	}
	q.Title = cmp.Or(p.Title, q.Title, firstSentence(q.Wording))
	q.Answer = p.Answer
	return q
}

// Propose answers a question, for the asker to approve the wording before anything
// is published; a letter says so. Errors: ErrNoQuestion, ErrQuestionText, ErrTitle,
// ErrProposed, ErrQuestionClosed, ErrReaderGone.
func (s *Store) Propose(ctx context.Context, now time.Time, id string, p Proposal) (proposed Question, err error) {
	for range 10 {
		proposed, err = s.propose(ctx, now, id, p)
		taken := new(pq.Error)
		if !errors.As(err, &taken) || taken.Constraint != "questions_slug_once" {
			break
		}
		// Another took the address at the same moment; now it is seen.
	}
	return proposed, err
}

func (s *Store) propose(ctx context.Context, now time.Time, id string, p Proposal) (Question, error) {
	var proposed Question
	err := s.transact(ctx, "answer question "+id, func(tx *sqlx.Tx) error {
		q, err := takeQuestion(ctx, tx, now, `q.id = $1`, strings.ToLower(id))
		if err != nil {
			return err
		}
		if err := q.mayPropose(p.Anew); err != nil {
			return err
		}
		q.Question = p.Of(q.Question)
		if q.Wording, err = cleanQuestion(q.Wording); err != nil {
			return err
		}
		if q.Title, err = cleanTitle(q.Title); err != nil {
			return err
		}
		if proposed, err = keepProposal(ctx, tx, now, q); err != nil {
			return err
		}
		_, err = s.write(ctx, tx, now, q, "question-wording", q.Proposals)
		return err
	})
	return proposed, err
}

func (q inHandQuestion) mayPropose(anew bool) error {
	switch {
	case q.State == "proposed" && !anew:
		return ErrProposed
	case q.State != "asked" && q.State != "proposed":
		return q.closed()
	case !q.Reachable:
		return ErrReaderGone
	}
	return nil
}

func (q inHandQuestion) closed() error { return fmt.Errorf("it is %s: %w", q.State, ErrQuestionClosed) }

// keepProposal finds an address for the answer: the title's, unless another
// question has it.
func keepProposal(ctx context.Context, tx *sqlx.Tx, now time.Time, q inHandQuestion) (kept Question, err error) {
	err = tx.GetContext(ctx, &kept, `
		update questions q
		set state = 'proposed', proposals = proposals + 1, proposed_at = $3, title = $4, wording = $5, answer = $6,
		    slug = $7 || case when exists (select from questions o where o.slug = $7 and o.id <> q.id) then '-' || id else '' end
		where subscriber_id = $1 and number = $2
		returning `+questionColumns, q.SubscriberID, q.Number, now, q.Title, q.Wording, q.Answer, slugOf(q.Title))
	return kept, err
}

// Decline closes a question with a reply for the asker alone: it stands on a page,
// and a letter says where. The question's own words are deleted. It says whether
// the asker can be told. Errors: ErrNoQuestion, ErrQuestionClosed.
func (s *Store) Decline(ctx context.Context, now time.Time, id, reply string) (told bool, err error) {
	err = s.transact(ctx, "decline question "+id, func(tx *sqlx.Tx) error {
		q, err := takeQuestion(ctx, tx, now, `q.id = $1`, strings.ToLower(id))
		if err != nil {
			return err
		}
		if q.State != "asked" && q.State != "proposed" {
			return q.closed()
		}
		_, err = tx.ExecContext(ctx, `
			update questions
			set state = 'declined', closed_at = $3, answer = $4,
			    text = null, signature = null, title = null, slug = null, wording = null
			where subscriber_id = $1 and number = $2`, q.SubscriberID, q.Number, now, reply)
		if err != nil {
			return err
		}
		told, err = s.write(ctx, tx, now, q, "question-declined", 0)
		return err
	})
	return told, err
}
