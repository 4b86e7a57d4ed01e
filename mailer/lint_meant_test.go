package mailer_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"fortsatt/mailer"
)

// What only the rules know: the same good lesson is not what it was meant to be.
func TestALessonThatWasMeantOtherwise(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		rule   string
		change func(*mailer.Rules)
	}{
		"a second later":     {"E04", func(r *mailer.Rules) { r.Date = r.Date.Add(time.Second) }},
		"another letter":     {"E04", func(r *mailer.Rules) { r.MessageID = "3f6c1e.vecka-4@example.org" }},
		"bounces elsewhere":  {"E05", func(r *mailer.Rules) { r.EnvelopeSender = "b@example.com" }},
		"bounces at a twin":  {"E05", func(r *mailer.Rules) { r.EnvelopeSender = "b@xexample.org" }},
		"Bo's":               {"E06", func(r *mailer.Rules) { r.To = "bo@example.net" }},
		"a confirm letter":   {"E08", func(r *mailer.Rules) { r.Bulk = false }},
		"another course":     {"E08", func(r *mailer.Rules) { r.ListID = "annan.example.org" }},
		"another site":       {"E08", func(r *mailer.Rules) { r.BaseURL = "https://example.com" }},
		"a site that begins": {"E08", func(r *mailer.Rules) { r.BaseURL = "https://example.or" }},
		"another's token":    {"E08", func(r *mailer.Rules) { r.VerifyUnsubscribe = func(string) bool { return false } }},
	} {
		rules := lessonRules()
		test.change(&rules)
		got := mailer.Lint([]byte(goodLesson(t)), rules)
		if rules.Bulk && !slices.Equal(broken(got), []string{test.rule}) || !slices.Contains(broken(got), test.rule) {
			t.Errorf("%s: got %q, want %s", what, got, test.rule)
		}
	}
}

func TestAWayOutThatDoesNotHold(t *testing.T) {
	t.Parallel()
	rules := lessonRules()
	rules.VerifyUnsubscribe = func(token string) bool { return strings.Trim(token, "a") == "" }
	for link, good := range map[string]bool{
		"https://example.org/avsluta/aaa": true, "https://example.org/avsluta/aab": false, "https://example.org/avsluta/?t=/aaa": false,
		"https://example.org/avsluta/" + strings.Repeat("a", 202): true, "https://example.org/avsluta/" + strings.Repeat("a", 203): false,
		"http://example.org/avsluta/aaa": false, "mailto:avsluta@example.org": false,
		"https://example.org/avsluta/aaa ": false, "https://example.org/avsluta/#/aaa": false, "https://example.com/avsluta/aaa": false,
	} {
		letter := strings.Replace(goodLesson(t), "Unsubscribe: <https://example.org/avsluta/abc>", "Unsubscribe:\r\n <"+link+">", 1)
		if got := mailer.LintHeaders([]byte(letter), rules); !good && !slices.Equal(broken(got), []string{"E08"}) || good && got != nil {
			t.Errorf("%s: got %q", link, got)
		}
	}
}

// Where the letter's id and the envelope are not known, the domains still are.
func TestOurDomainIsOurs(t *testing.T) {
	t.Parallel()
	rules := lessonRules()
	rules.MessageID, rules.EnvelopeSender = "", ""
	for _, test := range []struct{ rule, old, new string }{
		{"E04", "vecka-3@example.org", "vecka-3@host7.example.net"},
		{"E05", "kurs@example.org", "kurs@kurs.example.org"},
	} {
		letter := strings.Replace(goodLesson(t), test.old, test.new, 1)
		if got := mailer.LintHeaders([]byte(letter), rules); !slices.Equal(broken(got), []string{test.rule}) {
			t.Errorf("%s: got %q, want %s", test.new, got, test.rule)
		}
	}
}

// A confirm letter has no list, and says that no human wrote it.
func TestASpoiltConfirmLetter(t *testing.T) {
	t.Parallel()
	good, rules := goodConfirm(t)
	for _, test := range []struct{ rule, old, new string }{
		{"E08", "Auto-Submitted:", "List-Unsubscribe: <https://example.org/avsluta/abc>\r\nAuto-Submitted:"},
		{"E08", "Auto-Submitted:", "list-help: <https://example.org/hjalp>\r\nAuto-Submitted:"},
		{"E21", "Auto-Submitted: auto-generated\r\n", ""},
		{"E21", "auto-generated", "no"},
	} {
		bad := strings.Replace(good, test.old, test.new, 1)
		if got := mailer.Lint([]byte(bad), rules); !slices.Equal(broken(got), []string{test.rule}) {
			t.Errorf("%q: got %q, want %s alone", test.new, got, test.rule)
		}
	}
}

// 80 kB of HTML is advised against, 100 kB refused.
func TestHowMuchHTML(t *testing.T) {
	t.Parallel()
	good := goodLesson(t)
	for n, want := range map[int]string{79_000: "", 81_000: "advice", 99_000: "advice", 101_000: "refused"} {
		bad := strings.Replace(good, "<p>Hej Anna!</p>", strings.Repeat("<p>Hej du</p>\r\n", n/len("<p>Hej du</p>\n")), 1)
		got := "" // E14 alone
		for _, f := range mailer.Lint([]byte(bad), lessonRules()) {
			got += map[bool]string{true: "refused", false: "advice"}[f.Fail]
		}
		if got != want {
			t.Errorf("%d octets: %q, want %q", n, got, want)
		}
	}
}

// What a reader is called is no slip of ours, and no reason to withhold her letter.
func TestANameIsNoSlip(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"null", "undefined null", "<no value>", "%!s(MISSING)", "{{.Name}}", "Ã¥sa", "A\uFFFD"} {
		m, rules := lesson(), lessonRules()
		m.Subject = "Hej " + name
		m.Text = append(pieces("Hej ", name), m.Text...)
		raw := signatureOf + composed(t, m)
		if got := mailer.Lint([]byte(raw), rules); got == nil {
			t.Errorf("%q: not found in a letter to somebody else", name)
		}
		rules.Name = name
		if got := mailer.Lint([]byte(raw), rules); got != nil {
			t.Errorf("%q: %q", name, got)
		}
	}
}

// A boundary that others chose may occur in a part, where ours cannot.
func TestABoundaryInAPart(t *testing.T) {
	t.Parallel()
	good := strings.ReplaceAll(goodLesson(t), "=_9f369e9b0f4b206e00bf95f16920769b", "gr")
	for text, want := range map[string][]string{"Hej Anna!": nil, "Hej --gr Anna!": {"E12"}} {
		letter := strings.Replace(good, "Hej Anna!", text, 1)
		if got := broken(mailer.Lint([]byte(letter), lessonRules())); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// Base64 is as good as quoted-printable.
func TestBase64IsRead(t *testing.T) {
	t.Parallel()
	raw := goodLesson(t)
	before, rest, _ := strings.Cut(raw, "Transfer-Encoding: quoted-printable\r\n\r\n")
	_, after, _ := strings.Cut(rest, "\r\n--=_")
	text := "Hej Åsa! Avsluta: https://example.org/avsluta/abc\r\n"
	for charset, want := range map[string][]string{text: nil, "\xe5" + text: {"E12"}} {
		coded := before + "Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(charset)) + "\r\n--=_" + after
		if got := broken(mailer.Lint([]byte(coded), lessonRules())); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", charset, got, want)
		}
	}
}
