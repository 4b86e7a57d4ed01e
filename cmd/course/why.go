package main

import (
	"fmt"
	"time"
)

type whyCommand struct {
	Address string `arg:"" help:"Whose letter."`
	Week    int    `required:"" placeholder:"N" help:"Week of the lesson."`
	Course  string `placeholder:"ID" help:"Course, where there are several."`
}

// Run tells in plain words what became of a lesson.
func (cmd whyCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	lines, err := p.store.Why(a.ctx, time.Now(), cmd.Address, cmd.Course, cmd.Week)
	if err != nil {
		return err
	}
	for _, line := range lines {
		fmt.Fprintf(a.stdout, "week %d: %s\n", cmd.Week, line)
	}
	return nil
}
