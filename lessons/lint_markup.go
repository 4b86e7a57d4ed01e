package lessons

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// Rules on how the HTML part is built: E17, E19's structure, and E20.

var forbidden = strings.Fields("script form input button textarea select iframe frame frameset object embed applet base link svg math audio video")

var fetchingStyle = regexp.MustCompile(`(?i)@import|@font-face|url\s*\(|expression\s*\(`)

// active finds what runs, asks, or fetches anything when the letter is opened.
func (i *inspection) active() {
	styles := func(css string) {
		for _, found := range fetchingStyle.FindAllString(css, -1) {
			i.fail(found, "%s in a style fetches from elsewhere or runs; letters carry all they need", found)
		}
	}
	i.elements(func(n *html.Node) {
		if slices.Contains(forbidden, n.Data) {
			i.fail("<"+n.Data, "<%s> does not belong in a letter; take it away", n.Data)
		}
		if n.Data == "meta" && strings.EqualFold(attribute(n, "http-equiv"), "refresh") {
			i.fail("", "<meta http-equiv=\"refresh\"> leads away by itself; take it away")
		}
		if n.Data == "style" && n.FirstChild != nil {
			styles(n.FirstChild.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") {
				i.fail(a.Key+"=", "%s on <%s> is a script; take it away", a.Key, n.Data)
			}
			if a.Key == "style" {
				styles(a.Val)
			}
		}
	})
}

func (i *inspection) document() {
	title, lang := "", ""
	i.elements(func(n *html.Node) {
		switch n.Data {
		case "html":
			lang = attribute(n, "lang")
		case "title":
			if n.FirstChild != nil {
				title = strings.TrimSpace(n.FirstChild.Data)
			}
		case "table":
			if attribute(n, "role") != "presentation" {
				i.fail("<table", "a table without role=\"presentation\": a screen reader would count its rows and columns")
			}
		case "img":
			if _, ok := lookUp(n, "alt"); !ok {
				i.fail(attribute(n, "src"), "the image %s has no alt; say in words what it shows", attribute(n, "src"))
			}
		}
	})
	if lang != "sv" {
		i.fail("", "<html lang=%q>, want \"sv\": a screen reader would read it as another language", lang)
	}
	if title == "" {
		i.fail("", "no <title>; put {{.Title}} into the layout")
	}
}

func (i *inspection) headings() {
	level := 0
	i.elements(func(n *html.Node) {
		if len(n.Data) != 2 || n.Data[0] != 'h' || n.Data[1] < '1' || n.Data[1] > '6' || hides(n, i.sheet) {
			return
		}
		words, next := strings.TrimSpace(visible(n, i.sheet)), int(n.Data[1]-'0')
		switch {
		case level == 0 && next != 1:
			i.fail(words, "the first heading, “%s”, is an h%d; the letter's title must come first, as h1", words, next)
		case level > 0 && next == 1:
			i.fail(words, "a second h1, “%s”; a letter has one title", words)
		case level > 0 && next > level+1:
			i.fail(words, "the heading “%s” is an h%d below an h%d; leave no level out", words, next, level)
		}
		level = next
	})
	if level == 0 {
		i.fail("", "no heading; put {{.Title}} into the layout as h1")
	}
}

// vague are link texts that say nothing when a screen reader lists the links.
var vague = []string{"här", "klicka", "klicka här", "tryck här", "länk", "länken", "den här länken", "läs mer", "läs mer här", "mer", "mer här", "here", "click here", "read more", "more", "link", "this link"}

func (i *inspection) linkWords() {
	for _, l := range i.links {
		words := strings.ToLower(strings.TrimFunc(l.words, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) || unicode.IsSymbol(r) }))
		switch {
		case l.hidden:
		case words == "":
			i.fail(l.to, "the link to %s has no words; a reader who cannot see it cannot follow it", l.to)
		case slices.Contains(vague, words):
			i.warn(l.words, "the link “%s” does not say where it goes; name the page", l.words)
		}
	}
}

