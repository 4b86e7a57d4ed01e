package course

import (
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
)

// somethingBreaks is one fault of a process, the relay, or all at once.
func (w *world) somethingBreaks() {
	w.Helper()
	running := w.aProcess(func(p *process) bool { return !p.stopped })
	still := w.aProcess(func(p *process) bool { return p.stopped || !p.beats })
	switch n := w.IntN(100); {
	case n < 25 && running != nil: // kill -9
		w.vanishes(running)
	case n < 45 && running != nil: // SIGSTOP
		running.stopped, running.beats = true, false
		w.elapse(time.Duration(w.IntN(120)) * time.Second)
	case n < 65 && still != nil:
		w.goesOn(still)
	case n < 72 && running != nil && !running.leaving: // SIGTERM
		w.isToLeave(running)
	case n < 78:
		w.relay.away = w.now.Add(time.Duration(1+w.IntN(8*60)) * time.Minute)
	case n < 80:
		w.standsStill()
	case len(w.processes) < 4:
		w.joins()
	}
}

// diesCarryingOut is kill -9 after everything about a wish was written and before
// it was committed.
func (w *world) diesCarryingOut() {
	w.Helper()
	died := errors.New("killed")
	err := w.attempt(w.ctx, func(tx *sqlx.Tx) error {
		wish, waits, err := oldestWish(w.ctx, tx)
		if err != nil || !waits {
			return err
		}
		if _, _, err := w.grant(w.ctx, tx, w.now, wish); err != nil {
			return err
		}
		return died
	})
	w.allow(err, died)
}

// standsStill is an outage of hours, or of up to three weeks. Some processes are
// only suspended, and know nothing of it.
func (w *world) standsStill() {
	w.Helper()
	for _, p := range append([]*process(nil), w.processes...) {
		if w.chance(70) {
			w.vanishes(p)
		} else {
			p.stopped, p.beats = true, false
		}
	}
	hours := 1 + w.IntN(48)
	if w.chance(20) {
		hours = w.IntN(21 * 24)
	}
	w.elapse(time.Duration(hours) * time.Hour)
}

// goesOn is SIGCONT. The lines may go on before the heart beats.
func (w *world) goesOn(p *process) {
	w.Helper()
	if p.stopped = false; w.chance(30) {
		w.wakes(p)
	}
}

// meets lets a process that stood still go on just when another has the letter
// in its hands that it had.
func (w *world) meets(l *line) {
	w.Helper()
	for _, p := range w.processes {
		for _, other := range p.lines {
			if p.stopped && other.at != idle && other.job.DeliveryKey == l.job.DeliveryKey && w.chance(60) {
				w.goesOn(p)
				return
			}
		}
	}
}
