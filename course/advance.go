package course

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// Mark asks for the last word before a letter's dot.
type Mark struct {
	Claimed
	Relay  string
	SHA256 []byte // of the bytes that are to be sent
	At     time.Time
}

// attempt is the number that the mark gives.
func (m Mark) attempt() int { return m.Claimed.Attempt + 1 }

var (
	// ErrFenced says that a delivery is no longer the caller's, or no longer to
	// be sent: close the connection without the dot.
	ErrFenced = errors.New("no longer ours to send")
	// ErrHeld says that a letter is held: give it back, it is not to be sent now.
	ErrHeld = errors.New("held")
)

// Advance writes down how letters ended, and marks those that go next: the claim
// still stands, the person may still have the letter, and nobody holds it. Both
// are small and many, so they are one statement wherever they can be. For each
// mark it returns nil, ErrFenced or ErrHeld.
//
// An error means that any part of it may have been done or not. A record can be
// handed in again. A mark cannot, since what it was granted on may have changed
// since: Withdraw it, and Release it.
func (s *Store) Advance(ctx context.Context, ended []Record, next []Mark) (refused []error, err error) {
	refused = make([]error, len(next))
	plain, special := sorted(ended)
	done, err := s.advance(ctx, plain, next)
	for range 10 {
		if !retryable(err) {
			break
		}
		done, err = s.advance(ctx, plain, next)
	}
	if err != nil {
		return nil, fmt.Errorf("mark and record deliveries: %w", away(err))
	}
	if !done {
		late, err := s.review(ctx, plain, next, refused)
		if err != nil {
			return nil, fmt.Errorf("ask why a mark was refused: %w", away(err))
		}
		special = append(special, late...)
	}
	for _, r := range special {
		if err := s.record(ctx, r); err != nil {
			return nil, fmt.Errorf("record a delivery: %w", away(err))
		}
	}
	return refused, nil
}

// sorted tells the usual end, a letter that was accepted when it was first
// tried, from all others. Its row says everything about it.
func sorted(ended []Record) (plain, special []Record) {
	for _, r := range ended {
		if r.Verdict == Accepted && r.Attempt == 1 {
			plain = append(plain, r)
		} else {
			special = append(special, r)
		}
	}
	return plain, special
}

// advanceQuery is one statement on purpose, and prepared: it is run once for each
// letter that is sent, or for a group of them, and this is what safety costs.
const advanceQuery = `
	update deliveries d
	set state = case when g.accepted then 'accepted' else 'sending' end,
	    attempt = g.attempt,
	    relay = g.relay,
	    marked_at = case when g.accepted then d.marked_at else timestamptz 'epoch' + g.at * interval '1 microsecond' end,
	    sha256 = case when g.accepted then d.sha256 else g.sha256 end,
	    repeats = d.repeats + case when not g.accepted and d.doubts > 0 then 1 else 0 end,
	    deaths = 0,
	    settled_at = case when g.accepted then timestamptz 'epoch' + g.at * interval '1 microsecond' end,
	    reply = case when d.reason = 'erased' then null when g.accepted then g.reply else d.reply end,
	    queue_id = case when d.reason = 'erased' then null when g.accepted then nullif(g.queue_id, '') else d.queue_id end,
	    reason = case when not g.accepted or d.reason = 'erased' then d.reason end,
	    worker = case when not g.accepted then d.worker end
	from unnest($1::bigint[], $2::bigint[], $3::int[], $4::smallint[], $5::bool[], $6::text[], $7::bigint[], $8::bytea[], $9::text[], $10::text[])
		as g(subscriber_id, id, claim, attempt, accepted, relay, at, sha256, reply, queue_id)
	join subscribers s on s.id = g.subscriber_id
	where d.subscriber_id = g.subscriber_id and d.id = g.id
	and case when g.accepted
		then d.state = 'sending' and d.attempt = g.attempt
		else d.state = 'claimed' and d.claim = g.claim and d.attempt = g.attempt - 1
			and (s.state = 'active' or d.rank = 0 and s.state <> 'erased')
			and not array['everything', 'pause', d.letter] && array(select scope from holds)
		end`

// advance says whether all of it was done.
func (s *Store) advance(ctx context.Context, accepted []Record, next []Mark) (bool, error) {
	n := len(accepted) + len(next)
	if n == 0 {
		return true, nil
	}
	statement, err := s.prepared(ctx, &s.advancing, advanceQuery)
	if err != nil {
		return false, err
	}
	g := newGroup(n)
	for _, r := range accepted {
		g.add(r.DeliveryKey, r.Claim, r.Attempt, true, r.Relay, r.At, nil, r.Ending.Reply, r.Ending.QueueID)
	}
	for _, m := range next {
		g.add(m.DeliveryKey, m.Claim, m.attempt(), false, m.Relay, m.At, m.SHA256, "", "")
	}
	result, err := statement.ExecContext(ctx, g.columns()...)
	if err != nil {
		return false, err
	}
	changed, err := result.RowsAffected()
	return int(changed) == n, err
}

