package main

import "fortsatt/course"

type workerCommand struct{}

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
	a.log.Info("worker: started", "relays", len(p.relays), "connections", p.SMTPConnections)
	err = w.Run(a.ctx)
	a.log.Info("worker: stopped")
	return err
}
