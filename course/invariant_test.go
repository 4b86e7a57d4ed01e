package course

import (
	"fmt"
	"strings"
	"time"
)

// laws are what must hold in the ledger at every moment, whatever happened. Each
// query returns the rows that break its law.
var laws = []struct{ law, breach string }{
	{"a lesson stands for each position that was not passed over", `
		select coalesce(s.email, 'somebody erased') || ' is at ' || e.position || ', passed ' || e.passed || ', with ' || count(d.id) || ' planned lessons'
		from enrolments e
		join subscribers s on s.id = e.subscriber_id
		left join (select * from deliveries d where not exists (
			select from requests r where (r.subscriber_id, r.letter, r.copy) = (d.subscriber_id, d.letter, d.copy))) d
			on d.subscriber_id = e.subscriber_id and split_part(d.letter, '/', 1) = 'lesson:' || e.course
		group by s.email, e.subscriber_id, e.course
		having e.position - e.passed <> count(d.id)`},
	{"each request has its delivery", `
		select r.letter || ' copy ' || r.copy
		from requests r
		left join deliveries d using (subscriber_id, letter, copy)
		where d.id is null`},
	{"nobody has a lesson before confirming", `
		select coalesce(s.email, 'somebody erased') || ' ' || d.letter
		from deliveries d
		join subscribers s on s.id = d.subscriber_id
		where d.letter like 'lesson:%' and (s.confirmed_at is null or d.planned_at < s.confirmed_at)`},
	{"nothing is marked after the reader left", `
		select coalesce(s.email, 'somebody erased') || ' ' || d.letter || ' marked ' || d.marked_at || ', left ' || e.ended_at
		from deliveries d
		join subscribers s on s.id = d.subscriber_id
		join enrolments e on e.subscriber_id = d.subscriber_id and split_part(d.letter, '/', 1) = 'lesson:' || e.course
		where e.state = 'left' and d.marked_at > e.ended_at`},
	{"nothing waits to be sent to a reader who left", `
		select coalesce(s.email, 'somebody erased') || ' ' || d.letter || ' ' || d.state
		from deliveries d
		join subscribers s on s.id = d.subscriber_id
		join enrolments e on e.subscriber_id = d.subscriber_id and split_part(d.letter, '/', 1) = 'lesson:' || e.course
		where e.state = 'left' and d.state in ('queued', 'claimed', 'deferred')`},
	{"no letter is marked that its reader may not have", `
		select coalesce(s.email, 'somebody erased') || ' ' || d.letter || ' marked ' || d.marked_at || ', ' || a.suppressed || ' ' || a.suppressed_at
		from deliveries d
		join subscribers s on s.id = d.subscriber_id
		join addresses a on a.subscriber_id = s.id
		where d.marked_at > a.suppressed_at and (a.suppressed in ('admin', 'complaint') or a.suppressed = 'bounce' and d.rank > 0)`},
	{"nothing waits to be sent to a reader whom a suppression blocked", `
		select coalesce(s.email, 'somebody erased') || ' ' || d.letter || ' ' || d.state
		from deliveries d
		join subscribers s on s.id = d.subscriber_id
		join addresses a on a.subscriber_id = s.id
		where s.state = 'blocked' and a.suppressed is not null and d.rank > 0 and d.state in ('queued', 'claimed', 'deferred')`},
	{"whom a bounce, a complaint or an admin suppressed is not active", `
		select coalesce(s.email, 'somebody erased') || ' ' || a.suppressed
		from addresses a
		join subscribers s on s.id = a.subscriber_id
		where a.suppressed in ('bounce', 'admin', 'complaint') and s.state = 'active'`},
	{"a course's own lessons come in order, each after the one before was settled", `
		select coalesce(s.email, 'somebody erased') || ' ' || b.letter || ' planned ' || b.planned_at || ', before it ' || a.letter || ' ' || a.state
		from deliveries a
		join deliveries b on b.subscriber_id = a.subscriber_id and a.letter < b.letter
			and split_part(a.letter, '/', 1) = split_part(b.letter, '/', 1)
		join subscribers s on s.id = a.subscriber_id
		where a.letter like 'lesson:%'
		and not exists (select from requests r where r.subscriber_id = a.subscriber_id and r.letter in (a.letter, b.letter))
		and (b.planned_at < a.planned_at or a.settled_at is null
			or a.state = 'accepted' and a.settled_at > b.planned_at and a.doubts = 0)`}, // a late reply may settle what was given up
	{"an accepted letter has the attempt that the relay accepted, was accepted when it was first tried, or came back", `
		select d.letter
		from deliveries d
		left join attempts a on (a.subscriber_id, a.delivery_id, a.attempt) = (d.subscriber_id, d.id, d.attempt)
		join subscribers s on s.id = d.subscriber_id
		where d.state = 'accepted' and a.outcome is distinct from 'accepted' and s.state <> 'erased'
		and (a.outcome is not null or d.attempt > 1 and d.settled_at > timestamptz '2026-01-01') -- older attempts may have aged out
		and not exists (select from returns r where (r.subscriber_id, r.delivery_id) = (d.subscriber_id, d.id))`},
	{"no letter is accepted twice", `
		select text(delivery_id) from attempts where outcome = 'accepted' group by 1 having count(*) > 1`},
	{"what is rejected was refused for good, or tried for four days", `
		select d.letter || ' ' || a.code || ' after ' || (a.ended_at - d.dated_at)
		from deliveries d
		left join attempts a on (a.subscriber_id, a.delivery_id, a.attempt) = (d.subscriber_id, d.id, d.attempt)
		join subscribers s on s.id = d.subscriber_id
		where d.state = 'rejected' and s.state <> 'erased' and coalesce(a.code, 0) / 100 <> 5
		and (a.code is not null or d.settled_at > timestamptz '2026-01-01')
		and not (coalesce(a.code, 0) / 100 = 4 and a.ended_at > d.dated_at + interval '4 days' - interval '8 hours')`},
	{"nothing is put off beyond four days", `
		select letter || ' until ' || ready_at
		from deliveries
		where state = 'deferred' and ready_at > dated_at + interval '4 days'`},
	{"what is in hand is in the hands of a worker who is not gone", `
		select d.letter || ' ' || d.state
		from deliveries d
		join workers w on w.id = d.worker
		where d.state in ('claimed', 'sending') and w.stopped_at is not null`},
	{"an address that is not suppressed for leaving wants something, or never left", `
		select coalesce(s.email, 'somebody erased') || ' ' || a.suppressed
		from addresses a
		join subscribers s on s.id = a.subscriber_id
		where a.suppressed = 'unsubscribed' and (s.newsletter or exists (
			select from enrolments e where e.subscriber_id = s.id and e.state in ('active', 'paused')))`},
	{"of who was erased stand letters alone, with no word of the relay's, and none of them waits", `
		select d.letter || ' ' || d.state || ' ' || coalesce(d.reply, '') || ' ' || coalesce(d.reason, '')
		from deliveries d
		join subscribers s on s.id = d.subscriber_id
		where s.state = 'erased' and (d.reason is distinct from 'erased' or d.queue_id is not null or d.sha256 is not null
			or d.state in ('queued', 'claimed', 'deferred', 'parked')
			or coalesce(d.reply, 'the worker was lost before it heard the reply') <> 'the worker was lost before it heard the reply')
		union all
		select 'more than letters of ' || s.id
		from subscribers s
		where s.state = 'erased' and (s.name <> '' or s.newsletter
			or exists (select from addresses where subscriber_id = s.id) or exists (select from consents where subscriber_id = s.id)
			or exists (select from sessions where subscriber_id = s.id) or exists (select from enrolments where subscriber_id = s.id)
			or exists (select from attempts where subscriber_id = s.id) or exists (select from returns where subscriber_id = s.id)
			or exists (select from requests where subscriber_id = s.id and reason <> 'erased'))`},
}

