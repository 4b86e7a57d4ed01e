package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"fortsatt/course"
)

type importCommand struct {
	File    string   `arg:"" help:"CSV with email,name on each line, or email;name; a first line of headings is understood."`
	Consent string   `placeholder:"TEXT" help:"How consent was given. Without it, everyone is sent a confirm letter."`
	Lists   []string `default:"course,newsletter" enum:"course,newsletter" help:"What they get: course, newsletter or both."`
	Course  string   `placeholder:"ID" help:"Course, where there are several."`
}

// Run imports the good rows and tells the line of each bad one.
func (cmd importCommand) Run(a *app) error {
	file, err := os.Open(cmd.File)
	if err != nil {
		return usage(fmt.Errorf("import: %w", err), "")
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || info.IsDir() {
		return usage(fmt.Errorf("import: %s is no file", cmd.File), "")
	}
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	c, ok := p.store.Course(cmd.Course)
	if !ok {
		return fmt.Errorf("import into %q: %w", cmd.Course, course.ErrNoCourse)
	}
	wish := course.ImportWish{Consent: strings.TrimSpace(cmd.Consent), Newsletter: slices.Contains(cmd.Lists, "newsletter")}
	if slices.Contains(cmd.Lists, "course") {
		wish.Course = c.ID
	}
	return importPeople(a, p, newRows(file, cmd.File), wish)
}

// importPeople takes the file page by page, so that its size does not matter.
func importPeople(a *app, p *parts, rows *rows, wish course.ImportWish) error {
	var total course.Imported
	bad, tooMany := 0, false
	var page []course.Person
	flush := func() error {
		done, err := p.store.Import(a.ctx, time.Now(), page, wish)
		page = page[:0]
		total.Added, total.Changed = total.Added+done.Added, total.Changed+done.Changed
		total.Known, total.Suppressed = total.Known+done.Known, total.Suppressed+done.Suppressed
		return err
	}
	for {
		person, err := rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if fault := (badRow{}); errors.As(err, &fault) {
			bad++
			fmt.Fprintf(a.stderr, "course: %v\n", fault)
			continue
		}
		if errors.Is(err, errRows) {
			tooMany = true
			break
		}
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		if page = append(page, person); len(page) == course.ImportPage {
			if err := flush(); err != nil {
				return fmt.Errorf("%w; the rows before these are imported, and doing it again is safe", err)
			}
		}
	}
	if err := flush(); err != nil {
		return fmt.Errorf("%w; the rows before these are imported, and doing it again is safe", err)
	}
	fmt.Fprintf(a.stdout, "%d added, %d changed, %d known before, %d suppressed, %d twice in the file, %d bad rows\n",
		total.Added, total.Changed, total.Known, total.Suppressed, rows.twice, bad)
	if tooMany {
		return failure{exitFailed, fmt.Errorf("import: %s has more than %d rows; only those were read", rows.file, mostRows), "split the file, and import the other parts too"}
	}
	if bad > 0 {
		return failure{exitFailed, fmt.Errorf("%d bad rows left out, the others imported", bad), "mend them and import the file again: who is known already stays as they are"}
	}
	return nil
}
