package lessons

import (
	"slices"
	"strings"
	"testing"
)

// What anybody may have written as a name, also what is meant to break a letter, is
// either a name or left out; no letter is stopped because of one.
func TestNoNameStopsALetter(t *testing.T) {
	t.Parallel()
	l := load(t, nil)
	letters := []*Letter{l.Courses[0].Lessons[0], l.Courses[0].Lessons[1], l.Letters["confirm"]}
	for _, name := range []string{
		"Åsa", "O'Neill <b>", "", strings.Repeat("🌻", 60), strings.Repeat("🌻", 61),
		"Null", "null", "undefined", "<no value>", "100 %", "%", "%!s(MISSING)", "{{.Name}}", "nu\x00ll",
		"@", ".", "//", "www.", "brev.example", "https://brev.example/sida", "red@brev.example", "casino.\x00com",
		"du", "Det", "1", "n", "brev", "avsluta", "abc", "</p>", "&amp;", "&", "<em>", "rader", "Bekräfta adressen", "22 november",
		"Anna\nBcc: x", "A\u202enna", "An\xffna", "J. R. R. Ek", `"a" 'b'`, "…", "http", "-- ", "```",
	} {
		f := anna
		f.Name, f.AskedAt, f.ConfirmURL = name, "22 november kl. 14.05", "https://brev.example/bekrafta/abc"
		for _, letter := range letters {
			for _, found := range Lint(letter.Render(f), letter.Rules("https://brev.example", "post@post.example", f)) {
				if found.Fail {
					t.Errorf("name %q, letter %s: %+v", name, letter.ID, found)
				}
			}
		}
	}
}

// What a name brought is told by the letter to somebody without one.
func TestTheNamelessLetterHasNoName(t *testing.T) {
	t.Parallel()
	if _, rules := linted(t); strings.Contains(rules.Nameless.Text, "Anna") || !strings.Contains(rules.Nameless.Text, "Hej!") {
		t.Errorf("got %s, want nobody greeted by name", rules.Nameless.Text)
	}
}

// A renderer that forgot what a name may be is found out.
func TestNamesThatMayNotStandInALetter(t *testing.T) {
	t.Parallel()
	l := load(t, nil)
	lesson := l.Courses[0].Lessons[0]
	for _, c := range []struct{ name, inText, inHTML, says string }{
		{"O'Neill <b>", "O'Neill <b>", "O'Neill <b>", "not the same in both parts"},
		{"Smith & Ko", "Smith &amp; Ko", "Smith &amp; Ko", "not the same in both parts"},
		{"vinn på https://x.example", "vinn på https://x.example", "vinn på https://x.example", "is none"},
		{"vinn@x.example", "vinn@x.example", "vinn@x.example", "is none"},
		{strings.Repeat("å", 61), strings.Repeat("å", 61), strings.Repeat("å", 61), "is none"},
	} {
		r, f := lesson.Render(anna), anna
		r.Text, r.HTML = once(t, r.Text, "Hej Anna", "Hej "+c.inText), once(t, r.HTML, "Hej Anna", "Hej "+c.inHTML)
		f.Name = c.name
		found := Lint(r, lesson.Rules("https://brev.example", "post@post.example", f))
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == "E23" && f.Fail && strings.Contains(f.Text, c.says) }) {
			t.Errorf("name %q: found %+v, want E23 that says %q", c.name, found, c.says)
		}
	}
	f := Fields{Name: "Anna", AskedAt: "22 november kl. 14.05", ConfirmURL: "https://brev.example/bekrafta/abc", PrivacyURL: anna.PrivacyURL}
	r := l.Letters["confirm"].Render(f)
	r.Text, r.HTML = once(t, r.Text, "Det var", "Anna, det var"), once(t, r.HTML, "Det var", "Anna, det var")
	if found := Lint(r, l.Letters["confirm"].Rules("https://brev.example", "post@post.example", f)); len(found) != 1 || found[0].Rule != "E23" {
		t.Errorf("a confirm letter with a name: found %+v, want E23", found)
	}
}
