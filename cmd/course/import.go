package main

import (
	"bufio"
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
		if fault := (badRow{}); errors.As(err, &fault) {
			bad++
			fmt.Fprintf(a.stderr, "course: %v\n", fault)
			continue
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
	if bad > 0 {
		return failure{exitFailed, fmt.Errorf("%d bad rows left out, the others imported", bad), "mend them and import the file again: who is known already stays as they are"}
	}
	return nil
}

// rows reads people from CSV. Each address comes once.
type rows struct {
	lines       *bufio.Reader
	comma       rune     // between cells
	ahead       []string // lines that were read and not yet taken
	line        int      // taken so far
	file        string
	first       bool
	email, name int // columns; name is -1 where there is none
	seen        map[course.Address]bool
	twice       int
}

func newRows(r io.Reader, file string) *rows {
	return &rows{lines: bufio.NewReader(r), comma: ',', file: file, first: true, name: 1, seen: map[course.Address]bool{}}
}

// badRow is what is wrong with a row; reading goes on after it.
type badRow struct {
	file string
	line int
	err  error
}

func (b badRow) Error() string { return fmt.Sprintf("%s:%d: %v", b.file, b.line, b.err) }

// next returns the next good row, a badRow, or io.EOF at the end.
func (r *rows) next() (course.Person, error) {
	for {
		line := r.line + 1
		record, err := r.record()
		if parse := new(csv.ParseError); errors.As(err, &parse) {
			return course.Person{}, badRow{r.file, line, parse.Err}
		}
		if err != nil {
			return course.Person{}, err
		}
		if len(record) == 0 || r.first && r.headings(record) {
			continue
		}
		r.first = false
		person, err := r.person(record)
		if err != nil {
			return person, badRow{r.file, line, err}
		}
		if r.seen[person.Address] {
			r.twice++
			continue
		}
		r.seen[person.Address] = true
		return person, nil
	}
}

// recordLines is how many lines a record may have, with line breaks in quotes.
const recordLines = 20

// record takes one record; none from an empty line. A quote that is never
// closed costs its own line only, not the rest of the file.
func (r *rows) record() ([]string, error) {
	var wrong error
	for n := 1; n <= recordLines; n++ {
		text, err := r.peek(n)
		if errors.Is(err, io.EOF) && n > 1 {
			break
		}
		if err != nil {
			return nil, err
		}
		c := csv.NewReader(strings.NewReader(text))
		c.Comma = r.comma
		record, err := c.Read()
		if err == nil || errors.Is(err, io.EOF) {
			r.take(n)
			return record, nil
		}
		if wrong == nil {
			wrong = err
		}
	}
	r.take(1)
	return nil, wrong
}

// peek returns the next n lines, io.EOF where there are not so many.
func (r *rows) peek(n int) (string, error) {
	for len(r.ahead) < n {
		line, err := r.lines.ReadString('\n')
		if line == "" {
			return "", err
		}
		if r.line == 0 && len(r.ahead) == 0 {
			line = strings.TrimPrefix(line, "\ufeff") // spreadsheets begin with a byte order mark
			if strings.Contains(line, ";") && !strings.Contains(line, ",") {
				r.comma = ';' // as they write it where the comma is in numbers
			}
		}
		r.ahead = append(r.ahead, line)
	}
	return strings.Join(r.ahead[:n], ""), nil
}

func (r *rows) take(n int) {
	r.ahead = r.ahead[n:]
	r.line += n
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
