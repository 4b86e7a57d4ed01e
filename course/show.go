package course

import (
	"context"
	"fmt"
	"time"
)

// Profile is what is held about one subscriber, as `subscribers show` tells it.
type Profile struct {
	ID           int64      `json:"-" db:"id"`
	Email        string     `json:"email" db:"email"`
	Name         string     `json:"name" db:"name"`
	Kind         string     `json:"kind" db:"kind"`
	State        string     `json:"state" db:"state"`
	Suppressed   *string    `json:"suppressed" db:"suppressed"`
	SuppressedAt *time.Time `json:"suppressed_at" db:"suppressed_at"`
	Newsletter   bool       `json:"newsletter" db:"newsletter"`
	CreatedAt    time.Time  `json:"created_at" db:"created_at"`
	ConfirmedAt  *time.Time `json:"confirmed_at" db:"confirmed_at"`
	VouchedAt    *time.Time `json:"vouched_at" db:"vouched_at"` // what bounced before counts no more

	Enrolments []Enrolment `json:"enrolments" db:"-"`
	Deliveries []Delivery  `json:"deliveries" db:"-"`
}

// Enrolment is a subscriber's place in a course.
type Enrolment struct {
	Course    string     `json:"course" db:"course"`
	State     string     `json:"state" db:"state"`
	Position  int        `json:"position" db:"position"` // lessons behind the reader
	NextDueAt *time.Time `json:"next_due_at" db:"next_due_at"`
	StartedAt time.Time  `json:"started_at" db:"started_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty" db:"ended_at"`
}

// Delivery is one letter to a subscriber and what became of it.
type Delivery struct {
	ID        int64      `json:"-" db:"id"`
	Letter    string     `json:"letter" db:"letter"`
	Copy      int        `json:"copy" db:"copy"`
	State     string     `json:"state" db:"state"`
	PlannedAt time.Time  `json:"planned_at" db:"planned_at"`
	DueAt     time.Time  `json:"due_at" db:"due_at"`
	ReadyAt   *time.Time `json:"ready_at,omitempty" db:"ready_at"`
	DatedAt   *time.Time `json:"dated_at,omitempty" db:"dated_at"`
	MarkedAt  *time.Time `json:"marked_at,omitempty" db:"marked_at"`
	SettledAt *time.Time `json:"settled_at" db:"settled_at"`
	Attempts  int        `json:"attempts" db:"attempt"`
	Doubts    int        `json:"doubts" db:"doubts"`   // copies whose reply was never heard
	Repeats   int        `json:"repeats" db:"repeats"` // copies sent because of that
	Relay     string     `json:"relay,omitempty" db:"relay"`
	QueueID   string     `json:"queue_id,omitempty" db:"queue_id"`
	Reply     string     `json:"reply,omitempty" db:"reply"`
	Reason    string     `json:"reason,omitempty" db:"reason"`
	Held      bool       `json:"held" db:"held"` // by a hold or a pause

	Returned []Returned `json:"returned,omitempty" db:"-"` // what came back of it
}

// Returned is a mail that came back of a letter, or its refusal by the relay.
type Returned struct {
	DeliveryID int64        `json:"-" db:"delivery_id"`
	At         time.Time    `json:"at" db:"at"`
	Via        string       `json:"via" db:"via"`
	Kind       ReturnedKind `json:"kind" db:"kind"`
	Judged     Judgement    `json:"judged" db:"judged"`
	Enhanced   string       `json:"enhanced" db:"enhanced"`
	Code       int          `json:"code" db:"code"`
	Diagnostic string       `json:"diagnostic" db:"diagnostic"`
}

// Show returns what is held about an address. Errors: ErrAddress, ErrUnknown.
func (s *Store) Show(ctx context.Context, email string) (Profile, error) {
	id, err := s.find(ctx, s.db, email)
	if err != nil {
		return Profile{}, fmt.Errorf("show %s: %w", email, away(err))
	}
	p := Profile{Enrolments: []Enrolment{}, Deliveries: []Delivery{}}
	err = s.db.GetContext(ctx, &p, `
		select s.id, coalesce(s.email, '') as email, s.name, s.kind, s.state, a.suppressed, a.suppressed_at, a.vouched_at, s.newsletter, s.created_at, s.confirmed_at
		from subscribers s
		left join addresses a on a.subscriber_id = s.id
		where s.id = $1`, id)
	if err == nil {
		err = s.db.SelectContext(ctx, &p.Enrolments, `
			select course, state, position, next_due_at, started_at, ended_at
			from enrolments
			where subscriber_id = $1
			order by course`, id)
	}
	if err == nil {
		err = s.db.SelectContext(ctx, &p.Deliveries, `
			select id, letter, copy, state, planned_at, due_at, nullif(ready_at, $2) as ready_at,
			       exists (select from holds where scope in ('everything', 'pause', letter)) as held, dated_at, marked_at, settled_at, attempt, doubts, repeats,
			       coalesce(relay, '') as relay, coalesce(queue_id, '') as queue_id,
			       coalesce(reply, '') as reply, coalesce(reason, '') as reason
			from deliveries
			where subscriber_id = $1
			order by due_at, planned_at, letter, copy`, id, atRest)
	}
	if err == nil {
		err = s.readReturns(ctx, &p)
	}
	if err != nil {
		return p, fmt.Errorf("show %s: %w", email, away(err))
	}
	for i, e := range p.Enrolments {
		if s.over(e) {
			p.Enrolments[i].NextDueAt = nil
		}
	}
	return p, nil
}

// readReturns puts what came back beside its letter.
func (s *Store) readReturns(ctx context.Context, p *Profile) error {
	var returns []Returned
	err := s.db.SelectContext(ctx, &returns, `
		select delivery_id, at, via, kind, judged, enhanced, code, diagnostic
		from returns
		where subscriber_id = $1
		order by at, hash`, p.ID)
	for _, r := range returns {
		for i := range p.Deliveries {
			if d := &p.Deliveries[i]; d.ID == r.DeliveryID {
				d.Returned = append(d.Returned, r)
			}
		}
	}
	return err
}

// over says whether nothing more comes from an enrolment by itself.
func (s *Store) over(e Enrolment) bool {
	c, ok := s.Course(e.Course)
	return e.State == "left" || e.State == "finished" || ok && e.Position >= len(c.Lessons)
}
