package lessons

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestLoadReadsADirectory(t *testing.T) {
	t.Parallel()
	l := load(t, nil)
	c := l.Course("kaffe")
	if c == nil || len(l.Courses) != 1 || len(c.Lessons) != 2 {
		t.Fatalf("got courses %v, want kaffe with two lessons", l.Courses)
	}
	if c.Title != "Två koppar" || c.Weekday != time.Tuesday || c.Hour != 8 || c.Zone.String() != "Europe/Stockholm" {
		t.Errorf("got %+v, want Två koppar on Tuesdays at 8 in Stockholm", c)
	}
	second := c.Lessons[1]
	if second.ID != "andra" || second.Title != "Andra koppen" || second.Preheader != "Den sista." || second.Minutes != 4 || second.Week != 2 || second.Weeks != 2 {
		t.Errorf("got %+v, want andra, week 2 of 2, 4 minutes", second)
	}
	if l.Letters["confirm"].ID != "confirm" || l.Letters["confirm"].Week != 0 {
		t.Errorf("got confirm letter %q of week %d, want confirm of none", l.Letters["confirm"].ID, l.Letters["confirm"].Week)
	}
	if l.Publisher.Relay != "Posten & Co" || l.Wall.Button == "" || l.Pages.Site.Brand == "" {
		t.Errorf("publisher, wall or pages not read: %+v", l.Publisher)
	}
	if l.Course("te") != nil || l.Article("te") != nil {
		t.Error("found a course or an article that does not exist")
	}
}

func TestLoadRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	const first, course, confirm = "kaffe/01-forsta.md", "kaffe/course.toml", "letters/confirm.md"
	body := `Hej{{if .Name}} {{.Name}}{{end}}!`
	for _, c := range []struct{ name, file, old, new, want string }{
		{"unknown key", first, "subject =", "subjekt =", `kaffe/01-forsta.md:4: unknown key "subjekt" (known: id, title, subject, preheader, minutes)`},
		{"missing key", first, "preheader = \"Ta fem minuter.\"\n", "", `kaffe/01-forsta.md:2: preheader: missing or empty`},
		{"empty key", first, `"Första koppen"`, `" "`, `kaffe/01-forsta.md:3: title: missing or empty`},
		{"wrong type", first, "minutes = 1", `minutes = "en"`, `kaffe/01-forsta.md:6: key "minutes": incompatible types: TOML value has type string; destination has type integer`},
		{"broken TOML", first, `"Första koppen"`, `"Första`, `kaffe/01-forsta.md:3: key "title": strings cannot contain newlines`},
		{"no minutes", first, "minutes = 1", "minutes = 0", `kaffe/01-forsta.md:6: minutes: write how many minutes it takes to read, 1 or more`},
		{"id", first, `"forsta"`, `"Första"`, `kaffe/01-forsta.md:2: id: "Första": write lower case letters a–z, digits and hyphens`},
		{"id taken", first, `"forsta"`, `"andra"`, `kaffe/02-andra.md:2: id "andra" is taken by 01-forsta.md; an id names one lesson for ever`},
		{"subject over 60", first, `"Brev {{.Week}}: första koppen"`, `"` + strings.Repeat("å", 61) + `"`, `kaffe/01-forsta.md:4: subject: 61 characters; at most 60`},
		{"field in title", first, `"Första koppen"`, `"{{.Name}}"`, `kaffe/01-forsta.md:3: title: fields may stand in the subject and in the text only`},
		{"two-line preheader", first, `"Ta fem minuter."`, `"Ta\nfem."`, `kaffe/01-forsta.md:5: preheader: must stand on one line`},
		{"unknown field in subject", first, "{{.Week}}", "{{.Wek}}", `kaffe/01-forsta.md:4: unknown field {{.Wek}} (known: Name, Week, Weeks, NextDate, WebURL, UnsubscribeURL, PrivacyURL)`},

		{"no front matter", first, "+++\nid", "id", `kaffe/01-forsta.md:1: the first line must be +++, and front matter follow`},
		{"endless front matter", first, "+++\n\nHej", "\n\nHej", `kaffe/01-forsta.md:1: front matter has no end; close it with a line +++`},
		{"no text", confirm, "Det var {{.AskedAt}}.\n\n**[Bekräfta adressen]({{.ConfirmURL}})**\n", "", `letters/confirm.md:8: there is no text after the front matter`},
		{"not UTF-8", first, body, "Hej\xe5!", `kaffe/01-forsta.md:9: not UTF-8; save the file as UTF-8`},
		{"invisible", first, body, "Hej\x00!", `kaffe/01-forsta.md:9: invisible control character '\x00'; delete it`},

		{"unknown field", first, body, "Hej {{.Secret}}!", `kaffe/01-forsta.md:9: unknown field {{.Secret}} (known: Name, Week, Weeks, NextDate, WebURL, UnsubscribeURL, PrivacyURL)`},
		{"function", first, body, `Hej {{env "HOME"}}!`, `kaffe/01-forsta.md:9: {{env "HOME"}} is not understood; write {{.Field}} or {{if .Field}} … {{end}}`},
		{"pipe", first, body, `Hej {{.Name | html}}!`, `kaffe/01-forsta.md:9: {{.Name | html}} is not understood; write {{.Field}} or {{if .Field}} … {{end}}`},
		{"two lines", first, body, "Hej {{.Name\n}}!", `kaffe/01-forsta.md:9: {{ without }} after it on the same line
kaffe/01-forsta.md:10: }} without {{ before it (between two braces of CSS, put a space)`},
		{"unclosed braces", first, body, "Hej {{.Name!", `kaffe/01-forsta.md:9: {{ without }} after it on the same line`},
		{"last braces unclosed", confirm, "({{.ConfirmURL}})**\n", "({{.ConfirmURL}})** {{.AskedAt}\n", `letters/confirm.md:11: {{ without }} after it on the same line`},
		{"stray braces", first, body, "Hej {.Name}}!", `kaffe/01-forsta.md:9: }} without {{ before it (between two braces of CSS, put a space)`},
		{"if without end", first, body, "Hej{{if .Name}}!", `kaffe/01-forsta.md:9: {{if .Name}} without {{end}} after it`},
		{"end without if", first, body, "Hej{{end}}!", `kaffe/01-forsta.md:9: {{end}} without {{if}} before it`},
		{"if across paragraphs", first, body, "Hej{{if .Name}}\n\nigen{{end}}!", `kaffe/01-forsta.md:9: {{if .Name}} and its {{end}} must stand in one paragraph, or each in a paragraph of its own`},
		{"if across emphasis", first, body, "Hej *du{{if .Name}} igen*{{end}}!", `kaffe/01-forsta.md:9: {{if .Name}} and its {{end}} must stand in one paragraph, or each in a paragraph of its own`},
		{"if in code", first, body, "```\n{{if .Name}}x{{end}}\n```", `kaffe/01-forsta.md:10: {{if .Name}} and its {{end}} must stand in one paragraph, or each in a paragraph of its own`},
		{"a program's word", first, body, "q7hole0q7", `kaffe/01-forsta.md:9: the letters "q7hole" are kept for the program; write something else`},
		{"a program's word, put together", first, body, "q7h*ol*e9q7", `kaffe/01-forsta.md:8: the letters "q7hole" are kept for the program; write something else`},
		{"a program's word, in code points", first, body, "q7&#104;ole0q7", `kaffe/01-forsta.md:8: the letters "q7hole" are kept for the program; write something else`},
		{"braces put together", first, body, `Hej {\{.Name!`, `kaffe/01-forsta.md:8: two braces {{ that Markdown puts together; write something else`},
		{"name in confirm letter", confirm, "Det var", "Hej {{.Name}}! Det var", `letters/confirm.md:9: unknown field {{.Name}} (known: AskedAt, ConfirmURL, PrivacyURL)`},
		{"nothing to confirm with", confirm, "({{.ConfirmURL}})", "(https://brev.example)", `letters/confirm.md:8: a confirm letter must hold {{.ConfirmURL}}`},

		{"HTML", first, body, "Hej <b>du</b>!", `kaffe/01-forsta.md:9: HTML; write it as Markdown`},
		{"HTML block", first, body, "<div>\nHej\n</div>", `kaffe/01-forsta.md:9: HTML; write it as Markdown`},
		{"comment", first, body, "<!-- senare -->", `kaffe/01-forsta.md:9: HTML; write it as Markdown`},
		{"image", first, body, "Hej\n![kopp](https://brev.example/k.png)", `kaffe/01-forsta.md:10: an image; none are sent, so say it in words`},
		{"table", first, body, "| a | b |\n| - | - |\n| c | d |", `kaffe/01-forsta.md:9: a table; it falls apart as text, so write a list`},
		{"heading 1", first, body, "# Hej", `kaffe/01-forsta.md:9: a heading of level 1 (#); the title is that, so write ##`},
		{"underlined heading 1", first, body, "Hej\n===", `kaffe/01-forsta.md:9: a heading of level 1 (#); the title is that, so write ##`},
		{"heading too deep", first, body, "## Hej\n\n#### Hopp", `kaffe/01-forsta.md:11: a heading of level 4 below one of level 2; write ###`},
		{"plain http", first, body, "Hej\n[du](http://brev.example)!", `kaffe/01-forsta.md:10: the link "http://brev.example" must begin with https:// or mailto:`},
		{"script link", first, body, "[du](javascript:alert(1))", `kaffe/01-forsta.md:9: the link "javascript:alert(1)" must begin with https:// or mailto:`},
		{"bare script link", first, body, "<javascript:alert(1)>", `kaffe/01-forsta.md:9: the link "javascript:alert(1)" must begin with https:// or mailto:`},
		{"relative link", first, body, "[du](/min-kurs)", `kaffe/01-forsta.md:9: the link "/min-kurs" must begin with https:// or mailto:`},
		{"name in a link", first, body, "[du](https://brev.example/{{.Name}})", `kaffe/01-forsta.md:9: a link may be one field that is an address, with nothing beside it`},
		{"name as a link", first, body, "[du]({{.Name}})", `kaffe/01-forsta.md:9: a link to {{.Name}}, which is no address`},
		{"mail to a URL", first, body, "[du](mailto:{{.PrivacyURL}})", `kaffe/01-forsta.md:9: a link to {{.PrivacyURL}}, which is no address`},
		{"name in a link's title", first, body, `[du](https://brev.example "{{.Name}}")`, `kaffe/01-forsta.md:9: a link may be one field that is an address, with nothing beside it`},

		{"weekday in Swedish", course, `"tuesday"`, `"tisdag"`, `kaffe/course.toml:2: weekday: "tisdag" is not a day; write monday, tuesday, …`},
		{"hour", course, "hour = 8", "hour = 24", `kaffe/course.toml:3: hour: write a whole hour, 0 to 23`},
		{"no hour", course, "hour = 8\n", "", `kaffe/course.toml:1: hour: write a whole hour, 0 to 23`},
		{"zone", course, "Europe/Stockholm", "Europe/Kiruna", `kaffe/course.toml:4: zone: "Europe/Kiruna" is not a time zone; write its name, as in Europe/Stockholm`},
		{"the machine's own zone", course, "Europe/Stockholm", "Local", `kaffe/course.toml:4: zone: "Local" is not a time zone; write its name, as in Europe/Stockholm`},
		{"course title", course, `"Två koppar"`, `""`, `kaffe/course.toml:1: title: missing or empty`},
		{"course key", course, "hour =", "timme =", `kaffe/course.toml:3: unknown key "timme" (known: title, weekday, hour, zone, hosts)`},
		{"publisher key", "publisher.toml", "relay", "rely", `publisher.toml:5: unknown key "rely" (known: name, email, number, address, relay)`},
		{"publisher address", "publisher.toml", "red@brev.example", "Red <red@brev.example>", `publisher.toml:2: email "Red <red@brev.example>" is not an address; write only the address, as in red@example.se`},

		{"no wall", "articles/aldre.md", "<!-- wall -->", "", `articles/aldre.md: no line <!-- wall -->; put one where the teaser ends`},
		{"two walls", "articles/aldre.md", "## Nu", "<!-- wall -->", `articles/aldre.md:12: a second line <!-- wall -->; a text has one, where its teaser ends`},
		{"wall at the end", "articles/aldre.md", "## Nu\n\nSen.\n", "", `articles/aldre.md:10: <!-- wall --> must have text both before and behind it`},
		{"article's day", "articles/aldre.md", "2026-10-01", "1 oktober", `articles/aldre.md:4: published: write a day, as in "2026-11-17"`},
		{"article's lede", "articles/aldre.md", "lede", "ingress", `articles/aldre.md:3: unknown key "ingress" (known: title, lede, published, minutes)`},
		{"article's title", "articles/aldre.md", `"Äldre"`, `""`, `articles/aldre.md:2: title: missing or empty`},
		{"article without a lede", "articles/aldre.md", "lede = \"Om förr.\"\n", "", `articles/aldre.md:2: lede: missing or empty`},
		{"article's minutes", "articles/aldre.md", "minutes = 2", "minutes = -2", `articles/aldre.md:5: minutes: write how many minutes it takes to read, 1 or more`},
		{"script link in an article", "articles/aldre.md", "Sen.", "[Sen](javascript:x).", `articles/aldre.md:14: the link "javascript:x" must begin with https:// or mailto: or /`},
		{"link to another host in an article", "articles/aldre.md", "Sen.", "[Sen](//a.example).", `articles/aldre.md:14: the link "//a.example" must begin with https:// or mailto: or /`},
		{"page's title", "pages/integritet.md", `"Så hanterar vi dina uppgifter"`, `""`, `pages/integritet.md:2: title: missing or empty`},
		{"page without front matter", "pages/integritet.md", "+++\ntitle", "title", `pages/integritet.md:1: the first line must be +++, and front matter follow`},
		{"field in an article", "articles/aldre.md", "Förr.", "Förr, {{.Name}}.", `articles/aldre.md:8: {{.Name}}: this text has no fields`},
		{"HTML behind the wall", "articles/aldre.md", "Sen.", "<b>Sen.</b>", `articles/aldre.md:14: HTML; write it as Markdown`},
		{"reader's field on a page", "pages/integritet.md", "{{.Relay}}", "{{.Name}}", `pages/integritet.md:5: unknown field {{.Name}} (known: PublisherName, PublisherEmail, PublisherNumber, PublisherAddress, Relay)`},

		{"layout that cannot be left", "letters/layout.txt", "{{.UnsubscribeURL}}", "", `letters/layout.txt: {{.UnsubscribeURL}} is missing`},
		{"layout with a reader's name", "letters/layout.txt", "{{.Title}}", "{{.Title}}\n{{.Name}}", `letters/layout.txt:2: unknown field {{.Name}} (known: Title, Preheader, Body, Course, Week, Weeks, ReadingTime, WebURL, UnsubscribeURL, PrivacyURL, PublisherName, PublisherEmail, PublisherNumber, PublisherAddress, Relay)`},
		{"layout that lets a confirm letter be left", "letters/layout.txt", "{{.PrivacyURL}}", "{{.PrivacyURL}}\n{{.UnsubscribeURL}}", `letters/layout.txt:14: {{.UnsubscribeURL}} has no value in a letter that is no lesson; put it between {{if .Week}} and {{end}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(house(t, edited(t, c.file, c.old, c.new)))
			if err == nil {
				t.Fatalf("loaded; want %s", c.want)
			}
			if err.Error() != c.want {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
		})
	}
}

// What is just within the limits is right.
func TestLoadTakesTheLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, old, new string }{
		{"kaffe/course.toml", "hour = 8", "hour = 0"},
		{"kaffe/course.toml", "hour = 8", "hour = 23"},
		{"kaffe/course.toml", `"tuesday"`, `"Sunday"`},
		{"kaffe/01-forsta.md", `"Brev {{.Week}}: första koppen"`, `"{{.Name}}` + strings.Repeat("å", 60) + `"`},
		{"articles/aldre.md", "minutes = 2", "minutes = 1"},
	} {
		if _, err := Load(house(t, edited(t, c.file, c.old, c.new))); err != nil {
			t.Errorf("%s: got %v, want no fault", c.new, err)
		}
	}
}

// The wording has tables and its own rules on what a text may hold.
func TestLoadRefusesWrongWording(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, old, new string
		below                int // lines from the first that is changed
		want                 string
	}{
		{"unknown key", "wall.toml", "\nbutton = ", "\nknapp = ", 0, `unknown key "knapp" (known: heading, `},
		{"unknown key in a table", "pages.toml", "\n[home]\ntitle = ", "\n[home]\nrubrik = ", 1, `unknown key "home.rubrik" (known: title, lede, `},
		{"unknown table", "pages.toml", "\n[home]\n", "\n[hem]\n", 0, `unknown key "hem" (known: site, home, `},
		{"emptied", "pages.toml", "\n[home]\ntitle = ", "\n[home]\ntitle = \"\" #", 1, `key "home.title" is missing or empty`},
		{"missing", "pages.toml", "\n[home]\ntitle = ", "\n[home]\n# ", 0, `key "home.title" is missing or empty`},
		{"a hole that nothing fills", "wall.toml", "\nbutton = \"", "\nbutton = \"{name}", 0, `key "button": nothing fills {name} here`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			changes := edited(t, c.file, c.old, c.new)
			_, err := Load(house(t, changes))
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v, want one fault", err)
			}
			before, _, _ := strings.Cut(changes[c.file], c.new)
			line := strings.Count(before, "\n") + 2 + c.below // what is new begins with a line break
			if want := fmt.Sprintf("%s:%d: %s", c.file, line, c.want); !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got  %s\nwant %s…", err, want)
			}
		})
	}
}

func TestLoadRefusesMisplacedFiles(t *testing.T) {
	t.Parallel()
	second := smallHouse["kaffe/02-andra.md"]
	for _, c := range []struct {
		name    string
		changes map[string]string
		want    string
	}{
		{"missing layout", map[string]string{"letters/layout.txt": ""}, "letters/layout.txt: the file is missing"},
		{"missing wall", map[string]string{"wall.toml": ""}, "wall.toml: the file is missing"},
		{"missing page", map[string]string{"pages/integritet.md": ""}, "pages/integritet.md: the file is missing"},
		{"missing page on accessibility", map[string]string{"pages/tillganglighet.md": ""}, "pages/tillganglighet.md: the file is missing"},
		{"missing confirm letter", map[string]string{"letters/confirm.md": ""}, "letters/confirm.md: the file is missing"},
		{"course without settings", map[string]string{"kaffe/course.toml": ""}, "kaffe: a folder with lessons (01-forsta.md) but without course.toml"},
		{"course without lessons", map[string]string{"kaffe/01-forsta.md": "", "kaffe/02-andra.md": ""}, "kaffe: the course has no lessons; the first is 01-….md"},
		{"no course", map[string]string{"kaffe/course.toml": "", "kaffe/01-forsta.md": "", "kaffe/02-andra.md": ""}, ".: there is no course; a course is a folder with course.toml and 01-….md"},
		{"gap", map[string]string{"kaffe/02-andra.md": "", "kaffe/03-andra.md": second}, "kaffe/03-andra.md: week 02 is missing; weeks follow each other without gaps"},
		{"gap at the start", map[string]string{"kaffe/01-forsta.md": ""}, "kaffe/02-andra.md: week 01 is missing; weeks follow each other without gaps"},
		{"double", map[string]string{"kaffe/02-andra.md": "", "kaffe/01-gamla.md": second}, "kaffe/01-gamla.md: two lessons for week 01; give each lesson its own week"},
		{"misnamed lesson", map[string]string{"kaffe/3-tredje.md": second}, "kaffe/3-tredje.md: nothing reads this file (a lesson's name is two digits and a name, as in 03-fragan.md); rename or remove it"},
		{"week naught", map[string]string{"kaffe/00-hej.md": second}, "kaffe/00-hej.md: nothing reads this file (a lesson's name is two digits and a name, as in 03-fragan.md); rename or remove it"},
		{"misnamed letter", map[string]string{"letters/bekrafta.md": "x"}, "letters/bekrafta.md: nothing reads this file (known here: confirm.md, login.md, question-answered.md, question-declined.md, question-wording.md); rename or remove it"},
		{"misnamed settings", map[string]string{"walls.toml": "x"}, "walls.toml: nothing reads this file (known here: publisher.toml, wall.toml, pages.toml, README.md); rename or remove it"},
		{"misnamed article", map[string]string{"articles/Ny artikel.md": "x"}, "articles/Ny artikel.md: an article's file is named in lower case letters a–z, digits and hyphens, and .md; rename or remove it"},
		{"misnamed page", map[string]string{"pages/integrity.md": "x"}, "pages/integrity.md: nothing reads this file (known here: integritet.md, tillganglighet.md); rename or remove it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(house(t, c.changes))
			if err == nil || !strings.Contains("\n"+err.Error()+"\n", "\n"+c.want+"\n") {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestLoadLeavesOtherFilesAlone(t *testing.T) {
	t.Parallel()
	load(t, map[string]string{
		"README.md":          "Våra texter.",
		"load.go":            "package lessons",
		"bilder/anteckna.md": "Att göra",
		"kaffe/skiss.txt":    "x",
		".git/config.toml":   "x",
	})
}

func TestLoadTellsEverythingAtOnceInOrder(t *testing.T) {
	t.Parallel()
	_, err := Load(house(t, map[string]string{
		"publisher.toml":     "nam = \"x\"\n",
		"kaffe/01-forsta.md": strings.Replace(smallHouse["kaffe/01-forsta.md"], "Hej{{if", "# Hej <b>{{if", 1),
		"kaffe/02-andra.md":  strings.Replace(smallHouse["kaffe/02-andra.md"], "id = ", "idd = ", 1),
	}))
	want := `publisher.toml:1: unknown key "nam" (known: name, email, number, address, relay)
kaffe/01-forsta.md:9: a heading of level 1 (#); the title is that, so write ##
kaffe/01-forsta.md:9: HTML; write it as Markdown
kaffe/02-andra.md:2: unknown key "idd" (known: id, title, subject, preheader, minutes)`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// A fault in the layout concerns every letter, and is told once.
func TestLoadTellsALayoutsFaultOnce(t *testing.T) {
	t.Parallel()
	_, err := Load(house(t, edited(t, "letters/layout.txt", "{{.Title}}", "{{.Titel}}")))
	if err == nil || strings.Count(err.Error(), "\n") != 0 || !strings.HasPrefix(err.Error(), "letters/layout.txt:1: unknown field {{.Titel}}") {
		t.Errorf("got %v, want one line about letters/layout.txt:1", err)
	}
}

// Editors on other systems end lines with CRLF and begin files with a mark.
func TestLoadReadsFilesFromOtherSystems(t *testing.T) {
	t.Parallel()
	crlf := "\ufeff" + strings.ReplaceAll(smallHouse["kaffe/01-forsta.md"], "\n", "\r\n")
	got := load(t, map[string]string{"kaffe/01-forsta.md": crlf}).Courses[0].Lessons[0].Render(anna)
	if want := load(t, nil).Courses[0].Lessons[0].Render(anna); got != want {
		t.Errorf("got\n%s\nwant\n%s", got.Text, want.Text)
	}
}

func TestLoadOfAnEmptyDirectoryIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := Load(fstest.MapFS{}); err == nil || !strings.HasPrefix(err.Error(), "publisher.toml: the file is missing\n") {
		t.Errorf("got %v, want publisher.toml: the file is missing, first", err)
	}
}

func TestPublisher(t *testing.T) {
	t.Parallel()
	l := load(t, map[string]string{"publisher.toml": "name = \"Brevförlaget AB\"\nrelay = \"\"\n"})
	if got, want := strings.Join(l.Publisher.Missing(), " "), "email number address relay"; got != want {
		t.Errorf("missing: got %q, want %q", got, want)
	}
	shown := l.Publisher.Shown()
	if shown.Name != "Brevförlaget AB" || shown.Email != "[e-postadress]" || len(shown.Missing()) != 0 {
		t.Errorf("got %+v, want what is missing in brackets", shown)
	}
	if full := load(t, nil).Publisher; len(full.Missing()) != 0 || full.Shown() != full {
		t.Errorf("a full publisher misses %v and is shown as %+v", full.Missing(), full.Shown())
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ at, day, moment string }{
		{"2026-03-03T07:00:00Z", "tisdag 3 mars", "3 mars kl. 08.00"},
		{"2026-11-22T13:05:59Z", "söndag 22 november", "22 november kl. 14.05"},
		{"2026-12-31T23:30:00Z", "fredag 1 januari", "1 januari kl. 00.30"},
		{"2026-05-30T22:00:00Z", "söndag 31 maj", "31 maj kl. 00.00"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := Date(at.In(stockholm)); got != c.day {
			t.Errorf("Date(%s) = %q, want %q", c.at, got, c.day)
		}
		if got := DateAndTime(at.In(stockholm)); got != c.moment {
			t.Errorf("DateAndTime(%s) = %q, want %q", c.at, got, c.moment)
		}
	}
	monday := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	var week, year []string
	for i := range 7 {
		week = append(week, strings.Fields(Date(monday.AddDate(0, 0, i)))[0])
	}
	for i := range 12 {
		year = append(year, strings.Fields(Date(monday.AddDate(0, i, 0)))[2])
	}
	if got, want := strings.Join(week, " "), "måndag tisdag onsdag torsdag fredag lördag söndag"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := strings.Join(year, " "), "januari februari mars april maj juni juli augusti september oktober november december"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
