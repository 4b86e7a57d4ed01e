package lessons

import (
	"io/fs"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// A small house: a course of two letters, given on Tuesdays.
var smallHouse = map[string]string{
	"publisher.toml": `name = "Brevförlaget AB"
email = "red@brev.example"
number = "556000-0000"
address = "Storgatan 1, 111 22 Stockholm"
relay = "Posten & Co"
`,
	"kaffe/course.toml": `title = "Två koppar"
weekday = "tuesday"
hour = 8
zone = "Europe/Stockholm"
`,
	"kaffe/01-forsta.md": `+++
id = "forsta"
title = "Första koppen"
subject = "Brev {{.Week}}: första koppen"
preheader = "Ta fem minuter."
minutes = 1
+++

Hej{{if .Name}} {{.Name}}{{end}}!

"Det är lugnt", sa hon -- för snabbt... Läs [mer här](https://brev.example/a?b=1&c=2).

## Övningen

- Ett namn
- Två *rader*

> Ställ frågan.

**[Till sidan](https://brev.example/sida)**

{{if .NextDate}}Nästa brev kommer {{.NextDate}}.{{end}}
`,
	"kaffe/02-andra.md": `+++
id = "andra"
title = "Andra koppen"
subject = "Andra koppen"
preheader = "Den sista."
minutes = 4
+++

Hej{{if .Name}} {{.Name}}{{end}}! Det är brev {{.Week}} av {{.Weeks}}.

{{if .NextDate}}

Det kommer fler.

{{end}}
`,
	"letters/confirm.md": `+++
id = "confirm"
title = "Bekräfta adressen"
subject = "Bekräfta adressen"
preheader = "Sedan är det klart."
minutes = 1
+++

Det var {{.AskedAt}}.

**[Bekräfta adressen]({{.ConfirmURL}})**
`,
	"letters/login.md": `+++
id = "login"
title = "Ett besked"
subject = "Ett besked"
preheader = "Det är kort."
minutes = 1
+++

[Läs vidare]({{.LoginURL}}) eller skriv {{.Code}}.
`,
	"letters/question-wording.md": `+++
id = "question-wording"
title = "Ett besked"
subject = "Ett besked"
preheader = "Det är kort."
minutes = 1
+++

[Se texten]({{.QuestionURL}})
`,
	"letters/question-answered.md": `+++
id = "question-answered"
title = "Ett besked"
subject = "Ett besked"
preheader = "Det är kort."
minutes = 1
+++

[Läs svaret]({{.QuestionURL}})
`,
	"letters/question-declined.md": `+++
id = "question-declined"
title = "Ett besked"
subject = "Ett besked"
preheader = "Det är kort."
minutes = 1
+++

[Läs vad vi skrev]({{.QuestionURL}})
`,
	"articles/mingla.md": `+++
title = "Måste jag mingla?"
lede = "Nej."
published = "2026-11-17"
minutes = 5
+++

Kära redaktion! [En länk][bakom] är allt.

<!-- wall -->

Svaret är hemligt.

[bakom]: https://brev.example/bakom
`,
	"articles/aldre.md": `+++
title = "Äldre"
lede = "Om förr."
published = "2026-10-01"
minutes = 2
+++

Förr.

<!-- wall -->

## Nu

Sen.
`,
	"webinars/te.md": `+++
title = "Te klockan tre"
lede = "Om te."
starts = "2027-01-21 15:00"
zone = "Europe/Stockholm"
minutes = 40
place = "Länken kommer samma morgon."
changed = "2026-11-17"
+++

Vi ses.

<!-- wall -->

## Programmet

Först vatten.
`,
	"webinars/varmt-vatten.md": `+++
title = "Varmt vatten"
lede = "Om vatten."
starts = "2026-06-01 15:00"
zone = "Europe/Stockholm"
minutes = 30
place = "I köket."
uid = "vatten"
sequence = 2
changed = "2026-06-02"
cancelled = true
transcript = true
+++

Vi sågs.

<!-- wall -->

Först te.
`,
	"pages/tillganglighet.md": `+++
title = "Tillgänglighet"
+++

Skriv till {{.PublisherEmail}}.
`,
	"pages/integritet.md": `+++
title = "Så hanterar vi dina uppgifter"
+++

{{.PublisherName}} ansvarar. Skriv till [{{.PublisherEmail}}](mailto:{{.PublisherEmail}}). Breven går via {{.Relay}}.
`,
}

// house is the small house with the shipped layout and wording, and with some
// files changed; an empty file is taken away.
func house(t testing.TB, changes map[string]string) fs.FS {
	t.Helper()
	files := maps.Clone(smallHouse)
	for _, file := range []string{"wall.toml", "pages.toml", "letters/layout.html", "letters/layout.txt"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		files[file] = string(b)
	}
	maps.Copy(files, changes)
	fsys := fstest.MapFS{}
	for file, content := range files {
		if content != "" {
			fsys[file] = &fstest.MapFile{Data: []byte(content)}
		}
	}
	return fsys
}

// edited is one file of the small house with a passage replaced.
func edited(t testing.TB, file, old, new string) map[string]string {
	t.Helper()
	before, ok := smallHouse[file]
	if !ok {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before = string(b)
	}
	if strings.Count(before, old) != 1 {
		t.Fatalf("%s holds %q %d times, want once", file, old, strings.Count(before, old))
	}
	return map[string]string{file: strings.Replace(before, old, new, 1)}
}

func load(t testing.TB, changes map[string]string) *Library {
	t.Helper()
	l, err := Load(house(t, changes))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// lesson compiles the first lesson of the small house with another body.
func lesson(t testing.TB, body string) *Letter {
	t.Helper()
	matter, _, _ := strings.Cut(smallHouse["kaffe/01-forsta.md"], "\nHej")
	l := load(t, map[string]string{"kaffe/01-forsta.md": matter + "\n" + body})
	return l.Course("kaffe").Lessons[0]
}

var anna = Fields{
	Name:           "Anna",
	NextDate:       "tisdag 3 mars",
	WebURL:         "https://brev.example/brev/kaffe/forsta",
	UnsubscribeURL: "https://brev.example/avsluta/abc",
	PrivacyURL:     "https://brev.example/integritet",
}

// bodyText is a letter's text between the layout's head and foot.
func bodyText(t testing.TB, l *Letter, f Fields) string {
	t.Helper()
	_, rest, ok := strings.Cut(l.Render(f).Text, readingTime(l.Minutes)+"\n\n")
	body, _, ok2 := strings.Cut(rest, "---\n\nSvara")
	if !ok || !ok2 {
		t.Fatalf("the text part has no head or foot:\n%s", l.Render(f).Text)
	}
	return strings.TrimSuffix(body, "\n\n")
}

// bodyHTML is a letter's HTML between its heading and its foot.
func bodyHTML(t testing.TB, l *Letter, f Fields) string {
	t.Helper()
	_, rest, ok := strings.Cut(l.Render(f).HTML, readingTime(l.Minutes)+"</p>\n")
	body, _, ok2 := strings.Cut(rest, "</td></tr>\n<tr><td class=\"foot\"")
	if !ok || !ok2 {
		t.Fatalf("the HTML part has no head or foot:\n%s", l.Render(f).HTML)
	}
	return body
}
