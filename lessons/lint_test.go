package lessons

import (
	"slices"
	"strings"
	"testing"
)

// linted is the first letter of the small house, as Anna gets it, and its rules.
func linted(t testing.TB) (Rendered, Rules) {
	t.Helper()
	l := load(t, map[string]string{"kaffe/01-forsta.md": strings.Replace(smallHouse["kaffe/01-forsta.md"], "[mer här]", "[om kaffets historia]", 1)}).Courses[0].Lessons[0]
	return l.Render(anna), l.Rules("https://brev.example", "bo@post.example", anna)
}

func TestALetterThatIsRightIsFoundToBe(t *testing.T) {
	t.Parallel()
	l := load(t, nil)
	r, rules := linted(t)
	for _, f := range Lint(r, rules) {
		t.Errorf("lesson: %+v", f)
	}
	f := Fields{AskedAt: "22 november kl. 14.05", ConfirmURL: "https://brev.example/bekrafta/abc", PrivacyURL: anna.PrivacyURL}
	for _, f := range Lint(l.Letters["confirm"].Render(f), l.Letters["confirm"].Rules("https://brev.example", "bo@post.example", f)) {
		t.Errorf("confirm letter: %+v", f)
	}
}

// What an editor may well write, though it looks like something else.
func TestWhatOnlyLooksWrong(t *testing.T) {
	t.Parallel()
	const matter = "hosts = [\"kaffe.example\"]\n"
	for _, body := range []string{
		"Mötet annullerades. Vi ger 100 %!",
		"Läs [om Bl.a.](https://kaffe.example/Bl.a.), [om (kaffe)](https://kaffe.example/kaffe_(dryck)) och <https://kaffe.example/å>!",
		"(Mer [om te](https://kaffe.example/te).) [Skriv till oss](mailto:red@brev.example)",
		"1. Ett\n2. Två\n   - *tre*fyra\n\n> Fem\\\nsex & \\<sju> \\*åtta\\*\n\n    if a < b && c > d\n\n***",
		"## Rubrik\n\n### Mindre\n\n## Igen\n\nEtt `</p>` och ett &amp;amp;.",
		"[https://kaffe.example/](https://kaffe.example/)\n\n**[Hantera dina uppgifter]({{.PrivacyURL}})**",
	} {
		first, _, _ := strings.Cut(smallHouse["kaffe/01-forsta.md"], "\nHej")
		l := load(t, map[string]string{"kaffe/01-forsta.md": first + "\n" + body, "kaffe/course.toml": smallHouse["kaffe/course.toml"] + matter}).Courses[0].Lessons[0]
		for _, f := range Lint(l.Render(anna), l.Rules("https://brev.example", "bo@post.example", anna)) {
			t.Errorf("%q: %+v", body, f)
		}
	}
}

const (
	mend    = "</p>\n</td></tr>\n</table>\n<!--[if" // the end of the foot
	heading = `<h2 style="margin:32px 0 10px;font-size:20px;line-height:1.3;font-weight:bold">Övningen</h2>`
	stop    = `<p style="margin:0 0 12px"><a href="https://brev.example/avsluta/abc" style="color:#5d574f;text-decoration:underline">Sluta få breven</a></p>`
)

