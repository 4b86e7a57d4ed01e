package main

import (
	"runtime/debug"

	"fortsatt/course"
)

type workerCommand struct{}

// tidiness lets the heap grow to five times what is in use, some few MiB, before
// it is swept: every letter leaves a little behind.
const tidiness = 400

// Run plans and sends until it is told to stop.
func (workerCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	hints, err := course.Listen(a.ctx, p.directDSN())
	if err != nil {
		return err
	}
	w, err := p.worker(a, hints)
	if err != nil {
		return err
	}
	debug.SetGCPercent(tidiness)
	a.log.Info("worker: started", "relays", len(p.relays), "connections", p.SMTPConnections)
	err = w.Run(a.ctx)
	a.log.Info("worker: stopped")
	return err
}
