package course

import (
	"slices"
	"time"
)

// inLedger is a delivery as the world looks at it.
type inLedger struct {
	DeliveryKey
	Letter, State, Reason, Email, Reader string
	Copy, Attempt, Repeats               int
	Requested                            bool // by an admin, outside the course's pace
	Returned                             bool // something came back of it
}

const allLetters = `
	select d.subscriber_id, d.id, d.letter, d.copy, d.state, d.attempt, d.repeats, coalesce(d.reason, '') as reason,
	       coalesce(s.email, '') as email, s.state as reader,
	       exists (select from requests r where (r.subscriber_id, r.letter, r.copy) = (d.subscriber_id, d.letter, d.copy) and r.reason <> 'erased') as requested,
	       exists (select from returns r where (r.subscriber_id, r.delivery_id) = (d.subscriber_id, d.id)) as returned
	from deliveries d
	join subscribers s on s.id = d.subscriber_id
	where true`

// mayBeMarked fails the world where a letter was granted its dot that its reader
// no longer wants, or must not have, or that is held.
func (w *world) mayBeMarked(c Claimed) {
	w.Helper()
	p := w.person(c.Email)
	course := list(c.Letter)
	switch {
	case w.erased[c.SubscriberID]:
		w.Fatalf("%s was marked after its reader was erased", c.Letter)
	case w.cameBack[c.DeliveryKey]:
		w.Fatalf("%s to %s was marked once more, though it had come back", c.Letter, c.Email)
	case p.spam:
		w.Fatalf("%s to %s was marked, who called one spam", c.Letter, c.Email)
	case p.gone && course != "":
		w.Fatalf("%s to %s was marked, whom no letter reaches", c.Letter, c.Email)
	case p.left[course], slices.Contains(p.wantNone, c.DeliveryKey):
		w.Fatalf("%s to %s was marked after they left", c.Letter, c.Email)
	case w.holds[Everything], w.holds[Pause], w.holds[c.Letter]:
		w.Fatalf("%s was marked, and is held: %v", c.Letter, w.holds)
	}
}

// fenced fails the world where somebody whose letter is in other hands, or was
// tried again since, changes anything about it.
func (w *world) fenced(l *line, late bool, do func() error) {
	w.Helper()
	if !late {
		w.must(do())
		return
	}
	const row = `select cast(d as text) from deliveries d where subscriber_id = $1 and id = $2`
	before := w.lines(row, l.job.SubscriberID, l.job.ID)
	w.must(do())
	if after := w.lines(row, l.job.SubscriberID, l.job.ID); !slices.Equal(before, after) {
		w.Fatalf("too late, by claim %d and attempt %d, it is still changed\nfrom %v\nto   %v", l.job.Claim, l.attempt, before, after)
	}
}

// mayBeRepeated fails the world where the relay took a letter again that it had
// taken before, unless that was in doubt, long enough, and is written down.
func (w *world) mayBeRepeated(c copyTaken, before []copyTaken) {
	w.Helper()
	last := before[len(before)-1]
	if list(c.Letter) == "" {
		w.Fatalf("%s to %s came again, who can ask for another", c.Letter, c.Email)
	}
	if c.sum != last.sum || c.attempt <= last.attempt {
		w.Fatalf("%s to %s came again, not as it was: attempts %d, %d, sums %x, %x", c.Letter, c.Email, last.attempt, c.attempt, last.sum[:4], c.sum[:4])
	}
	if after := c.at.Sub(last.at); after < betweenCopies {
		w.Fatalf("%s to %s came again after %s", c.Letter, c.Email, after)
	}
	if len(before) >= 2+w.retried[c.DeliveryKey] {
		w.Fatalf("%s to %s came %d times", c.Letter, c.Email, len(before)+1)
	}
	var outcomes []string
	w.must(w.db.Select(&outcomes, `
		select outcome from attempts where subscriber_id = $1 and delivery_id = $2 order by attempt = $3, outcome`, c.SubscriberID, c.ID, last.attempt))
	if len(outcomes) == 0 || slices.Contains(outcomes, "accepted") || outcomes[len(outcomes)-1] != "uncertain" {
		w.Fatalf("%s to %s came again after %v, which was in no doubt", c.Letter, c.Email, outcomes)
	}
}

