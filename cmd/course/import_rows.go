package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"fortsatt/course"
)

// rows reads people from CSV. Each address comes once.
type rows struct {
	lines       *bufio.Reader
	comma       rune     // between cells
	ahead       []string // lines that were read and not yet taken
	line        int      // taken so far
	count       int      // rows taken so far
	file        string
	first       bool
	email, name int // columns; name is -1 where there is none
	seen        map[course.Address]bool
	twice       int
}

func newRows(r io.Reader, file string) *rows {
	return &rows{lines: bufio.NewReaderSize(r, longestRow), comma: ',', file: file, first: true, name: 1, seen: map[course.Address]bool{}}
}

// What one import takes: every address of it is kept in mind, to know it again.
const (
	mostRows   = 1_000_000
	longestRow = 64 << 10 // octets
)

var (
	errRows = errors.New("too many rows")
	errLong = fmt.Errorf("a line of more than %d kB", longestRow>>10)
)

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
		if r.count++; r.count > mostRows && !errors.Is(err, io.EOF) {
			return course.Person{}, errRows
		}
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
		if text == tooLong {
			r.take(1)
			return nil, &csv.ParseError{Err: errLong}
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
		line, err := r.readLine()
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

// tooLong stands in for a line that is: no text of a file can be one.
const tooLong = "\x00\x00"

func (r *rows) readLine() (string, error) {
	octets, err := r.lines.ReadSlice('\n')
	line := string(octets)
	for errors.Is(err, bufio.ErrBufferFull) {
		line = tooLong
		_, err = r.lines.ReadSlice('\n')
	}
	return line, err
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
