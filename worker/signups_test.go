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

// A notebook is a log that may be read while it is written.
type notebook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notebook) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

// lines are those that hold a text.
func (n *notebook) lines(text string) (lines []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for line := range strings.Lines(n.text.String()) {
		if strings.Contains(line, text) {
			lines = append(lines, line)
		}
	}
	return lines
}

// Within a minute 130 people sign up. Thirty of them wait for the next, which the
// log tells the admin once, and once that it is over; a lesson waits for nothing.
func TestAFloodIsToldOnceAndLessonsGoOn(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	for n := range 130 {
		st.must(st.Subscribe(st.ctx, st.clock.Now(), course.SignUp{Email: fmt.Sprintf("p%d@exempel.se", n), Form: "/anmalan", Access: "Läs."}))
	}
	log := &notebook{}
	st.starts(st.worker(func(o *worker.Options) {
		o.Connections = 4
		o.Log = slog.New(slog.NewTextHandler(log, nil))
	}, relay))
	st.took(relay, 100)
	st.passes(30 * time.Second)
	st.readers(anna)
	st.passes(10 * time.Second)
	st.took(relay, 101)
	if n := len(letterTo(relay, anna)); n != 1 {
		t.Errorf("anna's lesson came %d times while the flood lasted, want once", n)
	}
	if told := log.lines("level=ERROR"); len(told) != 1 || !strings.Contains(told[0], "ten times the usual") {
		t.Errorf("the log says %q, want one line about the flood", told)
	}
	st.passes(21 * time.Second)
	st.took(relay, 131)
	st.passes(time.Minute)
	st.passes(time.Second)
	if over := log.lines("back to the usual"); len(over) != 1 || len(log.lines("level=ERROR")) != 1 {
		t.Errorf("the log says %q and %q, want each once", log.lines("level=ERROR"), over)
	}
	if all := log.lines("@exempel.se"); len(all) != 0 {
		t.Errorf("the log names people: %q", all)
	}
	st.until("all is recorded", func() bool { return st.states()["accepted"] == 131 })
}

// What cannot be carried out is told, and stops neither the others nor the worker.
func TestASignUpThatIsSetAsideIsTold(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.exec(`alter table subscribers add constraint not_bo check (email <> '` + bo + `')`)
	for _, email := range []string{bo, anna} {
		st.must(st.Subscribe(st.ctx, st.clock.Now(), course.SignUp{Email: email, Form: "/anmalan", Access: "Läs."}))
	}
	log := &notebook{}
	st.starts(st.worker(func(o *worker.Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)) }, relay))
	st.took(relay, 1)
	st.passes(time.Minute)
	if told := log.lines("level=ERROR"); len(told) != 1 || !strings.Contains(told[0], "not_bo") {
		t.Errorf("the log says %q, want one line about Bo's sign-up", told)
	}
	if len(letterTo(relay, anna)) != 1 || len(log.lines("@exempel.se")) != 0 {
		t.Errorf("anna got %d letters, and the log has %q", len(letterTo(relay, anna)), log.lines("@exempel.se"))
	}
}

// Bo signs up while the lessons of many leave at a steady pace: his letter goes out
// among theirs, and not after them.
func TestASignUpDoesNotWaitForALongQueue(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	const lessons = 400
	at, taken := 0, 0 // only the one line's session counts
	relay := st.relay(func(e relaytest.Event) (a relaytest.Action) {
		if e.Stage != relaytest.Dot {
			return a
		}
		if taken++; e.To == bo {
			at = taken
		}
		return a
	})
	st.crowd(lessons)
	st.starts(st.worker(func(o *worker.Options) { o.Rate = 60 }, relay))
	st.took(relay, 40)
	st.must(st.Subscribe(st.ctx, st.clock.Now(), course.SignUp{Email: bo, Form: "/anmalan", Access: "Läs."}))
	st.took(relay, lessons+1)
	if at == 0 || at > lessons*3/4 {
		t.Errorf("his letter was the %dth of %d, want it among the others", at, lessons+1)
	}
	st.until("all is recorded", func() bool { return st.states()["accepted"] == lessons+1 })
}

// Anna asks to be let in. The letter says when, and its link and code are hers.
func TestALoginLetterCarriesItsLinkAndCode(t *testing.T) {
	st := begin(t, "2026-11-05 07:30")
	relay := st.relay(nil)
	st.signUp(anna)
	_, err := st.Confirm(st.ctx, st.clock.Now(), st.ConfirmToken(st.newest(anna).DeliveryKey), course.Confirmation{})
	st.must(err)
	st.must(st.AskLogin(st.ctx, st.clock.Now(), course.LoginWish{Email: anna, Browser: "telefon"}))
	st.starts(st.worker(nil, relay))
	st.took(relay, 2)
	key := st.rows("letter = 'login:1'")[0].DeliveryKey
	for _, l := range letterTo(relay, anna) {
		text := read(st, l).text
		if !strings.Contains(text, st.LoginCode(key)) {
			continue
		}
		if !strings.Contains(text, "https://atta.example/logga-in/"+st.LoginToken(key)) || !strings.Contains(text, "5 november kl. 07.30") {
			t.Errorf("the login letter lacks its link, or when it was asked for:\n%s", text)
		}
		return
	}
	t.Error("no letter has the code")
}
