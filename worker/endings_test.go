package worker_test

import (
	"strings"
	"testing"
	"time"

	"fortsatt/mailer/relaytest"
)

// The relay says something about Bo's letter, between Anna's and Cilla's, which
// get theirs whatever it is. What it says is written down as an attempt.
func TestRow30To32And36And45EndingsThatAreAboutTheLetter(t *testing.T) {
	for what, c := range map[string]struct {
		stage  relaytest.Stage
		action relaytest.Action
		state  string
		copies int
		reply  string
	}{
		"no such mailbox":        {relaytest.Rcpt, relaytest.Action{Reply: "550 5.1.1 no such user"}, "rejected", 0, "550 5.1.1 no such user"},
		"mailbox full":           {relaytest.Rcpt, relaytest.Action{Reply: "452 4.2.2 mailbox full"}, "deferred", 0, "452 4.2.2 mailbox full"},
		"greylisted":             {relaytest.Rcpt, relaytest.Action{Reply: "451 4.7.1 greylisted"}, "deferred", 0, "451 4.7.1 greylisted"},
		"too big":                {relaytest.Data, relaytest.Action{Reply: "552 5.3.4 too big"}, "rejected", 0, "552 5.3.4 too big"},
		"too big at the dot":     {relaytest.Dot, relaytest.Action{Reply: "552 5.3.4 too big"}, "rejected", 0, "552 5.3.4 too big"},
		"busy at DATA":           {relaytest.Data, relaytest.Action{Reply: "451 4.3.0 busy"}, "deferred", 0, "451 4.3.0 busy"},
		"refused at the dot":     {relaytest.Dot, relaytest.Action{Reply: "554 5.6.0 not this"}, "rejected", 0, "554 5.6.0 not this"},
		"busy at the dot":        {relaytest.Dot, relaytest.Action{Reply: "451 4.3.0 busy"}, "deferred", 0, "451 4.3.0 busy"},
		"taken":                  {relaytest.Dot, relaytest.Action{Reply: "250 2.0.0 Ok: queued as ABC"}, "accepted", 1, "250 2.0.0 Ok: queued as ABC"},
		"taken, then hung up":    {relaytest.Dot, relaytest.Action{Reply: "250 2.0.0 Ok", Drop: true}, "accepted", 1, "250 2.0.0 Ok"},
		"taken, the reply lost":  {relaytest.Dot, relaytest.Action{Drop: true}, "uncertain", 1, "no reply at dot"},
		"nonsense after the dot": {relaytest.Dot, relaytest.Action{Reply: "what a nice letter"}, "uncertain", 0, "no reply at dot"},
		"no answer to the dot":   {relaytest.Dot, relaytest.Action{Reply: "354 go on"}, "uncertain", 0, "no reply at dot"},
	} {
		t.Run(what, func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			relay := st.relay(about(bo, c.stage, c.action))
			st.readers(anna, bo, cilla)
			stop := st.starts(st.worker(nil, relay))
			st.becomes(bo, c.state)
			st.passes(5 * time.Second) // a relay that broke off may have to rest
			st.becomes(anna, "accepted")
			st.becomes(cilla, "accepted")
			stop()

			got := st.newest(bo)
			if got.State != c.state || got.Attempt != 1 || !strings.HasPrefix(got.Reply, c.reply) {
				t.Errorf("Bo's letter is %+v, want %s after one attempt, with %q", got, c.state, c.reply)
			}
			want := 1
			if c.state == "accepted" { // and at once: the letter's own row says everything
				want = 0
			}
			if n := st.count(`select count(*) from attempts where delivery_id = $1 and outcome = $2 and stage = lower($3)`, got.ID, c.state, c.stage); n != want {
				t.Errorf("%d attempts %s at %s, want %d", n, c.state, c.stage, want)
			}
			if copies := letterTo(relay, bo); len(copies) != c.copies {
				t.Errorf("the relay has %d copies, want %d", len(copies), c.copies)
			}
			if what == "no such mailbox" {
				st.blocked(bo)
			} else {
				st.untouched(bo)
			}

			// A day later what was deferred is brought again, and what is uncertain
			// once more.
			state, attempts := c.state, 1
			if state == "deferred" || state == "uncertain" {
				state, attempts = "accepted", 2
			}
			st.clock.set(at("2026-11-04 08:00"))
			st.starts(st.worker(nil, st.relay(nil)))
			st.becomes(bo, state)
			st.passes(time.Hour)
			if got := st.newest(bo); got.State != state || got.Attempt != attempts {
				t.Errorf("a day later it is %+v, want %s after %d attempts", got, state, attempts)
			}
		})
	}
}

