package course

import (
	"crypto/sha256"
	"time"
)

// What lines ask of the ledger about the letters in their hands, and what the
// world has to say about the answers.

// advance writes down how letters ended and asks for marks, in one go.
func (w *world) advance(ended, next []*line) (refused []error) {
	w.Helper()
	var records []Record
	for _, l := range ended {
		if w.tooLate(l) {
			w.records(l)
			continue
		}
		records = append(records, l.record(w.now))
	}
	var marks []Mark
	for _, l := range next {
		sum := sha256.Sum256(l.bytes)
		marks = append(marks, Mark{Claimed: l.job, Relay: relayName, SHA256: sum[:], At: w.now})
	}
	refused, err := w.Advance(w.ctx, records, marks)
	w.must(err)
	for _, l := range ended {
		w.told(l)
	}
	for i, l := range next {
		if refused[i] != nil {
			continue
		}
		if newest := w.claims[l.job.DeliveryKey]; l.job.Claim != newest {
			w.Fatalf("a mark is granted for claim %d of %d", l.job.Claim, newest)
		}
		w.attempts[l.job.DeliveryKey], w.names[l.job.DeliveryKey] = l.job.Attempt+1, l.job.Name
	}
	return refused
}

func (l *line) record(now time.Time) Record {
	return Record{
		Claimed: l.job, Worker: l.id, Attempt: l.attempt, Relay: relayName, At: now,
		Ending: l.ending, Verdict: Judge(l.ending),
	}
}

// tooLate says that the letter has been tried again, or claimed again, since.
func (w *world) tooLate(l *line) bool {
	return l.attempt > 0 && l.attempt < w.attempts[l.job.DeliveryKey] || l.attempt == 0 && l.job.Claim < w.claims[l.job.DeliveryKey]
}

func (w *world) records(l *line) {
	w.Helper()
	w.fenced(l, w.tooLate(l), func() error {
		_, err := w.Advance(w.ctx, []Record{l.record(w.now)}, nil)
		return err
	})
	w.told(l)
}

// told remembers what the ledger was told of the relay's word.
func (w *world) told(l *line) {
	if Judge(l.ending) == Accepted {
		w.relay.told[l.job.DeliveryKey] = l.attempt
	}
	if l.ending.Stage == AtRcpt {
		w.wasRefused(l)
	}
}

func (w *world) givesBack(l *line) { w.Helper(); w.givesBackAs(l, l.attempt) }

// givesBackAs is told again where the answer is lost.
func (w *world) givesBackAs(l *line, attempt int) {
	w.Helper()
	for again := true; again; again = w.fault(1) {
		w.fenced(l, l.job.Claim < w.claims[l.job.DeliveryKey], func() error {
			if attempt > 0 {
				if w.attempts[l.job.DeliveryKey] == attempt && l.job.Claim == w.claims[l.job.DeliveryKey] {
					w.attempts[l.job.DeliveryKey] = attempt - 1 // if it stood: then it was none
				}
				return w.Withdraw(w.ctx, l.job, attempt)
			}
			return w.Release(w.ctx, l.job, w.now)
		})
	}
	l.at = idle
}

func (w *world) forgoes(l *line) {
	w.Helper()
	w.fenced(l, l.job.Claim < w.claims[l.job.DeliveryKey], func() error { return w.Forgo(w.ctx, w.now, l.job) })
	l.at = idle
}

func (w *world) parks(l *line, reason string) {
	w.Helper()
	w.fenced(l, l.job.Claim < w.claims[l.job.DeliveryKey], func() error { return w.Park(w.ctx, l.job, reason) })
	l.at = idle
}
