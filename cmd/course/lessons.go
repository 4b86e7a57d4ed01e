package main

import (
	"fmt"
	"os"
	"time"

	"fortsatt/course"
	"fortsatt/lessons"
)

type previewCommand struct {
	Week   int    `required:"" placeholder:"N" help:"Week of the lesson."`
	Course string `placeholder:"ID" help:"Course, where there are several."`
	HTML   string `placeholder:"FILE" help:"Write the HTML part to this file."`
}

// Run shows a lesson as a reader named Anna gets it. It needs no database.
func (cmd previewCommand) Run(a *app) error {
	c, err := readConfig()
	if err != nil {
		return err
	}
	library, err := readLibrary(c)
	if err != nil {
		return err
	}
	known, err := pick(courses(library, c.Pace), cmd.Course)
	if err != nil {
		return err
	}
	if known.Letter(cmd.Week) == "" {
		return fmt.Errorf("preview week %d of %s, which has %d: %w", cmd.Week, known.ID, len(known.Lessons), course.ErrNoWeek)
	}
	links := course.Links{Base: c.BaseURL}
	fields := lessons.Fields{Name: "Anna", UnsubscribeURL: links.Unsubscribe("exempel"), PrivacyURL: links.Privacy()}
	letter := library.Course(known.ID).Lessons[cmd.Week-1]
	fields.WebURL = links.Letter(known.ID, letter.ID)
	if cmd.Week < len(known.Lessons) {
		fields.NextDate = lessons.Date(known.Rhythm.Next(time.Now()).In(known.Rhythm.Zone))
	}
	rendered := letter.Render(fields)
	if cmd.HTML != "" {
		if err := os.WriteFile(cmd.HTML, []byte(rendered.HTML), 0o644); err != nil {
			return fmt.Errorf("preview week %d: %w", cmd.Week, err)
		}
		return nil
	}
	fmt.Fprintf(a.stdout, "Subject: %s\nPreheader: %s\n\n%s", rendered.Subject, letter.Preheader, rendered.Text)
	return nil
}

func pick(all []course.Course, id string) (course.Course, error) {
	for _, c := range all {
		if id == "" || c.ID == id {
			return c, nil
		}
	}
	return course.Course{}, fmt.Errorf("%q: %w", id, course.ErrNoCourse)
}

type testCommand struct {
	Week   int    `required:"" placeholder:"N" help:"Week of the lesson."`
	To     string `required:"" placeholder:"ADDRESS" help:"Who gets it."`
	Course string `placeholder:"ID" help:"Course, where there are several."`
}

// Run sends a lesson as real bytes through the real relay, in no count of readers.
func (cmd testCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	a.hush()
	sender, err := p.worker(a, nil)
	if err != nil {
		return err
	}
	scope, err := p.store.PlanTest(a.ctx, time.Now(), cmd.Course, cmd.Week, cmd.To)
	if err != nil {
		return err
	}
	if _, err := work(a, p, sender, scope, nil, 1); err != nil {
		return err
	}
	state, err := cmd.state(a, p, scope)
	if err != nil {
		return err
	}
	if state != "accepted" {
		code := exitFailed
		if state == "deferred" || state == "uncertain" {
			code = exitLater
		}
		return failure{code, fmt.Errorf("the test to %s was not accepted: %s", cmd.To, state), "course subscribers show " + cmd.To}
	}
	fmt.Fprintf(a.stdout, "week %d: a test to %s was accepted by the relay\n", cmd.Week, cmd.To)
	return nil
}

// state is what became of the newest test.
func (cmd testCommand) state(a *app, p *parts, scope course.Scope) (state string, err error) {
	profile, err := p.store.Show(a.ctx, cmd.To)
	copies := 0
	for _, d := range profile.Deliveries {
		if d.Letter == scope.Letter && d.Copy >= copies {
			copies, state = d.Copy, d.State
		}
	}
	return state, err
}
