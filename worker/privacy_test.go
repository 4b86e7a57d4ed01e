package worker_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// quoting is a relay that says whom it was asked about, as relays do.
func quoting(stage relaytest.Stage, reply string) rule {
	return whenever(stage, relaytest.Action{Reply: reply + " <" + bo + ">"})
}

// stateOf is for letters whose reader has no address any more.
func (st *story) stateOf(d course.DeliveryKey) string {
	st.Helper()
	var state string
	st.must(st.db.Get(&state, `select state from deliveries where subscriber_id = $1 and id = $2`, d.SubscriberID, d.ID))
	return state
}

// nothingOf fails the story where a row of any table holds a word.
func (st *story) nothingOf(word string) {
	st.Helper()
	var tables []string
	st.must(st.db.Select(&tables, `select tablename from pg_tables where schemaname = 'public'`))
	for _, table := range tables {
		var rows []string
		st.must(st.db.Select(&rows, fmt.Sprintf(`select cast(t as text) from %q t`, table)))
		for _, row := range rows {
			if strings.Contains(row, word) || strings.Contains(row, fmt.Sprintf("%x", word)) {
				st.Errorf("%s still says %s", table, row)
			}
		}
	}
}

// Bo is erased between mark and dot. That letter can no longer be called back;
// what the relay says of it is not kept, and it is the last.
func TestRow60ErasedBetweenMarkAndDot(t *testing.T) {
	for reply, want := range map[string]string{"250 2.0.0 Ok": "accepted", "554 5.6.0 no": "rejected", "451 4.3.0 later": "cancelled"} {
		t.Run(want, func(t *testing.T) {
			st, relay, wire := aMarkOnItsWay(t)
			relay.follows(quoting(relaytest.Dot, reply))
			d := st.newest(bo).DeliveryKey
			st.must(st.Erase(st.ctx, st.clock.Now(), bo))
			if n := relay.times(relaytest.Dot); n != 0 {
				t.Fatalf("%d dots before the mark was heard of", n)
			}
			wire.flow()
			st.until("it is settled", func() bool { return st.stateOf(d) != "sending" })
			if state, dots := st.stateOf(d), relay.times(relaytest.Dot); state != want && (state != "cancelled" || dots > 0) {
				t.Errorf("his letter is %s after %d dots, want %s", state, dots, want)
			}
			st.nothingOf(bo)
			for range 3 {
				st.passes(7 * 24 * time.Hour)
			}
			if n := relay.times(relaytest.Dot); n > 1 {
				t.Errorf("%d letters went to who was erased", n)
			}
			st.nothingOf(bo)
		})
	}
}

// Bo is erased while the worker has claimed his letter and is busy with Anna's.
func TestRow60ErasedWhileClaimed(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	answer := make(chan struct{})
	relay := st.relay(about(anna, relaytest.Dot, relaytest.Action{Hold: answer}))
	st.readers(anna, bo, cilla)
	st.starts(st.worker(nil, relay))
	st.until("her dot is out", func() bool { return len(letterTo(relay, anna)) == 1 })
	his := st.newest(bo)
	if his.State != "claimed" {
		t.Fatalf("Bo's letter is %s, want it claimed", his.State)
	}
	st.must(st.Erase(st.ctx, st.clock.Now(), bo))
	close(answer)
	st.becomes(cilla, "accepted")
	if state := st.stateOf(his.DeliveryKey); state != "cancelled" || len(letterTo(relay, bo)) != 0 {
		t.Errorf("Bo's letter is %s, and he has %d", state, len(letterTo(relay, bo)))
	}
	st.nothingOf(bo)
}

// Bo is erased while the relay is silent. It takes the letter after all, or the
// connection ends; and then a mail comes back.
func TestRow60ErasedAfterTheDot(t *testing.T) {
	for what, action := range map[string]relaytest.Action{
		"taken": {Reply: "250 2.0.0 Ok for <" + bo + ">"},
		"lost":  {Drop: true},
	} {
		t.Run(what, func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			answer := make(chan struct{})
			action.Hold = answer
			relay := st.relay(whenever(relaytest.Dot, action))
			st.readers(bo)
			st.starts(st.worker(nil, relay))
			st.until("his dot is out", func() bool { return len(letterTo(relay, bo)) == 1 })
			d := st.newest(bo).DeliveryKey
			st.must(st.Erase(st.ctx, st.clock.Now(), bo))
			close(answer)
			st.until("the end is written down", func() bool { return st.stateOf(d) != "sending" })
			relay.follows(nil)
			back := worker.ReadReturn("pipe", dsn(st.BounceToken(d)+"@studs.atta.example", bo))
			if got, err := st.RecordBounce(st.ctx, st.clock.Now(), back); err != nil || got.Suppressed {
				t.Errorf("a late bounce gave %+v, %v", got, err)
			}
			st.nothingOf(bo)
			st.passes(course.Quarantine)
			st.passes(7 * 24 * time.Hour)
			want := map[string]string{"taken": "accepted", "lost": "cancelled"}[what]
			if state := st.stateOf(d); state != want || len(letterTo(relay, bo)) != 1 {
				t.Errorf("his letter is %s, and he has %d, want it %s, and one", state, len(letterTo(relay, bo)), want)
			}
			st.nothingOf(bo)
		})
	}
}

