package course

import (
	"testing"
	"time"
)

// The release before this one claims, marks and records as it was written, while
// this one works beside it: what a migration adds must not stand in its way. When
// the schema changes again, these become the statements of today.
const (
	oldClaim = `
		with claimed as (
			update deliveries d
			set state = 'claimed', claim = d.claim + 1, worker = $1, ready_at = null,
			    dated_at = case when d.attempt = 0 then date_trunc('second', cast($2 as timestamptz)) else d.dated_at end
			from subscribers s
			where s.id = d.subscriber_id
			and d.ctid = any(array(
				select ctid from deliveries where ready_at <= $2 order by rank, ready_at limit $3 for update skip locked))
			returning d.*, coalesce(s.email, '') as email, s.name
		)
		select subscriber_id, id, letter, copy, version, claim, attempt, planned_at, dated_at, doubts, sha256, email, name
		from claimed`
	oldMark = `
		update deliveries d
		set state = 'sending', attempt = $5 + 1, marked_at = $4, relay = 'relay.exempel.se', sha256 = $6,
		    repeats = repeats + case when d.state = 'claimed' and doubts > 0 then 1 else 0 end
		from subscribers s
		where d.subscriber_id = $1 and d.id = $2 and d.claim = $3 and d.state = 'claimed'
		and s.id = d.subscriber_id and (s.state = 'active' or d.rank = 0 and s.state <> 'erased')`
	oldRecord = `
		with ended as (
			update deliveries
			set state = 'accepted', ready_at = null, worker = null, reply = '250 OK', queue_id = 'Q1', settled_at = $4, reason = null, doubted_at = null
			where subscriber_id = $1 and id = $2 and attempt = $3 and state in ('sending', 'uncertain')
			returning subscriber_id, id, attempt, marked_at, sha256
		)
		insert into attempts (subscriber_id, delivery_id, attempt, worker, relay, marked_at, ended_at, outcome, stage, code, enhanced, reply, sha256)
		select subscriber_id, id, attempt, $5, 'relay.exempel.se', marked_at, $4, 'accepted', 'dot', 250, '', '250 OK', sha256
		from ended`
	oldJoin  = `insert into workers (name, started_at, heartbeat_at) values ('the old one', now(), now()) returning id`
	oldBeat  = `update workers set heartbeat_at = now() where id = $1 and stopped_at is null`
	oldLeave = `update deliveries set state = 'queued', ready_at = due_at, worker = null where worker = $1 and state = 'claimed'`
)

// During a deployment the old binary sends beside the new one. Everyone has one
// letter, whichever sent it, and each can take over from the other.
func TestRow15TheOldBinaryBesideTheNew(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.crowd(now, 60)
	old := st.count(oldJoin)
	sent := map[string]int{}
	byOld := func(limit int) (claimed []Claimed) {
		st.must(st.db.Select(&claimed, oldClaim, old, now, limit))
		return claimed
	}
	finish := func(c Claimed) {
		st.exec(oldMark, c.SubscriberID, c.ID, c.Claim, now, c.Attempt, []byte("bytes of "+c.Letter))
		st.exec(oldRecord, c.SubscriberID, c.ID, c.Attempt+1, now, old)
		sent[c.Email]++
	}
	for range 3 {
		theirs := byOld(7)
		ours, err := st.Claim(st.ctx, now, st.worker, Scope{}, 7)
		st.must(err)
		for i := range theirs {
			finish(theirs[i])
			st.ended(now, ours[i], st.mark(now, ours[i]), accepted)
			sent[ours[i].Email]++
		}
		st.exec(oldBeat, old)
		st.check()
	}

	// The old one dies with seven claimed, and we take over; ours leaves with
	// seven, and the old one's successor takes those.
	byOld(7)
	st.die(int64(old))
	for _, c := range st.claimAll(now) {
		if len(sent) < 50 {
			st.ended(now, c, st.mark(now, c), accepted)
			sent[c.Email]++
		}
	}
	st.must(st.Leave(st.ctx, now, st.worker))
	old = st.count(oldJoin)
	for _, c := range byOld(60) {
		finish(c)
	}
	st.exec(oldLeave, old)
	if len(sent) != 60 {
		t.Errorf("%d readers have the letter, want 60", len(sent))
	}
	for email, n := range sent {
		if n != 1 {
			t.Errorf("%s has it %d times", email, n)
		}
	}
	if n := st.count(`select count(*) from deliveries where state <> 'accepted'`); n != 0 {
		t.Errorf("%d letters are not accepted", n)
	}
	st.must(st.Leave(st.ctx, now.Add(time.Second), int64(old)))
}
