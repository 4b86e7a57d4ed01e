package lessons

import (
	"flag"
	"html"
	"os"
	"slices"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestALetterAsAnnaGetsIt(t *testing.T) {
	t.Parallel()
	r := load(t, nil).Courses[0].Lessons[0].Render(anna)
	golden(t, "testdata/forsta.html", r.HTML)
	golden(t, "testdata/forsta.txt", "Subject: "+r.Subject+"\n\n"+r.Text)
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (write it anew with -update): got\n%s\nwant\n%s", file, got, want)
	}
}

func TestFieldsThatAreEmptyLeaveNoTrace(t *testing.T) {
	t.Parallel()
	lessons := load(t, nil).Courses[0].Lessons
	stranger := Fields{UnsubscribeURL: anna.UnsubscribeURL, PrivacyURL: anna.PrivacyURL}
	if got, want := bodyText(t, lessons[1], stranger), "Hej! Det är brev 2 av 2."; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got, want := bodyHTML(t, lessons[1], stranger), "<p style=\"margin:0 0 18px\">Hej! Det är brev 2 av 2.</p>\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := bodyText(t, lessons[1], anna); got != "Hej Anna! Det är brev 2 av 2.\n\nDet kommer fler." {
		t.Errorf("got %q, want Anna greeted and more promised", got)
	}
	if got := bodyHTML(t, lessons[0], stranger); strings.Contains(got, "Nästa brev") || strings.HasSuffix(strings.TrimSpace(got), "<p style=\"margin:0 0 18px\"></p>") {
		t.Errorf("a last letter promises another, or ends in an empty paragraph:\n%s", got)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, none, name1, both string }{
		{"inside a sentence", "Hej{{if .Name}} {{.Name}}{{end}}!", "Hej!", "Hej Anna!", "Hej Anna!"},
		{"nested", "Hej{{if .Name}} {{.Name}}{{if .NextDate}}, {{.NextDate}}{{end}}!{{end}}.", "Hej.", "Hej Anna!.", "Hej Anna, tisdag 3 mars!."},
		{"side by side", "x{{if .Name}}N{{end}}{{if .NextDate}}D{{end}}y", "xy", "xNy", "xNDy"},
		{"at both ends", "{{if .Name}}N{{end}} m {{if .NextDate}}D{{end}}", "m", "N m", "N m D"},
		{"of what is always there", "{{if .Week}}Vecka {{.Week}}{{end}}", "Vecka 1", "Vecka 1", "Vecka 1"},
		{"a whole paragraph", "A\n\n{{if .Name}}B{{end}}\n\nC", "A\n\nC", "A\n\nB\n\nC", "A\n\nB\n\nC"},
		{"several paragraphs", "A\n\n{{if .Name}}\n\nB\n\n- C\n\n{{end}}\n\nD", "A\n\nD", "A\n\nB\n\n- C\n\nD", "A\n\nB\n\n- C\n\nD"},
		{"a paragraph of lines", "A\n\n{{if .Name}}\nB\n{{end}}\n\nC", "A\n\nC", "A\n\nB\n\nC", "A\n\nB\n\nC"},
		{"nested paragraphs", "A\n\n{{if .Name}}\n\nB\n\n{{if .NextDate}}C{{end}}\n\n{{end}}\n\nD", "A\n\nD", "A\n\nB\n\nD", "A\n\nB\n\nC\n\nD"},
		{"inside emphasis and links", "*{{if .Name}}a{{end}}b* [c{{if .Name}}d{{end}}](https://brev.example)", "b c (https://brev.example)", "ab cd (https://brev.example)", "ab cd (https://brev.example)"},
		{"in a list", "- a{{if .Name}} b{{end}}\n- c", "- a\n- c", "- a b\n- c", "- a b\n- c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := lesson(t, c.body)
			none := Fields{UnsubscribeURL: anna.UnsubscribeURL, PrivacyURL: anna.PrivacyURL}
			named := none
			named.Name = "Anna"
			for _, got := range []struct {
				f    Fields
				want string
			}{{none, c.none}, {named, c.name1}, {anna, c.both}} {
				if text := strings.TrimSpace(bodyText(t, l, got.f)); text != got.want {
					t.Errorf("name %q, next %q:\ngot  %q\nwant %q", got.f.Name, got.f.NextDate, text, got.want)
				}
				if strings.Contains(bodyHTML(t, l, got.f), "18px\"></p>") {
					t.Errorf("an empty paragraph in\n%s", bodyHTML(t, l, got.f))
				}
			}
		})
	}
}

