package lessons

import (
	"strings"

	"github.com/yuin/goldmark/ast"
)

// A conditional is the mark of an {{if}} or {{end}} that stands between
// paragraphs, so that the paragraphs themselves fall away, not only what is in
// them.
type conditional struct {
	ast.BaseBlock
	mark string
}

var kindConditional = ast.NewNodeKind("Conditional")

func (*conditional) Kind() ast.NodeKind              { return kindConditional }
func (n *conditional) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// hoist takes out of their paragraphs: an {{if}} or {{end}} that is alone in
// one, and a pair that encloses all of one.
func (b *body) hoist() {
	var next ast.Node
	for n := b.doc.FirstChild(); n != nil; n = next {
		next = n.NextSibling()
		if p, ok := n.(*ast.Paragraph); ok {
			b.hoistFrom(p)
		}
	}
}

func (b *body) hoistFrom(p *ast.Paragraph) {
	first, isText := p.FirstChild().(*ast.Text)
	last, isToo := p.LastChild().(*ast.Text)
	if !isText || !isToo {
		return
	}
	head, tail := string(first.Value(b.source)), string(last.Value(b.source))
	opens, closes := b.leading(head), b.trailing(tail)
	switch {
	case opens == "":
	case first == last && head == opens && b.actions[actionOf(opens)].verb != put:
		b.doc.ReplaceChild(b.doc, p, &conditional{mark: opens})
	case closes != "" && b.actions[actionOf(opens)].verb == open && b.actions[actionOf(opens)].mate == actionOf(closes):
		first.Segment.Start += len(opens)
		last.Segment.Stop -= len(closes)
		dropEmpty(p, first)
		dropEmpty(p, last)
		b.doc.InsertBefore(b.doc, p, &conditional{mark: opens})
		b.doc.InsertAfter(b.doc, p, &conditional{mark: closes})
	}
}

// dropEmpty removes a text of which nothing is left, and the line break that
// stood beside it.
func dropEmpty(p *ast.Paragraph, t *ast.Text) {
	if !t.Segment.IsEmpty() {
		return
	}
	if before, ok := t.PreviousSibling().(*ast.Text); ok {
		before.SetSoftLineBreak(false)
	}
	p.RemoveChild(p, t)
}

func (b *body) leading(text string) string {
	if at := markForm.FindStringIndex(text); at != nil && at[0] == 0 {
		return text[:at[1]]
	}
	return ""
}

func (b *body) trailing(text string) string {
	if at := strings.LastIndex(text, markStem); at >= 0 && markForm.FindString(text[at:]) == text[at:] {
		return text[at:]
	}
	return ""
}
