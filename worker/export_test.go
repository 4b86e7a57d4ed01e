package worker

import "time"

// Break makes every letter of a version panic when it is rendered.
func (w *Worker) Break(hash []byte) { w.texts.byHash = map[string]*version{string(hash): nil} }

// Hurry shortens how long a visitor may take for a line, and for everything.
func (w *Worker) Hurry(line, whole time.Duration) { w.visits.line, w.visits.whole = line, whole }

const Visitors = visitors
