package course

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// Nobody can know whether a letter arrived whose dot was sent and whose reply
// was not heard (RFC 1047). It waits in quarantine, longer than any worker
// waits for a reply; then a lesson is sent once more, byte for byte the same,
// and a second silence leaves it to a human.

// Quarantine is how long an uncertain letter waits; longer than the ten minutes
// for a reply (RFC 5321 §4.5.3.2.6).
const Quarantine = 15 * time.Minute

// EndQuarantine decides on letters that have been uncertain for a while, and
// returns on how many: a lesson is queued once more, after the second
// silence parked; a confirm letter is cancelled, since the person can ask again.
// What came back meanwhile was taken.
func (s *Store) EndQuarantine(ctx context.Context, now time.Time, quarantine time.Duration) (int, error) {
	var decided int64
	err := s.transact(ctx, "end the quarantine", func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, `
			with over as (
				select subscriber_id, id,
				       case when exists (select from returns r where r.subscriber_id = d.subscriber_id and r.delivery_id = d.id) then 'accepted'
				            when rank = 0 or reason in ('left', 'suppressed', 'erased') then 'cancelled'
				            when doubts > 1 then 'parked' else 'queued' end as next
				from deliveries d
				where doubted_at <= $2
				order by doubted_at
				limit 1000
				for update skip locked
			)
			update deliveries d
			set state = over.next, doubted_at = null, worker = null,
			    ready_at = case when over.next = 'queued' then cast($1 as timestamptz) end,
			    settled_at = case when over.next in ('accepted', 'cancelled') then cast($1 as timestamptz) end,
			    reply = case when over.next = 'accepted' then $3 else reply end,
			    reason = case over.next when 'parked' then 'handed over twice without a reply'
			                            when 'cancelled' then coalesce(reason, 'no reply') end
			from over
			where d.subscriber_id = over.subscriber_id and d.id = over.id`, now, now.Add(-quarantine), cameBack)
		if err != nil {
			return err
		}
		decided, err = result.RowsAffected()
		return err
	})
	return int(decided), err
}
