package course

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// Why an address is not written to, the weakest reason first: a stronger one
// takes its place, never the other way round. Who left, or was erased, comes
// back by signing up; a bounce allows one confirm letter in 30 days to find out;
// after the last two only an admin decides.
var suppressions = []string{"erased", "unsubscribed", "bounce", "admin", "complaint"}

// weaker: what stands gives way to the reason $2; $4 is suppressions.
const weaker = `coalesce(array_position(cast($4 as text[]), suppressed), 0) < array_position(cast($4 as text[]), $2)`

// suppress stops all letters to a subscriber and says whether it had to. The
// enrolments' locks come first, as in leaveCourse: no lesson is planned behind
// our back. A letter past its mark carries the reason, should it come back.
func suppress(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64, reason string) (bool, error) {
	_, err := tx.ExecContext(ctx, `select from enrolments where subscriber_id = $1 order by course for update`, id)
	if err != nil {
		return false, err
	}
	result, err := tx.ExecContext(ctx, `
		update addresses
		set suppressed = $2, suppressed_at = $3
		where subscriber_id = $1 and `+weaker,
		id, reason, now, pq.Array(suppressions))
	if err != nil {
		return false, err
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return false, nil
	}
	_, err = tx.ExecContext(ctx, `update subscribers set state = 'blocked' where id = $1 and state <> 'erased'`, id)
	if err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `
		update deliveries
		set state = case when state in ('sending', 'uncertain') then state else 'cancelled' end,
		    settled_at = case when state in ('sending', 'uncertain') then null else cast($2 as timestamptz) end,
		    ready_at = null, reason = 'suppressed'
		where subscriber_id = $1 and state not in ('accepted', 'rejected', 'cancelled')`, id, now)
	return true, err
}

// vouch says that the mailbox works: what bounced before is forgotten.
func vouch(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64) error {
	_, err := tx.ExecContext(ctx, `update addresses set vouched_at = $2 where subscriber_id = $1`, id, now)
	return err
}