// What people write as their names must stay a name, or be left out.
func TestNames(t *testing.T) {
	t.Parallel()
	l := lesson(t, "Hej{{if .Name}} {{.Name}}{{end}}!\n\nSlut.")
	emoji := strings.Repeat("🌻", 60)
	for _, c := range []struct{ name, text, html string }{
		{"Åsa", "Hej Åsa!", "Hej Åsa!"},
		{"  Anna  ", "Hej Anna!", "Hej Anna!"},
		{"   ", "Hej!", "Hej!"},
		{"<script>alert(1)</script>", "Hej <script>alert(1)</script>!", "Hej &lt;script&gt;alert(1)&lt;/script&gt;!"},
		{`"onmouseover=alert(1) x="`, `Hej "onmouseover=alert(1) x="!`, "Hej &#34;onmouseover=alert(1) x=&#34;!"},
		{"O'Neill <b>", "Hej O'Neill <b>!", "Hej O&#39;Neill &lt;b&gt;!"},
		{"Smith & Ko", "Hej Smith & Ko!", "Hej Smith &amp; Ko!"},
		{"*Anna* [du](x)", "Hej *Anna* [du](x)!", "Hej *Anna* [du](x)!"},
		{"J. R. R. Ek", "Hej J. R. R. Ek!", "Hej J. R. R. Ek!"},
		{emoji, "Hej " + emoji + "!", "Hej " + emoji + "!"},
		{emoji + "🌻", "Hej!", "Hej!"},
		{"{{.Secret}}", "Hej!", "Hej!"},
		{"q7hole0q7", "Hej q7hole0q7!", "Hej q7hole0q7!"},
		{"Anna\nBcc: x", "Hej!", "Hej!"},
		{"Anna\rBcc: x", "Hej!", "Hej!"},
		{"Anna\u2028x", "Hej!", "Hej!"},
		{"anna@brev.example", "Hej!", "Hej!"},
		{"Vinn på https://x", "Hej!", "Hej!"},
		{"www.x", "Hej!", "Hej!"},
		{"Spela på casino.com nu", "Hej!", "Hej!"},
		{"An\x00n\x1ba", "Hej Anna!", "Hej Anna!"},
		{"A\u202enna", "Hej Anna!", "Hej Anna!"},
		{"An\xffna", "Hej Anna!", "Hej Anna!"},
		{"casino.\x00com", "Hej!", "Hej!"},
		{"100 %", "Hej!", "Hej!"},
		{"null", "Hej!", "Hej!"},
		{"nu\x00ll", "Hej!", "Hej!"},
		{"Null", "Hej Null!", "Hej Null!"},
	} {
		f := anna
		f.Name = c.name
		if got := bodyText(t, l, f); got != c.text+"\n\nSlut." {
			t.Errorf("name %q in text: got %q, want %q", c.name, got, c.text)
		}
		if got, want := bodyHTML(t, l, f), `<p style="margin:0 0 18px">`+c.html+"</p>\n"; !strings.HasPrefix(got, want) {
			t.Errorf("name %q in HTML: got %q, want %q", c.name, got, want)
		}
	}
}

func TestASubjectIsOneLineOfText(t *testing.T) {
	t.Parallel()
	c := edited(t, "kaffe/01-forsta.md", `"Brev {{.Week}}: första koppen"`, `"{{if .Name}}{{.Name}}, {{end}}<brev> {{.Week}} & {{.Weeks}}"`)
	l := load(t, c).Courses[0].Lessons[0]
	for name, want := range map[string]string{
		"O'Neill":        "O'Neill, <brev> 1 & 2",
		"":               "<brev> 1 & 2",
		"A\r\nBcc: x@y.": "<brev> 1 & 2",
	} {
		if got := l.Render(Fields{Name: name}).Subject; got != want {
			t.Errorf("name %q: got %q, want %q", name, got, want)
		}
	}
}