// Each letter breaks one rule, and is found by that rule and no other.
func TestEachRuleFindsWhatBreaksIt(t *testing.T) {
	t.Parallel()
	text := func(old, new string) func(testing.TB, *Rendered, *Rules) {
		return func(t testing.TB, r *Rendered, _ *Rules) { r.Text = once(t, r.Text, old, new) }
	}
	html := func(old, new string) func(testing.TB, *Rendered, *Rules) {
		return func(t testing.TB, r *Rendered, _ *Rules) { r.HTML = once(t, r.HTML, old, new) }
	}
	both := func(old, new string) func(testing.TB, *Rendered, *Rules) {
		return func(t testing.TB, r *Rendered, _ *Rules) {
			r.Text, r.HTML = once(t, r.Text, old, new), once(t, r.HTML, old, new)
		}
	}
	link := func(to string) func(testing.TB, *Rendered, *Rules) {
		const old = "https://brev.example/sida"
		return func(t testing.TB, r *Rendered, _ *Rules) {
			r.Text, r.HTML = once(t, r.Text, old, to), once(t, r.HTML, old, strings.ReplaceAll(to, "&", "&amp;"))
		}
	}
	behind := func(more string) func(testing.TB, *Rendered, *Rules) { return html(mend, more+mend) }
	styled := func(css string) func(testing.TB, *Rendered, *Rules) { return html("</style>", css+"</style>") }
	subject := func(s string) func(testing.TB, *Rendered, *Rules) {
		return func(t testing.TB, r *Rendered, _ *Rules) { r.Subject = s }
	}

	for _, c := range []struct {
		name, rule string
		fail       bool
		spoil      func(testing.TB, *Rendered, *Rules)
		says       string
	}{
		{"no subject", "E07", true, subject(" "), "the subject is empty"},
		{"a long subject", "E07", true, subject(strings.Repeat("å", 151)), "151 characters"},
		{"a subject of two lines", "E07", true, subject("Hej\r\nBcc: x"), "line break"},
		{"a field in the subject", "E07", true, subject("Hej {{.Name}}"), `"{{"`},
		{"no value", "E07", true, func(t testing.TB, r *Rendered, _ *Rules) {
			r.Text, r.HTML = once(t, r.Text, "Hej Anna", "Hej <no value>"), once(t, r.HTML, "Hej Anna", "Hej &lt;no value&gt;")
		}, "no value"},
		{"a formatting error", "E07", true, both("Hej Anna", "Hej %!s(MISSING)"), `"%!s"`},
		{"null", "E07", true, both("tisdag 3 mars", "null"), `"null"`},
		{"undefined, in a link", "E07", true, link("https://brev.example/undefined"), `"undefined"`},
		{"a field in the preheader", "E07", true, html(">Ta fem minuter.<", ">{{.Preheader}}<"), `"{{"`},
		{"a field in an attribute", "E07", true, html("<h1 ", `<h1 title="{{.Title}}" `), `"{{"`},

		{"a link missing in the text", "E13", true, text("https://brev.example/sida\n", ""), "lacks the link https://brev.example/sida"},
		{"a link only in the text", "E13", true, text("Två koppar ·", "https://brev.example/extra Två koppar ·"), "https://brev.example/extra, which is no link"},
		{"links in another order", "E13", true, func(t testing.TB, r *Rendered, _ *Rules) {
			r.Text = strings.NewReplacer("brev.example/sida", "brev.example/a?b=1&c=2", "brev.example/a?b=1&c=2", "brev.example/sida").Replace(r.Text)
		}, "another order"},
		{"a paragraph missing in the text", "E13", true, text("> Ställ frågan.\n", ""), "Ställ frågan"},
		{"paragraphs in another order", "E13", true, func(t testing.TB, r *Rendered, _ *Rules) {
			r.Text = once(t, once(t, r.Text, "> Ställ frågan.\n\n", ""), "Nästa brev", "> Ställ frågan.\n\nNästa brev")
		}, "has elsewhere"},
		{"markup in the text", "E13", true, text("Ett namn", "<b>Ett</b> namn"), "<b>"},
		{"an entity in the text", "E13", true, text("”Det är lugnt”", "&quot;Det är lugnt&quot;"), "&quot;"},
		{"no contact address in the text", "E13", true, text("\nred@brev.example", ""), "lacks the address red@brev.example"},

		{"81 kB", "E14", false, behind("<!--" + strings.Repeat("x", 78_000) + "-->"), "keep it under 80"},
		{"over 100 kB", "E14", true, behind("<!--" + strings.Repeat("x", 100_000) + "-->"), "Gmail hides the end"},
		{"no way out", "E14", true, func(t testing.TB, r *Rendered, _ *Rules) {
			r.HTML, r.Text = once(t, r.HTML, stop, ""), once(t, r.Text, anna.UnsubscribeURL+"\n", "")
		}, "no visible link to stop"},
		{"a hidden way out", "E14", true, html(`<p style="margin:0 0 12px"><a href="https://brev.example/avsluta`, `<p style="display:none"><a href="https://brev.example/avsluta`), "no visible link to stop"},
		{"a way out that dark mode hides", "E14", true, html(`<a href="https://brev.example/avsluta`, `<style>@media (prefers-color-scheme: dark) { .x { display: none } }</style><a class="x" href="https://brev.example/avsluta`), "no visible link to stop"},

		{"no publisher", "E15", true, both("Brevförlaget AB, ", ""), "the publisher's name"},
		{"no privacy notice", "E15", true, func(t testing.TB, r *Rendered, rules *Rules) {
			r.HTML, r.Text = once(t, r.HTML, anna.PrivacyURL, "https://brev.example/villkor"), once(t, r.Text, anna.PrivacyURL, "https://brev.example/villkor")
		}, "no visible link to how"},
		{"a publisher without an address", "E15", true, func(_ testing.TB, _ *Rendered, rules *Rules) { rules.Publisher.Address = "" }, "address stands empty"},

		{"plain http", "E16", true, link("http://brev.example/sida"), "must be whole"},
		{"another host", "E16", true, link("https://kaffe.example/"), `leads to "kaffe.example"`},
		{"a path", "E16", true, behind(`<img src="/kopp.png" alt="">`), "must be whole"},
		{"a script for a link", "E16", true, html("Nästa brev", `<a href="javascript:alert(1)">Nästa brev</a>`), "javascript:"},
		{"an image in the letter itself", "E16", true, behind(`<img src="data:image/png;base64,AAAA" alt="">`), "data:"},
		{"a link without an address", "E16", true, html("Nästa brev", `<a href="">Nästa brev</a>`), "“Nästa brev” leads nowhere"},
		{"a user in a link", "E16", true, link("https://x:y@brev.example/"), "user name"},
		{"a broken address", "E16", true, html("mailto:red@brev.example", "mailto:brevet"), "no email address"},

		{"a script", "E17", true, behind("<script>alert(1)</script>"), "<script>"},
		{"a form", "E17", true, behind("<form></form>"), "<form>"},
		{"a frame", "E17", true, behind("<iframe></iframe>"), "<iframe>"},
		{"an object", "E17", true, behind("<object></object>"), "<object>"},
		{"an event", "E17", true, html("<h1 ", `<h1 onclick="x()" `), "onclick"},
		{"a style sheet", "E17", true, html("</head>", `<link rel="stylesheet" href="https://brev.example/a.css"></head>`), "<link>"},
		{"an imported sheet", "E17", true, styled("@import 'a.css';"), "@import"},
		{"a font", "E17", true, styled("@font-face { font-family: x }"), "@font-face"},
		{"a background picture", "E17", true, html("margin:0 0 16px;color", "margin:0 0 16px;background:url(https://brev.example/a.png);color"), "url("},
		{"onward by itself", "E17", true, html("</head>", `<meta http-equiv="refresh" content="1"></head>`), "refresh"},

		{"a pixel", "E18", true, behind(`<img src="https://brev.example/p.gif" width="1" height="1" alt="">`), "tracking pixel"},
		{"a hidden image", "E18", true, behind(`<img src="https://brev.example/p.gif" style="display:none" alt="">`), "tracking pixel"},
		{"an image of one's own", "E18", true, behind(`<img src="https://brev.example/p/abc.gif" alt="">`), "another for each reader"},
		{"a link by way of us", "E18", true, link("https://brev.example/k?till=https%3A%2F%2Fbrev.example%2Fsida"), "by way of us"},
		{"a link of one's own", "E18", true, link("https://brev.example/k/abc"), "another for each reader"},

		{"a page for each reader", "E18", true, func(t testing.TB, r *Rendered, _ *Rules) {
			r.HTML, r.Text = once(t, r.HTML, anna.WebURL, anna.WebURL+"?fran=abc"), once(t, r.Text, anna.WebURL, anna.WebURL+"?fran=abc")
		}, "another for each reader"},

		{"no language", "E19", true, html(`<html lang="sv">`, "<html>"), "lang"},
		{"no title", "E19", true, html("<title>Första koppen</title>", "<title></title>"), "<title>"},
		{"a table for looks", "E19", true, behind("<table><tr><td></td></tr></table>"), "role="},
		{"an image without words", "E19", true, behind(`<img src="https://brev.example/l.png">`), "has no alt"},
		{"a heading left out", "E19", true, html(heading, strings.ReplaceAll(heading, "h2", "h3")), "leave no level out"},
		{"two titles", "E19", true, html(heading, strings.ReplaceAll(heading, "h2", "h1")), "a second h1"},
		{"no heading at first", "E19", true, func(t testing.TB, r *Rendered, _ *Rules) {
			r.HTML = strings.NewReplacer("<h1", "<h2", "</h1>", "</h2>").Replace(r.HTML)
		}, "must come first, as h1"},
		{"pale ink", "E19", true, html(";color:#6a645b;font-size:15px", ";color:#999999;font-size:15px"), "2.8:1 in light mode (#999999 on #ffffff)"},
		{"ink that stays dark", "E19", true, html("  .paper a { color: #93d1bf !important; }\n", ""), "in dark mode (#1d5b4c on #242220)"},
		{"small print", "E19", true, html("font-size:15px;line-height:1.5", "font-size:13px;line-height:1.5"), "text of 13 pixels"},
		{"small print on a small screen", "E19", true, styled("@media (max-width: 480px) { .quiet { font-size: 12px !important } }"), "text of 12 pixels"},
		{"a link without words", "E19", true, behind(`<a href="mailto:red@brev.example"></a>`), "has no words"},
		{"a link that says nothing", "E19", false, both("om kaffets historia", "Läs mer"), "does not say where"},
		{"nothing for dark mode", "E19", false, html(`<meta name="color-scheme" content="light dark">`, ""), "color-scheme"},

		{"a floating box", "E20", false, behind(`<div style="position:absolute"></div>`), "Gmail, Outlook"},
		{"flexible boxes", "E20", false, behind(`<div style="display:flex"></div>`), "display:flex"},
		{"variables", "E20", false, styled(".x { width: var(--y) }"), "var(--y)"},
		{"a shadow, in the sheet", "E20", false, styled(".x { box-shadow: 0 0 1px #000000 }"), "box-shadow"},
		{"a section", "E20", false, behind("<section></section>"), "<section>"},
		{"a long sheet", "E20", false, styled(strings.Repeat(" ", 9000)), "Gmail drops it"},

		{"the reader's address in a link", "E22", true, link("https://brev.example/?e=BO%40post.example"), "reader's address"},
		{"the reader's name in a link", "E22", true, func(t testing.TB, r *Rendered, rules *Rules) {
			r.Text, r.HTML = once(t, r.Text, "Hej Anna", "Hej Åsa"), once(t, r.HTML, "Hej Anna", "Hej Åsa")
			rules.Fields.Name = "Åsa"
			link("https://brev.example/?n=%C3%85sa")(t, r, rules)
		}, "reader's name"},
		{"a banner", "E22", true, html("</head>", `<meta name="generator" content="x 1.0"></head>`), "generator"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, rules := linted(t)
			c.spoil(t, &r, &rules)
			found := Lint(r, rules)
			if len(found) == 0 {
				t.Fatalf("nothing found, want %s", c.rule)
			}
			for _, f := range found {
				if f.Rule != c.rule || f.Fail != c.fail {
					t.Errorf("found %+v, want only %s, fail %v", f, c.rule, c.fail)
				}
			}
			if !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.Text, c.says) }) {
				t.Errorf("found %+v, want one that says %q", found, c.says)
			}
		})
	}
}