// blocked says that a mailbox counts as gone; the course goes on, should it come back.
func (st *story) blocked(email string) {
	st.Helper()
	p, err := st.Show(st.ctx, email)
	st.must(err)
	if p.State != "blocked" || p.Suppressed == nil || *p.Suppressed != "bounce" || p.Enrolments[0].State != "active" {
		st.Errorf("%s is %s, suppressed: %v, %+v", email, p.State, p.Suppressed, p.Enrolments)
	}
}

// untouched says that nothing was held against a person.
func (st *story) untouched(email string) {
	st.Helper()
	p, err := st.Show(st.ctx, email)
	st.must(err)
	if p.State != "active" || p.Suppressed != nil || p.Enrolments[0].State != "active" {
		st.Errorf("%s is %s, suppressed: %v, %+v", email, p.State, p.Suppressed, p.Enrolments)
	}
}

// What a relay says about us, or a connection lost before the dot, is nobody's
// fault: Bo's letter waits, with no attempt burnt, while the relay rests, for
// five seconds after a refusal and a fifth of one after hanging up; then
// everybody gets theirs, once.
func TestRow29And30And33And34And44EndingsThatAreAboutUs(t *testing.T) {
	for what, c := range map[string]struct {
		stage  relaytest.Stage
		action relaytest.Action
	}{
		"refused at the greeting":      {relaytest.Connect, relaytest.Action{Reply: "554 5.3.2 no service"}},
		"too many at the greeting":     {relaytest.Connect, relaytest.Action{Reply: "421 4.7.0 too many connections"}},
		"silence for a greeting":       {relaytest.Connect, relaytest.Action{Drop: true}},
		"refused at EHLO":              {relaytest.Hello, relaytest.Action{Reply: "550 5.7.1 who are you"}},
		"not now at EHLO":              {relaytest.Hello, relaytest.Action{Reply: "451 4.3.0 not now"}},
		"wrong password":               {relaytest.Auth, relaytest.Action{Reply: "535 5.7.8 wrong password"}},
		"no login just now":            {relaytest.Auth, relaytest.Action{Reply: "454 4.7.0 later"}},
		"our sender refused":           {relaytest.Mail, relaytest.Action{Reply: "550 5.7.1 not from you"}},
		"our sender not now":           {relaytest.Mail, relaytest.Action{Reply: "451 4.3.0 not now"}},
		"policy at RCPT":               {relaytest.Rcpt, relaytest.Action{Reply: "550 5.7.1 relaying denied"}},
		"closing at RCPT":              {relaytest.Rcpt, relaytest.Action{Reply: "421 4.3.2 closing", Drop: true}},
		"hung up at RCPT":              {relaytest.Rcpt, relaytest.Action{Drop: true}},
		"policy at DATA":               {relaytest.Data, relaytest.Action{Reply: "554 5.7.1 no"}},
		"hung up at DATA":              {relaytest.Data, relaytest.Action{Drop: true}},
		"nonsense at DATA":             {relaytest.Data, relaytest.Action{Reply: "250 2.0.0 Ok"}},
		"policy at the dot":            {relaytest.Dot, relaytest.Action{Reply: "550 5.7.1 blocked"}},
		"policy, unauthenticated":      {relaytest.Dot, relaytest.Action{Reply: "550 5.7.515 not authenticated"}},
		"closing instead of an answer": {relaytest.Dot, relaytest.Action{Reply: "421 4.3.2 closing", Drop: true}},
	} {
		t.Run(what, func(t *testing.T) {
			rest := 5 * time.Second
			if strings.HasPrefix(what, "hung up") || strings.HasPrefix(what, "nonsense") {
				rest = 200 * time.Millisecond
			}
			st := begin(t, "2026-11-03 08:00")
			relay := st.relay(whenever(c.stage, c.action))
			st.readers(anna, bo, cilla)
			stop := st.starts(st.worker(nil, relay))
			st.clock.wake()
			st.until("the relay has said its word", func() bool { return relay.times(c.stage) > 0 })
			st.until("all wait again", func() bool { return st.states()["queued"] == 3 })

			before := relay.times(relaytest.Connect)
			st.passes(rest - 50*time.Millisecond)
			if n := relay.times(relaytest.Connect); n != before {
				t.Errorf("%d connections while the relay should rest", n-before)
			}
			st.wants("queued", 3)
			if n := st.attempts(); n != 0 {
				t.Errorf("%d attempts burnt", n)
			}
			for _, reader := range []string{anna, bo, cilla} {
				st.untouched(reader)
			}
			relay.follows(nil)
			st.passes(50 * time.Millisecond)
			st.took(relay, 3)
			stop()
			st.wants("accepted", 3)
		})
	}
}
