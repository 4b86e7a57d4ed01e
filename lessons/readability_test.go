package lessons

import (
	"strings"
	"testing"
)

// LIX is words in a sentence, and words of more than six letters in a hundred; each
// expectation is counted by hand.
func TestReadability(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text             string
		words, sentences, long int
		lix                    int
	}{
		{"nothing", "", 0, 0, 0, 0},
		{"two short sentences", "Vi går ut. Det regnar inte.", 6, 2, 0, 3},
		{"seven letters are long, six are not", "Regnar kvällar.", 2, 1, 1, 52},
		{"å, ä and ö are one letter each", "Åäöåäö. Åäöåäöå.", 2, 2, 1, 51},
		{"paragraphs end sentences", "Rubrik\n\nEn rad till", 4, 2, 0, 2},
		{"a line break does not", "En rad\ntill här", 4, 1, 0, 4},
		{"colons do", "Ta detta: ett papper!", 4, 2, 0, 2},
		{"a time of day is not one", "Klockan 16.40 gick hon hem.", 4, 1, 1, 29},
		{"quotes may follow", "”Kom nu!” sa hon.", 4, 2, 0, 2},
		{"addresses are not read", "Se mer (https://brev.example/en-lang-adress-till-artikeln) här.", 3, 1, 0, 3},
	} {
		r := readability(c.text)
		if r.Words != c.words || r.Sentences != c.sentences || r.Long != c.long || r.LIX != c.lix {
			t.Errorf("%s: got %+v, want %d words, %d sentences, %d long, LIX %d", c.name, r, c.words, c.sentences, c.long, c.lix)
		}
	}
}

func TestReadabilityInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lix  int
		says string
		hard bool
	}{
		{29, "very easy", false}, {30, "easy", false}, {39, "easy", false}, {40, "of middling", false},
		{49, "of middling", false}, {50, "hard", true}, {59, "hard", true}, {60, "very hard", true},
	} {
		r := Readability{LIX: c.lix, Words: 100, Sentences: 5, Long: 30}
		finding, hard := r.Finding()
		if !strings.HasPrefix(r.Says(), c.says) || hard != c.hard || finding.Fail || finding.Rule != "LIX" {
			t.Errorf("LIX %d: %q, %+v, %v, want %s…, advice, %v", c.lix, r.Says(), finding, hard, c.says, c.hard)
		}
	}
}

// The text alone is measured, without the layout, its fields and its addresses.
func TestALettersReadability(t *testing.T) {
	t.Parallel()
	l := lesson(t, "Hej{{if .Name}} {{.Name}}{{end}}! [Kom](https://brev.example/lang-adress) nu.")
	if want := (Readability{LIX: 2, Words: 3, Sentences: 2}); l.Readability != want {
		t.Errorf("got %+v, want %+v", l.Readability, want)
	}
}
