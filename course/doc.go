// Package course knows who learns, what is due and what happened. It holds the
// rules and all SQL, and keeps the truth in Postgres.
//
// Start with Store: each of its exported methods is one event in one
// transaction, named after it. In the order of a reader's life: Subscribe (which
// leaves a wish), TakeSignUps (which carries it out), Confirm, PlanDue, Claim,
// Advance (which marks and records), Unsubscribe. What can be decided without the
// database is pure and stands apart: Rhythm (schedule.go), Judge (outcome.go),
// ParseAddress (address.go), the planner's step (plan.go), an admin's send
// (send.go) and the breaker (breaker.go).
//
// # Tables
//
//	installation  one row: the wrapped key of the address hashes
//	addresses     what is known of an address beyond its subscriber: suppression, limits
//	subscribers   who reads: pending → active; blocked, erased
//	consents      evidence of consent, append-only; wordings holds the texts
//	erased_consents  what is left of it of somebody who was erased
//	sessions      browsers that are signed in
//	signups       what people asked for through forms, until a worker carries it out
//	logins        each browser's last request to be let in
//	breaker       one row: how many letters anybody could ask for lately
//	enrolments    a subscriber's place in a course, and when the next lesson is due
//	versions      every text that was ever planned, by content
//	requests      letters asked for outside a course's own pace
//	deliveries    one letter to one subscriber, with its own state and due time
//	attempts      what became of each try, append-only; a letter that was accepted
//	              when it was first tried has no row, since its own says everything
//	returns       what came back of a letter, and what it was taken for
//	hooks         what a mail provider told us, until it is read
//	workers       who is alive, by heartbeat
//	holds         what is not to be sent until it is released
//	questions     what readers asked the editors, and what was answered
//
// # Delivery states
//
//	          Claim            Mark             Record
//	queued ──────────► claimed ──────► sending ─────────► accepted
//	   ▲                  │               ├─────────────► rejected
//	   ├── Release ───────┤               ├─────────────► deferred ── in time ──► claimed
//	   ├── Recover ───────┘               │
//	   ├── Withdraw ◄─────────────────────┤ no dot sent
//	   │                                  └─ no reply ──► uncertain
//	   └── EndQuarantine ◄───────────────────────────────────┘ once; then parked
//
// The same in words, from each state on:
//
//	queued     claimed by Claim
//	claimed    sending by a Mark; queued by Release, Recover, Leave; parked by Park, and
//	           by Recover when worker after worker died with it; deferred or rejected
//	           by a Record, when the relay refused it before the mark
//	sending    accepted, rejected, deferred, uncertain by a Record; queued by Withdraw;
//	           uncertain by Recover
//	deferred   claimed by Claim when its time has come; rejected after four days
//	uncertain  accepted or rejected by a late Record; by EndQuarantine queued once,
//	           then parked, and cancelled if it is a confirm or login letter
//	parked     queued by Retry, an admin's
//	cancelled  by Unsubscribe, Erase or a suppression, from all that is not past its mark; by
//	           Forgo, when a mark was refused; by Cancel, an admin's, from uncertain
//	           too; queued by Rejoin, or when the reader confirms anew
//
// Whatever is in doubt is accepted when something comes back of it; unless its
// reader was erased, of whom nothing is taken in any more.
//
// A hold or a pause is no state: the letter stays queued, Claim passes it over
// and its mark is refused.
//
// A letter is planned once per (subscriber, letter, copy), which the database
// guards. It is claimed for a worker's lease, rendered, and handed to the relay
// but for the final dot; Mark is the last word before the dot, and Record
// follows the relay's reply. So a fault before the mark costs nothing, and one
// after it leaves a letter that says honestly that it is uncertain. Nothing is
// ever called delivered: that we cannot know.
//
// The accounting identity, which Status checks: the deliveries that there must
// be, counted from enrolments and requests, equal the sum over the states.
package course
