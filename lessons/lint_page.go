package lessons

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// What can be told of an HTML part without any rule: what it shows, and where it leads.

// A link is an <a href>, in the order of the letter.
type link struct {
	to     string
	words  string // what is read as the link
	hidden bool
}

func linksIn(doc *html.Node, s sheet) (links []link) {
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "a" {
			continue
		}
		if to, ok := lookUp(n, "href"); ok {
			links = append(links, link{to: strings.TrimSpace(to), words: strings.TrimSpace(visible(n, s)), hidden: hides(n, s)})
		}
	}
	return links
}

// inline are the elements that do not part one word from the next.
var inline = strings.Fields("a abbr b bdi bdo cite code dfn em i kbd mark q s samp small span strong sub sup u var")

// visible is what an element shows, with line breaks where a new block begins.
func visible(n *html.Node, s sheet) string {
	var out strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			out.WriteString(n.Data)
			return
		case n.Type == html.CommentNode, n.Type == html.ElementNode && conceals(n, s, view{}):
			return
		}
		block := n.Type == html.ElementNode && !slices.Contains(inline, n.Data)
		if block {
			out.WriteByte('\n')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode && n.Data == "img" {
			out.WriteString(attribute(n, "alt"))
		}
		if block {
			out.WriteByte('\n')
		}
	}
	walk(n)
	return out.String()
}

// conceals says whether an element shows nothing of what is in it.
func conceals(n *html.Node, s sheet, v view) bool {
	if slices.Contains([]string{"head", "style", "script", "title", "template"}, n.Data) {
		return true
	}
	_, hidden := lookUp(n, "hidden")
	return hidden || s.value(n, v, "display") == "none" || s.value(n, v, "visibility") == "hidden"
}

// hides says whether an element lies, in any view, in one that conceals it.
func hides(n *html.Node, s sheet) bool {
	for ; n != nil; n = n.Parent {
		concealed := func(v view) bool { return conceals(n, s, v) }
		if n.Type == html.ElementNode && slices.ContainsFunc(views, concealed) {
			return true
		}
	}
	return false
}

// shown is what an HTML part shows.
func shown(source string) string {
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return ""
	}
	return visible(doc, sheetOf(doc))
}