// review finds out, of a group that was not done as a whole, which marks were
// refused and why, and which records are left to be made another way. The driver
// may have run the statement twice, so what already stands as asked counts as done.
func (s *Store) review(ctx context.Context, accepted []Record, next []Mark, refused []error) (left []Record, err error) {
	keys := make([]DeliveryKey, 0, len(accepted)+len(next))
	for _, r := range accepted {
		keys = append(keys, r.DeliveryKey)
	}
	for _, m := range next {
		keys = append(keys, m.DeliveryKey)
	}
	rows, err := s.standing(ctx, keys)
	if err != nil {
		return nil, err
	}
	for _, r := range accepted {
		if now := rows[r.DeliveryKey]; now.State != "accepted" || now.Attempt != r.Attempt {
			left = append(left, r)
		}
	}
	for i, m := range next {
		refused[i] = rows[m.DeliveryKey].refusal(m)
	}
	return left, nil
}

// stand is how a delivery stands after a mark may have been refused.
type stand struct {
	DeliveryKey
	State    string     `db:"state"`
	Claim    int        `db:"claim"`
	Attempt  int        `db:"attempt"`
	MarkedAt *time.Time `db:"marked_at"`
	Wanted   bool       `db:"wanted"` // its reader may have it
}

// refusal says whether, and why, a mark was refused; pure.
func (now stand) refusal(m Mark) error {
	switch {
	case now.Claim != m.Claim:
		return ErrFenced
	case now.State == "sending" && now.Attempt == m.attempt() && now.MarkedAt.UnixMicro() == m.At.UnixMicro():
		return nil
	case now.State == "claimed" && now.Wanted: // the hold may have been released since
		return ErrHeld
	}
	return ErrFenced
}

func (s *Store) standing(ctx context.Context, keys []DeliveryKey) (map[DeliveryKey]stand, error) {
	var subscribers, ids []int64
	for _, key := range keys {
		subscribers, ids = append(subscribers, key.SubscriberID), append(ids, key.ID)
	}
	var list []stand
	err := s.db.SelectContext(ctx, &list, `
		select d.subscriber_id, d.id, d.state, d.claim, d.attempt, d.marked_at,
		       s.state = 'active' or d.rank = 0 and s.state <> 'erased' as wanted
		from unnest($1::bigint[], $2::bigint[]) as g(subscriber_id, id)
		join deliveries d using (subscriber_id, id)
		join subscribers s on s.id = d.subscriber_id`, pq.Array(subscribers), pq.Array(ids))
	rows := map[DeliveryKey]stand{}
	for _, row := range list {
		rows[row.DeliveryKey] = row
	}
	return rows, err
}

// group is the parameters of advanceQuery, column by column.
type group struct {
	subscribers, ids, at   []int64
	claims, attempts       []int32
	accepted               []bool
	relays, replies, queue []string
	sums                   [][]byte
}

func newGroup(n int) *group {
	return &group{
		subscribers: make([]int64, 0, n), ids: make([]int64, 0, n), at: make([]int64, 0, n),
		claims: make([]int32, 0, n), attempts: make([]int32, 0, n), accepted: make([]bool, 0, n),
		relays: make([]string, 0, n), replies: make([]string, 0, n), queue: make([]string, 0, n), sums: make([][]byte, 0, n),
	}
}

func (g *group) add(key DeliveryKey, claim, attempt int, accepted bool, relay string, at time.Time, sum []byte, reply, queueID string) {
	g.subscribers, g.ids, g.at = append(g.subscribers, key.SubscriberID), append(g.ids, key.ID), append(g.at, at.UnixMicro())
	g.claims, g.attempts = append(g.claims, int32(claim)), append(g.attempts, int32(attempt))
	g.accepted = append(g.accepted, accepted)
	g.relays, g.replies, g.queue = append(g.relays, relay), append(g.replies, reply), append(g.queue, queueID)
	g.sums = append(g.sums, sum)
}

func (g *group) columns() []any {
	return []any{
		pq.Array(g.subscribers), pq.Array(g.ids), pq.Array(g.claims), pq.Array(g.attempts), pq.Array(g.accepted),
		pq.Array(g.relays), pq.Array(g.at), pq.ByteaArray(g.sums), pq.Array(g.replies), pq.Array(g.queue),
	}
}
