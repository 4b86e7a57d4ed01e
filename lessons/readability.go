package lessons

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Readability is how easily a text is read, by Björnsson's LIX (1968): words in a
// sentence, and how many words in a hundred have more than six letters.
type Readability struct {
	LIX       int
	Words     int
	Sentences int
	Long      int // words of more than six letters
}

// hardLIX is where texts begin that only trained readers read with ease.
const hardLIX = 50

// Says is the usual band, in words.
func (r Readability) Says() string {
	switch {
	case r.LIX < 30:
		return "very easy to read, as a children's book"
	case r.LIX < 40:
		return "easy to read, as fiction or a weekly"
	case r.LIX < 50:
		return "of middling difficulty, as a newspaper"
	case r.LIX < 60:
		return "hard to read, as an official text"
	}
	return "very hard to read, as a thesis"
}

// Finding is advice on a text that is hard to read.
func (r Readability) Finding() (f Finding, hard bool) {
	text := fmt.Sprintf("LIX %d: %s; shorten sentences (%d words in each), and choose shorter words (%d of %d have more than six letters)",
		r.LIX, r.Says(), r.Words/max(1, r.Sentences), r.Long, r.Words)
	return Finding{Rule: "LIX", Text: text}, r.LIX >= hardLIX
}

var (
	lixWord     = regexp.MustCompile(`\pL+(?:[-’']\pL+)*`)
	sentenceEnd = regexp.MustCompile(`[.!?:]+(?:\s|[”’)]|$)|\n\s*\n`)
)

// readability measures plain text: a sentence ends at a full stop, a colon, a question
// or exclamation mark, or where the paragraph ends.
func readability(text string) (r Readability) {
	text = webAddress.ReplaceAllString(text, "")
	for _, sentence := range sentenceEnd.Split(text, -1) {
		words := lixWord.FindAllString(sentence, -1)
		if len(words) == 0 {
			continue
		}
		r.Sentences++
		r.Words += len(words)
		for _, w := range words {
			if utf8.RuneCountInString(strings.ReplaceAll(w, "-", "")) > 6 {
				r.Long++
			}
		}
	}
	if r.Words > 0 {
		r.LIX = int(math.Round(float64(r.Words)/float64(r.Sentences) + 100*float64(r.Long)/float64(r.Words)))
	}
	return r
}
