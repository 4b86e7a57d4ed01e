package course

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// States of a delivery, in the order of its life.
var States = []string{"queued", "claimed", "sending", "accepted", "deferred", "rejected", "cancelled", "uncertain", "parked"}

// Status is the whole at one moment.
type Status struct {
	Deliveries  map[string]int `json:"deliveries"` // by state, and "planned", which is counted apart from them
	Resent      int            `json:"resent"`     // repeats of an uncertain letter
	Subscribers map[string]int `json:"subscribers"`
	Courses     []CourseStatus `json:"courses"`
	Letters     []LetterStatus `json:"letters"`
	Workers     []WorkerStatus `json:"workers"`
	Stuck       []Stuck        `json:"stuck"`
	Holds       []Hold         `json:"holds"`
	Returned    map[string]int `json:"returned"`    // letters of which something came back in the last 7 days, by what it was taken for
	Suppressed  map[string]int `json:"suppressed"`  // addresses, by reason
	NextDueAt   *time.Time     `json:"next_due_at"` // of all enrolments
	SignUps     SignUpStatus   `json:"sign_ups"`
	Questions   int            `json:"questions"` // of readers, that the editors have not answered
}

// SignUpStatus counts what people asked for through forms and no worker has
// carried out.
type SignUpStatus struct {
	Waiting  int        `json:"waiting" db:"waiting"`
	Delayed  int        `json:"delayed" db:"delayed"`     // of those, by the breaker
	SetAside int        `json:"set_aside" db:"set_aside"` // cannot be carried out
	Since    *time.Time `json:"delayed_since" db:"delayed_since"`
}

// Balanced is the accounting identity: every letter that must exist does, in
// one state.
func (s Status) Balanced() bool {
	sum := 0
	for _, state := range States {
		sum += s.Deliveries[state]
	}
	return sum == s.Deliveries["planned"]
}

// CourseStatus counts a course's enrolments.
type CourseStatus struct {
	Course     string         `json:"course"`
	Enrolments map[string]int `json:"enrolments"` // by state
	NextWeek   []int          `json:"next_week"`  // active ones by the week that comes next, from week 1
}

// LetterStatus counts one letter's deliveries by state. Confirm letters count as one.
type LetterStatus struct {
	Letter string         `json:"letter"`
	States map[string]int `json:"states"`
}

// WorkerStatus is a worker that has not signed off.
type WorkerStatus struct {
	ID        int64     `json:"id" db:"id"`
	Name      string    `json:"name" db:"name"`
	StartedAt time.Time `json:"started_at" db:"started_at"`
	Silent    float64   `json:"silent_seconds" db:"silent"` // since its last heartbeat
	Trouble   string    `json:"trouble" db:"trouble"`       // with its relays, "" for none
}

// Stuck is a group of letters that wait for something, and what for.
type Stuck struct {
	State  string    `json:"state" db:"state"`
	Reason string    `json:"reason" db:"reason"`
	Count  int       `json:"count" db:"count"`
	Since  time.Time `json:"since" db:"since"` // due time of the oldest
}

// Status reads the whole in one snapshot.
func (s *Store) Status(ctx context.Context, now time.Time) (Status, error) {
	st := Status{Subscribers: map[string]int{}, Returned: map[string]int{}, Suppressed: map[string]int{}, Courses: []CourseStatus{}, Letters: []LetterStatus{}, Workers: []WorkerStatus{}, Stuck: []Stuck{}}
	err := s.transact(ctx, "read the status", func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `set transaction isolation level repeatable read read only`); err != nil {
			return err
		}
		for _, read := range []func(context.Context, *sqlx.Tx, time.Time, *Status) error{
			readPlanned, readLetters, readPeople, s.readCourses, readWorkers, s.readStuck, readReturned, readSignUps, readQuestions,
		} {
			if err := read(ctx, tx, now, &st); err != nil {
				return err
			}
		}
		return nil
	})
	return st, err
}

// readPlanned counts the deliveries there must be, without looking at them:
// lessons behind the readers that were not passed over, and requests. Test
// letters are in no count.
func readPlanned(ctx context.Context, tx *sqlx.Tx, _ time.Time, st *Status) error {
	var planned int
	err := tx.GetContext(ctx, &planned, `
		select (select coalesce(sum(position - passed), 0) from enrolments)
		     + (select count(*) from requests where not starts_with(letter, 'test:'))`)
	if err != nil {
		return err
	}
	st.Deliveries = map[string]int{"planned": planned}
	for _, state := range States {
		st.Deliveries[state] = 0
	}
	return tx.GetContext(ctx, &st.Resent, `
		select coalesce(sum(repeats), 0)
		from deliveries
		where not starts_with(letter, 'test:')`)
}

