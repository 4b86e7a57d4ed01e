package lessons

import (
	"cmp"
	"html"
	"html/template"
	"path"
	"slices"
	"strings"
	"time"
)

// Article is a text on the site, with a wall in the middle.
type Article struct {
	Slug      string
	Title     string
	Lede      string
	Published time.Time // a day, at midnight UTC
	Minutes   int       // to read all of it

	Teaser template.HTML // for everybody
	Rest   template.HTML // behind the wall; its first element has id="fortsatt"

	File        string // where it was read
	Readability Readability
}

// Page is a text that belongs to the site itself.
type Page struct {
	Title string
	HTML  template.HTML
}

const wallLine = "<!-- wall -->"

type articleMatter struct {
	Title     string `toml:"title"`
	Lede      string `toml:"lede"`
	Published string `toml:"published"`
	Minutes   int    `toml:"minutes"`
}

func (l *loader) articles() (articles []*Article) {
	for _, name := range l.texts("articles") {
		if a := l.article(path.Join("articles", name)); a != nil {
			articles = append(articles, a)
		}
	}
	slices.SortStableFunc(articles, func(a, b *Article) int {
		return cmp.Or(b.Published.Compare(a.Published), strings.Compare(a.Slug, b.Slug))
	})
	return articles
}

func (l *loader) article(file string) *Article {
	slug, isText := strings.CutSuffix(path.Base(file), ".md")
	if !isText || !idForm.MatchString(slug) {
		l.add(file, 0, "an article's file is named in lower case letters a–z, digits and hyphens, and .md; rename or remove it")
		return nil
	}
	source, ok := l.read(file)
	if !ok {
		return nil
	}
	var m articleMatter
	t, wrong := readText(file, source, &m)
	if len(wrong) > 0 {
		l.faults = append(l.faults, wrong...)
		return nil
	}
	a := &Article{Slug: slug, Title: m.Title, Lede: m.Lede, Minutes: m.Minutes, File: file}
	a.Published, wrong = m.check(t)
	var more faults
	a.Teaser, a.Rest, a.Readability, more = walled(t)
	l.faults = append(append(l.faults, wrong...), more...)
	return a
}

// walled renders a text with a wall in the middle: what is for everybody, and the
// rest, whose first element has id="fortsatt" and takes the focus.
func walled(t text) (teaser, rest template.HTML, all Readability, wrong faults) {
	before, behind, wrong := splitAtWall(t)
	if len(wrong) > 0 {
		return "", "", all, wrong
	}
	open, wrong := parseMarkdown(before, nil, pageLinks)
	locked, more := parseMarkdown(behind, nil, pageLinks)
	if first := locked.doc.FirstChild(); first != nil {
		first.SetAttributeString("id", "fortsatt")
		first.SetAttributeString("tabindex", "-1")
	}
	all = readability(open.plain() + locked.plain())
	return template.HTML(open.html()), template.HTML(locked.html()), all, append(wrong, more...)
}

// splitAtWall makes two texts of one, so that nothing behind the wall, not
// even a footnote, can come to stand before it.
func splitAtWall(t text) (before, behind text, wrong faults) {
	lines := strings.SplitAfter(t.body, "\n")
	var walls []int
	for n, line := range lines {
		if strings.TrimRight(line, " \t\n") == wallLine {
			walls = append(walls, n)
		}
	}
	if len(walls) == 0 {
		wrong.add(t.file, 0, "no line %s; put one where the teaser ends", wallLine)
		return before, behind, wrong
	}
	if len(walls) > 1 {
		wrong.add(t.file, t.bodyLine+walls[1], "a second line %s; a text has one, where its teaser ends", wallLine)
		return before, behind, wrong
	}
	before, behind = t, t
	before.body = strings.Join(lines[:walls[0]], "")
	behind.body = strings.Join(lines[walls[0]+1:], "")
	behind.bodyLine += walls[0] + 1
	if strings.TrimSpace(before.body) == "" || strings.TrimSpace(behind.body) == "" {
		wrong.add(t.file, t.bodyLine+walls[0], "%s must have text both before and behind it", wallLine)
	}
	return before, behind, wrong
}

func (m *articleMatter) check(t text) (published time.Time, wrong faults) {
	say := func(key, problem string) {
		wrong.add(t.file, matterLine+keyLine(t.matter, key)-1, "%s: %s", key, problem)
	}
	if strings.TrimSpace(m.Title) == "" {
		say("title", "missing or empty")
	}
	if strings.TrimSpace(m.Lede) == "" {
		say("lede", "missing or empty")
	}
	if m.Minutes < 1 {
		say("minutes", "write how many minutes it takes to read, 1 or more")
	}
	published, err := time.Parse(time.DateOnly, m.Published)
	if err != nil {
		say("published", `write a day, as in "2026-11-17"`)
	}
	return published, wrong
}

type pageMatter struct {
	Title string `toml:"title"`
}

// page loads one, with the publisher's fields filled in; nil if it is wrong.
func (l *loader) page(file string, p Publisher) *Page {
	source, ok := l.read(file)
	if !ok {
		return nil
	}
	var m pageMatter
	t, wrong := readText(file, source, &m)
	if len(wrong) == 0 && strings.TrimSpace(m.Title) == "" {
		wrong.add(file, matterLine+keyLine(t.matter, "title")-1, "title: missing or empty")
	}
	body, more := parseMarkdown(t, publisherFields, pageLinks)
	if wrong = append(wrong, more...); len(wrong) > 0 {
		l.faults = append(l.faults, wrong...)
		return nil
	}
	pieces := cut(body.html(), body.actions, factsOf(p.fields(), html.EscapeString))
	return &Page{Title: m.Title, HTML: template.HTML(join(pieces, Fields{}, html.EscapeString))}
}