// An address ends where people see it end.
func TestAddressesInText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"Se https://a.example/b.", "https://a.example/b"},
		{"(se https://a.example/b)", "https://a.example/b"},
		{"(se https://a.example/b_(c)), och http://d.example!", "https://a.example/b_(c) http://d.example"},
		{"”https://a.example/b?c=1&d=2”", "https://a.example/b?c=1&d=2"},
		{"<https://a.example/>: https://b.example/…", "https://a.example/ https://b.example/…"},
		{"httpsa.example ftp://a.example", ""},
	} {
		if got := strings.Join(linksInText(c.text), " "); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

// once replaces a passage that must be there exactly once.
func once(t testing.TB, s, old, new string) string {
	t.Helper()
	if strings.Count(s, old) != 1 {
		t.Fatalf("the letter holds %q %d times, want once:\n%s", old, strings.Count(s, old), s)
	}
	return strings.Replace(s, old, new, 1)
}

// A laptop's site has no certificate and needs no publisher; a public one needs both.
func TestALaptopMayDoWithLess(t *testing.T) {
	t.Parallel()
	l := load(t, map[string]string{"publisher.toml": "name = \"\"\n"}).Courses[0].Lessons[1]
	for _, c := range []struct{ base, want string }{
		{"http://127.0.0.1:8080", "advice E15"},
		{"http://localhost:8080", "advice E15"},
		{"https://brev.example", "fail E15, fail E16"}, // E16: the way to write to nobody
		{"http://brev.example", "fail E15, fail E16, fail E16, fail E16, fail E16"},
	} {
		f := Fields{WebURL: c.base + "/brev/kaffe/andra", UnsubscribeURL: c.base + "/avsluta/abc", PrivacyURL: c.base + "/integritet"}
		var got []string
		for _, found := range Lint(l.Render(f), l.Rules(c.base, "bo@post.example", f)) {
			level := "advice "
			if found.Fail {
				level = "fail "
			}
			got = append(got, level+found.Rule)
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s: found %s, want %s", c.base, got, c.want)
		}
	}
}

// A course says which other sites its letters may lead to.
func TestACourseNamesTheHostsItLinksTo(t *testing.T) {
	t.Parallel()
	away := strings.Replace(smallHouse["kaffe/01-forsta.md"], "https://brev.example/sida", "https://www.1177.se/", 1)
	for _, c := range []struct {
		hosts string
		want  int
	}{{"", 1}, {"hosts = [\"www.1177.se\"]\n", 0}, {"hosts = [\"1177.se\"]\n", 1}} {
		l := load(t, map[string]string{"kaffe/01-forsta.md": away, "kaffe/course.toml": smallHouse["kaffe/course.toml"] + c.hosts}).Courses[0].Lessons[0]
		source, layout := l.Source()
		compiled, err := Compile(source, layout)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range []*Letter{l, compiled} {
			var found []Finding
			for _, f := range Lint(l.Render(anna), l.Rules("https://brev.example", "anna@post.example", anna)) {
				if f.Rule == "E16" {
					found = append(found, f)
				}
			}
			if len(found) != c.want {
				t.Errorf("%q: found %+v, want %d", c.hosts, found, c.want)
			}
		}
	}
	_, err := Load(house(t, map[string]string{"kaffe/course.toml": smallHouse["kaffe/course.toml"] + "hosts = [\"https://www.1177.se/\"]\n"}))
	if want := `kaffe/course.toml:5: hosts: "https://www.1177.se/" is not a host; write only its name, as in www.1177.se`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
