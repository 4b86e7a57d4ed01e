package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fortsatt/course"
	"fortsatt/worker"
)

type sendCommand struct {
	Week   int    `required:"" placeholder:"N" help:"Week whose lesson to send."`
	Course string `placeholder:"ID" help:"Course, where there are several."`
	All    bool   `xor:"whom" help:"Everyone in the course who has not had it, wherever they stand."`
	Early  bool   `help:"Also who had a lesson less than five days ago."`
	To     string `xor:"whom" placeholder:"ADDRESS" help:"Only this person."`
	Resend bool   `help:"With --to: a second copy, on purpose."`
	DryRun bool   `help:"Show who and how many, and stop there."`
	Yes    bool   `help:"Do not ask."`
	JSON   bool   `help:"Print the result as JSON."`
}

// Run plans the lesson for whom it is next, and works it until it is settled.
func (cmd sendCommand) Run(a *app) error {
	if cmd.Resend && cmd.To == "" {
		return usage(errors.New("--resend needs --to ADDRESS"), "")
	}
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	wish := course.SendRequest{Course: cmd.Course, Week: cmd.Week, All: cmd.All, Early: cmd.Early, To: cmd.To, Resend: cmd.Resend}
	preview, scope, err := p.store.PlanSend(a.ctx, time.Now(), wish, true)
	if err != nil {
		return err
	}
	if cmd.DryRun {
		return cmd.tell(a, p, outcome{Week: cmd.Week, Survey: preview, DryRun: true})
	}
	a.hush()
	sender, err := p.worker(a, nil)
	if err != nil {
		return err
	}
	if !cmd.Yes && preview.Planned+preview.Waiting > 0 && a.interactive() {
		fmt.Fprint(a.stderr, whom(cmd.Week, preview))
		if !a.confirm(fmt.Sprintf("Send week %d to %d?", cmd.Week, preview.Planned+preview.Waiting)) {
			return failure{exitFailed, errors.New("nothing was sent"), ""}
		}
	}
	return cmd.send(a, p, sender, wish, scope)
}

func (cmd sendCommand) send(a *app, p *parts, sender *worker.Worker, wish course.SendRequest, scope course.Scope) error {
	before, err := p.store.Tally(a.ctx, scope)
	if err != nil {
		return err
	}
	survey, _, err := p.store.PlanSend(a.ctx, time.Now(), wish, false)
	if err != nil {
		return err
	}
	tally, err := work(a, p, sender, scope, before, survey.Planned+survey.Waiting)
	if tally != nil {
		if err := cmd.tell(a, p, outcome{Week: cmd.Week, Survey: survey, Tally: tally}); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if open := tally["deferred"] + tally["uncertain"]; open > 0 {
		return failure{exitLater, nil, fmt.Sprintf("%d not settled; a worker goes on with them, or run it again later", open)}
	}
	if n := tally["parked"]; n > 0 {
		return failure{exitFailed, fmt.Errorf("%d letters are parked", n), "course status says why"}
	}
	return nil
}

// work sends a scope, with a progress bar, and returns what became of it, beside
// what had been before.
func work(a *app, p *parts, sender *worker.Worker, scope course.Scope, before map[string]int, total int) (map[string]int, error) {
	set, end := a.progress(total, "sending")
	err := sender.Work(a.ctx, scope, func(tally map[string]int) { set(settled(without(tally, before))) })
	end()
	tally, tallyErr := p.store.Tally(a.ctx, scope)
	if tallyErr != nil {
		return nil, errors.Join(err, tallyErr)
	}
	return without(tally, before), err
}

// without leaves what was settled before out of a tally.
func without(tally, before map[string]int) map[string]int {
	rest := maps.Clone(tally)
	for _, state := range []string{"accepted", "rejected", "cancelled"} {
		rest[state] -= before[state]
	}
	return rest
}

func settled(tally map[string]int) int {
	return tally["accepted"] + tally["rejected"] + tally["cancelled"] + tally["deferred"] + tally["uncertain"] + tally["parked"]
}

// outcome is what a send came to.
type outcome struct {
	Week   int
	Survey course.Survey
	Tally  map[string]int // nil in a dry run
	DryRun bool
}

func (cmd sendCommand) tell(a *app, p *parts, o outcome) error {
	if cmd.JSON {
		c, _ := p.store.Course(cmd.Course)
		return json.NewEncoder(a.stdout).Encode(o.json(c.ID))
	}
	if o.DryRun {
		fmt.Fprint(a.stdout, whom(o.Week, o.Survey))
		return nil
	}
	fmt.Fprintln(a.stdout, o.line())
	return nil
}

// line is the one line that a send ends with. What is never nothing stands
// first; the rest only where it is something.
func (o outcome) line() string {
	s := o.Survey
	parts := []string{
		fmt.Sprintf("%d accepted", o.Tally["accepted"]),
		fmt.Sprintf("%d deferred", o.Tally["deferred"]),
		fmt.Sprintf("%d rejected", o.Tally["rejected"]),
	}
	for _, state := range []string{"queued", "uncertain", "parked", "cancelled"} {
		if n := o.Tally[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return fmt.Sprintf("week %d: %s", o.Week, strings.Join(append(parts, left(o.Week, s)...), ", "))
}

// left says who is not sent to, and why.
func left(week int, s course.Survey) (parts []string) {
	if s.Suppressed+s.Paused > 0 {
		parts = append(parts, fmt.Sprintf("%d skipped (%d suppressed, %d paused)", s.Suppressed+s.Paused, s.Suppressed, s.Paused))
	}
	for _, group := range []struct {
		n    int
		what string
	}{
		{s.TooSoon, fmt.Sprintf("had a lesson less than %d days ago", course.MinGapDays)},
		{s.Had, "already had it"},
		{s.Past, "further on without it"},
		{s.NotYet, fmt.Sprintf("not yet at week %d", week)},
	} {
		if group.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", group.n, group.what))
		}
	}
	return parts
}

// whom says who and how many, by days since their last lesson.
func whom(week int, s course.Survey) string {
	var b strings.Builder
	fmt.Fprintf(&b, "week %d would go to %d", week, s.Planned+s.Waiting)
	if s.Waiting > 0 {
		fmt.Fprintf(&b, " (%d of them planned before)", s.Waiting)
	}
	b.WriteString("\n")
	for _, days := range slices.Sorted(maps.Keys(s.DaysSince)) {
		switch {
		case days < 0:
			fmt.Fprintf(&b, "  %6d have had no lesson yet\n", s.DaysSince[days])
		default:
			fmt.Fprintf(&b, "  %6d had their last lesson %d days ago\n", s.DaysSince[days], days)
		}
	}
	for _, part := range left(week, s) {
		fmt.Fprintf(&b, "  not sent: %s\n", part)
	}
	return b.String()
}

func (o outcome) json(courseID string) map[string]any {
	m := map[string]any{
		"week": o.Week, "course": courseID, "dry_run": o.DryRun,
		"planned": o.Survey.Planned, "waiting": o.Survey.Waiting,
		"skipped":  map[string]int{"suppressed": o.Survey.Suppressed, "paused": o.Survey.Paused},
		"too_soon": o.Survey.TooSoon, "already": o.Survey.Had, "past": o.Survey.Past, "not_yet": o.Survey.NotYet,
		"days_since": o.Survey.DaysSince,
	}
	if o.Tally != nil {
		for _, state := range []string{"accepted", "deferred", "rejected", "queued", "uncertain", "parked", "cancelled"} {
			m[state] = o.Tally[state]
		}
	}
	return m
}
