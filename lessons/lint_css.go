package lessons

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// As much of CSS as letters use: inline styles, and a sheet of rules on elements and
// classes, some of them for dark mode or small screens. What else a selector may say
// (states, attributes, siblings) is taken to match nothing.

type declaration struct {
	property, value string
	important       bool
}

type styleRule struct {
	views        []view     // where it applies
	selector     []compound // outermost first
	declarations []declaration
}

type compound struct {
	element string
	classes []string
}

type sheet []styleRule

// A view is how a letter is looked at.
type view struct{ dark, narrow bool }

var views = []view{{}, {dark: true}, {narrow: true}, {dark: true, narrow: true}}

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	plainForm  = regexp.MustCompile(`^([a-z][a-z0-9]*|\*)?((?:\.[\w-]+)*)$`)
)

func sheetOf(doc *html.Node) (s sheet) {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "style" && n.FirstChild != nil {
			s = append(s, parseSheet(cssComment.ReplaceAllString(n.FirstChild.Data, ""), "")...)
		}
	}
	return s
}

func parseSheet(css, media string) (s sheet) {
	for {
		before, rest, found := strings.Cut(css, "{")
		if !found {
			return s
		}
		prelude := strings.TrimSpace(before[strings.LastIndexByte(before, ';')+1:])
		inside, after := block(rest)
		switch {
		case strings.HasPrefix(prelude, "@media"):
			s = append(s, parseSheet(inside, strings.TrimSpace(media+" "+prelude))...)
		case !strings.HasPrefix(prelude, "@"):
			for _, selector := range strings.Split(prelude, ",") {
				if path := parseSelector(selector); path != nil {
					s = append(s, styleRule{viewsOf(media), path, parseDeclarations(inside)})
				}
			}
		}
		css = after
	}
}

// block divides what follows a brace where that brace is closed.
func block(css string) (inside, after string) {
	depth := 1
	for at, r := range css {
		switch r {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return css[:at], css[at+1:]
			}
		}
	}
	return css, ""
}

// parseSelector returns nil for one that it does not understand.
func parseSelector(selector string) (path []compound) {
	for _, part := range strings.Fields(strings.ReplaceAll(selector, ">", " ")) {
		if part == ":root" {
			part = "html"
		}
		form := plainForm.FindStringSubmatch(part)
		if form == nil {
			return nil
		}
		path = append(path, compound{form[1], strings.FieldsFunc(form[2], func(r rune) bool { return r == '.' })})
	}
	return path
}

func parseDeclarations(css string) (ds []declaration) {
	for _, one := range strings.Split(css, ";") {
		property, value, found := strings.Cut(one, ":")
		if !found {
			continue
		}
		value, important := strings.CutSuffix(strings.ToLower(strings.TrimSpace(value)), "!important")
		ds = append(ds, declaration{strings.ToLower(strings.TrimSpace(property)), strings.TrimSpace(value), important})
	}
	return ds
}

func (c compound) matches(n *html.Node) bool {
	if n.Type != html.ElementNode || c.element != "" && c.element != "*" && c.element != n.Data {
		return false
	}
	have := strings.Fields(attribute(n, "class"))
	return !slices.ContainsFunc(c.classes, func(class string) bool { return !slices.Contains(have, class) })
}

func (r styleRule) matches(n *html.Node) bool {
	left := r.selector
	if !left[len(left)-1].matches(n) {
		return false
	}
	left = left[:len(left)-1]
	for n = n.Parent; n != nil && len(left) > 0; n = n.Parent {
		if left[len(left)-1].matches(n) {
			left = left[:len(left)-1]
		}
	}
	return len(left) == 0
}

// viewsOf are those that a media query asks for; what else it asks, such as a screen,
// is taken to be there.
func viewsOf(media string) (asked []view) {
	scheme := strings.Contains(media, "prefers-color-scheme")
	dark, light := scheme && strings.Contains(media, "dark"), scheme && strings.Contains(media, "light")
	narrow, wide := strings.Contains(media, "max-width"), strings.Contains(media, "min-width")
	for _, v := range views {
		switch {
		case strings.Contains(media, "print"), dark && !v.dark, light && v.dark, narrow && !v.narrow, wide && v.narrow:
		default:
			asked = append(asked, v)
		}
	}
	return asked
}

// weight orders rules: one on more classes counts for more than one on more elements.
func (r styleRule) weight() (w int) {
	for _, c := range r.selector {
		w += 100 * len(c.classes)
		if c.element != "" && c.element != "*" {
			w++
		}
	}
	return w
}

// value is what holds for an element of the first properties that are given, "" if
// nothing does: important rules before inline styles, those before other rules.
func (s sheet) value(n *html.Node, v view, properties ...string) string {
	type candidate struct {
		level, weight int
		value         string
	}
	var all []candidate
	consider := func(ds []declaration, level, weight int) {
		for _, d := range ds {
			if !slices.Contains(properties, d.property) {
				continue
			}
			at := candidate{level, weight, d.value}
			if d.important {
				at.level += 2
			}
			all = append(all, at)
		}
	}
	for _, r := range s {
		if slices.Contains(r.views, v) && r.matches(n) {
			consider(r.declarations, 0, r.weight())
		}
	}
	consider(parseDeclarations(attribute(n, "style")), 1, 0)
	if len(all) == 0 {
		return ""
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.weight, b.weight))
	})
	return all[len(all)-1].value
}
