package worker

import "time"

// Break makes every letter of a version panic when it is rendered.
func (w *Worker) Break(version []byte) { w.texts.byHash = map[string]*prepared{string(version): nil} }

// Hurry shortens how long a visitor may take for a line, and for everything.
func (w *Worker) Hurry(line, whole time.Duration) { w.visits.line, w.visits.whole = line, whole }

const Visitors = visitors
