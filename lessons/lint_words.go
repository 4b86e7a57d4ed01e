package lessons

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// Rules on what the parts say: E07, E13, E14, E15 and E23.

const longestSubjectSent = 150

func (i *inspection) subject() {
	if strings.TrimSpace(i.Subject) == "" {
		i.fail("", "the subject is empty; write one")
	}
	if n := utf8.RuneCountInString(i.Subject); n > longestSubjectSent {
		i.fail(i.Subject, "the subject has %d characters; at most %d", n, longestSubjectSent)
	}
	if strings.ContainsFunc(i.Subject, unicode.IsControl) {
		i.fail(i.Subject, "the subject holds a line break or another control character; write it on one line")
	}
}

// unfilled is what programs leave where a value was to stand. Go's fmt writes %!v(…) and
// %!(…); "100 %!" is Swedish.
var unfilled = regexp.MustCompile(`\{\{|\}\}|<no value>|%![a-zA-Z(]|\bnull\b|\bundefined\b`)

// unexpanded looks at all that is said, also in attributes, in the title and in what is
// hidden; not at styles, where %! may stand in 100%!important.
func (i *inspection) unexpanded() {
	parts := []string{i.Subject, i.Text}
	for n := range i.doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			parts = append(parts, n.Data)
		}
		for _, a := range n.Attr {
			if a.Key != "style" {
				parts = append(parts, a.Val)
			}
		}
	}
	for _, part := range parts {
		for _, left := range unfilled.FindAllString(part, -1) {
			i.fail(left, "%q stands in the letter where a value should; look at the field in the text or the layout", left)
		}
	}
}