// onTime fails the world where the planner, now, planned a lesson for another
// hour than the course's own, too soon after the one before, or a second one on
// one local day. Letter 1 is due at once.
func (w *world) onTime() {
	w.Helper()
	w.notTwiceADay(w.now)
	var planned []struct {
		Email, Letter string
		DueAt         time.Time `db:"due_at"`
		Gap           int
	}
	w.ask(&planned, `
		select s.email, b.letter, b.due_at, coalesce(min(
			date(b.planned_at at time zone 'Europe/Stockholm') - date(a.settled_at at time zone 'Europe/Stockholm')), 99) as gap
		from deliveries b
		join subscribers s on s.id = b.subscriber_id
		left join deliveries a on a.subscriber_id = b.subscriber_id and split_part(a.letter, '/', 1) = split_part(b.letter, '/', 1)
			and a.state = 'accepted'
		where b.planned_at = $1 and b.rank = 1
		group by s.email, b.letter, b.due_at`, w.now)
	for _, d := range planned {
		if d.Gap < 5 {
			w.Fatalf("%s to %s is planned %d days after the lesson before", d.Letter, d.Email, d.Gap)
		}
		c, _ := w.Course(list(d.Letter))
		if due := d.DueAt.In(stockholm); c.Week(d.Letter) > 1 && !isWindow(due, c.Rhythm) {
			w.Fatalf("%s to %s is due on %s, want weekday %s at %d", d.Letter, d.Email, local(due), c.Rhythm.Weekday, c.Rhythm.Hour)
		}
	}
}

// isWindow: in the night when clocks go forward, two o'clock is at three.
func isWindow(t time.Time, r Rhythm) bool {
	hour := r.Hour
	if hour == 2 && t.Format(time.DateOnly) == "2027-03-28" {
		hour = 3
	}
	return t.Weekday() == r.Weekday && t.Hour() == hour && t.Minute() == 0 && t.Second() == 0
}

// balance is the accounting identity: what must be planned, is.
func (w *world) balance() {
	w.Helper()
	var missing []int
	w.ask(&missing, `
		select (select coalesce(sum(position - passed), 0) from enrolments) + (select count(*) from requests) - (select count(*) from deliveries)`)
	if missing[0] != 0 {
		w.Fatalf("the ledger lacks %d letters", missing[0])
	}
}

// check compares the ledger with its laws, and with what the relay took.
func (w *world) check() {
	w.Helper()
	var broken []breach
	w.ask(&broken, breaches)
	w.none(broken)
	var letters []inLedger
	w.ask(&letters, allLetters)
	attempts := w.outcomes()
	for _, d := range letters {
		w.isTrue(d, attempts[d.DeliveryKey])
	}
}

func (w *world) outcomes() map[DeliveryKey]map[int]string {
	var rows []struct {
		DeliveryKey
		Attempt int
		Outcome string
	}
	w.ask(&rows, `
		select subscriber_id, delivery_id as id, attempt, outcome from attempts
		union
		select subscriber_id, id, attempt, state from deliveries where state = 'accepted' and attempt = 1`)
	attempts := map[DeliveryKey]map[int]string{}
	for _, a := range rows {
		if attempts[a.DeliveryKey] == nil {
			attempts[a.DeliveryKey] = map[int]string{}
		}
		attempts[a.DeliveryKey][a.Attempt] = a.Outcome
	}
	return attempts
}

// isTrue compares what the ledger says of a letter with what the relay did.
func (w *world) isTrue(d inLedger, attempts map[int]string) {
	w.Helper()
	copies := w.relay.taken[d.DeliveryKey]
	if len(copies) > 1+d.Repeats {
		w.Fatalf("%s to %s came %d times, and the ledger has %d repeats", d.Letter, d.Email, len(copies), d.Repeats)
	}
	if w.erased[d.SubscriberID] {
		return // of whom there is nothing more to compare
	}
	took := map[int]bool{}
	for _, c := range copies {
		took[c.attempt] = true
		if said := attempts[c.attempt]; said != "accepted" && said != "uncertain" && (d.State != "sending" || d.Attempt != c.attempt) {
			w.Fatalf("%s to %s came by attempt %d, of which the ledger says %q", d.Letter, d.Email, c.attempt, said)
		}
	}
	for attempt, said := range attempts {
		if said == "accepted" && !took[attempt] {
			w.Fatalf("%s to %s is said to be accepted, and was not", d.Letter, d.Email)
		}
	}
	if d.State == "accepted" && !took[d.Attempt] && !(d.Returned && len(copies) > 0) {
		w.Fatalf("%s to %s stands as accepted by attempt %d, which brought nothing", d.Letter, d.Email, d.Attempt)
	}
	if told, ok := w.relay.told[d.DeliveryKey]; ok && told == d.Attempt && d.State != "accepted" {
		w.Fatalf("%s to %s is %s (%s), though a 250 for attempt %d was recorded", d.Letter, d.Email, d.State, d.Reason, told)
	}
}
