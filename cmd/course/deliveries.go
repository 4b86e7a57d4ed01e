package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"fortsatt/course"
)

type deliveriesListCommand struct {
	State string `placeholder:"STATE" help:"Only letters in this state; without it those that are parked, uncertain or deferred."`
	JSON  bool   `help:"Print them as JSON."`
}

// Run lists single letters, those in trouble unless asked for others.
func (cmd deliveriesListCommand) Run(a *app) error {
	if cmd.State != "" && !slices.Contains(course.States, cmd.State) {
		return usage(fmt.Errorf("--state %s: no such state; there are %s", cmd.State, strings.Join(course.States, ", ")), "")
	}
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	out := bufio.NewWriter(a.stdout)
	if cmd.JSON {
		err = cmd.asJSON(a, p, out)
	} else {
		err = cmd.asTable(a, p, out)
	}
	return cmp.Or(err, out.Flush())
}

// tablePage is how many rows stand aligned with each other: a table need not be
// known to its end before its beginning is shown.
const tablePage = 1000

func (cmd deliveriesListCommand) asTable(a *app, p *parts, w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows := 0
	err := p.store.ListDeliveries(a.ctx, cmd.State, func(d course.ListedDelivery) error {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, copied(d), whose(d), state(d), p.moment(d.Since), onOneLine(d.Reason))
		if rows++; rows%tablePage == 0 {
			return table.Flush()
		}
		return nil
	})
	return cmp.Or(err, table.Flush())
}

// asJSON prints a list of objects, a line each.
func (cmd deliveriesListCommand) asJSON(a *app, p *parts, w io.Writer) error {
	object := json.NewEncoder(w)
	object.SetEscapeHTML(false)
	before := "["
	err := p.store.ListDeliveries(a.ctx, cmd.State, func(d course.ListedDelivery) error {
		fmt.Fprint(w, before)
		before = ","
		return object.Encode(d)
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(w, strings.TrimPrefix(before, ",")+"]")
	return nil
}

func copied(d course.ListedDelivery) string {
	if d.Copy == 0 {
		return d.Letter
	}
	return fmt.Sprintf("%s (copy %d)", d.Letter, d.Copy+1)
}

func whose(d course.ListedDelivery) string { return cmp.Or(d.Email, "(erased)") }

func state(d course.ListedDelivery) string {
	if d.Held && (d.State == "queued" || d.State == "deferred") {
		return d.State + ", held"
	}
	return d.State
}

// onOneLine keeps a text within its cell of a table.
func onOneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

type retryCommand struct {
	ID string `arg:"" help:"A letter, as course deliveries list names it."`
}

// Run makes a parked or deferred letter ready at once.
func (cmd retryCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	d, changed, err := p.store.Retry(a.ctx, time.Now(), cmd.ID)
	if err != nil {
		return refused(err)
	}
	fmt.Fprintf(a.stdout, "%s to %s: %s%s\n", copied(d), whose(d), d.State, prospect(d, changed))
	return nil
}

// prospect says what comes of a letter that was retried.
func prospect(d course.ListedDelivery, changed bool) string {
	line := " already, nothing was changed"
	if changed {
		line = ", ready at once"
	}
	if d.Held {
		line += "; held, it waits for course release or resume"
	}
	if d.Doubts > 0 {
		line += "; an earlier copy may have arrived"
	}
	return line
}

// refused adds how to mend what Retry and Cancel refuse.
func refused(err error) error {
	for _, r := range []struct {
		is   error
		hint string
	}{
		{course.ErrNoDelivery, "course deliveries list"},
		{course.ErrMayHaveArrived, "after the quarantine a worker decides by itself; to end it now: course deliveries cancel ID"},
		{course.ErrBeingSent, "look again when the relay has answered: course deliveries list --state sending"},
		{course.ErrSettled, "it stays so; a further copy of a lesson, on purpose: course send --week N --to ADDRESS --resend"},
	} {
		if errors.Is(err, r.is) {
			return failure{exitFailed, err, r.hint}
		}
	}
	return err
}

type cancelCommand struct {
	ID string `arg:"" help:"A letter, as course deliveries list names it."`
}

// Run ends one letter, and tells how its reader's course goes on.
func (cmd cancelCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	d, changed, err := p.store.Cancel(a.ctx, time.Now(), cmd.ID)
	if err != nil {
		return refused(err)
	}
	done := "cancelled"
	if !changed {
		done = "cancelled already, nothing was changed"
	}
	fmt.Fprintf(a.stdout, "%s to %s: %s\n", copied(d), whose(d), done)
	return p.tellOnward(a, d)
}

// tellOnward tells of the course that a letter belonged to.
func (p *parts) tellOnward(a *app, d course.ListedDelivery) error {
	if d.Email == "" {
		return nil
	}
	profile, err := p.store.Show(a.ctx, d.Email)
	if err != nil {
		return err
	}
	for _, e := range profile.Enrolments {
		if c, ok := p.store.Course(e.Course); ok && c.Week(d.Letter) > 0 {
			fmt.Fprintf(a.stdout, "course %s: %s\n", e.Course, place(p, e))
		}
	}
	return nil
}
