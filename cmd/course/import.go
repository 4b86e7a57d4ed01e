package main

import (
	"encoding/csv"
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
	File    string   `arg:"" type:"existingfile" help:"CSV with email,name on each line; a first line of headings is understood."`
	Consent string   `placeholder:"TEXT" help:"How consent was given. Without it, everyone is sent a confirm letter."`
	Lists   []string `default:"course,newsletter" enum:"course,newsletter" help:"What they get: course, newsletter or both."`
	Course  string   `placeholder:"ID" help:"Course, where there are several."`
}

// Run imports the good rows and tells the line of each bad one.
func (cmd importCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	c, ok := p.store.Course(cmd.Course)
	if !ok {
		return fmt.Errorf("import into %q: %w", cmd.Course, course.ErrNoCourse)
	}
	file, err := os.Open(cmd.File)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer file.Close()
	wish := course.ImportWish{Consent: strings.TrimSpace(cmd.Consent), Newsletter: slices.Contains(cmd.Lists, "newsletter")}
	if slices.Contains(cmd.Lists, "course") {
		wish.Course = c.ID
	}
	return importPeople(a, p, newRows(file, cmd.File), wish)
}

// importPeople takes the file page by page, so that its size does not matter.
func importPeople(a *app, p *parts, rows *rows, wish course.ImportWish) error {
	var total course.Imported
	bad := 0
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
		if err != nil {
			bad++
			fmt.Fprintf(a.stderr, "course: %v\n", err)
			continue
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
	if bad > 0 {
		return failure{exitFailed, fmt.Errorf("%d bad rows left out, the others imported", bad), "mend them and import the file again: who is known already stays as they are"}
	}
	return nil
}

// rows reads people from CSV. Each address comes once.
type rows struct {
	csv         *csv.Reader
	file        string
	first       bool
	email, name int // columns; name is -1 where there is none
	seen        map[course.Address]bool
	twice       int
}

func newRows(r io.Reader, file string) *rows {
	c := csv.NewReader(r)
	c.FieldsPerRecord = -1
	c.ReuseRecord = true
	return &rows{csv: c, file: file, first: true, name: 1, seen: map[course.Address]bool{}}
}

// next returns the next good row, io.EOF at the end, or what is wrong with a
// row; reading goes on after it.
func (r *rows) next() (course.Person, error) {
	for {
		record, err := r.csv.Read()
		if parse := new(csv.ParseError); errors.As(err, &parse) {
			return course.Person{}, fmt.Errorf("%s:%d: %w", r.file, parse.Line, parse.Err)
		}
		if err != nil {
			return course.Person{}, err
		}
		line, _ := r.csv.FieldPos(0)
		record[0] = strings.TrimPrefix(record[0], "\ufeff")
		if r.first && r.headings(record) {
			continue
		}
		r.first = false
		person, err := r.person(record)
		if err != nil {
			return person, fmt.Errorf("%s:%d: %w", r.file, line, err)
		}
		if r.seen[person.Address] {
			r.twice++
			continue
		}
		r.seen[person.Address] = true
		return person, nil
	}
}

// headings takes a first line that names its columns.
func (r *rows) headings(record []string) bool {
	r.first = false
	email, name := -1, -1
	for i, cell := range record {
		switch strings.ToLower(strings.TrimSpace(cell)) {
		case "email":
			email = i
		case "name":
			name = i
		}
	}
	if email < 0 {
		return false
	}
	r.email, r.name = email, name
	return true
}

func (r *rows) person(record []string) (course.Person, error) {
	if r.email >= len(record) {
		return course.Person{}, errors.New("no email in this row")
	}
	typed := active(strings.TrimSpace(record[r.email]))
	address, err := course.ParseAddress(typed)
	if err != nil {
		return course.Person{}, fmt.Errorf("%q: %w", typed, err)
	}
	name := ""
	if r.name >= 0 && r.name < len(record) {
		name = active(strings.TrimSpace(record[r.name]))
	}
	clean, err := course.CleanName(name)
	if err != nil {
		return course.Person{}, fmt.Errorf("%q: %w", name, err)
	}
	return course.Person{Address: address, Name: clean}, nil
}
