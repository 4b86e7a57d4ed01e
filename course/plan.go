package course

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// planPage is how many enrolments one transaction plans.
const planPage = 1000

// PlanDue queues the next lesson of every enrolment whose time has come and
// whose previous lesson is settled. Several planners may run at once. It
// returns how many enrolments it moved.
func (s *Store) PlanDue(ctx context.Context, now time.Time) (int, error) {
	total := 0
	for _, c := range s.courses {
		for {
			moved, err := s.planPage(ctx, now, c)
			total += moved
			if err != nil {
				return total, err
			}
			if moved < planPage {
				break
			}
		}
	}
	return total, nil
}

func (s *Store) planPage(ctx context.Context, now time.Time, c Course) (int, error) {
	var due []int64
	err := s.transact(ctx, "plan what is due in "+c.ID, func(tx *sqlx.Tx) error {
		due = nil
		err := tx.SelectContext(ctx, &due, `
			select e.subscriber_id
			from enrolments e
			join subscribers s on s.id = e.subscriber_id
			where e.course = $1 and e.state = 'active' and e.next_due_at <= $2 and s.state = 'active'
			and not exists (select from holds where scope = 'pause')
			and not exists (
				select from deliveries d
				where d.subscriber_id = e.subscriber_id and starts_with(d.letter, $3) and d.settled_at is null)
			order by e.next_due_at
			limit $4
			for update of e skip locked`, c.ID, now, c.prefix(), planPage)
		if err != nil || len(due) == 0 {
			return err
		}
		return plan(ctx, tx, now, c, due)
	})
	return len(due), err
}

// plan takes the next step of those subscribers for whom it is time. Their
// enrolments are locked first and read after, so that nobody is planned twice.
//
// Postgres rounds to microseconds; a finer now would lie before what was stored
// of it, and a letter due at once be due a moment later.
func plan(ctx context.Context, tx *sqlx.Tx, now time.Time, c Course, subscribers []int64) error {
	now = now.Round(time.Microsecond)
	candidates, err := lockCandidates(ctx, tx, c, subscribers)
	if err != nil {
		return err
	}
	var steps []step
	for _, candidate := range candidates {
		if next, ok := candidate.next(c, now); ok {
			steps = append(steps, next)
		}
	}
	return take(ctx, tx, now, c, steps)
}

// candidate is an enrolment with what the planner asks about it.
type candidate struct {
	SubscriberID    int64          `db:"subscriber_id"`
	SubscriberState string         `db:"subscriber_state"`
	State           string         `db:"state"`
	Position        int            `db:"position"`
	Passed          int            `db:"passed"`
	NextDueAt       *time.Time     `db:"next_due_at"`
	LastAt          *time.Time     `db:"last_at"` // when the last accepted lesson was
	Had             pq.StringArray `db:"had"`     // the lesson of each delivery, in whatever state
	Open            pq.StringArray `db:"open"`    // those of them that are not settled
}

func lockCandidates(ctx context.Context, tx *sqlx.Tx, c Course, subscribers []int64) ([]candidate, error) {
	_, err := tx.ExecContext(ctx, `
		select from enrolments
		where subscriber_id = any($1) and course = $2
		order by subscriber_id
		for update`, pq.Array(subscribers), c.ID)
	if err != nil {
		return nil, err
	}
	var candidates []candidate
	err = tx.SelectContext(ctx, &candidates, `
		select e.subscriber_id, s.state as subscriber_state, e.state, e.position, e.passed, e.next_due_at,
		       past.last_at, past.had, past.open
		from enrolments e
		join subscribers s on s.id = e.subscriber_id
		cross join lateral (
			select max(d.settled_at) filter (where d.state = 'accepted') as last_at,
			       coalesce(array_agg(d.letter), '{}') as had,
			       coalesce(array_agg(d.letter) filter (where d.settled_at is null), '{}') as open
			from deliveries d
			where d.subscriber_id = e.subscriber_id and starts_with(d.letter, $3)
		) past
		where e.subscriber_id = any($1) and e.course = $2
		order by e.subscriber_id`, pq.Array(subscribers), c.ID, c.prefix())
	return candidates, err
}

// step is one enrolment's move: its new position, and the lesson to queue, if any.
type step struct {
	SubscriberID int64      `json:"subscriber_id"`
	State        string     `json:"state"`
	Position     int        `json:"position"`
	Passed       int        `json:"passed"`
	NextDueAt    *time.Time `json:"next_due_at"`
	DeliveryID   int64      `json:"delivery_id"`
	Letter       string     `json:"letter"` // "" for none
	Version      string     `json:"version"`
	DueAt        *time.Time `json:"due_at"`
}

// next decides what is to be done about an enrolment at now; pure.
func (e candidate) next(c Course, now time.Time) (step, bool) {
	if e.SubscriberState != "active" || e.State != "active" || len(e.Open) > 0 || e.NextDueAt == nil || now.Before(*e.NextDueAt) {
		return step{}, false
	}
	e = e.passOver(c)
	s := step{SubscriberID: e.SubscriberID, State: "active", Position: e.Position, Passed: e.Passed, NextDueAt: e.NextDueAt}
	if e.Position >= len(c.Lessons) {
		s.State, s.NextDueAt = "finished", nil
		return s, true
	}
	if e.LastAt != nil && now.Before(c.Rhythm.Earliest(*e.LastAt)) {
		next := c.Rhythm.Next(*e.LastAt)
		s.NextDueAt = &next
		return s, true
	}
	return s.queue(c, e.Position+1, *e.NextDueAt, now), true
}

// passOver moves the position past lessons that were sent out of turn.
func (e candidate) passOver(c Course) candidate {
	for e.Position < len(c.Lessons) && slices.Contains(e.Had, c.Letter(e.Position+1)) {
		e.Position++
		e.Passed++
	}
	return e
}

// queue adds a week's lesson to a step and sets when the next one is due. After
// the last, the planner comes back as soon as it is settled, to finish.
func (s step) queue(c Course, week int, dueAt, now time.Time) step {
	next := c.Rhythm.Next(now)
	if week == len(c.Lessons) {
		next = now
	}
	s.Position = week
	s.NextDueAt = &next
	s.DueAt = &dueAt
	s.DeliveryID = randomID()
	s.Letter = c.Letter(week)
	s.Version = hex.EncodeToString(c.Lessons[week-1].Version.Hash())
	return s
}

// take carries steps out in one statement: positions move and deliveries are
// queued together or not at all.
func take(ctx context.Context, tx *sqlx.Tx, now time.Time, c Course, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	list, err := json.Marshal(steps)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		with step as (
			select * from jsonb_to_recordset(cast($1 as jsonb)) as t(
				subscriber_id bigint, state text, position integer, passed integer, next_due_at timestamptz,
				delivery_id bigint, letter text, version text, due_at timestamptz)
		), moved as (
			update enrolments e
			set state = step.state, position = step.position, passed = step.passed, next_due_at = step.next_due_at,
			    ended_at = case when step.state = 'finished' then cast($3 as timestamptz) end
			from step
			where e.subscriber_id = step.subscriber_id and e.course = $2
		)
		insert into deliveries (subscriber_id, id, letter, version, rank, planned_at, due_at, ready_at)
		select subscriber_id, delivery_id, letter, decode(version, 'hex'), $4, $3, due_at, $3
		from step
		where letter <> ''
		on conflict (subscriber_id, letter, copy) do nothing`, string(list), c.ID, now, rankLesson)
	if err != nil {
		return fmt.Errorf("move %d enrolments: %w", len(steps), err)
	}
	return nil
}
