package lessons

import (
	"bufio"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// plain renders the text part: no markup, lines not wrapped, every link's
// address beside its words. Each block ends with a blank line.
func (b *body) plain() string {
	var out strings.Builder
	for n := b.doc.FirstChild(); n != nil; n = n.NextSibling() {
		if c, ok := n.(*conditional); ok {
			out.WriteString(c.mark)
		} else if block := b.plainBlock(n); block != "" {
			out.WriteString(block + "\n\n")
		}
	}
	return out.String()
}

func (b *body) plainBlock(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Heading:
		words := b.plainInline(n)
		width := utf8.RuneCountInString(markForm.ReplaceAllString(words, ""))
		return words + "\n" + strings.Repeat("-", width)
	case *ast.List:
		return b.plainList(n)
	case *ast.Blockquote:
		return indent(b.plainBlocks(n, "\n\n"), "> ", "> ")
	case *ast.ThematicBreak:
		return "* * *"
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return indent(strings.TrimRight(string(n.Lines().Value(b.source)), "\n"), "    ", "    ")
	case *ast.LinkReferenceDefinition:
		return ""
	default:
		return b.plainParagraph(n)
	}
}

func (b *body) plainBlocks(parent ast.Node, between string) string {
	var blocks []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		blocks = append(blocks, b.plainBlock(n))
	}
	return strings.Join(blocks, between)
}

func (b *body) plainList(list *ast.List) string {
	between := "\n\n"
	if list.IsTight {
		between = "\n"
	}
	var items []string
	for n := list.FirstChild(); n != nil; n = n.NextSibling() {
		bullet := "- "
		if list.IsOrdered() {
			bullet = strconv.Itoa(list.Start+len(items)) + ". "
		}
		items = append(items, indent(b.plainBlocks(n, between), bullet, strings.Repeat(" ", len(bullet))))
	}
	return strings.Join(items, between)
}

// plainParagraph gives a link that is alone in its paragraph a line for its
// address.
func (b *body) plainParagraph(p ast.Node) string {
	n := p
	for n.ChildCount() == 1 {
		n = n.FirstChild()
		if link, ok := n.(*ast.Link); ok {
			words, to := b.plainInline(link), address(link)
			if words == to {
				return to
			}
			return words + ":\n" + to
		}
	}
	return b.plainInline(p)
}

func (b *body) plainInline(parent ast.Node) string {
	var out strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			out.WriteString(b.plainText(n))
		case *ast.String:
			out.Write(n.Value)
		case *ast.AutoLink:
			out.WriteString(b.autoAddress(n))
		case *ast.Link:
			words, to := b.plainInline(n), address(n)
			if out.WriteString(words); words != to {
				out.WriteString(" (" + to + ")")
			}
		default:
			out.WriteString(b.plainInline(n))
		}
	}
	return out.String()
}

func (b *body) plainText(t *ast.Text) string {
	words := string(t.Value(b.source))
	if t.Parent().Kind() != ast.KindCodeSpan {
		words = unescape(words)
	}
	switch {
	case t.HardLineBreak():
		return words + "\n"
	case t.SoftLineBreak():
		return words + " "
	}
	return words
}

// unescape resolves Markdown's backslashes and HTML's entities, by the rules
// that the HTML part follows.
func unescape(words string) string {
	var out strings.Builder
	w := bufio.NewWriter(&out)
	gmhtml.DefaultWriter.Write(w, []byte(words))
	_ = w.Flush()
	return html.UnescapeString(out.String())
}

// address is where a link leads, as the HTML part has it.
func address(l *ast.Link) string {
	return strings.TrimPrefix(string(util.URLEscape(l.Destination, true)), "mailto:")
}

func (b *body) autoAddress(l *ast.AutoLink) string {
	if l.AutoLinkType == ast.AutoLinkEmail {
		return string(l.Label(b.source))
	}
	return string(util.URLEscape(l.URL(b.source), false))
}

func indent(block, first, next string) string {
	lines := strings.Split(block, "\n")
	for i, line := range lines {
		lead := next
		if i == 0 {
			lead = first
		}
		lines[i] = strings.TrimRight(lead+line, " ")
	}
	return strings.Join(lines, "\n")
}
