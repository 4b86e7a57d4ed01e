package lessons

import (
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"
)

// Anna's colleague reads on the web what Anna got, but for what was Anna's.
func TestALessonAsAPage(t *testing.T) {
	t.Parallel()
	want := `<p>Hej!</p>
<p>”Det är lugnt”, sa hon – för snabbt… Läs <a href="https://brev.example/a?b=1&amp;c=2">mer här</a>.</p>
<h2>Övningen</h2>
<ul>
<li>Ett namn</li>
<li>Två <em>rader</em></li>
</ul>
<blockquote>
<p>Ställ frågan.</p>
</blockquote>
<p><strong><a href="https://brev.example/sida">Till sidan</a></strong></p>
`
	l := load(t, nil).Courses[0].Lessons[0]
	if got := string(l.Page()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := bodyHTML(t, l, anna); !strings.Contains(got, "Hej Anna!") || !strings.Contains(got, "Nästa brev kommer") || !strings.Contains(got, `class="button"`) {
		t.Errorf("the letter has become a page:\n%s", got)
	}
}

func TestAPageHoldsNothingOfAReaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"name and date", "Hej{{if .Name}} {{.Name}}{{end}}!{{if .NextDate}} Nästa kommer {{.NextDate}}.{{end}} Slut.", "<p>Hej! Slut.</p>\n"},
		{"paragraphs for some", "Ett.\n\n{{if .Name}}\n\nTill dig.\n\n{{end}}\n\nTvå.", "<p>Ett.</p>\n<p>Två.</p>\n"},
		{"what only those who get letters need", "Ett.\n\n{{if .UnsubscribeURL}}\n\n## Så slutar du\n\n- Länken längst ner.\n\n{{end}}\n\nTvå.", "<p>Ett.</p>\n<p>Två.</p>\n"},
		{"what is the same for all stays", "Brev {{.Week}} av {{.Weeks}}{{if .Week}}, som vanligt{{end}}.", "<p>Brev 1 av 2, som vanligt.</p>\n"},
		{"a link in a sentence", "Du kan *[sluta **nu**]({{.UnsubscribeURL}})* om du vill.", "<p>Du kan <em>sluta <strong>nu</strong></em> om du vill.</p>\n"},
		{"a button", "Ett.\n\n**[Sluta]({{.UnsubscribeURL}})**\n\nTvå.", "<p>Ett.</p>\n<p>Två.</p>\n"},
		{"a line", "Ett.\n\n[Sluta]({{.UnsubscribeURL}})", "<p>Ett.</p>\n"},
		{"a list item", "- Ett\n- [Sluta]({{.UnsubscribeURL}})", "<ul>\n<li>Ett</li>\n</ul>\n"},
		{"a list of nothing else", "Ett.\n\n> - [Sluta]({{.UnsubscribeURL}})", "<p>Ett.</p>\n"},
		{"by reference", "Så [hanterar vi][p] det.\n\n[p]: {{.PrivacyURL}}", "<p>Så hanterar vi det.</p>\n"},
		{"on the web", "[Läs på webben]({{.WebURL}}) i stället.", "<p>Läs på webben i stället.</p>\n"},
		{"other links", "[Ring](https://www.1177.se) eller [skriv](mailto:red@brev.example).", `<p><a href="https://www.1177.se">Ring</a> eller <a href="mailto:red@brev.example">skriv</a>.</p>` + "\n"},
	} {
		if got := string(lesson(t, c.body).Page()); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// Page and letter are made of one text, and each takes it apart in its own way.
func TestALetterKeepsWhatItsPageLacks(t *testing.T) {
	t.Parallel()
	l := lesson(t, "Du kan [sluta nu]({{.UnsubscribeURL}}) om du vill.\n\n**[Sluta]({{.UnsubscribeURL}})**")
	if got := string(l.Page()); got != "<p>Du kan sluta nu om du vill.</p>\n" {
		t.Errorf("got page %q, want it without links", got)
	}
	if got := strings.Count(bodyHTML(t, l, anna), `href="`+anna.UnsubscribeURL+`"`); got != 2 {
		t.Errorf("%d links to stop in the letter's HTML, want 2:\n%s", got, bodyHTML(t, l, anna))
	}
	if got := strings.Count(bodyText(t, l, anna), anna.UnsubscribeURL); got != 2 {
		t.Errorf("%d links to stop in the letter's text, want 2:\n%s", got, bodyText(t, l, anna))
	}
}

func TestOnlyLessonsArePages(t *testing.T) {
	t.Parallel()
	for kind, l := range load(t, nil).Letters {
		if l.Page() != "" {
			t.Errorf("the %s letter has a page:\n%s", kind, l.Page())
		}
	}
}

// Every word of a shipped lesson is on its page, and no mark, date or name.
func TestShippedLessonsArePages(t *testing.T) {
	t.Parallel()
	l, err := Load(Shipped())
	if err != nil {
		t.Fatal(err)
	}
	for _, letter := range l.Course("atta-brev").Lessons {
		page := string(letter.Page())
		words := wordsOf(shown(page))
		if want := wordsOf(bodyText(t, letter, Fields{})); strings.Join(words, " ") != strings.Join(want, " ") {
			t.Errorf("%s: the page says\n%q\nand the letter to nobody\n%q", letter.ID, words, want)
		}
		for _, own := range []string{"Sluta få breven", "Svara på", "Det kommer inga fler"} {
			if strings.Contains(page, own) {
				t.Errorf("%s: %q is for those who get the letters, and on its page:\n%s", letter.ID, own, page)
			}
		}
		if strings.Contains(page, "style=") || strings.Contains(page, markStem) || strings.Contains(page, "{{") || strings.Contains(page, `href=""`) {
			t.Errorf("%s: a style, a mark or an empty link in\n%s", letter.ID, page)
		}
		elements(t, page, func(n *nethtml.Node) {
			if n.Data == "h1" {
				t.Errorf("%s: a second title on its page", letter.ID)
			}
		})
	}
}
