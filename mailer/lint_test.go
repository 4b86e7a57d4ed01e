package mailer_test

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"fortsatt/mailer"
)

// signatureOf stands at the top of the letters here; whether it is true is tested where
// signing is.
const signatureOf = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org;\r\n" +
	" s=2026; t=1781587800;\r\n h=From:To:Subject:Date:Message-ID:MIME-Version:Content-Type:\r\n" +
	" Reply-To:List-Id:List-Unsubscribe:List-Unsubscribe-Post:From;\r\n" +
	" bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=c2lnbmF0dXJl\r\n"

// lessonRules are what lesson is meant to be.
func lessonRules() mailer.Rules {
	m := lesson()
	return mailer.Rules{
		Date: m.Date, MessageID: m.MessageID,
		Domain: "example.org", To: m.To.Address, EnvelopeSender: "b+3f6c1e@studs.example.org",
		Bulk: true, ListID: m.List.ID, BaseURL: "https://example.org",
		VerifyUnsubscribe: func(token string) bool { return token == "abc" },
		Signed:            true, Known: func(address string) bool { return address == "hjalp@exempel.se" },
	}
}

// goodLesson is a letter that keeps every rule.
func goodLesson(t testing.TB) string { return signatureOf + composed(t, lesson()) }

func goodConfirm(t testing.TB) (string, mailer.Rules) {
	m, rules := lesson(), lessonRules()
	m.List, rules.Bulk = nil, false
	return signatureOf + composed(t, m), rules
}

func composed(t testing.TB, m mailer.Message) string {
	t.Helper()
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// broken names the rules that a letter breaks, each once.
func broken(findings []mailer.Finding) (names []string) {
	for _, f := range findings {
		if !slices.Contains(names, f.Rule) {
			names = append(names, f.Rule)
		}
	}
	return names
}

func TestGoodLettersAreClean(t *testing.T) {
	t.Parallel()
	rules := lessonRules()
	if found := mailer.Lint([]byte(goodLesson(t)), rules); found != nil {
		t.Errorf("a lesson: %q", found)
	}
	newer := strings.Replace(signatureOf, "rsa-sha256", "ed25519-sha256", 1)
	if found := mailer.Lint([]byte(newer+goodLesson(t)), rules); found != nil {
		t.Errorf("a lesson with two signatures: %q", found)
	}
	confirm, rules := goodConfirm(t)
	if found := mailer.Lint([]byte(confirm), rules); found != nil {
		t.Errorf("a confirm letter: %q", found)
	}
	rules.Signed = false
	if found := mailer.Lint([]byte(strings.TrimPrefix(confirm, signatureOf)), rules); found != nil {
		t.Errorf("a letter that nobody signs: %q", found)
	}
}

// On a laptop, the site is on loopback and speaks http.
func TestLoopbackIsClean(t *testing.T) {
	t.Parallel()
	rules := lessonRules()
	rules.BaseURL = "http://127.0.0.1:8080"
	local := strings.ReplaceAll(goodLesson(t), "https://example.org", rules.BaseURL)
	if found := mailer.Lint([]byte(local), rules); found != nil {
		t.Errorf("a lesson on loopback: %q", found)
	}
	rules.BaseURL = "http://localhost:8080"
	if found := broken(mailer.Lint([]byte(local), rules)); !slices.Equal(found, []string{"E08", "E22"}) {
		t.Errorf("a lesson on another site of this machine: %q, want E08 and E22", found)
	}
	rules.BaseURL = "http://example.org"
	public := strings.ReplaceAll(goodLesson(t), "https://example.org", rules.BaseURL)
	if found := broken(mailer.Lint([]byte(public), rules)); !slices.Equal(found, []string{"E08"}) {
		t.Errorf("a lesson without TLS: %q, want E08", found)
	}
}

// The header alone is enough for what is in the header.
func TestHeadersAreLintedAlone(t *testing.T) {
	t.Parallel()
	good := goodLesson(t)
	for _, test := range spoilt {
		bad := strings.Replace(good, test.old, test.new, 1)
		head, _, _ := strings.Cut(bad, "\r\n\r\n")
		goodHead, _, _ := strings.Cut(good, "\r\n\r\n")
		want := []string{test.rule}
		if head == goodHead || test.what == "no alternatives" || test.what == "another MIME" {
			want = nil
		}
		if got := broken(mailer.LintHeaders([]byte(bad), lessonRules())); !slices.Equal(got, want) {
			t.Errorf("%s %s: got %q, want %q", test.rule, test.what, got, want)
		}
	}
}

// Of a letter of which only the envelope is known, its form is judged.
func TestFormNeedsNoMoreThanTheEnvelope(t *testing.T) {
	t.Parallel()
	good := goodLesson(t)
	e := mailer.Envelope{From: "b+3f6c1e@studs.example.org", To: "anna@example.net"}
	if found := mailer.LintForm([]byte(good), e); found != nil {
		t.Errorf("a good lesson: %q", found)
	}
	for _, rule := range []string{"E01", "E02", "E03", "E05", "E06", "E07", "E12", "E14", "E22"} {
		i := slices.IndexFunc(spoilt, func(s struct{ rule, what, old, new string }) bool { return s.rule == rule })
		bad := strings.Replace(good, spoilt[i].old, spoilt[i].new, 1)
		if got := broken(mailer.LintForm([]byte(bad), e)); !slices.Equal(got, []string{rule}) {
			t.Errorf("%s: got %q, want %s", spoilt[i].what, got, rule)
		}
	}
	if got := broken(mailer.LintForm([]byte(good), mailer.Envelope{From: e.From, To: "bo@example.net"})); !slices.Equal(got, []string{"E06"}) {
		t.Errorf("somebody else's letter: got %q, want E06", got)
	}
}

// The lint and the standard library agree on what one mailbox is, where the lint says yes.
func FuzzLint(f *testing.F) {
	f.Add([]byte(goodLesson(f)))
	for _, s := range spoilt {
		f.Add(bytes.Replace([]byte(goodLesson(f)), []byte(s.old), []byte(s.new), 1))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if mailer.LintForm(raw, mailer.Envelope{To: "anna@example.net"}) != nil {
			return
		}
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("clean, but %v", err)
		}
		to, err := m.Header.AddressList("To")
		if err != nil || len(to) != 1 || !strings.EqualFold(to[0].Address, "anna@example.net") {
			t.Fatalf("clean, but to %v (%v)", to, err)
		}
		if from, err := m.Header.AddressList("From"); err != nil || len(from) != 1 {
			t.Fatalf("clean, but from %v (%v)", from, err)
		}
	})
}

func BenchmarkLintHeaders(b *testing.B) {
	raw, rules := []byte(goodLesson(b)), lessonRules()
	b.ReportAllocs()
	defer reportCPU(b)()
	for b.Loop() {
		mailer.LintHeaders(raw, rules)
	}
}

func BenchmarkLint(b *testing.B) {
	raw, rules := []byte(goodLesson(b)), lessonRules()
	for b.Loop() {
		mailer.Lint(raw, rules)
	}
}
