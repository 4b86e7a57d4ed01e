package course

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
)

// Record is what is written down about one attempt.
type Record struct {
	Claimed
	Worker  int64
	Attempt int // as its mark numbered it; 0 where the relay refused the letter before the mark
	Relay   string
	At      time.Time // when the attempt ended
	Ending  Ending
	Verdict Verdict // Accepted, Deferred, Rejected or Uncertain
}

// state returns the delivery's state after an attempt and, if it is to be
// tried again, when. A letter that was deferred for too long is rejected.
func (r Record) state() (state string, readyAt *time.Time) {
	switch r.Verdict {
	case Accepted:
		return "accepted", nil
	case Rejected:
		return "rejected", nil
	case Uncertain:
		return "uncertain", nil
	}
	again := r.At.Add(Backoff(r.Claimed.Attempt + 1))
	if again.After(r.DatedAt.Add(GiveUpAfter)) {
		return "rejected", nil
	}
	return "deferred", &again
}

// record writes the end of an attempt down. A refusal for good at RCPT is also
// held against the mailbox, as if the letter had come back.
func (s *Store) record(ctx context.Context, r Record) error {
	if state, _ := r.state(); state != "rejected" || r.Ending.Stage != AtRcpt {
		_, err := r.write(ctx, s.db)
		return err
	}
	return s.transact(ctx, "refused at RCPT", func(tx *sqlx.Tx) error {
		about, err := lookUpSent(ctx, tx, r.DeliveryKey)
		if errors.Is(err, ErrToken) {
			return nil // the letter is gone with its reader, who never confirmed
		}
		if err != nil {
			return err
		}
		stands, err := r.write(ctx, tx)
		if err != nil || !stands {
			return err
		}
		about.SentAt = r.At
		_, err = about.returned(ctx, tx, r.At, ReturnedMail{
			Via: "relay", Kind: ReturnFailed, Enhanced: r.Ending.Enhanced, Code: r.Ending.Code, Diagnostic: r.Ending.Reply,
		})
		return err
	})
}

// write writes the end of an attempt down, and says whether it stood. It is fenced by the attempt's
// number, never by a lease: a late reply still settles an uncertain letter, also
// one that was cancelled since, or queued to be sent again, as long as it was
// not. An attempt that was refused before its mark is fenced by the claim. A
// letter whose reader may not have it any more is cancelled instead of deferred.
// Of somebody who was erased meanwhile no word of the relay's is kept, since it may
// quote the address. The letter's own row says so, and not the subscriber's: this
// statement may have begun before the erasure, and waited for that row alone.
func (r Record) write(ctx context.Context, db sqlx.ExecerContext) (bool, error) {
	state, readyAt := r.state()
	e := r.Ending
	result, err := db.ExecContext(ctx, `
		with ended as (
			update deliveries
			set state = case when $5 = 'deferred' and reason in ('left', 'suppressed', 'erased') then 'cancelled' else $5 end,
			    ready_at = case when reason in ('left', 'suppressed', 'erased') then null else cast($6 as timestamptz) end,
			    worker = null, relay = $7,
			    reply = case when reason is distinct from 'erased' then $8 end,
			    queue_id = case when reason is distinct from 'erased' then nullif($9, '') end,
			    settled_at = case when $5 in ('accepted', 'rejected') or $5 = 'deferred' and reason in ('left', 'suppressed', 'erased') then cast($10 as timestamptz) end,
			    reason = case when $5 not in ('accepted', 'rejected') or reason = 'erased' then reason end,
			    doubts = doubts + case when $5 = 'uncertain' and state = 'sending' then 1 else 0 end,
			    doubted_at = case when $5 = 'uncertain' then coalesce(doubted_at, $10) end,
			    attempt = case when $4 = 0 then attempt + 1 else attempt end
			where subscriber_id = $1 and id = $2
			and ($4 = 0 and claim = $3 and state = 'claimed' or $4 > 0 and attempt = $4 and (
				state in ('sending', 'uncertain')
				or doubts > 0 and $5 in ('accepted', 'rejected') and state in ('queued', 'claimed', 'parked', 'cancelled')))
			returning subscriber_id, id, attempt, marked_at, sha256, reason
		)
		insert into attempts (subscriber_id, delivery_id, attempt, worker, relay, marked_at, ended_at, outcome, stage, code, enhanced, reply, sha256)
		select subscriber_id, id, attempt, $11, $7, case when $4 > 0 then marked_at end, $10, $5, $12, $13, $14, $8, case when $4 > 0 then sha256 end
		from ended
		where reason is distinct from 'erased'
		on conflict (subscriber_id, delivery_id, attempt) do update
		set ended_at = excluded.ended_at, outcome = excluded.outcome, stage = excluded.stage,
		    code = excluded.code, enhanced = excluded.enhanced, reply = excluded.reply`,
		r.SubscriberID, r.ID, r.Claim, r.Attempt, state, readyAt, r.Relay, e.Reply, e.QueueID, r.At,
		r.Worker, string(e.Stage), e.Code, e.Enhanced)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