// Addresses are ours, but must not break out of where they stand either.
func TestAddressesAreEscaped(t *testing.T) {
	t.Parallel()
	f := anna
	f.UnsubscribeURL = "https://brev.example/avsluta/a?b=1&c=\"><script>\r\n"
	r := load(t, nil).Courses[0].Lessons[0].Render(f)
	if want := `href="https://brev.example/avsluta/a?b=1&amp;c=&#34;&gt;&lt;script&gt;"`; !strings.Contains(r.HTML, want) {
		t.Errorf("HTML lacks %s:\n%s", want, r.HTML)
	}
	if want := "\nhttps://brev.example/avsluta/a?b=1&c=\"><script>\n"; !strings.Contains(r.Text, want) {
		t.Errorf("text lacks %q:\n%s", want, r.Text)
	}
}

func TestEveryFieldStaysOnItsLine(t *testing.T) {
	t.Parallel()
	dirty := "x\r\n\u2028\u2029\xff\u202e\x00y"
	f := Fields{NextDate: dirty, AskedAt: dirty, UnsubscribeURL: dirty, PrivacyURL: dirty, ConfirmURL: dirty}
	l := load(t, nil)
	for _, c := range []struct {
		letter *Letter
		want   []string
	}{
		{l.Courses[0].Lessons[0], []string{"kommer xy.", "breven:\nxy\n", "uppgifter:\nxy\n"}},
		{l.Letters["confirm"], []string{"Det var xy.", "adressen:\nxy\n", "uppgifter:\nxy\n"}},
	} {
		text := c.letter.Render(f).Text
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%q", c.letter.ID, want, text)
			}
		}
	}
}

// What an editor writes in settings is text too.
func TestFactsAreEscaped(t *testing.T) {
	t.Parallel()
	c := edited(t, "publisher.toml", "Brevförlaget AB", "Bo & <b>Co</b>")
	c["kaffe/01-forsta.md"] = strings.Replace(smallHouse["kaffe/01-forsta.md"], `title = "Första koppen"`, `title = "Kaffe < te & 'vatten'"`, 1)
	l := load(t, c)
	r := l.Courses[0].Lessons[0].Render(anna)
	for _, want := range []string{"<title>Kaffe &lt; te &amp; &#39;vatten&#39;</title>", "Bo &amp; &lt;b&gt;Co&lt;/b&gt;, Storgatan"} {
		if !strings.Contains(r.HTML, want) {
			t.Errorf("HTML lacks %s:\n%s", want, r.HTML)
		}
	}
	if !strings.HasPrefix(r.Text, "Kaffe < te & 'vatten'\n") || !strings.Contains(r.Text, "Bo & <b>Co</b>, Storgatan") {
		t.Errorf("text does not say it as written:\n%s", r.Text)
	}
	if got := string(l.Privacy.HTML); !strings.Contains(got, "<p>Bo &amp; &lt;b&gt;Co&lt;/b&gt; ansvarar.") || !strings.Contains(got, "via Posten &amp; Co.") {
		t.Errorf("got page %s, want the publisher escaped", got)
	}
}

// A letter planned last week is the same letter after this week's edits.
func TestALetterOutlivesItsEdits(t *testing.T) {
	t.Parallel()
	planned := load(t, nil)
	changed := edited(t, "kaffe/01-forsta.md", "Ett namn", "Tre namn")
	changed["letters/layout.txt"] = "{{.Body}}{{if .Week}}{{.UnsubscribeURL}}{{end}}{{.PrivacyURL}}{{.PublisherName}}{{.PublisherEmail}}"
	changed["publisher.toml"] = strings.Replace(smallHouse["publisher.toml"], "Brevförlaget AB", "Nya Förlaget", 1)
	now := load(t, changed)
	f := anna
	f.AskedAt, f.ConfirmURL = "22 november kl. 14.05", "https://brev.example/bekrafta/x"
	for i, letter := range append(slices.Clone(planned.Courses[0].Lessons), planned.Letters["confirm"]) {
		source, layout := letter.Source()
		again, err := Compile(source, layout)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := again.Render(f), letter.Render(f); got != want {
			t.Errorf("%s compiled again:\ngot\n%v\nwant\n%v", letter.ID, got, want)
		}
		if again.ID != letter.ID || again.Title != letter.Title || again.Week != letter.Week || again.Weeks != letter.Weeks || again.Minutes != letter.Minutes || again.Preheader != letter.Preheader {
			t.Errorf("compiled again: got %+v, want %+v", again, letter)
		}
		source2, layout2 := again.Source()
		if string(source2) != string(source) || string(layout2) != string(layout) {
			t.Errorf("%s: a source compiled again is another source", letter.ID)
		}
		edited := append(slices.Clone(now.Courses[0].Lessons), now.Letters["confirm"])[i]
		if _, layout3 := edited.Source(); string(layout3) == string(layout) || edited.Render(f) == letter.Render(f) {
			t.Errorf("%s: another layout and publisher, but the same source", letter.ID)
		}
	}
}

