package course

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// A reader asks the editors, who answer in public, under a signature:
//
//	asked ── Propose ──► proposed ── Approve ──► published
//	  │                   │ ▲ │ │                   │
//	  │                   │ └─┘ └───── TakeBack ────┴──► withdrawn
//	  └──── Decline ──────┴──────────────────────────► declined
//
// Nothing is published before the asker has seen the wording and said yes. Whom
// the editors answer they need not know: no address is shown to them.

// Question is one that a reader asked.
type Question struct {
	ID          string     `json:"id" db:"id"`
	State       string     `json:"state" db:"state"`
	AskedAt     time.Time  `json:"asked_at" db:"asked_at"`
	Text        string     `json:"text" db:"text"` // as asked; "" once it was answered or is closed
	Signature   string     `json:"signature" db:"signature"`
	Title       string     `json:"title" db:"title"`
	Slug        string     `json:"slug" db:"slug"`
	Wording     string     `json:"wording" db:"wording"` // as it is to be published
	Answer      string     `json:"answer" db:"answer"`   // Markdown; of a declined one the reply, for the asker alone
	ProposedAt  *time.Time `json:"proposed_at" db:"proposed_at"`
	PublishedAt *time.Time `json:"published_at" db:"published_at"`
	ClosedAt    *time.Time `json:"closed_at" db:"closed_at"` // declined or withdrawn
	Lapsed      bool       `json:"lapsed" db:"-"`            // proposed, and the asker has not answered in time
}

// ProposalLife is how long the asker can approve a wording.
const ProposalLife = 30 * 24 * time.Hour

// Proposal names what the asker is shown, so that a yes is to that and to nothing
// newer.
func (q Question) Proposal() string {
	hash := sha256.Sum256([]byte(q.Title + "\x00" + q.Signature + "\x00" + q.Wording))
	return hex.EncodeToString(hash[:16])
}

const questionColumns = `
	q.id, q.state, q.asked_at, coalesce(q.text, '') as text, coalesce(q.signature, '') as signature,
	coalesce(q.title, '') as title, coalesce(q.slug, '') as slug, coalesce(q.wording, '') as wording,
	coalesce(q.answer, '') as answer, q.proposed_at, q.published_at, q.closed_at`

// at tells whether the proposal has lapsed.
func (q Question) at(now time.Time) Question {
	q.Lapsed = q.State == "proposed" && !now.Before(q.ProposedAt.Add(ProposalLife))
	return q
}

var (
	// ErrNoQuestion says that there is no such question: take an id from Questions.
	ErrNoQuestion = errors.New("no such question")
	// ErrQuestionText says that a text is too short or too long to be a question.
	ErrQuestionText = fmt.Errorf("a question has %d to %d characters", questionLeast, QuestionLength)
	// ErrTitle says that a title is missing or too long.
	ErrTitle = fmt.Errorf("a title has 1 to %d characters", titleLength)
	// ErrSignature says that a text cannot stand as a signature.
	ErrSignature = fmt.Errorf("a signature has %d to %d characters, and is no address or link", signatureLeast, SignatureLength)
)

// Questions returns those that are open, the oldest first; or all.
func (s *Store) Questions(ctx context.Context, now time.Time, all bool) ([]Question, error) {
	list := []Question{}
	err := s.db.SelectContext(ctx, &list, `
		select `+questionColumns+`
		from questions q
		where $1 or state in ('asked', 'proposed')
		order by asked_at, id`, all)
	if err != nil {
		return nil, fmt.Errorf("list questions: %w", away(err))
	}
	for i := range list {
		list[i] = list[i].at(now)
	}
	return list, nil
}

// Question returns one by its id, in either case. Errors: ErrNoQuestion.
func (s *Store) Question(ctx context.Context, now time.Time, id string) (Question, error) {
	q, err := readQuestion(ctx, s.db, `select `+questionColumns+` from questions q where id = $1`, strings.ToLower(id))
	if err != nil {
		return Question{}, fmt.Errorf("question %s: %w", id, away(err))
	}
	return q.at(now), nil
}

// PublishedQuestions returns what the editors have answered, the newest first.
func (s *Store) PublishedQuestions(ctx context.Context) ([]Question, error) {
	var list []Question
	err := s.db.SelectContext(ctx, &list, `
		select `+questionColumns+`
		from questions q
		where state = 'published'
		order by published_at desc, slug`)
	if err != nil {
		return nil, fmt.Errorf("list published questions: %w", away(err))
	}
	return list, nil
}

// PublishedQuestion returns one by its slug. Errors: ErrNoQuestion.
func (s *Store) PublishedQuestion(ctx context.Context, slug string) (Question, error) {
	q, err := readQuestion(ctx, s.db, `select `+questionColumns+` from questions q where slug = $1 and state = 'published'`, slug)
	if err != nil {
		return Question{}, fmt.Errorf("read a published question: %w", away(err))
	}
	return q, nil
}

func readQuestion(ctx context.Context, db sqlx.QueryerContext, query string, args ...any) (q Question, err error) {
	err = sqlx.GetContext(ctx, db, &q, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return q, ErrNoQuestion
	}
	return q, err
}

// questionID returns eight characters that are easily copied, and tell nobody how
// many questions there are.
func questionID() string { return strings.ToLower(rand.Text()[:8]) }

// inHandQuestion is a question that is locked, and whom its letters go to.
type inHandQuestion struct {
	Question
	SubscriberID int64 `db:"subscriber_id"`
	Number       int   `db:"number"`
	Proposals    int   `db:"proposals"`
	Reachable    bool  `db:"reachable"` // may have letters
}

// takeQuestion locks a question that where finds. Errors: ErrNoQuestion.
func takeQuestion(ctx context.Context, tx *sqlx.Tx, now time.Time, where string, args ...any) (q inHandQuestion, err error) {
	err = tx.GetContext(ctx, &q, `
		select `+questionColumns+`, q.subscriber_id, q.number, q.proposals, s.state = 'active' as reachable
		from questions q
		join subscribers s on s.id = q.subscriber_id
		where `+where+`
		for update of q`, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return q, ErrNoQuestion
	}
	if err == nil {
		q.Question = q.Question.at(now)
	}
	return q, err
}

// write queues a letter to the asker: each kind once, and of a kind a further copy
// for each further proposal. It says whether the asker may have letters.
func (s *Store) write(ctx context.Context, tx *sqlx.Tx, now time.Time, q inHandQuestion, kind string, copied int) (bool, error) {
	if !q.Reachable {
		return false, nil
	}
	letter := order{SubscriberID: q.SubscriberID, Letter: fmt.Sprintf("%s:%d", kind, q.Number), Copy: copied, Reason: "question"}
	if err := request(ctx, tx, now, rankAnswer, s.letters[kind], []order{letter}); err != nil {
		return false, err
	}
	return true, wake(ctx, tx)
}
