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

// fuse makes one of the fixed texts that stand side by side for every reader.
func fuse(pieces []piece) (fused []piece) {
	for i, p := range pieces {
		last := len(fused) - 1
		switch {
		case p.test:
			end := i + 1 + p.skip
			inside := fuse(pieces[i+1 : end])
			p.skip = len(inside)
			fused = append(append(fused, p), inside...)
			return append(fused, fuse(pieces[end:])...)
		case p.field == "" && last >= 0 && fused[last].field == "":
			fused[last].text += p.text
		default:
			fused = append(fused, p)
		}
	}
	return fused
}

// encoded prepares the fixed texts; where a piece is not fixed, P is zero.
func encoded[P any](pieces []piece, encode func(string) P) []P {
	fixed := make([]P, len(pieces))
	for i, p := range pieces {
		if p.field == "" {
			fixed[i] = encode(p.text)
		}
	}
	return fixed
}

// fill picks what a reader gets: it decides the tests, and encodes the fields.
func fill[P any](pieces []piece, fixed []P, f Fields, encode func(string) P) []P {
	filled := make([]P, 0, len(pieces))
	for i := 0; i < len(pieces); i++ {
		switch p := pieces[i]; {
		case p.field == "":
			filled = append(filled, fixed[i])
		case !p.test:
			filled = append(filled, encode(f.value(p.field)))
		case f.value(p.field) == "":
			i += p.skip
		}
	}
	return filled
}

// join is for those who want the whole, and only once.
func join(pieces []piece, f Fields, escape func(string) string) string {
	return strings.Join(fill(pieces, encoded(pieces, asIs), f, escape), "")
}
