package worker

import (
	"context"
	"errors"

	"fortsatt/course"
)

// takeSignUps carries out what people asked for through forms. It is no reason to
// stop sending if that fails: what was not carried out waits for the next time.
func (w *Worker) takeSignUps(ctx context.Context) {
	n, err := w.Store.TakeSignUps(ctx, w.Now())
	if ctx.Err() != nil {
		return
	}
	if n > 0 {
		w.nudge() // there may be more
	}
	if err == nil || errors.Is(err, course.ErrFlood) {
		w.tellFlood(err != nil)
	}
	if err != nil && err != course.ErrFlood {
		w.Log.Error("worker: not all sign-ups could be carried out", "error", err)
	}
}

// tellFlood tells the admin when the breaker opens, and when it closes: each once.
func (w *Worker) tellFlood(flooded bool) {
	switch {
	case flooded && !w.flooded:
		w.Log.Error("worker: sign-ups run at ten times the usual, so their letters are delayed; see: course status")
	case !flooded && w.flooded:
		w.Log.Info("worker: sign-ups are back to the usual, and none is delayed")
	}
	w.flooded = flooded
}
