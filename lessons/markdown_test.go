package lessons

import (
	"strings"
	"testing"
)

func TestTextPart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, markdown, want string }{
		{"lines are joined", "Ett\ntvå\ntre.", "Ett två tre."},
		{"a kept line break", "Ett  \ntvå", "Ett\ntvå"},
		{"a backslash line break", "Ett\\\ntvå", "Ett\ntvå"},
		{"emphasis is dropped", "Ett *två* **tre**", "Ett två tre"},
		{"headings are underlined", "## Övning\n\nGör så.", "Övning\n------\n\nGör så."},
		{"a field in a heading", "## Hej {{.Name}}", "Hej Anna\n----"},
		{"a link in a sentence", "Se [sidan](https://brev.example/a).", "Se sidan (https://brev.example/a)."},
		{"a link alone", "[Till sidan](https://brev.example/a)", "Till sidan:\nhttps://brev.example/a"},
		{"a button", "**[Till sidan](https://brev.example/a)**", "Till sidan:\nhttps://brev.example/a"},
		{"a link to a field", "Se [sidan]({{.PrivacyURL}}).", "Se sidan (https://brev.example/integritet)."},
		{"an address as link", "<https://brev.example/a>", "https://brev.example/a"},
		{"a link that is its address", "Se [https://brev.example/a](https://brev.example/a).", "Se https://brev.example/a."},
		{"a mail address", "Skriv till <red@brev.example>.", "Skriv till red@brev.example."},
		{"a list", "- ett\n- två", "- ett\n- två"},
		{"a loose list", "- ett\n\n  mer\n\n- två", "- ett\n\n  mer\n\n- två"},
		{"a numbered list", "3. ett\n4. två", "3. ett\n4. två"},
		{"lists in lists", "- ett\n  1. a\n  2. b\n- två", "- ett\n  1. a\n  2. b\n- två"},
		{"a quotation", "> Ett\n> två\n>\n> tre", "> Ett två\n>\n> tre"},
		{"a line across", "Ett\n\n---\n\ntvå", "Ett\n\n* * *\n\ntvå"},
		{"code", "Skriv `a*b*` nu:\n\n```\nx\n  y\n```", "Skriv a*b* nu:\n\n    x\n      y"},
		{"entities", "A &amp; B &lt;c&gt; &aring; &#229; \\&amp; \\*x\\*", "A & B <c> å å &amp; *x*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := bodyText(t, lesson(t, c.markdown), anna); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestHTMLPart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, markdown, want string }{
		{"paragraph", "Ett & två", `<p style="margin:0 0 18px">Ett &amp; två</p>`},
		{"heading", "## Övning", `<h2 style="` + headingStyles[2] + `">Övning</h2>`},
		{"link", "Se [a](https://brev.example/?a=1&b=2)", `<a href="https://brev.example/?a=1&amp;b=2" style="color:#1d5b4c;text-decoration:underline">a</a>`},
		{"button", "**[Gå](https://brev.example/)**", `<td class="button" bgcolor="#1d5b4c" style="border-radius:6px;background:#1d5b4c"><a href="https://brev.example/" class="button" style="display:inline-block;`},
		{"no button in a sentence", "Nu **[gå](https://brev.example/)**", `Nu <strong><a href="https://brev.example/" style="color`},
		{"no button without strength", "[Gå](https://brev.example/)", `<p style="margin:0 0 18px"><a href`},
		{"no button of a weak link", "*[Gå](https://brev.example/)*", `<em><a href="https://brev.example/" style="color`},
		{"no button of a link and more", "**[Gå](https://brev.example/) nu**", `<strong><a href="https://brev.example/" style="color`},
		{"no button before a sentence", "**[Gå](https://brev.example/)** nu", `<strong><a href="https://brev.example/" style="color`},
		{"no button in a heading", "## **[Gå](https://brev.example/)**", `<strong><a href="https://brev.example/" style="color`},
		{"quotation", "> a\n>\n> b", "border-left:3px solid #d8cfc0\"><p style=\"margin:0 0 18px\">a</p>\n<p style=\"margin:0\">b</p>\n</blockquote>"},
		{"list", "- a\n- b", "<ul style=\"margin:0 0 18px;padding:0 0 0 24px\">\n<li style=\"margin:0 0 8px\">a</li>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := bodyHTML(t, lesson(t, c.markdown), anna); !strings.Contains(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestPrintAsInSwedish(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		`Hon sa "det är lugnt".`:            "Hon sa ”det är lugnt”.",
		`("Ja")`:                            "(”Ja”)",
		`"*Ja*", sa hon`:                    "”Ja”, sa hon",
		`'Ja' och Anders' stol`:             "’Ja’ och Anders’ stol",
		"kl. 8--10, nu -- sen":              "kl. 8–10, nu – sen",
		"nu --- sen":                        "nu – sen",
		"Ja...":                             "Ja…",
		"it-avdelningen 2-3. Slut.":         "it-avdelningen 2-3. Slut.",
		"`\"--\"`":                          "\"--\"",
		"[a](https://brev.example/a--b...)": "a:\nhttps://brev.example/a--b...",
		"”Redan rätt” – ja":                 "”Redan rätt” – ja",
	} {
		l := lesson(t, typed)
		if got := bodyText(t, l, anna); got != want {
			t.Errorf("%s: got %q, want %q", typed, got, want)
		}
		if got := bodyHTML(t, l, anna); strings.Contains(got, "&quot;") && !strings.Contains(typed, "`") {
			t.Errorf("%s: a typewriter's quote in %s", typed, got)
		}
	}
}

func TestArticles(t *testing.T) {
	t.Parallel()
	l := load(t, nil)
	if len(l.Articles) != 2 || l.Articles[0].Slug != "mingla" || l.Articles[1].Slug != "aldre" {
		t.Fatalf("got %v, want mingla and aldre, newest first", l.Articles)
	}
	a := l.Article("mingla")
	if a.Title != "Måste jag mingla?" || a.Lede != "Nej." || a.Published.Format("2006-01-02") != "2026-11-17" || a.Minutes != 5 {
		t.Errorf("got %+v, want the front matter of mingla", a)
	}
	if got, want := string(a.Rest), "<p id=\"fortsatt\" tabindex=\"-1\">Svaret är hemligt.</p>\n"; got != want {
		t.Errorf("rest: got %q, want %q", got, want)
	}
	if got := string(l.Article("aldre").Rest); !strings.HasPrefix(got, `<h2 id="fortsatt" tabindex="-1">Nu</h2>`) {
		t.Errorf("rest: got %q, want it to begin with the heading", got)
	}
}

// Not even a link defined behind the wall shows before it.
func TestNothingBehindTheWallStandsBeforeIt(t *testing.T) {
	t.Parallel()
	teaser := string(load(t, nil).Article("mingla").Teaser)
	if got, want := teaser, "<p>Kära redaktion! [En länk][bakom] är allt.</p>\n"; got != want {
		t.Errorf("teaser: got %q, want %q", got, want)
	}
}

func TestPagesNameThePublisher(t *testing.T) {
	t.Parallel()
	p := load(t, nil).Privacy
	want := "<p>Brevförlaget AB ansvarar. Skriv till <a href=\"mailto:red@brev.example\">red@brev.example</a>. Breven går via Posten &amp; Co.</p>\n"
	if p.Title != "Så hanterar vi dina uppgifter" || string(p.HTML) != want {
		t.Errorf("got %q, %s\nwant %s", p.Title, p.HTML, want)
	}
}