func (i *inspection) sameLinks() {
	var want []string
	for _, l := range i.links {
		switch {
		case strings.HasPrefix(l.to, "mailto:"):
			if to, _, _ := strings.Cut(strings.TrimPrefix(l.to, "mailto:"), "?"); !strings.Contains(i.Text, to) {
				i.fail(to, "the text part lacks the address %s, which the HTML part links to", to)
			}
		case isWeb(l.to):
			want = append(want, linksInText(l.to)...)
		}
	}
	got := linksInText(i.Text)
	for n := range max(len(want), len(got)) {
		switch {
		case n >= len(got) || n < len(want) && !slices.Contains(got, want[n]):
			i.fail(want[n], "the text part lacks the link %s of the HTML part", want[n])
			return
		case n >= len(want) || !slices.Contains(want, got[n]):
			i.fail(got[n], "the text part has the address %s, which is no link in the HTML part", got[n])
			return
		case want[n] != got[n]:
			i.fail(want[n], "the links of the text part come in another order: %s where the HTML part has %s", got[n], want[n])
			return
		}
	}
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"”]+`)

// linksInText finds the addresses as people tell them from what stands around: without
// a closing full stop, or a parenthesis that opened before them.
func linksInText(text string) (links []string) {
	for _, found := range webAddress.FindAllString(text, -1) {
		for {
			shorter := strings.TrimRight(found, ".,;:!?'’")
			if strings.HasSuffix(shorter, ")") && strings.Count(shorter, ")") > strings.Count(shorter, "(") {
				shorter = strings.TrimSuffix(shorter, ")")
			}
			if shorter == found {
				break
			}
			found = shorter
		}
		links = append(links, found)
	}
	return links
}

var (
	word   = regexp.MustCompile(`[\pL\pN]+`)
	markup = regexp.MustCompile(`</?[a-zA-Z][^<>\n]*>|&(?:[a-zA-Z]+|#\d+);`)
)

// A finding quotes as much as is needed to find the place.
const (
	quotedWords = 6
	quotedRunes = 40
)

// readableAlone: the text part says, in the same order, every word that the HTML part
// shows, and shows no markup that the HTML part does not show as well.
func (i *inspection) readableAlone() {
	for _, tag := range markup.FindAllString(i.Text, -1) {
		if !strings.Contains(i.seen, tag) {
			i.fail(tag, "the text part holds the markup %s", tag)
			return
		}
	}
	seen, said := wordsOf(i.seen), wordsOf(i.Text)
	at := 0
	for n, w := range seen {
		next := slices.Index(said[at:], w)
		if next < 0 {
			passage := strings.Join(seen[n:min(n+quotedWords, len(seen))], " ")
			i.fail(passage, "the text part lacks, or has elsewhere, what the HTML part shows at “%s”", passage)
			return
		}
		at += next + 1
	}
}

// wordsOf leaves out addresses, which sameLinks looks at.
func wordsOf(text string) []string {
	return word.FindAllString(webAddress.ReplaceAllString(text, " "), -1)
}

// Gmail shows about 102 kB of HTML and hides the rest, the way out with it.
const (
	muchHTML    = 80_000
	tooMuchHTML = 100_000
)

func (i *inspection) size() {
	switch n := len(i.HTML); {
	case n > tooMuchHTML:
		i.fail("", "the HTML part has %d kB; over %d Gmail hides the end, so make the letter shorter", n/1000, tooMuchHTML/1000)
	case n > muchHTML:
		i.warn("", "the HTML part has %d kB; keep it under %d", n/1000, muchHTML/1000)
	}
}

func (i *inspection) wayOut() {
	if i.Service {
		return
	}
	to := i.Fields.UnsubscribeURL
	if !slices.ContainsFunc(i.links, func(l link) bool { return l.to == to && !l.hidden && l.words != "" }) {
		i.fail("", "no visible link to stop the letters; put {{.UnsubscribeURL}} into the layout")
	}
}

// identity: a public site must say who writes, where to ask it to stop, and what it
// does with the reader's data.
func (i *inspection) identity() {
	if missing := i.Publisher.Missing(); len(missing) > 0 {
		fail := !onLoopback(i.Base)
		i.find(fail, "", "in publisher.toml %s stands empty; a public site must say who is behind it", []any{strings.Join(missing, ", ")})
	}
	for _, must := range []struct{ value, what string }{
		{i.Publisher.Name, "the publisher's name"}, {i.Publisher.Email, "the address where people answer"},
	} {
		if !strings.Contains(i.seen, must.value) {
			i.fail("", "%s is not to be seen; put it into the layout", must.what)
		}
	}
	if !slices.ContainsFunc(i.links, func(l link) bool { return l.to == i.Fields.PrivacyURL && !l.hidden && l.words != "" }) {
		i.fail("", "no visible link to how the reader's data is used; put {{.PrivacyURL}} into the layout")
	}
}

// fromTheForm looks at what a name brought into the letter, compared with the same
// letter to somebody without one. A name that is left out brings nothing.
func (i *inspection) fromTheForm() {
	name := strings.TrimSpace(i.Fields.Name)
	if name == "" || i.Nameless == nil {
		return
	}
	before, after := i.Nameless, i.Rendered
	brought := func(now, without string) int { return strings.Count(now, name) - strings.Count(without, name) }
	inText, inHTML := brought(after.Text, before.Text), brought(i.seen, shown(before.HTML))
	all := inText + inHTML + brought(after.Subject, before.Subject)
	switch {
	case all > 0 && i.Typed:
		i.fail(name, "%.*q, from a form, stands in a letter that greets nobody; it goes to whoever's address was typed", quotedRunes, name)
	case all > 0 && (utf8.RuneCountInString(name) > longestName || strings.ContainsAny(name, "@\r\n") || strings.Contains(name, "://") || strings.Contains(name, "www.")):
		i.fail(name, "the name %.*q is none: too long, or an address; leave it out", quotedRunes, name)
	case inText != inHTML:
		i.fail(name, "the name %.*q is not the same in both parts; escape it in HTML, and only there", quotedRunes, name)
	}
}
