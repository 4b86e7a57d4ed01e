package lessons

import (
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"

	gmtext "github.com/yuin/goldmark/text"
)

// Tables are parsed only in order to be refused: as text they fall apart.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.Table),
	goldmark.WithParserOptions(parser.WithInlineParsers(util.Prioritized(swedish{}, 9999))),
	goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(ownNodes{}, 100))),
)

// swedish writes quotes, dashes and ellipses as Swedish print does. Quotes
// look the same on both sides, so none has to be matched with another.
type swedish struct{}

func (swedish) Trigger() []byte { return []byte{'"', '\'', '-', '.'} }

func (swedish) Parse(_ ast.Node, block gmtext.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	for _, s := range []struct{ typed, printed string }{
		{`"`, "”"}, {"'", "’"}, {"---", "–"}, {"--", "–"}, {"...", "…"},
	} {
		if strings.HasPrefix(string(line), s.typed) {
			block.Advance(len(s.typed))
			n := ast.NewString([]byte(s.printed))
			n.SetCode(true) // written as it is
			return n
		}
	}
	return nil
}

// A body is a parsed Markdown text.
type body struct {
	marked
	doc    ast.Node
	source []byte
}

// A letter is read far from the site, so its links are whole; a page's may be
// paths.
var (
	letterLinks = []string{"https://", "mailto:"}
	pageLinks   = []string{"https://", "mailto:", "/"}
)

// parseMarkdown parses the text under front matter, and finds fault with what
// cannot be sent.
func parseMarkdown(t text, known, links []string) (*body, faults) {
	m, wrong := punch(t.file, t.bodyLine, t.body, known)
	b := &body{marked: m, source: []byte(m.text)}
	b.doc = markdown.Parser().Parse(gmtext.NewReader(b.source))
	if len(wrong) > 0 {
		return b, wrong
	}
	b.hoist()
	c := &checker{body: b, links: links, heading: 1, places: map[int]ast.Node{}}
	_ = ast.Walk(b.doc, c.visit) // visit returns no error
	c.pairs()
	for _, rendered := range []string{b.plain(), b.html()} {
		if b.forged(rendered) {
			c.wrong.add(b.file, b.line, "the letters %q are kept for the program; write something else", markStem)
		}
		if strings.Contains(rendered, "{{") {
			c.wrong.add(b.file, b.line, "two braces {{ that Markdown puts together; write something else")
		}
	}
	return b, c.wrong
}

// A checker walks a text.
type checker struct {
	*body
	links   []string         // how they may begin
	heading int              // the level of the last one
	places  map[int]ast.Node // where each action stands
	wrong   faults
}

func (c *checker) visit(n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	say := func(problem string, args ...any) { c.wrong.add(c.file, c.lineAt(n), problem, args...) }
	switch n := n.(type) {
	case *ast.HTMLBlock, *ast.RawHTML:
		say("HTML; write it as Markdown")
	case *ast.Image:
		say("an image; none are sent, so say it in words")
	case *tables.Table:
		say("a table; it falls apart as text, so write a list")
		return ast.WalkSkipChildren, nil
	case *ast.Heading:
		c.checkHeading(n)
	case *ast.Link:
		c.checkLink(string(n.Destination), string(n.Title), say)
	case *ast.AutoLink:
		if n.AutoLinkType == ast.AutoLinkURL {
			c.checkLink(string(n.URL(c.source)), "", say)
		}
	case *ast.Text:
		c.place(string(n.Value(c.source)), n.Parent())
	case *conditional:
		c.place(n.mark, n.Parent())
	}
	return ast.WalkContinue, nil
}

func (c *checker) checkHeading(n *ast.Heading) {
	switch {
	case n.Level == 1:
		c.wrong.add(c.file, c.lineAt(n), "a heading of level 1 (#); the title is that, so write ##")
	case n.Level > c.heading+1:
		c.wrong.add(c.file, c.lineAt(n), "a heading of level %d below one of level %d; write %s", n.Level, c.heading, strings.Repeat("#", c.heading+1))
	default:
		c.heading = n.Level
	}
}

// checkLink lets a link be an address of a known form, or one whole field that
// is an address; no link is built from a reader's data.
func (c *checker) checkLink(to, title string, say func(string, ...any)) {
	if !strings.Contains(to+title, markStem) {
		// Two slashes are another host's.
		if strings.HasPrefix(to, "//") || !slices.ContainsFunc(c.links, func(begin string) bool { return strings.HasPrefix(to, begin) }) {
			say("the link %q must begin with %s", to, strings.Join(c.links, " or "))
		}
		return
	}
	whole := strings.TrimPrefix(to, "mailto:")
	if markForm.FindString(whole) != whole || strings.Contains(title, markStem) {
		say("a link may be one field that is an address, with nothing beside it")
		return
	}
	a := c.actions[actionOf(whole)]
	if isURL, isMail := strings.HasSuffix(a.field, "URL"), a.field == "PublisherEmail"; a.verb != put || isMail != (whole != to) || isURL == isMail {
		say("a link to {{.%s}}, which is no address", a.field)
	}
}

func (c *checker) place(text string, at ast.Node) {
	for _, m := range markForm.FindAllString(text, -1) {
		c.places[actionOf(m)] = at
	}
}

// pairs finds fault with conditions that would tear an element in two.
func (c *checker) pairs() {
	for n, a := range c.actions {
		if a.verb == open && (c.places[n] == nil || c.places[n] != c.places[a.mate]) {
			c.wrong.add(c.file, a.line, "{{if .%s}} and its {{end}} must stand in one paragraph, or each in a paragraph of its own", a.field)
		}
	}
}

// lineAt finds a node's line; some nodes know only that of their parent.
func (b *body) lineAt(n ast.Node) int {
	for ; n != nil; n = n.Parent() {
		if at := n.Pos(); at >= 0 && n.Kind() != ast.KindDocument {
			return b.line + linesBefore(b.text, at)
		}
	}
	return b.line
}
