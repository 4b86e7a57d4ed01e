package lessons

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The field language: {{.Name}}, and {{if .Name}} … {{end}}, which drops what
// it encloses when the field is empty. It looks like Go's templates, but is
// scanned here, so that nothing beyond these three forms can ever be run.
var (
	actionForm = regexp.MustCompile(`^ ?(?:\.(\w+)|if \.(\w+)|(end)) ?$`)
	markForm   = regexp.MustCompile(markStem + `(\d+)q7`)
)

// While a text passes through Markdown, each action is stood in for by a mark:
// letters and digits, which Markdown, URLs and HTML all leave as they are.
const markStem = "q7hole"

func mark(n int) string { return markStem + strconv.Itoa(n) + "q7" }

type verb int

const (
	put    verb = iota // {{.Field}}
	open               // {{if .Field}}
	closed             // {{end}}
)

type action struct {
	verb  verb
	field string
	line  int
	mate  int // of open: the index of its end; of closed: of its open
}

// A marked text is a source whose actions have been replaced by marks.
type marked struct {
	file    string
	line    int // where the text begins in its file
	text    string
	actions []action
}

// punch replaces the actions of a text by marks, and finds fault with
// everything in double braces that is not a known field or a test for one.
func punch(file string, line int, text string, known []string) (marked, faults) {
	m := marked{file: file, line: line}
	var wrong faults
	if at := strings.Index(text, markStem); at >= 0 {
		wrong.add(file, line+linesBefore(text, at), "the letters %q are kept for the program; write something else", markStem)
		return m, wrong
	}
	var out strings.Builder
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "{{")
		start := len(text) - len(rest)
		if at := strings.Index(before, "}}"); at >= 0 {
			wrong.add(file, line+linesBefore(text, start+at), "}} without {{ before it (between two braces of CSS, put a space)")
		}
		out.WriteString(before)
		if !found {
			break
		}
		at := line + linesBefore(text, start+len(before))
		inside, behind, ended := strings.Cut(after, "}}")
		if !ended || strings.ContainsAny(inside, "{\n") {
			wrong.add(file, at, "{{ without }} after it on the same line")
			rest = after
			continue
		}
		a, problem := readAction(inside, known)
		if problem != "" {
			wrong.add(file, at, "%s", problem)
		}
		a.line = at
		out.WriteString(mark(len(m.actions)))
		m.actions = append(m.actions, a)
		rest = behind
	}
	m.text = out.String()
	return m, append(wrong, m.pair()...)
}

// pair tells every {{if}} its {{end}}, and the other way round.
func (m *marked) pair() (wrong faults) {
	var unclosed []int
	for n, a := range m.actions {
		switch {
		case a.verb == open:
			unclosed = append(unclosed, n)
		case a.verb == closed && len(unclosed) == 0:
			wrong.add(m.file, a.line, "{{end}} without {{if}} before it")
		case a.verb == closed:
			mate := unclosed[len(unclosed)-1]
			unclosed = unclosed[:len(unclosed)-1]
			m.actions[n].mate, m.actions[mate].mate = mate, n
		}
	}
	for _, n := range unclosed {
		wrong.add(m.file, m.actions[n].line, "{{if .%s}} without {{end}} after it", m.actions[n].field)
	}
	return wrong
}

func readAction(inside string, known []string) (a action, problem string) {
	form := actionForm.FindStringSubmatch(inside)
	switch {
	case form == nil:
		return a, fmt.Sprintf("{{%s}} is not understood; write {{.Field}} or {{if .Field}} … {{end}}", inside)
	case form[3] != "":
		return action{verb: closed}, ""
	case form[2] != "":
		a = action{verb: open, field: form[2]}
	default:
		a = action{verb: put, field: form[1]}
	}
	if len(known) == 0 {
		return a, fmt.Sprintf("{{.%s}}: this text has no fields", a.field)
	}
	if !slices.Contains(known, a.field) {
		return a, fmt.Sprintf("unknown field {{.%s}} (known: %s)", a.field, strings.Join(known, ", "))
	}
	return a, ""
}

func linesBefore(text string, offset int) int {
	return strings.Count(text[:max(0, min(offset, len(text)))], "\n")
}

func actionOf(mark string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(mark, markStem), "q7"))
	return n
}

// forged says whether a rendering holds a mark that punch did not make: out of
// letters that stood apart in the source, Markdown may put one together.
func (m marked) forged(rendered string) bool {
	seen := map[int]bool{}
	for _, found := range markForm.FindAllString(rendered, -1) {
		n := actionOf(found)
		if n >= len(m.actions) || m.actions[n].verb != put && seen[n] {
			return true
		}
		seen[n] = true
	}
	return false
}
