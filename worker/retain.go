package worker

import (
	"context"
	"time"
)

// retainEvery is how often what is too old to be kept is looked for.
const retainEvery = time.Hour

// retain lets go what is too old to be kept. It is no reason to stop sending if
// that fails: it is tried again within the hour.
func (w *Worker) retain(ctx context.Context) {
	now := w.Now()
	if now.Sub(w.retained).Abs() < retainEvery {
		return
	}
	done, err := w.Store.Retain(ctx, now)
	if err != nil && ctx.Err() == nil {
		w.Log.Warn("worker: what is too old is still kept", "error", err)
	}
	if !done.More {
		w.retained = now
	}
	if !done.None() {
		w.Log.Info("worker: let go what was too old", "unconfirmed", done.Unconfirmed, "finished", done.Finished,
			"ips", done.IPs, "returned", done.Raw, "hooks", done.Hooks, "attempts", done.Attempts,
			"sessions", done.Sessions, "days", done.WarmDays,
			"signups", done.SignUps, "logins", done.Logins, "proposals", done.Proposals, "limits", done.Limits)
	}
}
