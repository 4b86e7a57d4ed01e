package lessons

import (
	"strconv"
	"strings"
)

// A piece is fixed text, a hole for a reader's field, or a test of one.
type piece struct {
	text  string // fixed text, where field is empty
	field string
	test  bool // skip the next pieces when the field is empty
	skip  int
}

// facts are the fields known when a letter is compiled, such as the week.
type facts map[string][]piece

func factsOf(values map[string]string, escape func(string) string) facts {
	known := facts{}
	for field, value := range values {
		known[field] = nil
		if value != "" {
			known[field] = []piece{{text: escape(value)}}
		}
	}
	return known
}

// cut divides a rendered text at its marks. Fields known now are filled in;
// the others become holes.
func cut(rendered string, actions []action, known facts) []piece {
	var pieces []piece
	tests := map[int]int{} // action: its piece
	last, dropped := 0, -1 // dropped: the test whose contents fall away
	for _, at := range markForm.FindAllStringSubmatchIndex(rendered, -1) {
		fixed := rendered[last:at[0]]
		n, _ := strconv.Atoi(rendered[at[2]:at[3]])
		last = at[1]
		a := actions[n]
		if dropped >= 0 {
			if a.verb == closed && a.mate == dropped {
				dropped = -1
			}
			continue
		}
		pieces = appendFixed(pieces, fixed)
		fact, known := known[a.field]
		switch {
		case a.verb == put && known:
			pieces = append(pieces, fact...)
		case a.verb == put:
			pieces = append(pieces, piece{field: a.field})
		case a.verb == open && known && len(fact) == 0:
			dropped = n
		case a.verb == open && !known:
			tests[n] = len(pieces)
			pieces = append(pieces, piece{field: a.field, test: true})
		case a.verb == closed:
			if test, ok := tests[a.mate]; ok {
				pieces[test].skip = len(pieces) - test - 1
			}
		}
	}
	return appendFixed(pieces, rendered[last:])
}

func appendFixed(pieces []piece, text string) []piece {
	if text == "" {
		return pieces
	}
	return append(pieces, piece{text: text})
}

// join fills the holes.
func join(pieces []piece, f Fields, escape func(string) string) string {
	var b strings.Builder
	for i := 0; i < len(pieces); i++ {
		switch p := pieces[i]; {
		case p.field == "":
			b.WriteString(p.text)
		case !p.test:
			b.WriteString(escape(f.value(p.field)))
		case f.value(p.field) == "":
			i += p.skip
		}
	}
	return b.String()
}
