package worker

// Break makes every letter of a version panic when it is rendered.
func (w *Worker) Break(version []byte) { w.texts.byHash = map[string]*prepared{string(version): nil} }
