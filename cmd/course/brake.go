package main

import (
	"errors"
	"fmt"
	"time"

	"fortsatt/course"
)

// brake is what hold and release are about.
type brake struct {
	Week       int    `xor:"what" placeholder:"N" help:"The lesson of this week."`
	Course     string `placeholder:"ID" help:"Course, where there are several."`
	Everything bool   `xor:"what" help:"All letters, confirm letters too."`
}

// scope is the brake in the ledger's words.
func (b brake) scope(p *parts) (string, error) {
	if b.Everything {
		return course.Everything, nil
	}
	if b.Week == 0 {
		return "", usage(errors.New("hold what? give --week N or --everything"), "")
	}
	c, ok := p.store.Course(b.Course)
	if !ok {
		return "", fmt.Errorf("%q: %w", b.Course, course.ErrNoCourse)
	}
	if letter := c.Letter(b.Week); letter != "" {
		return letter, nil
	}
	return "", fmt.Errorf("week %d of %s, which has %d: %w", b.Week, c.ID, len(c.Lessons), course.ErrNoWeek)
}

// open opens the parts and finds the scope.
func (b brake) open(a *app) (p *parts, scope string, err error) {
	if p, err = a.open(); err != nil {
		return nil, "", err
	}
	if scope, err = b.scope(p); err != nil {
		p.close()
	}
	return p, scope, err
}

type holdCommand struct {
	brake  `embed:""`
	Reason string `default:"held by an admin" placeholder:"TEXT" help:"Why, for those who ask."`
}

// Run stops what has not passed the mark. It is in force when this returns.
func (cmd holdCommand) Run(a *app) error {
	p, scope, err := cmd.open(a)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.store.Hold(a.ctx, time.Now(), scope, cmd.Reason); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s is held; nothing is lost, and course release lets it go\n", scope)
	return nil
}

type releaseCommand struct {
	brake `embed:""`
}

// Run lets go what was held.
func (cmd releaseCommand) Run(a *app) error {
	p, scope, err := cmd.open(a)
	if err != nil {
		return err
	}
	defer p.close()
	return p.letGo(a, scope)
}

type pauseCommand struct {
	Reason string `default:"paused by an admin" placeholder:"TEXT" help:"Why, for those who ask."`
}

// Run stops all planning and sending.
func (cmd pauseCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.store.Hold(a.ctx, time.Now(), course.Pause, cmd.Reason); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "all planning and sending is paused; course resume goes on with it")
	return nil
}

type resumeCommand struct{}

// Run goes on with planning and sending: one lesson for each reader, and then
// by the week.
func (resumeCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	return p.letGo(a, course.Pause)
}

func (p *parts) letGo(a *app, scope string) error {
	waiting, err := p.store.ReleaseHold(a.ctx, time.Now(), scope)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s is released; %d letters are ready to be sent\n", scope, waiting)
	return nil
}
