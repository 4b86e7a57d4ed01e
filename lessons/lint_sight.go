package lessons

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// Rules on whether a letter can be seen (E19): the contrast of text by WCAG 2.2 (1.4.3),
// and its size, light and dark, on small screens and wide.

const (
	leastContrast = 4.5
	leastSize     = 14 // pixels
)

// A look is what an element inherits.
type look struct {
	ink, paper colour
	size       float64
}

func (i *inspection) legible() {
	for _, v := range views {
		i.lookAt(i.doc, v, look{black, white, 16})
	}
	if scheme := metaContent(i.doc, "color-scheme"); !strings.Contains(scheme, "dark") {
		i.warn("", "no <meta name=\"color-scheme\" content=\"light dark\">: some programs would turn the colours around by themselves")
	}
}

func (i *inspection) lookAt(n *html.Node, v view, l look) {
	if n.Type == html.ElementNode {
		if conceals(n, i.sheet, v) {
			return
		}
		l = i.inherit(n, v, l)
	}
	if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" {
		i.judge(n, v, l)
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		i.lookAt(c, v, l)
	}
}

func (i *inspection) inherit(n *html.Node, v view, l look) look {
	if n.Data == "a" {
		l.ink = linkBlue
	}
	l.paper = i.painted(n, attribute(n, "bgcolor"), l.paper)
	l.paper = i.painted(n, i.sheet.value(n, v, "background", "background-color"), l.paper)
	l.ink = i.painted(n, i.sheet.value(n, v, "color"), l.ink)
	if factor, ok := ownSize[n.Data]; ok {
		l.size *= factor
	}
	if value := i.sheet.value(n, v, "font-size"); value != "" {
		size, ok := pixels(value, l.size)
		if !ok {
			i.fail(value, "the text size %s is not understood; write pixels, as in 16px", value)
		}
		l.size = size
	}
	return l
}

func (i *inspection) painted(n *html.Node, value string, inherited colour) colour {
	switch value {
	case "", "inherit", "transparent", "none", "currentcolor":
		return inherited
	}
	c, ok := parseColour(value)
	switch {
	case strings.HasPrefix(value, "url("):
		return inherited // E17 tells of the picture
	case !ok:
		i.fail(value, "the colour %s of <%s> is not understood; write it as in #1d5b4c", value, n.Data)
		return inherited
	}
	return c
}

func (i *inspection) judge(n *html.Node, v view, l look) {
	words := strings.Join(strings.Fields(n.Data), " ")
	quote := fmt.Sprintf("%.*s", quotedRunes, words)
	if c := contrast(l.ink, l.paper); c < leastContrast {
		mode := "light"
		if v.dark {
			mode = "dark"
		}
		i.fail(words, "“%s”: contrast %.1f:1 in %s mode (%s on %s); at least %.1f:1", quote, math.Floor(c*10)/10, mode, l.ink, l.paper, leastContrast)
	}
	if l.size < leastSize {
		i.fail(words, "“%s”: text of %.3g pixels; at least %d", quote, l.size, leastSize)
	}
}

func metaContent(doc *html.Node, name string) string {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "meta" && attribute(n, "name") == name {
			return attribute(n, "content")
		}
	}
	return ""
}

// ownSize is how browsers size text of their own accord.
var ownSize = map[string]float64{
	"h1": 2, "h2": 1.5, "h3": 1.17, "h5": 0.83, "h6": 0.67,
	"small": 1 / 1.2, "sub": 1 / 1.2, "sup": 1 / 1.2, "big": 1.2,
}

var lengthForm = regexp.MustCompile(`^(\d*\.?\d+)(px|pt|em|rem|%)$`)

func pixels(value string, parent float64) (float64, bool) {
	form := lengthForm.FindStringSubmatch(value)
	if form == nil {
		return parent, false
	}
	n, err := strconv.ParseFloat(form[1], 64)
	unit := map[string]float64{"px": 1, "pt": 4.0 / 3, "em": parent, "rem": 16, "%": parent / 100}[form[2]]
	return n * unit, err == nil
}

type colour struct{ r, g, b uint8 }

var (
	black    = colour{}
	white    = colour{255, 255, 255}
	linkBlue = colour{0, 0, 238} // what a link is where nothing else is said
)

func (c colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b) }

var hexForm = regexp.MustCompile(`#([0-9a-f]{6}|[0-9a-f]{3})\b`)

// parseColour finds the colour in a value, such as that of background.
func parseColour(value string) (colour, bool) {
	value = strings.ToLower(value)
	form := hexForm.FindStringSubmatch(value)
	switch {
	case value == "white":
		return white, true
	case value == "black":
		return black, true
	case form == nil:
		return colour{}, false
	}
	digits := form[1]
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	n, err := strconv.ParseUint(digits, 16, 24)
	return colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}, err == nil
}

// contrast is between 1 and 21.
func contrast(a, b colour) float64 {
	brighter, darker := a.luminance(), b.luminance()
	if brighter < darker {
		brighter, darker = darker, brighter
	}
	return (brighter + 0.05) / (darker + 0.05)
}

func (c colour) luminance() float64 {
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

func linear(channel uint8) float64 {
	s := float64(channel) / 255
	if s <= 0.04045 {
		return s / 12.92
	}
	return math.Pow((s+0.055)/1.055, 2.4)
}
