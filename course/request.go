package course

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"
)

// order asks for one letter to one subscriber outside a course's own pace.
type order struct {
	SubscriberID int64  `json:"subscriber_id"`
	ID           int64  `json:"id"`
	Letter       string `json:"letter"`
	Copy         int    `json:"copy"`
	Reason       string `json:"reason"`
}

// request writes orders down and queues their deliveries. One that was made
// before is made once.
func request(ctx context.Context, tx *sqlx.Tx, now time.Time, rank int, v Version, orders []order) error {
	for i := range orders {
		orders[i].ID = randomID()
	}
	list, err := json.Marshal(orders)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		with asked as (
			select * from jsonb_to_recordset(cast($1 as jsonb))
				as t(subscriber_id bigint, id bigint, letter text, copy smallint, reason text)
		), requested as (
			insert into requests (subscriber_id, letter, copy, reason, requested_at)
			select subscriber_id, letter, copy, reason, $2 from asked
			on conflict do nothing
			returning subscriber_id, letter, copy
		)
		insert into deliveries (subscriber_id, id, letter, copy, version, rank, planned_at, due_at, ready_at)
		select subscriber_id, id, letter, copy, $3, $4, $2, $2, $2
		from asked
		join requested using (subscriber_id, letter, copy)`, string(list), now, v.Hash(), rank)
	return err
}
