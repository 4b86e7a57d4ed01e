package course

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// SendRequest is an admin's wish to send one lesson now.
type SendRequest struct {
	Course string // id; "" means the first
	Week   int
	All    bool   // every active enrolment that has not had it, wherever it stands
	Early  bool   // also who had a lesson less than MinGapDays ago
	To     string // only this address
	Resend bool   // with To: a deliberate further copy
}

// Survey says what a SendRequest means for everyone in the course.
type Survey struct {
	Planned    int // queued by this request
	Waiting    int // planned before and not settled
	Had        int // settled before
	Suppressed int
	Paused     int
	TooSoon    int // had a lesson less than MinGapDays ago
	NotYet     int // not yet at this week, or their previous lesson is not settled
	Past       int // further on, without it

	DaysSince map[int]int // of the planned, by whole days since their last lesson; -1: none yet
}

var (
	// ErrNoCourse says that there is no course with this id.
	ErrNoCourse = errors.New("no such course")
	// ErrNoWeek says that the course has no such week.
	ErrNoWeek = errors.New("no such week")
	// ErrNotEnrolled says that one person never joined the course, or left it.
	ErrNotEnrolled = errors.New("not in this course")
)

// PlanSend queues a week's lesson for everyone whom the request takes, ignoring
// hour and weekday. Doing it again, or by two admins at once, queues nothing
// twice. With dry it says what would be queued and changes nothing. Errors:
// ErrNoCourse, ErrNoWeek, and with To ErrUnknown, ErrNotEnrolled.
func (s *Store) PlanSend(ctx context.Context, now time.Time, r SendRequest, dry bool) (Survey, Scope, error) {
	c, ok := s.Course(r.Course)
	if !ok {
		return Survey{}, Scope{}, fmt.Errorf("send %q: %w", r.Course, ErrNoCourse)
	}
	r.Resend = r.Resend && r.To != ""
	scope := Scope{Letter: c.Letter(r.Week)}
	if scope.Letter == "" {
		return Survey{}, Scope{}, fmt.Errorf("send week %d of %s, which has %d: %w", r.Week, c.ID, len(c.Lessons), ErrNoWeek)
	}
	if r.To != "" {
		id, err := s.find(ctx, s.db, r.To)
		if err != nil {
			return Survey{}, Scope{}, fmt.Errorf("send week %d to %s: %w", r.Week, r.To, away(err))
		}
		scope.SubscriberID = id
	}
	survey, err := s.survey(ctx, now, c, r, scope, dry)
	if err == nil && r.To != "" && survey.total() == 0 {
		err = fmt.Errorf("send week %d to %s: %w", r.Week, r.To, ErrNotEnrolled)
	}
	return survey, scope, err
}

// sendPage is how many enrolments one transaction surveys.
const sendPage = 1000

func (s *Store) survey(ctx context.Context, now time.Time, c Course, r SendRequest, scope Scope, dry bool) (Survey, error) {
	survey := Survey{DaysSince: map[int]int{}}
	last := int64(math.MinInt64)
	for {
		var page []int64
		var counted Survey
		err := s.transact(ctx, fmt.Sprintf("plan week %d", r.Week), func(tx *sqlx.Tx) error {
			page, counted = nil, survey.clone()
			err := tx.SelectContext(ctx, &page, `
				select subscriber_id
				from enrolments
				where course = $1 and subscriber_id > $2
				and (cast($3 as bigint) = 0 and state in ('active', 'paused') or subscriber_id = $3 and state <> 'left')
				order by subscriber_id
				limit $4`, c.ID, last, scope.SubscriberID, sendPage)
			if err != nil || len(page) == 0 {
				return err
			}
			return s.surveyPage(ctx, tx, now, c, r, page, &counted, dry)
		})
		if err != nil {
			return survey, err
		}
		survey = counted
		if len(page) < sendPage {
			return survey, nil
		}
		last = page[len(page)-1]
	}
}

func (s *Store) surveyPage(ctx context.Context, tx *sqlx.Tx, now time.Time, c Course, r SendRequest, page []int64, survey *Survey, dry bool) error {
	candidates, err := lockCandidates(ctx, tx, c, page)
	if err != nil {
		return err
	}
	var steps []step
	var orders []order
	for _, e := range candidates {
		fate := r.judge(e, c, now)
		survey.count(fate)
		if fate != willPlan {
			continue
		}
		survey.DaysSince[daysSince(e.LastAt, now)]++
		move, order := r.carry(e, c, now)
		if e.State != "finished" {
			steps = append(steps, move)
		}
		if order.Letter != "" {
			orders = append(orders, order)
		}
	}
	if dry {
		return nil
	}
	return s.carryOut(ctx, tx, now, c, r.Week, steps, orders)
}

