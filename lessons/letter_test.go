package lessons

import (
	"os"
	"strings"
	"testing"
)

// What is wrong is told with the file and the line where it was written.
func TestWordsAreFoundWhereTheyWereWritten(t *testing.T) {
	t.Parallel()
	l := load(t, nil).Courses[0].Lessons[0]
	layout, err := os.ReadFile("letters/layout.html")
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(layout), "Svara gärna")
	for _, c := range []struct {
		words, file string
		line        int
	}{
		{"https://brev.example/sida", "kaffe/01-forsta.md", 20},
		{"”Det är lugnt”, sa hon – för", "kaffe/01-forsta.md", 11},
		{"Ta fem minuter.", "kaffe/01-forsta.md", 5},
		{"Svara gärna på brevet. Det är en människa", "letters/layout.html", 1 + strings.Count(before, "\n")},
		{"Anna", "kaffe/01-forsta.md", 0},
		{"", "kaffe/01-forsta.md", 0},
		{"{{", "kaffe/01-forsta.md", 0},
	} {
		if file, line := l.Find(c.words); file != c.file || line != c.line {
			t.Errorf("%q: found at %s:%d, want %s:%d", c.words, file, line, c.file, c.line)
		}
	}
}
