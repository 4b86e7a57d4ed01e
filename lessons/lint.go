package lessons

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Finding is one thing wrong with a letter, by the number that the rule has in our notes.
type Finding struct {
	Rule string // "E16", or "LIX"
	Fail bool   // never send it; otherwise advice
	Text string // what is wrong, and how to mend it
	At   string // the words or the address it is about, as they stand in the letter; "" where it is about the whole
}

// Rules are what the rules need to know beside the letter.
type Rules struct {
	Base      string    // the site's address; plain http on loopback only
	Hosts     []string  // other hosts that the letter may lead to
	Service   bool      // it belongs to no list that could be left
	Typed     bool      // anyone may have typed the address: nothing from a form may stand in it
	Publisher Publisher // who must be named
	Fields    Fields    // what filled the letter; Name as it stands in the ledger
	Reader    string    // the reader's address, which may stand in no URL

	// Nameless is the same letter to somebody without a name: what a name brought can
	// be told from what stands there anyway. Without it, E23 is not looked at.
	Nameless *Rendered
}

// Rules are those for this letter at a site, filled with these fields for a reader.
func (l *Letter) Rules(base, reader string, f Fields) Rules {
	nameless := f
	nameless.Name = ""
	plain := l.Render(nameless)
	return Rules{
		Base: base, Hosts: l.around.Hosts, Service: l.around.Kind != lessonLetter,
		Typed: !slices.Contains(letterFields[l.around.Kind], "Name"), Publisher: l.around.Publisher,
		Fields: f, Reader: reader, Nameless: &plain,
	}
}

// Lint holds a letter, as it is to be sent, against the rules on what it says and how
// it looks; those on its bytes are mailer's. Failures come first.
func Lint(r Rendered, rules Rules) []Finding {
	doc, err := html.Parse(strings.NewReader(r.HTML))
	if err != nil { // of a reader only, and a string has none
		return []Finding{{Rule: "E19", Fail: true, Text: fmt.Sprintf("the HTML cannot be read: %s", err)}}
	}
	i := &inspection{Rendered: r, Rules: rules, doc: doc, sheet: sheetOf(doc)}
	i.seen = visible(doc, i.sheet)
	i.links = linksIn(doc, i.sheet)
	for _, rule := range rulebook {
		i.rule = rule.name
		rule.look(i)
	}
	slices.SortStableFunc(i.findings, func(a, b Finding) int {
		return cmp.Compare(boolOrder(a.Fail), boolOrder(b.Fail))
	})
	return i.findings
}

func boolOrder(fail bool) int {
	if fail {
		return 0
	}
	return 1
}

var rulebook = []struct {
	name string
	look func(*inspection)
}{
	{"E07", (*inspection).subject},
	{"E07", (*inspection).unexpanded},
	{"E13", (*inspection).sameLinks},
	{"E13", (*inspection).readableAlone},
	{"E14", (*inspection).size},
	{"E14", (*inspection).wayOut},
	{"E15", (*inspection).identity},
	{"E16", (*inspection).addresses},
	{"E17", (*inspection).active},
	{"E18", (*inspection).tracking},
	{"E19", (*inspection).document},
	{"E19", (*inspection).headings},
	{"E19", (*inspection).linkWords},
	{"E19", (*inspection).legible},
	{"E20", (*inspection).support},
	{"E22", (*inspection).readersData},
	{"E22", (*inspection).banner},
	{"E23", (*inspection).fromTheForm},
}

// An inspection is one letter under the eyes of all rules.
type inspection struct {
	Rendered
	Rules
	doc   *html.Node
	sheet sheet
	seen  string // what the HTML part shows, as text
	links []link

	rule     string // the one at work
	findings []Finding
}

func (i *inspection) fail(at, text string, args ...any) { i.find(true, at, text, args) }
func (i *inspection) warn(at, text string, args ...any) { i.find(false, at, text, args) }

// find tells the same thing of the same place once.
func (i *inspection) find(fail bool, at, text string, args []any) {
	f := Finding{Rule: i.rule, Fail: fail, Text: fmt.Sprintf(text, args...), At: at}
	if !slices.Contains(i.findings, f) {
		i.findings = append(i.findings, f)
	}
}

// elements visits every element of the letter.
func (i *inspection) elements(visit func(*html.Node)) {
	for n := range i.doc.Descendants() {
		if n.Type == html.ElementNode {
			visit(n)
		}
	}
}

func attribute(n *html.Node, key string) string {
	value, _ := lookUp(n, key)
	return value
}

func lookUp(n *html.Node, key string) (value string, found bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}
