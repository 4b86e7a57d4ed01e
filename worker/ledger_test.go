package worker_test

import (
	"bytes"
	"net/mail"
	"regexp"
	"sync"
	"time"

	"fortsatt/course"
)

// A clock stands still until it is set, and can tell that it was looked at.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	looks int // since it was set
	hints []chan struct{}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks++
	return c.now
}

// hint returns a channel by which one worker is woken.
func (c *clock) hint() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	hint := make(chan struct{}, 1)
	c.hints = append(c.hints, hint)
	return hint
}

func (c *clock) wake() (looks int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, hint := range c.hints {
		select {
		case hint <- struct{}{}:
		default:
		}
	}
	return c.looks
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.looks = t, 0
}

// itBecomes sets the clock and returns when the one worker that runs has gone
// over everything at that time: it looks at the clock some four times a pass.
func (st *story) itBecomes(t time.Time) {
	st.Helper()
	st.clock.set(t)
	st.until("the worker has looked around", func() bool { return st.clock.wake() > 12 })
}

// passes moves the clock on by d, likewise.
func (st *story) passes(d time.Duration) {
	st.Helper()
	st.itBecomes(st.clock.Now().Add(d))
}

// until waits for something to be so.
func (st *story) until(what string, so func() bool) {
	st.Helper()
	for !so() {
		select {
		case <-st.ctx.Done():
			st.Fatalf("waited in vain until %s; the ledger has %v", what, st.states())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// row is a delivery as the ledger has it.
type row struct {
	course.DeliveryKey
	Email, Letter, State, Reason, Reply string
	Attempt                             int
	DatedAt                             *time.Time `db:"dated_at"`
}

func (st *story) rows(where string, args ...any) []row {
	st.Helper()
	var rows []row
	st.must(st.db.Select(&rows, `
		select d.subscriber_id, d.id, coalesce(s.email, '') as email, d.letter, d.state,
		       coalesce(d.reason, '') as reason, coalesce(d.reply, '') as reply, d.attempt, d.dated_at
		from deliveries d
		join subscribers s on s.id = d.subscriber_id
		where `+where+`
		order by d.planned_at, s.email, d.letter`, args...))
	return rows
}

// newest is the last letter planned for somebody.
func (st *story) newest(email string) row {
	st.Helper()
	rows := st.rows("s.email = $1", email)
	if len(rows) == 0 {
		st.Fatalf("no letter to %s", email)
	}
	return rows[len(rows)-1]
}

// becomes waits until somebody's newest letter has come to a state.
func (st *story) becomes(email, state string) {
	st.Helper()
	st.until(email+"'s letter is "+state, func() bool { return st.newest(email).State == state })
}

// states counts the ledger by state.
func (st *story) states() map[string]int {
	st.Helper()
	var rows []struct {
		State string
		Count int
	}
	st.must(st.db.Select(&rows, `select state, count(*) from deliveries group by state`))
	states := map[string]int{}
	for _, r := range rows {
		states[r.State] = r.Count
	}
	return states
}

// wants checks a state's count.
func (st *story) wants(state string, n int) {
	st.Helper()
	if states := st.states(); states[state] != n {
		st.Errorf("%d letters %s, want %d; the ledger has %v", states[state], state, n, states)
	}
}

func (st *story) count(query string, args ...any) (n int) {
	st.Helper()
	st.must(st.db.Get(&n, query, args...))
	return n
}

// attempts is how often letters were tried, all together.
func (st *story) attempts() int {
	st.Helper()
	return st.count(`select coalesce(sum(attempt), 0) from deliveries`)
}

func (st *story) exec(query string, args ...any) {
	st.Helper()
	_, err := st.db.Exec(query, args...)
	st.must(err)
}

// subscriberForm is what the addresses of all readers in the stories look like.
var subscriberForm = regexp.MustCompile(`[a-z0-9.+-]+@exempel\.se`)

// audit holds the ledger against the relays: what is accepted was taken once,
// what is uncertain at most once, nothing else at all; every copy went to the
// row's own address from the row's own envelope sender, and is the letter that was
// marked, to the byte, with nobody else's address in it; the sum is right, and nothing is left in the hands of a
// worker that is no more.
func (st *story) audit() {
	st.Helper()
	type copies struct{ received, accepted int }
	taken := map[string]copies{}
	envelopes := map[string][2]string{}
	erased := map[string]bool{}
	for _, r := range st.rows("s.state = 'erased'") {
		erased[st.MessageToken(r.DeliveryKey)+"@"+st.domain] = true
	}
	for _, relay := range st.relays {
		for _, l := range relay.Received() {
			id := messageID(st, l.Bytes)
			c := taken[id]
			c.received++
			if n := st.count(`select count(*) from deliveries where sha256 = sha256($1)`, l.Bytes); n != 1 && !erased[id] {
				st.Errorf("a letter to %s is not the one that was marked", l.To)
			}
			taken[id], envelopes[id] = c, [2]string{l.From, l.To}
			for _, other := range subscriberForm.FindAllString(string(l.Bytes), -1) {
				if other != l.To {
					st.Errorf("a letter to %s has %s in it", l.To, other)
				}
			}
		}
		for _, l := range relay.Accepted() {
			id := messageID(st, l.Bytes)
			c := taken[id]
			c.accepted++
			taken[id] = c
		}
	}
	for _, r := range st.rows("true") {
		id := st.MessageToken(r.DeliveryKey) + "@" + st.domain
		got := taken[id]
		wrong := got.received != 0
		switch r.State {
		case "accepted": // once, or once more after a silence
			wrong = got.accepted < 1 || got.received > 1+repeats(st, r)
		case "uncertain", "parked", "cancelled": // as often as no reply was heard
			wrong = got.received > st.count(`select doubts from deliveries where id = $1`, r.ID)
		case "claimed", "sending":
			wrong = true
		}
		if wrong {
			st.Errorf("%s to %s is %s, and the relays have %+v of it", r.Letter, r.Email, r.State, got)
		}
		want := [2]string{st.BounceToken(r.DeliveryKey) + "@studs." + st.domain, r.Email}
		if got := envelopes[id]; got != want && got != [2]string{} && !erased[id] {
			st.Errorf("%s travelled from and to %q, want %q", r.Letter, got, want)
		}
		delete(taken, id)
	}
	if len(taken) > 0 {
		st.Errorf("the relays took letters that the ledger does not know: %v", taken)
	}
	status, err := st.Status(st.ctx, st.clock.Now())
	st.must(err)
	if !status.Balanced() {
		st.Errorf("the ledger does not balance: %v", status.Deliveries)
	}
}

// repeats is how often a letter was sent again after a silence: never over once.
func repeats(st *story, r row) int {
	st.Helper()
	n := st.count(`select repeats from deliveries where id = $1`, r.ID)
	if n > 1 {
		st.Errorf("%s to %s was repeated %d times", r.Letter, r.Email, n)
	}
	return n
}

func messageID(st *story, letter []byte) string {
	st.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(letter))
	st.must(err)
	id := m.Header.Get("Message-ID")
	if len(id) < 3 {
		st.Fatalf("Message-ID %q", id)
	}
	return id[1 : len(id)-1]
}