func readLetters(ctx context.Context, tx *sqlx.Tx, _ time.Time, st *Status) error {
	var rows []struct {
		Letter, State string
		Count         int
	}
	err := tx.SelectContext(ctx, &rows, `
		select case when letter ~ '^(lesson|newsletter):' then letter else split_part(letter, ':', 1) end as letter, state, count(*)
		from deliveries
		where not starts_with(letter, 'test:')
		group by 1, 2
		order by 1, 2`)
	for _, row := range rows {
		st.Deliveries[row.State] += row.Count
		if n := len(st.Letters); n == 0 || st.Letters[n-1].Letter != row.Letter {
			st.Letters = append(st.Letters, LetterStatus{Letter: row.Letter, States: map[string]int{}})
		}
		st.Letters[len(st.Letters)-1].States[row.State] = row.Count
	}
	return err
}

func readPeople(ctx context.Context, tx *sqlx.Tx, _ time.Time, st *Status) error {
	return countInto(ctx, tx, st.Subscribers, `
		select state, count(*)
		from subscribers
		where kind = 'reader'
		group by state`)
}

func (s *Store) readCourses(ctx context.Context, tx *sqlx.Tx, _ time.Time, st *Status) error {
	var rows []struct {
		Course, State   string
		Position, Count int
	}
	err := tx.SelectContext(ctx, &rows, `
		select course, state, position, count(*)
		from enrolments
		group by 1, 2, 3
		order by 1, 2, 3`)
	if err != nil {
		return err
	}
	for _, c := range s.courses {
		counts := CourseStatus{Course: c.ID, Enrolments: map[string]int{}, NextWeek: make([]int, len(c.Lessons))}
		for _, row := range rows {
			if row.Course != c.ID {
				continue
			}
			counts.Enrolments[row.State] += row.Count
			if row.State == "active" && row.Position < len(c.Lessons) {
				counts.NextWeek[row.Position] += row.Count
			}
		}
		st.Courses = append(st.Courses, counts)
	}
	return nil
}

func readWorkers(ctx context.Context, tx *sqlx.Tx, _ time.Time, st *Status) error {
	return tx.SelectContext(ctx, &st.Workers, `
		select id, name, started_at, extract(epoch from clock_timestamp() - heartbeat_at) as silent, trouble
		from workers
		where stopped_at is null
		order by id`)
}

func (s *Store) readStuck(ctx context.Context, tx *sqlx.Tx, now time.Time, st *Status) error {
	err := tx.SelectContext(ctx, &st.Stuck, `
		select state, coalesce(case when state in ('parked', 'queued') then reason else reply end, '') as reason,
		       count(*), min(due_at) as since
		from deliveries
		where state in ('deferred', 'uncertain', 'parked')
		or state = 'queued' and (reason is not null or ready_at < cast($1 as timestamptz) - interval '5 minutes')
		group by 1, 2
		order by count(*) desc
		limit 20`, now)
	if err != nil {
		return err
	}
	if st.Holds, err = readHolds(ctx, tx); err != nil {
		return err
	}
	return tx.GetContext(ctx, &st.NextDueAt, nextLesson, s.courseIDs())
}

// readReturned counts what came back, and who is not written to.
func readReturned(ctx context.Context, tx *sqlx.Tx, now time.Time, st *Status) error {
	err := countInto(ctx, tx, st.Returned, `
		select judged, count(distinct (subscriber_id, delivery_id))
		from returns
		where at > $1
		group by judged`, now.AddDate(0, 0, -7))
	if err != nil {
		return err
	}
	return countInto(ctx, tx, st.Suppressed, `
		select suppressed, count(*)
		from addresses
		where suppressed is not null
		group by suppressed`)
}

func readSignUps(ctx context.Context, tx *sqlx.Tx, _ time.Time, st *Status) error {
	return tx.GetContext(ctx, &st.SignUps, `
		select count(s.id) filter (where fault is null) as waiting,
		       count(s.id) filter (where fault is null and opened_at is not null) as delayed,
		       count(fault) as set_aside, opened_at as delayed_since
		from breaker
		left join signups s on true
		group by opened_at`)
}

// countInto fills a map with the rows of a query, a name and a number each.
func countInto(ctx context.Context, tx *sqlx.Tx, into map[string]int, query string, args ...any) error {
	rows, err := tx.QueryxContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		into[name] = n
	}
	return rows.Err()
}

// Tally counts a scope's deliveries by state.
func (s *Store) Tally(ctx context.Context, scope Scope) (map[string]int, error) {
	var rows []struct {
		State string
		Count int
	}
	err := s.db.SelectContext(ctx, &rows, `
		select state, count(*)
		from deliveries
		where ($1 = '' or letter = $1) and (cast($2 as bigint) = 0 or subscriber_id = $2)
		group by state`, scope.Letter, scope.SubscriberID)
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", away(err))
	}
	tally := map[string]int{}
	for _, row := range rows {
		tally[row.State] = row.Count
	}
	return tally, nil
}

func readQuestions(ctx context.Context, tx *sqlx.Tx, _ time.Time, st *Status) error {
	return tx.GetContext(ctx, &st.Questions, `select count(*) from questions where state = 'asked'`)
}