// A log that can be read while it is written.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

func (d *diary) options(o *worker.Options) {
	o.Log = slog.New(slog.NewTextHandler(d, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// P11: a relay refuses, puts off and takes Bo's letters, quoting his address or
// our envelope sender each time. The log tells of it, and names
// nobody; nor does the worker's own row.
func TestP11TheWorkersLogNamesNobody(t *testing.T) {
	for what, c := range map[string]struct {
		stage relaytest.Stage
		reply string
		told  string // in the log
	}{
		"policy at RCPT":     {relaytest.Rcpt, "550 5.7.1 relaying denied for", "relaying denied for"},
		"our sender":         {relaytest.Mail, "550 5.7.1 not from %s, about", "not from"},
		"no such mailbox":    {relaytest.Rcpt, "550 5.1.1 nobody is", ""},
		"later":              {relaytest.Dot, "451 4.3.0 later,", ""},
		"policy, at the dot": {relaytest.Dot, "550 5.7.1 no,", "5.7.1"},
	} {
		t.Run(what, func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			st.readers(bo)
			sender := st.returnAddress(bo)
			if strings.Contains(c.reply, "%s") {
				c.reply = fmt.Sprintf(c.reply, sender)
			}
			relay := st.relay(quoting(c.stage, c.reply))
			log := &diary{}
			st.starts(st.worker(log.options, relay))
			st.until("the relay has said its word", func() bool { return relay.times(c.stage) > 0 })
			st.until("it is told", func() bool { return strings.Contains(log.String(), c.told) })
			st.passes(time.Minute)
			var trouble string
			st.must(st.db.Get(&trouble, `select coalesce(string_agg(trouble, ' '), '') from workers`))
			for _, secret := range []string{bo, "bo@", strings.TrimSuffix(sender, "@studs.atta.example"), st.UnsubscribeToken(st.newest(bo).DeliveryKey)} {
				if said := log.String() + trouble; strings.Contains(strings.ToLower(said), secret) {
					t.Errorf("%q is told:\n%s", secret, said)
				}
			}
		})
	}
}

// P12: every letter leads to what we do with a reader's data, and to a person.
func TestP12LettersLeadToThePolicy(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.readers(bo)
	st.must(st.Subscribe(st.ctx, st.clock.Now(), course.SignUp{Email: anna, Form: "/anmalan", Access: "ord"}))
	st.starts(st.worker(nil, relay))
	st.took(relay, 2)
	for _, l := range relay.Accepted() {
		letter := read(st, l)
		for part, text := range map[string]string{"text": letter.text, "HTML": letter.html} {
			if !strings.Contains(text, "https://atta.example/integritet") {
				t.Errorf("the %s of the letter to %s does not lead to the policy", part, l.To)
			}
		}
		if got := letter.Get("Reply-To"); !strings.Contains(got, "redaktion@atta.example") {
			t.Errorf("an answer to the letter to %s goes to %q", l.To, got)
		}
	}
}

// Within the hour nothing is looked for; after it, each worker lets go what is
// too old, and tells how much, not whose.
func TestP8TheWorkerLetsGoWhatIsOld(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.must(st.Hold(st.ctx, st.clock.Now(), course.Pause, "for the summer")) // which is no reason to keep more
	log := &diary{}
	st.starts(st.worker(log.options, st.relay(nil)))
	st.until("the worker runs", func() bool { return st.count(`select count(*) from workers`) == 1 })
	st.must(st.Subscribe(st.ctx, st.clock.Now(), course.SignUp{Email: cilla, Form: "/anmalan", Access: "ord"}))
	st.passes(7*24*time.Hour - time.Minute)
	st.passes(59 * time.Minute) // she is too old, and was looked at not an hour ago
	if n := st.count(`select count(*) from subscribers`); n != 1 {
		t.Fatalf("%d subscribers, want that nobody looked", n)
	}
	st.passes(time.Minute)
	st.until("she is let go", func() bool { return st.count(`select count(*) from subscribers`) == 0 })
	st.until("it is told", func() bool { return strings.Contains(log.String(), "unconfirmed=1") })
	if said := log.String(); strings.Contains(said, "cilla") {
		t.Errorf("she is named:\n%s", said)
	}
}