func (s *Store) carryOut(ctx context.Context, tx *sqlx.Tx, now time.Time, c Course, week int, steps []step, orders []order) error {
	if err := take(ctx, tx, now, c, steps); err != nil {
		return err
	}
	if len(orders) > 0 {
		if err := request(ctx, tx, now, rankLesson, c.Lessons[week-1].Version, orders); err != nil {
			return err
		}
	}
	if len(steps)+len(orders) == 0 {
		return nil
	}
	return wake(ctx, tx)
}

// fate is what a request means for one enrolment.
type fate int

const (
	notInCourse fate = iota // any more, since the page was read
	willPlan
	isWaiting
	hasHad
	isSuppressed
	isPaused
	tooSoon
	notYet
	isPast
)

// judge decides one enrolment's fate; pure.
func (r SendRequest) judge(e candidate, c Course, now time.Time) fate {
	letter := c.Letter(r.Week)
	at := e.passOver(c).Position + 1
	switch {
	case e.State == "left", e.State == "finished" && r.To == "":
		return notInCourse
	case slices.Contains(e.Open, letter):
		return isWaiting
	case e.copies(letter) > 0 && !r.Resend:
		return hasHad
	case e.SubscriberState != "active":
		return isSuppressed
	case e.State == "paused":
		return isPaused
	case r.To == "" && !r.All && at < r.Week, r.To == "" && !r.All && at == r.Week && len(e.Open) > 0:
		return notYet
	case r.To == "" && !r.All && at > r.Week:
		return isPast
	case !r.Early && !r.Resend && e.LastAt != nil && now.Before(c.Rhythm.Earliest(*e.LastAt)):
		return tooSoon
	}
	return willPlan
}

// carry returns an enrolment's move and, where the lesson comes out of turn,
// the order for it: then the position stays, and the planner passes over the
// lesson when it gets there. The next lesson is due at the first window after.
func (r SendRequest) carry(e candidate, c Course, now time.Time) (step, order) {
	next := c.Rhythm.Next(now)
	stay := step{SubscriberID: e.SubscriberID, State: e.State, Position: e.Position, Passed: e.Passed, NextDueAt: &next}
	letter := c.Letter(r.Week)
	switch {
	case e.copies(letter) > 0:
		return stay, order{SubscriberID: e.SubscriberID, Letter: letter, Copy: e.copies(letter), Reason: "resend"}
	case r.All:
		return stay, order{SubscriberID: e.SubscriberID, Letter: letter, Reason: "all"}
	}
	passed := e.passOver(c)
	if e.State != "finished" && passed.Position+1 == r.Week && len(e.Open) == 0 {
		stay.Position, stay.Passed = passed.Position, passed.Passed
		return stay.queue(c, r.Week, now, now), order{}
	}
	return stay, order{SubscriberID: e.SubscriberID, Letter: letter, Reason: "to"}
}

// copies counts an enrolment's deliveries of a letter.
func (e candidate) copies(letter string) int {
	n := 0
	for _, had := range e.Had {
		if had == letter {
			n++
		}
	}
	return n
}

// count adds one enrolment to a survey.
func (s *Survey) count(f fate) {
	switch f {
	case willPlan:
		s.Planned++
	case isWaiting:
		s.Waiting++
	case hasHad:
		s.Had++
	case isSuppressed:
		s.Suppressed++
	case isPaused:
		s.Paused++
	case tooSoon:
		s.TooSoon++
	case notYet:
		s.NotYet++
	case isPast:
		s.Past++
	}
}

func (s Survey) total() int {
	return s.Planned + s.Waiting + s.Had + s.Suppressed + s.Paused + s.TooSoon + s.NotYet + s.Past
}

func (s Survey) clone() Survey {
	s.DaysSince = maps.Clone(s.DaysSince)
	return s
}

// daysSince returns whole days since a lesson, -1 for none.
func daysSince(last *time.Time, now time.Time) int {
	if last == nil {
		return -1
	}
	return int(now.Sub(*last) / (24 * time.Hour))
}
