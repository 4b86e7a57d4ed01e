package main

import (
	"fmt"
	"net"
	"runtime/debug"

	"fortsatt/course"
)

type workerCommand struct{}

// tidiness lets the heap grow to five times what is in use, some few MiB, before
// it is swept: every letter, and every request, leaves a little behind.
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
	if w.Inbound, err = p.listenInbound(); err != nil {
		return err
	}
	debug.SetGCPercent(tidiness)
	a.log.Info("worker: started", "relays", len(p.relays), "connections", p.SMTPConnections)
	err = w.Run(a.ctx)
	a.log.Info("worker: stopped")
	return err
}

// listenInbound opens the door for returned mail; nil where none is asked for.
func (p *parts) listenInbound() (net.Listener, error) {
	if p.Inbound == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", p.Inbound)
	if err != nil {
		return nil, fmt.Errorf("take returned mail in at COURSE_INBOUND=%s: %w", p.Inbound, err)
	}
	return listener, nil
}
