package worker_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/mailer/relaytest"
)

// What is no reply, in five ways.
var noReplies = map[string]string{
	"no code":        "hello there",
	"not a number":   "2x0 2.0.0 Ok",
	"binary":         "\x00\x01\xff\xfe",
	"a line of 5 MB": "250 " + strings.Repeat("x", 5<<20),
	"5 MB of lines":  strings.Repeat("250-more\r\n", 5<<17) + "250 2.0.0 Ok",
}

// Before the dot, nonsense is a relay's trouble and no letter's: all wait, no
// attempt is burnt, and when it has come to its senses everyone gets theirs.
func TestRow41NonsenseBeforeTheDot(t *testing.T) {
	for what, reply := range noReplies {
		for _, stage := range []relaytest.Stage{relaytest.Connect, relaytest.Rcpt, relaytest.Data} {
			t.Run(what+" at "+string(stage), func(t *testing.T) {
				st := begin(t, "2026-11-03 08:00")
				relay := st.relay(whenever(stage, relaytest.Action{Reply: reply}))
				st.readers(anna, bo)
				st.starts(st.worker(nil, relay))
				st.until("the relay has spoken", func() bool { return relay.times(stage) > 0 })
				st.until("all wait again", func() bool { return st.states()["queued"] == 2 })
				if n := st.attempts(); n != 0 {
					t.Errorf("%d attempts burnt", n)
				}
				relay.follows(nil)
				st.passes(5 * time.Minute)
				for _, reader := range []string{anna, bo} {
					st.becomes(reader, "accepted")
					st.untouched(reader)
					if n := len(letterTo(relay, reader)); n != 1 {
						t.Errorf("%s has %d letters, want one", reader, n)
					}
				}
			})
		}
	}
}

// After the dot, nonsense tells nothing: the letter is in doubt. He has one more
// copy at most, and it is the same.
func TestRow41NonsenseAfterTheDot(t *testing.T) {
	for what, reply := range noReplies {
		t.Run(what, func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			relay := st.relay(about(bo, relaytest.Dot, relaytest.Action{Reply: reply}))
			st.readers(bo, cilla)
			st.starts(st.worker(nil, relay))
			st.becomes(bo, "uncertain")
			relay.follows(nil)
			st.passes(course.Quarantine)
			st.becomes(bo, "accepted")
			st.becomes(cilla, "accepted")
			copies := letterTo(relay, bo)
			if len(copies) > 2 || !bytes.Equal(copies[0].Bytes, copies[len(copies)-1].Bytes) {
				t.Errorf("he has %d copies, or they differ", len(copies))
			}
			st.untouched(bo)
		})
	}
}