func TestCompileRefusesWhatIsNoSource(t *testing.T) {
	t.Parallel()
	source, layout := load(t, nil).Letters["confirm"].Source()
	for _, c := range []struct{ name, source, layout, want string }{
		{"no JSON", string(source), "x", "compile letter: layout: invalid character 'x' looking for beginning of value"},
		{"unknown key", string(source), strings.Replace(string(layout), `"kind"`, `"sort"`, 1), `compile letter: layout: json: unknown field "sort"`},
		{"unknown kind", string(source), strings.Replace(string(layout), `"confirm"`, `"poem"`, 1), `compile letter: layout: unknown kind "poem"`},
		{"no text", "Hej!", string(layout), "compile letter\nletter:1: the first line must be +++, and front matter follow"},
	} {
		if _, err := Compile([]byte(c.source), []byte(c.layout)); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

// A confirm letter goes to whoever's address was typed: nothing from the form
// may stand in it, and it cannot be unsubscribed from.
func TestAConfirmLetterHoldsNothingFromTheForm(t *testing.T) {
	t.Parallel()
	f := anna
	f.AskedAt, f.ConfirmURL = "22 november kl. 14.05", "https://brev.example/bekrafta/x"
	r := load(t, nil).Letters["confirm"].Render(f)
	for _, part := range []string{r.Subject, r.Text, r.HTML} {
		if strings.Contains(part, "Anna") || strings.Contains(part, "avsluta") || strings.Contains(part, "tisdag") {
			t.Errorf("the confirm letter knows Anna, or how to stop:\n%s", part)
		}
	}
	if !strings.Contains(r.Text, "Det var 22 november kl. 14.05.\n\nBekräfta adressen:\nhttps://brev.example/bekrafta/x\n") {
		t.Errorf("the confirm letter does not say when and how:\n%s", r.Text)
	}
	if !strings.Contains(r.HTML, `<a href="https://brev.example/bekrafta/x" class="button"`) {
		t.Errorf("the confirm letter has no button:\n%s", r.HTML)
	}
}

// A test of what no confirm letter has drops all that is in it, further tests
// included.
func TestALayoutsTestsNest(t *testing.T) {
	t.Parallel()
	l := load(t, edited(t, "letters/layout.txt", "{{.Title}}\n", "{{if .Week}}a{{if .Course}}b{{end}}{{if .Weeks}}c{{end}}d{{end}}{{if .Title}}e{{end}}\n"))
	if got := l.Courses[0].Lessons[0].Render(anna).Text; !strings.HasPrefix(got, "abcde\nTvå koppar") {
		t.Errorf("lesson: got %q, want abcde first", got)
	}
	if got := l.Letters["confirm"].Render(anna).Text; !strings.HasPrefix(got, "e\n\nDet var") {
		t.Errorf("confirm letter: got %q, want e first", got)
	}
}

func TestBothPartsCarryTheSameLinks(t *testing.T) {
	t.Parallel()
	l := lesson(t, strings.Join([]string{
		"Se [en](https://brev.example/å?a=1&b=\"2\") och <https://brev.example/två>, eller [skriv](mailto:red@brev.example).",
		"- [tre](https://brev.example/3)\n  - **[fyra]({{.PrivacyURL}})**",
		"> [fem][5]",
		"[5]: https://brev.example/5_(x)",
		"**[sex](https://brev.example/6)**",
	}, "\n\n"))
	r := l.Render(anna)
	links := linksOf(t, r.HTML)
	if len(links) != 7+4 {
		t.Errorf("got links %q, want seven in the letter and four in its foot", links)
	}
	for _, link := range links {
		if !strings.Contains(r.Text, strings.TrimPrefix(link, "mailto:")) {
			t.Errorf("the text part lacks %s:\n%s", link, r.Text)
		}
	}
}

func linksOf(t *testing.T, source string) (links []string) {
	t.Helper()
	elements(t, source, func(n *nethtml.Node) {
		if n.Data == "a" {
			links = append(links, attr(n, "href"))
		}
	})
	return links
}

func elements(t *testing.T, source string, visit func(*nethtml.Node)) {
	t.Helper()
	doc, err := nethtml.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == nethtml.ElementNode {
			visit(n)
		}
	}
}

func attr(n *nethtml.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// checkParts holds a letter against the rules on what both parts must and must
// not contain.
func checkParts(t *testing.T, r Rendered) {
	t.Helper()
	allowed := strings.Fields("html head meta title style body div table tbody tr td p h1 h2 h3 ul ol li blockquote strong em a br hr code pre")
	heading := 0
	elements(t, r.HTML, func(n *nethtml.Node) {
		if !slices.Contains(allowed, n.Data) {
			t.Errorf("element %s in a letter", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || strings.Contains(a.Val, "url(") {
				t.Errorf("attribute %s=%q in a letter", a.Key, a.Val)
			}
		}
		if n.Data == "table" && attr(n, "role") != "presentation" {
			t.Error("a table without role=presentation")
		}
		if n.Data == "html" && attr(n, "lang") != "sv" {
			t.Error("the letter is not marked as Swedish")
		}
		if n.Data == "a" && !strings.HasPrefix(attr(n, "href"), "https://") && !strings.HasPrefix(attr(n, "href"), "mailto:") {
			t.Errorf("link to %q", attr(n, "href"))
		}
		if len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
			if level := int(n.Data[1] - '0'); level > heading+1 || level == 1 && heading > 0 {
				t.Errorf("heading %s after level %d", n.Data, heading)
			} else {
				heading = level
			}
		}
	})
	for _, part := range []string{r.Subject, r.Text, r.HTML} {
		for _, bad := range []string{"{{", "q7hole", "<no value>", "%!", "@import", "http://", "javascript:", "data:", "\r", "\x00"} {
			if strings.Contains(part, bad) {
				t.Errorf("%q in a letter:\n%s", bad, part)
			}
		}
	}
	for _, tag := range []string{"<p", "</", "style=", "&amp;", "&#34;"} {
		if strings.Contains(r.Text, tag) {
			t.Errorf("%q in the text part:\n%s", tag, r.Text)
		}
	}
	if strings.Contains(r.Text, "\n\n\n") || strings.HasPrefix(r.Text, "\n") || strings.HasSuffix(r.Text, "\n\n") {
		t.Errorf("stray blank lines in the text part:\n%q", r.Text)
	}
	for _, link := range linksOf(t, r.HTML) {
		if !strings.Contains(r.Text, strings.TrimPrefix(html.UnescapeString(link), "mailto:")) {
			t.Errorf("the text part lacks the link %s", link)
		}
	}
	if len(r.HTML) > 80_000 {
		t.Errorf("%d bytes of HTML; over 80,000 a mail program hides the end", len(r.HTML))
	}
}

func BenchmarkRender(b *testing.B) {
	letter := load(b, nil).Courses[0].Lessons[0]
	for b.Loop() {
		letter.Render(anna)
	}
}

func TestPartsKeepTheRules(t *testing.T) {
	t.Parallel()
	l := load(t, nil)
	for _, f := range []Fields{anna, {WebURL: anna.WebURL, UnsubscribeURL: anna.UnsubscribeURL, PrivacyURL: anna.PrivacyURL, ConfirmURL: "https://brev.example/x", AskedAt: "1 maj kl. 09.00"}} {
		for _, letter := range append(slices.Clone(l.Courses[0].Lessons), l.Letters["confirm"]) {
			f.ConfirmURL = "https://brev.example/bekrafta/x"
			checkParts(t, letter.Render(f))
		}
	}
}
