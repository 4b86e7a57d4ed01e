package lessons

import (
	"html"
	"html/template"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// Page is a lesson's text as a page of the site holds it, for anybody: it greets
// nobody by name, says nothing of when the next letter comes, and has no link that
// is a reader's own. What concerns only those who get the letters stands in it
// between {{if .UnsubscribeURL}} and {{end}}, and falls away here. Headings begin at
// level 2, below the title. Empty for other letters.
func (l *Letter) Page() template.HTML { return l.page }

// page renders the text so, once: it changes the tree.
func (b *body) page(known facts) template.HTML {
	b.dropFieldLinks()
	return template.HTML(join(cut(b.html(), b.actions, known), Fields{}, html.EscapeString))
}

// dropFieldLinks takes away the links to a field. In a sentence their words stay;
// a paragraph, list item or button that is nothing but such a link goes with it.
func (b *body) dropFieldLinks() {
	var links []ast.Node
	_ = ast.Walk(b.doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.Link); ok && entering && strings.Contains(string(link.Destination), markStem) {
			links = append(links, n)
		}
		return ast.WalkContinue, nil
	})
	for _, link := range links {
		whole := link
		for whole.Parent().ChildCount() == 1 && whole.Parent() != b.doc {
			whole = whole.Parent()
		}
		if whole.Type() == ast.TypeInline {
			unwrap(link)
		} else {
			whole.Parent().RemoveChild(whole.Parent(), whole)
		}
	}
}

// unwrap puts a node's children in its place.
func unwrap(n ast.Node) {
	p := n.Parent()
	for c := n.FirstChild(); c != nil; c = n.FirstChild() {
		p.InsertBefore(p, n, c)
	}
	p.RemoveChild(p, n)
}