// Where styles and elements do nothing, by caniemail.com (Gmail and Yahoo on the web,
// Outlook for Windows and outlook.com). What is missing here works in all of them, or
// leaves the letter as readable where it does not: border-radius, max-width, max-height,
// overflow, overflow-wrap, word-break, white-space, color-scheme, and the media queries for dark mode and small screens.
var unsupportedStyles = map[string]string{
	"position": "Gmail, Outlook", "top": "Gmail, Outlook, Yahoo", "left": "Gmail, Outlook, Yahoo", "right": "Gmail, Outlook, Yahoo", "bottom": "Gmail, Outlook, Yahoo",
	"z-index": "Gmail, Outlook", "float": "Outlook", "clear": "Outlook",
	"flex-direction": "Gmail, Outlook, Yahoo", "flex-wrap": "Gmail, Outlook, Yahoo", "justify-content": "Gmail, Outlook, Yahoo", "align-items": "Gmail, Outlook, Yahoo", "gap": "Outlook, Yahoo",
	"grid-template-columns": "Gmail, Outlook, Yahoo", "column-count": "Outlook, Yahoo",
	"background-image": "Outlook", "background-size": "Outlook", "background-position": "Outlook",
	"box-shadow": "Gmail, Outlook, Yahoo", "text-shadow": "Gmail, Outlook", "opacity": "Outlook", "filter": "Gmail, Outlook, Yahoo", "clip-path": "Gmail, Outlook, Yahoo",
	"transform": "Gmail, Outlook, Yahoo", "transition": "Gmail, Outlook", "animation": "Gmail, Outlook, Yahoo",
	"min-width": "Outlook", "min-height": "Outlook", "object-fit": "Outlook, Yahoo", "aspect-ratio": "Gmail, Outlook, Yahoo", "box-sizing": "Outlook, Yahoo",
	"visibility": "Gmail, Outlook", "hyphens": "Gmail, Outlook, Yahoo", "writing-mode": "Outlook, Yahoo", "table-layout": "Outlook",
}

var unsupportedValues = []struct{ form, where string }{
	{"flex", "Outlook"}, {"inline-flex", "Outlook"}, {"grid", "Outlook"},
	{"var(", "Gmail, Outlook, Yahoo"}, {"calc(", "Outlook, Yahoo"}, {"min(", "Outlook, Yahoo"}, {"max(", "Outlook, Yahoo"}, {"clamp(", "Outlook, Yahoo"},
	{"linear-gradient(", "Outlook, Yahoo"}, {"radial-gradient(", "Outlook, Yahoo"}, {"rgba(", "Outlook, Yahoo"}, {"rem", "Outlook, Yahoo"},
}

var unsupportedElements = map[string]string{
	"picture": "Gmail, Outlook, Yahoo", "dialog": "Gmail, Outlook, Yahoo", "marquee": "Gmail, Outlook", "meter": "Gmail, Outlook, Yahoo",
	"progress": "Gmail, Outlook, Yahoo", "ruby": "Gmail, Outlook", "abbr": "Outlook, Yahoo",
	"section": "Outlook", "article": "Outlook", "header": "Outlook", "footer": "Outlook", "main": "Outlook", "nav": "Outlook", "aside": "Outlook", "figure": "Outlook",
}

// longestSheet: Gmail drops a <style> that is longer.
const longestSheet = 8192

func (i *inspection) support() {
	i.elements(func(n *html.Node) {
		if where, ok := unsupportedElements[n.Data]; ok {
			i.warn("<"+n.Data, "<%s> does nothing in %s; use a table, a div or plain words", n.Data, where)
		}
		for _, d := range parseDeclarations(attribute(n, "style")) {
			i.supports(d)
		}
		if n.Data == "style" && n.FirstChild != nil && utf8.RuneCountInString(n.FirstChild.Data) > longestSheet {
			i.warn("<style", "the <style> has over %d characters, and Gmail drops it whole; make it shorter", longestSheet)
		}
	})
	for _, rule := range i.sheet {
		for _, d := range rule.declarations {
			i.supports(d)
		}
	}
}

func (i *inspection) supports(d declaration) {
	if where, ok := unsupportedStyles[d.property]; ok {
		i.warn(d.property, "the style %s does nothing in %s; make sure that the letter reads well without it", d.property, where)
	}
	for _, v := range unsupportedValues {
		if usesValue(d.value, v.form) {
			i.warn(v.form, "%s:%s does nothing in %s; make sure that the letter reads well without it", d.property, d.value, v.where)
			return
		}
	}
}

var remUnit = regexp.MustCompile(`\drem\b`)

func usesValue(value, form string) bool {
	switch {
	case form == "rem":
		return remUnit.MatchString(value)
	case strings.HasSuffix(form, "("):
		at := strings.Index(value, form)
		return at >= 0 && (at == 0 || !unicode.IsLetter(rune(value[at-1])) && value[at-1] != '-')
	}
	return value == form
}
