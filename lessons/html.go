package lessons

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// styles are written into the elements of letters, since many mail programs
// ignore style sheets. Colours for dark mode stand in letters/layout.html.
var styles = map[ast.NodeKind]string{
	ast.KindParagraph:     "margin:0 0 18px",
	ast.KindList:          "margin:0 0 18px;padding:0 0 0 24px",
	ast.KindListItem:      "margin:0 0 8px",
	ast.KindBlockquote:    "margin:0 0 18px;padding:0 0 0 16px;border-left:3px solid #d8cfc0",
	ast.KindThematicBreak: "margin:28px 0;border:0;border-top:1px solid #ddd5c8",
	ast.KindLink:          "color:#1d5b4c;text-decoration:underline",
	ast.KindAutoLink:      "color:#1d5b4c;text-decoration:underline",
	ast.KindCodeSpan:      "font-family:Consolas,Menlo,monospace;font-size:15px",
}

var headingStyles = [...]string{
	2: "margin:32px 0 10px;font-size:20px;line-height:1.3;font-weight:bold",
	3: "margin:24px 0 8px;font-size:17px;line-height:1.4;font-weight:bold",
	4: "margin:24px 0 8px;font-size:17px;line-height:1.4;font-weight:normal;font-style:italic",
	5: "margin:24px 0 8px;font-size:16px;line-height:1.4;font-weight:normal",
	6: "margin:24px 0 8px;font-size:16px;line-height:1.4;font-weight:normal",
}

// letterHTML renders the text for a mail program. It is the last to use the
// tree, for it makes buttons of some paragraphs.
func (b *body) letterHTML() string {
	var buttons []ast.Node
	_ = ast.Walk(b.doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if buttonLink(n) != nil {
			buttons = append(buttons, n)
			return ast.WalkSkipChildren, nil
		}
		if style := styleOf(n); style != "" {
			n.SetAttributeString("style", style)
		}
		return ast.WalkContinue, nil
	})
	for _, p := range buttons {
		p.Parent().ReplaceChild(p.Parent(), p, newButton(p))
	}
	return b.html()
}

func styleOf(n ast.Node) string {
	if h, ok := n.(*ast.Heading); ok {
		return headingStyles[h.Level]
	}
	if n.Kind() == ast.KindParagraph && n.NextSibling() == nil && n.Parent().Kind() != ast.KindDocument {
		return "margin:0" // the quotation or list around it has its own
	}
	return styles[n.Kind()]
}

// html renders the text for a page: plain elements, styled by the page.
func (b *body) html() string {
	var out bytes.Buffer
	if err := markdown.Renderer().Render(&out, b.source, b.doc); err != nil {
		panic(err) // a buffer takes everything, and our renderers return no errors
	}
	return out.String()
}

// A button is a paragraph that holds nothing but one strong link.
type button struct{ ast.BaseBlock }

var kindButton = ast.NewNodeKind("Button")

func (*button) Kind() ast.NodeKind              { return kindButton }
func (n *button) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

func newButton(p ast.Node) *button {
	b, link := &button{}, buttonLink(p)
	link.SetAttributeString("class", "button")
	link.SetAttributeString("style", "display:inline-block;padding:13px 26px;border-radius:6px;background:#1d5b4c;color:#ffffff;font-weight:bold;text-decoration:none")
	b.AppendChild(b, link)
	return b
}

func buttonLink(n ast.Node) *ast.Link {
	if n.Kind() != ast.KindParagraph || n.ChildCount() != 1 {
		return nil
	}
	strong, ok := n.FirstChild().(*ast.Emphasis)
	if !ok || strong.Level != 2 || strong.ChildCount() != 1 {
		return nil
	}
	link, _ := strong.FirstChild().(*ast.Link)
	return link
}

// ownNodes renders what Markdown does not know.
type ownNodes struct{}

func (ownNodes) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindConditional, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			_, _ = w.WriteString(n.(*conditional).mark)
		}
		return ast.WalkContinue, nil
	})
	// Outlook for Windows gives a link no padding, but a table cell colour.
	r.Register(kindButton, func(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			_, _ = w.WriteString(`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 26px"><tr><td class="button" bgcolor="#1d5b4c" style="border-radius:6px;background:#1d5b4c">`)
		} else {
			_, _ = w.WriteString("</td></tr></table>\n")
		}
		return ast.WalkContinue, nil
	})
}