// check fails the story where the accounting identity or a law is broken.
func (st *story) check() {
	st.Helper()
	status, err := st.Status(st.ctx, at("2026-12-31 12:00"))
	st.must(err)
	rows := st.count(`select count(*) from deliveries where letter not like 'test:%'`)
	if !status.Balanced() || status.Deliveries["planned"] != rows {
		st.Fatalf("the ledger has %d letters and does not balance: %v", rows, status.Deliveries)
	}
	st.lawful()
}

// breaches asks for all laws at once.
var breaches = func() string {
	var questions []string
	for n, l := range laws {
		questions = append(questions, fmt.Sprintf("select %d as law, breach from (%s) as law%d(breach)", n, l.breach, n))
	}
	return strings.Join(questions, " union all ")
}()

func (st *story) lawful() {
	st.Helper()
	var broken []breach
	st.must(st.db.Select(&broken, breaches))
	st.none(broken)
}

type breach struct {
	Law    int
	Breach string
}

func (st *story) none(broken []breach) {
	st.Helper()
	for _, b := range broken {
		st.Errorf("%s, but: %s", laws[b.Law].law, b.Breach)
	}
	if len(broken) > 0 {
		st.FailNow()
	}
}

// notTwiceADay fails the story where the planner, at now, gave somebody a second
// lesson on one local day. An admin's send may; a pace has no days.
func (st *story) notTwiceADay(now time.Time) {
	st.Helper()
	if c, _ := st.Course(""); c.Rhythm.Pace > 0 {
		return
	}
	twice := st.lines(`
		select coalesce(s.email, 'somebody erased') || ' ' || a.letter || ', ' || b.letter
		from deliveries a
		join deliveries b on b.subscriber_id = a.subscriber_id and b.id <> a.id and split_part(a.letter, '/', 1) = split_part(b.letter, '/', 1)
			and date(a.planned_at at time zone 'Europe/Stockholm') = date(b.planned_at at time zone 'Europe/Stockholm')
		join subscribers s on s.id = a.subscriber_id
		where a.letter like 'lesson:%' and a.planned_at = $1`, now)
	if len(twice) > 0 {
		st.Fatalf("the planner gives two lessons on one day: %v", twice)
	}
}
