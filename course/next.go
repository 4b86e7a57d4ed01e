package course

import (
	"context"
	"time"

	"github.com/lib/pq"
)

// NextMoment returns when something may become due next, of what is waiting
// now, lies in quarantine, or comes by the calendar; zero if nothing is foreseen.
func (s *Store) NextMoment(ctx context.Context, quarantine time.Duration) (time.Time, error) {
	var next *time.Time
	err := s.db.GetContext(ctx, &next, `
		select least(
			(select min(t.ready_at) from unnest(array[-1, 0, 1, 2]) r(rank)
			 cross join lateral (select ready_at from deliveries where ready_at is not null and rank = r.rank order by ready_at limit 1) t),
			(`+nextLesson+`),
			(select min(doubted_at) + cast($2 as bigint) * interval '1 microsecond' from deliveries where doubted_at is not null))`, s.courseIDs(), quarantine.Microseconds())
	if err != nil || next == nil {
		return time.Time{}, away(err)
	}
	return *next, nil
}

// nextLesson asks when a lesson is due next to somebody who may have it. It walks
// the index enrolments_due, past the few who are blocked.
const nextLesson = `
	select min(t.next_due_at)
	from unnest(cast($1 as text[])) c(id)
	cross join lateral (
		select e.next_due_at
		from enrolments e
		join subscribers s on s.id = e.subscriber_id
		where e.course = c.id and e.state = 'active' and s.state = 'active'
		order by e.next_due_at
		limit 1) t`

func (s *Store) courseIDs() any {
	var ids []string
	for _, c := range s.courses {
		ids = append(ids, c.ID)
	}
	return pq.Array(ids)
}
