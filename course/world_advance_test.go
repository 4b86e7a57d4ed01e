package course

import "crypto/sha256"

// What lines ask of the ledger about the letters in their hands, and what the
// world has to say about the answers.

// advance writes down how letters ended and asks for marks, in one go.
func (w *world) advance(ended, next []*line) (granted []error) {
	w.Helper()
	for _, l := range ended {
		w.records(l)
	}
	for _, l := range next {
		sum := sha256.Sum256(l.bytes)
		attempt, err := w.Mark(w.ctx, w.now, l.job, relayName, sum[:])
		if err == nil {
			w.attempts[l.job.DeliveryKey], w.names[l.job.DeliveryKey] = attempt, l.job.Name
		}
		if newest := w.claims[l.job.DeliveryKey]; err == nil && (attempt != l.job.Attempt+1 || l.job.Claim != newest) {
			w.Fatalf("the mark is number %d, after %d attempts, for claim %d of %d", attempt, l.job.Attempt, l.job.Claim, newest)
		}
		granted = append(granted, err)
	}
	return granted
}

func (w *world) records(l *line) {
	w.Helper()
	verdict := Judge(l.ending)
	late := l.attempt > 0 && l.attempt < w.attempts[l.job.DeliveryKey] || l.attempt == 0 && l.job.Claim < w.claims[l.job.DeliveryKey]
	w.fenced(l, late, func() error {
		return w.Record(w.ctx, w.now, Record{
			Claimed: l.job, Worker: l.id, Attempt: l.attempt, Relay: relayName, Ending: l.ending, Verdict: verdict,
		})
	})
	if verdict == Accepted {
		w.relay.told[l.job.DeliveryKey] = l.attempt
	}
}

func (w *world) givesBack(l *line) { w.Helper(); w.givesBackAs(l, l.attempt) }

// givesBackAs is told again where the answer is lost.
func (w *world) givesBackAs(l *line, attempt int) {
	w.Helper()
	for again := true; again; again = w.fault(1) {
		w.fenced(l, l.job.Claim < w.claims[l.job.DeliveryKey], func() error {
			if attempt > 0 {
				return w.Withdraw(w.ctx, l.job, attempt)
			}
			return w.Release(w.ctx, l.job, w.now)
		})
	}
	l.at = idle
}

func (w *world) parks(l *line, reason string) {
	w.Helper()
	w.fenced(l, l.job.Claim < w.claims[l.job.DeliveryKey], func() error { return w.Park(w.ctx, l.job, reason) })
	l.at = idle
}
