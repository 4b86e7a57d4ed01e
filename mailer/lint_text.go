package mailer

import (
	"iter"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A slip is what a template leaves behind where it could not fill a hole.
var slips = []struct {
	what string
	form *regexp.Regexp
}{
	{"{{", regexp.MustCompile(`\{\{`)},
	{"no value", regexp.MustCompile(`(<|&lt;)no value(>|&gt;)`)},
	{"%!", regexp.MustCompile(`%![a-zA-Z]?\(`)}, // as package fmt complains
	{"null", regexp.MustCompile(`\bnull\b`)},
	{"undefined", regexp.MustCompile(`\bundefined\b`)},
}

// slips (E07) finds them, but for those that the reader has in her name.
func (l *look) slips(where, text string) {
	for _, slip := range slips {
		if strings.Contains(text, slip.what) && slip.form.MatchString(text) && !strings.Contains(l.Name, slip.what) {
			l.fail("%s has %q, which was to be replaced", where, slip.what)
		}
	}
}

func (l *look) unexpanded() {
	l.slips("the text part", l.parts.text)
	l.slips("the HTML part", l.parts.html)
}

// addressesInText (E06) wants no address in the text but the sender's, the reader's own, and
// those that the lesson has.
func (l *look) addressesInText() {
	l.strangers("the text part", l.parts.text)
	l.strangers("the HTML part", l.parts.html)
}

var addressForm = regexp.MustCompile(`[\pL\pN.!#$%&'*+/=?^_{|}~-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)+`)

func (l *look) strangers(where, text string) {
	if l.Known == nil || !strings.Contains(text, "@") {
		return
	}
	reply, _ := onlyMailbox(l.value("Reply-To"))
	for _, address := range addressForm.FindAllString(text, -1) {
		own := strings.EqualFold(address, l.To) || strings.EqualFold(address, reply) || strings.EqualFold(domainOf(address), l.Domain)
		if !own && !l.Known(address) {
			l.fail("%s has an address that is neither ours, nor the lesson's, nor the reader's", where)
		}
	}
}

// textAlone (E13) wants the plain text to do without the HTML: the same links, and among them
// the way out.
func (l *look) textAlone() {
	if l.parts.err != nil {
		return
	}
	if strings.TrimSpace(l.parts.text) == "" {
		l.fail("the text part is blank")
		return
	}
	wayOut, ok := inBrackets(l.value("List-Unsubscribe"))
	if ok && l.Bulk && !strings.Contains(l.parts.text, wayOut) {
		l.fail("the text part has no address to unsubscribe at")
	}
	for node := range l.anchors() {
		href := attribute(node, "href")
		if strings.HasPrefix(href, "http") && href != wayOut && !strings.Contains(l.parts.text, href) {
			l.fail("the text part lacks a link of the HTML part, to %s", hostOf(href))
		}
	}
}

// Gmail cuts HTML at about 102 kB, and hides the way out behind the cut.
const (
	wideHTML  = 80_000
	widerHTML = 100_000
)

// size (E14).
func (l *look) size() {
	switch n := len(l.parts.html); {
	case n > widerHTML:
		l.fail("the HTML part has %d octets: Gmail cuts at about 102,000", n)
	case n > wideHTML:
		l.warn("the HTML part has %d octets, near to where Gmail cuts", n)
	}
}

// wayOutShown (E14) wants a link to unsubscribe that can be seen.
func (l *look) wayOutShown() {
	wayOut, ok := inBrackets(l.value("List-Unsubscribe"))
	if !l.Bulk || !ok || l.parts.err != nil {
		return
	}
	for node := range l.anchors() {
		if attribute(node, "href") == wayOut && hasWords(node) && !isHidden(node) {
			return
		}
	}
	l.fail("the HTML part has no link to unsubscribe that can be seen")
}

var linkForm = regexp.MustCompile(`https?://[^\s"'<>()]+`)

// inside (E22) wants addresses of pages to say nothing of the reader, nor of our network.
func (l *look) inside() {
	for _, link := range linkForm.FindAllString(l.parts.text+"\n"+l.parts.html, -1) {
		host := hostOf(link)
		link = html.UnescapeString(link)
		if l.To != "" && strings.Contains(strings.ToLower(unescaped(link)), strings.ToLower(l.To)) {
			l.fail("a link to %s has the reader's address in it", host)
		}
		if l.BaseURL != "" && !strings.HasPrefix(link, l.BaseURL+"/") && isInside(host) {
			l.fail("a link to %s, which no reader can reach", host)
		}
	}
}

func unescaped(link string) string {
	if plain, err := url.PathUnescape(link); err == nil {
		return plain
	}
	return link
}

func hostOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return "nowhere"
	}
	return u.Hostname()
}

func isInside(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	return slices.Contains([]string{"localhost", "local", "internal", "lan", "arpa"}, last)
}

func (l *look) anchors() iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		tree, err := html.Parse(strings.NewReader(l.parts.html))
		if err != nil {
			return // only a reader that fails makes one
		}
		for node := range tree.Descendants() {
			if node.DataAtom == atom.A && !yield(node) {
				return
			}
		}
	}
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasWords(node *html.Node) bool {
	for child := range node.Descendants() {
		if child.Type == html.TextNode && strings.TrimSpace(child.Data) != "" {
			return true
		}
	}
	return false
}

var hidingStyle = regexp.MustCompile(`display:none|visibility:hidden|opacity:0(;|$)|font-size:0(px)?(;|$)|max-height:0`)

func isHidden(node *html.Node) bool {
	for ; node != nil; node = node.Parent {
		style := strings.ReplaceAll(strings.ToLower(attribute(node, "style")), " ", "")
		if hidingStyle.MatchString(style) || slices.ContainsFunc(node.Attr, func(a html.Attribute) bool { return a.Key == "hidden" }) {
			return true
		}
	}
	return false
}
