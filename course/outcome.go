package course

import (
	"strings"
	"time"
)

// Stage is how far the dialogue with a relay had come (RFC 5321 §3).
type Stage string

const (
	AtConnect  Stage = "connect"
	AtGreeting Stage = "greeting"
	AtTLS      Stage = "tls"
	AtAuth     Stage = "auth"
	AtMail     Stage = "mail"
	AtRcpt     Stage = "rcpt"
	AtData     Stage = "data"
	AtDot      Stage = "dot"
)

// Ending is how an attempt ended, as the wire told it.
type Ending struct {
	Stage    Stage
	Code     int    // 0: no reply
	Enhanced string // RFC 3463, as 5.1.1; "" where the relay gave none
	Reply    string // one line, for people
	QueueID  string // the relay's own name for an accepted letter
}

// Verdict is what an ending means.
type Verdict int

const (
	Accepted  Verdict = iota
	Deferred          // try this letter again later
	Rejected          // never try this letter again
	Uncertain         // the dot is out and no reply came: nobody can know
	Refused           // the relay refuses us, or is away: nothing is said about the letter
)

// Judge says what an ending means; pure. A refusal of our own standing (5.7.x,
// or any 5xx before the recipient was named) is no fault of the letter or its
// reader. A connection lost before the dot is harmless, since the relay must
// discard a letter without one; after the dot nobody can know.
func Judge(e Ending) Verdict {
	switch {
	case e.Stage == AtDot && e.Code == 0:
		return Uncertain
	case e.Stage == AtDot && e.Code/100 == 2:
		return Accepted
	case strings.HasPrefix(e.Enhanced, "5.7."), e.Code == 421, e.Code == 0:
		return Refused
	case e.Stage != AtRcpt && e.Stage != AtData && e.Stage != AtDot:
		return Refused
	case e.Code/100 == 5:
		return Rejected
	}
	return Deferred
}

// GiveUpAfter is how long a letter is tried before it counts as rejected
// (RFC 5321 §4.5.4.1 asks for four to five days).
const GiveUpAfter = 4 * 24 * time.Hour

// Backoff returns how long to wait after so many attempts: a quarter of an
// hour, doubled each time, at most eight hours.
func Backoff(attempts int) time.Duration {
	wait := 15 * time.Minute
	for range attempts - 1 {
		wait = min(2*wait, 8*time.Hour)
	}
	return wait
}
