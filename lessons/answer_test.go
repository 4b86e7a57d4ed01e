package lessons

import (
	"strings"
	"testing"
)

func TestAnAnswerIsWrittenAsAPageIs(t *testing.T) {
	t.Parallel()
	got, err := Answer("svar.md", "\ufeffNej, det måste du *inte*.\r\n\r\n## Så här\r\n\r\n- Läs [artikeln](/artiklar/maste-jag-mingla) -- eller [skriv](mailto:red@exempel.se)\r\n")
	if err != nil {
		t.Fatal(err)
	}
	want := `<p>Nej, det måste du <em>inte</em>.</p>
<h2>Så här</h2>
<ul>
<li>Läs <a href="/artiklar/maste-jag-mingla">artikeln</a> – eller <a href="mailto:red@exempel.se">skriv</a></li>
</ul>
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhatAnAnswerMayNotHold(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"":                                      "svar.md: there is no text",
		" \n\n":                                 "svar.md: there is no text",
		"Ett\n\n<script>alert(1)</script>":      "svar.md:3: HTML",
		"Ett <b>fet</b>":                        "svar.md:1: HTML",
		"Ett\n\n[två](javascript:alert(1))":     `svar.md:3: the link "javascript:alert(1)"`,
		"Ett\n\n[två](http://exempel.se)":       `svar.md:3: the link "http://exempel.se"`,
		"![bild](https://exempel.se/a.png)":     "svar.md:1: an image",
		"# Stort":                               "svar.md:1: a heading of level 1",
		"Hej {{.Name}}!":                        "svar.md:1: ",
		"{{if .Name}}Hej{{end}}":                "svar.md:1: ",
		"Ett\nt\xffå":                           "svar.md:2: not UTF-8",
		"Ett\n\x1b[31mtvå":                      "svar.md:2: invisible control character",
		"| a | b |\n| --- | --- |\n| 1 | 2 |\n": "svar.md:1: a table",
	} {
		got, err := Answer("svar.md", source)
		if err == nil || !strings.HasPrefix(err.Error(), want) || got != "" {
			t.Errorf("%q: %q, %v, want %s", source, got, err, want)
		}
	}
}
