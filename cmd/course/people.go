package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"fortsatt/course"
)

type listCommand struct{}

// Run lists everyone, a line for each and course.
func (listCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	err = p.store.List(a.ctx, func(l course.Listed) error {
		fmt.Fprintf(table, "%s\t%s\t%s\n", l.Email, l.State, p.whereabouts(l))
		return nil
	})
	table.Flush()
	return err
}

func (p *parts) whereabouts(l course.Listed) string {
	var parts []string
	if l.Course != nil {
		parts = append(parts, fmt.Sprintf("%s: %s, %d lessons", *l.Course, *l.Enrolment, *l.Position))
	}
	if l.NextDueAt != nil {
		parts = append(parts, "next "+p.moment(*l.NextDueAt))
	}
	if l.Suppressed != nil {
		parts = append(parts, "suppressed: "+*l.Suppressed)
	}
	return strings.Join(parts, "; ")
}

type exportCommand struct {
	Address  string `arg:"" optional:"" help:"Only this person: everything held about them, as JSON."`
	Readable bool   `help:"As text that the person can be sent, in the words of the lessons directory."`
}

// Run exports everyone as CSV, or one person whole as JSON or text.
func (cmd exportCommand) Run(a *app) error {
	if cmd.Readable && cmd.Address == "" {
		return usage(errors.New("--readable needs an ADDRESS"), "course subscribers export --help")
	}
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	if cmd.Address != "" {
		dossier, err := p.store.Dossier(a.ctx, cmd.Address)
		if err != nil {
			return err
		}
		if cmd.Readable {
			return writeReadable(a.stdout, dossier, p.library.Pages.Export, p.zone())
		}
		return writeJSON(a.stdout, dossier)
	}
	w := csv.NewWriter(a.stdout)
	w.Write([]string{"email", "name", "state", "suppressed", "newsletter", "created_at", "confirmed_at", "course", "enrolment", "position", "next_due_at"})
	err = p.store.List(a.ctx, func(l course.Listed) error { return w.Write(exported(l)) })
	w.Flush()
	if err == nil {
		err = w.Error()
	}
	return err
}

func exported(l course.Listed) []string {
	position := ""
	if l.Position != nil {
		position = strconv.Itoa(*l.Position)
	}
	return []string{
		inert(l.Email), inert(l.Name), l.State, deref(l.Suppressed), strconv.FormatBool(l.Newsletter),
		l.CreatedAt.UTC().Format(time.RFC3339), stamp(l.ConfirmedAt),
		deref(l.Course), deref(l.Enrolment), position, stamp(l.NextDueAt),
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// A spreadsheet runs a cell that begins like a formula, some also in full width.
// inert puts an apostrophe before it, and active takes that away again at
// import. A cell that had apostrophes before gets one more, and loses that one.
const formula = "=+-@\t\r\n＝＋－＠"

func inert(cell string) string {
	if isFormula(strings.TrimLeft(cell, "'")) {
		return "'" + cell
	}
	return cell
}

func active(cell string) string {
	if rest, quoted := strings.CutPrefix(cell, "'"); quoted && isFormula(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return cell
}

func isFormula(cell string) bool { return strings.IndexAny(cell, formula) == 0 }

type unsubscribeCommand struct {
	Address string `arg:"" help:"Who wants no more letters."`
}

// Run ends everything a person gets.
func (cmd unsubscribeCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.store.UnsubscribeAddress(a.ctx, time.Now(), cmd.Address); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s gets no more letters\n", cmd.Address)
	return nil
}
