package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"fortsatt/course"
)

type showCommand struct {
	Address string `arg:"" help:"Whom to show."`
	JSON    bool   `help:"Print it as JSON."`
}

// Run shows a subscriber's progress.
func (cmd showCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	profile, err := p.store.Show(a.ctx, cmd.Address)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return writeJSON(a.stdout, profile)
	}
	tellProfile(a.stdout, p, profile)
	return nil
}

func tellProfile(w io.Writer, p *parts, profile course.Profile) {
	fmt.Fprintf(w, "%s: %s", profile.Email, profile.State)
	if profile.Name != "" {
		fmt.Fprintf(w, ", %s", profile.Name)
	}
	if profile.Newsletter {
		fmt.Fprint(w, ", newsletter")
	}
	if profile.Suppressed != nil {
		fmt.Fprintf(w, ", suppressed (%s)", *profile.Suppressed)
	}
	fmt.Fprintln(w)
	for _, e := range profile.Enrolments {
		fmt.Fprintf(w, "course %s: %s\n", e.Course, place(p, e))
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, d := range profile.Deliveries {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", d.Letter, d.State, p.moment(*lastTime(d)))
		for _, r := range d.Returned {
			fmt.Fprintf(table, "    %s\t%s\t%s  %s\n", how(r), r.Judged, p.moment(r.At), r.Diagnostic)
		}
	}
	table.Flush()
}

func how(r course.Returned) string {
	if r.Via == "relay" {
		return "refused"
	}
	return "came back"
}

// place says where a reader is in a course, and what comes next.
func place(p *parts, e course.Enrolment) string {
	c, known := p.store.Course(e.Course)
	line := e.State
	if known {
		line += fmt.Sprintf(", %d of %d lessons", e.Position, len(c.Lessons))
	}
	if known && e.NextDueAt != nil && e.Position < len(c.Lessons) {
		line += fmt.Sprintf("; next week %d, %q, due %s", e.Position+1, c.Lessons[e.Position].Title, p.moment(*e.NextDueAt))
	}
	return line
}

// lastTime is when a delivery came to the state that it is in, or will go on.
func lastTime(d course.Delivery) *time.Time {
	for _, t := range []*time.Time{d.SettledAt, d.ReadyAt, d.MarkedAt} {
		if t != nil {
			return t
		}
	}
	return &d.DueAt
}

// moment writes a time as people in the course's zone read it.
func (p *parts) moment(t time.Time) string {
	return t.In(p.zone()).Format("Mon 2 January 2006 15:04:05 MST")
}

func (p *parts) zone() *time.Location {
	if c, ok := p.store.Course(""); ok {
		return c.Rhythm.Zone
	}
	return time.Local
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
