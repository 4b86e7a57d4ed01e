package mailer_test

import (
	"bytes"
	"encoding/base64"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

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

// firstLine is of the subject, which is folded.
const firstLine = "Subject: =?utf-8?q?Vecka_3=3A_S=C3=A5_fr=C3=A5gar_du_utan_att_vara_till_be?="

// Each spoils a good lesson at one place; that rule tells, and no other.
var spoilt = []struct{ rule, what, old, new string }{
	{"E01", "bare LF in the body", "Hej Anna!\r\n", "Hej Anna!\n"},
	{"E01", "bare CR in the body", "Hej Anna!\r\n", "Hej\rAnna!\r\n"},
	{"E01", "NUL in the body", "Hej Anna!", "Hej\x00Anna!"},
	{"E01", "a line of 999", "Hej Anna!", strings.Repeat("x", 999)},
	{"E01", "bare LF in the header", "bulk\r\n", "bulk\n"},
	{"E01", "raw å in the header", "Redaktionen", "Redaktör Å"},
	{"E01", "unfolded", "Reply-To: Redaktionen", "Reply-To: Redaktionen" + strings.Repeat(" och", 20)},
	{"E01", "a blank line", "Precedence: bulk\r\n", "Precedence: bulk\r\n \r\n"},
	{"E02", "a split character", "=?utf-8?q?Forts=C3=A4tt?=", "=?utf-8?q?Forts=C3?= =?utf-8?q?=A4tt?="},
	{"E02", "in an address", "<redaktion@", "<=?utf-8?q?redaktion?=@"},
	{"E02", "in a quoted string", "Redaktionen", `"=?utf-8?q?Red?="`},
	{"E02", "in the middle of a word", "=?utf-8?q?Forts=C3=A4tt?=", "Kurs-=?utf-8?q?Forts=C3=A4tt?="},
	{"E02", "too long", "=?utf-8?q?Forts=C3=A4tt?=", "\r\n =?utf-8?q?" + strings.Repeat("x", 64) + "?=\r\n"},
	{"E02", "76 octets, and the line 77", "=?utf-8?q?Forts=C3=A4tt?=", "\r\n =?utf-8?q?" + strings.Repeat("x", 63) + "?=\r\n"},
	{"E02", "on a wide line", "=?utf-8?q?Forts=C3=A4tt?= <kurs@example.org>", "=?utf-8?q?" + strings.Repeat("x", 40) + "?= <kurs@example.org>"},
	{"E02", "a split character in the subject", "S=C3=A5_fr", "S=C3_fr"},
	{"E02", "in another charset", "=?utf-8?q?Forts=C3=A4tt?=", "=?iso-8859-1?q?Fortsatt?="},
	{"E02", "a dot in a name", "=?utf-8?q?Forts=C3=A4tt?=", "=?utf-8?q?Forts=C3=A4tt.?="},
	{"E02", "CRLF in a name", "=?utf-8?q?Forts=C3=A4tt?=", "=?utf-8?q?Forts=0D=0A?="},
	{"E02", "never ended", "=?utf-8?q?Forts=C3=A4tt?=", "=?utf-8?q?Forts"},
	{"E02", "in a token", "Precedence: bulk", "Precedence: bulk\r\nAuto-Submitted: =?utf-8?q?no?="},
	{"E03", "no Date", "Date: Tue, 16 Jun 2026 07:30:00 +0200\r\n", ""},
	{"E03", "no MIME-Version", "MIME-Version: 1.0\r\n", ""},
	{"E03", "two of From", "To: =?", "From: <kurs@example.org>\r\nTo: =?"},
	{"E03", "two of a list's", "Precedence:", "list-id: <kurs.example.org>\r\nPrecedence:"},
	{"E03", "two of Reply-To", "Precedence:", "reply-to: <kurs@example.org>\r\nPrecedence:"},
	{"E03", "no field", "Precedence:", "Hej Anna\r\nPrecedence:"},
	{"E04", "another date", "07:30:00", "07:30:01"},
	{"E04", "no date at all", "16 Jun", "16 Juni"},
	{"E04", "another id", "<3f6c1e.vecka-3@", "<3f6c1f.vecka-3@"},
	{"E04", "an id of somebody's", "<3f6c1e.vecka-3@example.org>", "<3f6c1e.vecka-3@host7.internal>"},
	{"E04", "no id", "<3f6c1e.vecka-3@example.org>", "3f6c1e"},
	{"E05", "two senders", "<kurs@example.org>", "<kurs@example.org>, <bo@example.org>"},
	{"E05", "another domain", "<kurs@example.org>", "<kurs@exempel.se>"},
	{"E05", "signed by another", "d=example.org;", "d=example.com;"},
	{"E05", "signed by what is under us", "d=example.org;", "d=kurs.example.org;"},
	{"E05", "signed by all of .org", "d=example.org;", "d=org;"},
	{"E06", "to another", "<anna@example.net>", "<bo@example.net>"},
	{"E06", "to two", "<anna@example.net>", "<anna@example.net>, <bo@example.net>"},
	{"E06", "a copy", "Precedence:", "Cc: <redaktion@example.org>\r\nPrecedence:"},
	{"E06", "a blind copy", "Precedence:", "bcc: <redaktion@example.org>\r\nPrecedence:"},
	{"E06", "sent on", "Precedence:", "Resent-To: <redaktion@example.org>\r\nPrecedence:"},
	{"E06", "an address in the subject", firstLine, "Subject: bo@example.net"},
	{"E06", "an encoded one in the subject", firstLine, "Subject: =?utf-8?q?=C3=85_bo=40example.net?="},
	{"E06", "an address in another field", "OOF, AutoReply\r\n", "OOF, AutoReply\r\nAuto-Submitted: bo@example.net\r\n"},
	{"E06", "another reader in the HTML", "<p>Hej Anna!", "<p>Hej bo@example.net!"},
	{"E06", "another reader in the text", "Hej Anna!", "Hej bo@example.net!"},
	{"E07", "no subject", firstLine + "\r\n =?utf-8?q?sv=C3=A4r?=", "Subject: =?utf-8?q?_?="},
	{"E07", "151 characters", firstLine, "Subject:" + strings.Repeat("\r\n =?utf-8?q?"+strings.Repeat("x", 49)+"?=", 3)},
	{"E07", "a control character", "Vecka_3=3A_S=C3=A5", "Vecka=07_3"},
	{"E07", "braces", "Vecka_3=3A_S=C3=A5", "Vecka_=7B=7B.W"},
	{"E07", "null", "Vecka_3=3A_", "null=3A_"},
	{"E07", "no value in the text", "Hej Anna!\r\n", "Hej <no value>!\r\n"},
	{"E07", "no value in the HTML", "<p>Hej Anna!</p>", "<p>Hej &lt;no value&gt;!</p>"},
	{"E07", "a complaint of Go's", "Hej Anna!\r\n", "Hej %!s(MISSING)!\r\n"},
	{"E07", "undefined", "Hej Anna!\r\n", "Hej undefined!\r\n"},
	{"E08", "no list", "List-Id: =?utf-8?q?Emotionellt_n=C3=A4tverkande?= <kurs.example.org>\r\n", ""},
	{"E08", "another list", "<kurs.example.org>", "<annan.example.org>"},
	{"E08", "no way out", "List-Unsubscribe: <https://example.org/avsluta/abc>\r\n", ""},
	{"E08", "two ways out", "Unsubscribe: <https://example.org/avsluta/abc>", "Unsubscribe: <https://example.org/avsluta/abc>,\r\n <https://example.org/abc>"},
	{"E08", "no click", "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", ""},
	{"E08", "another click", "=One-Click", "=Two-Clicks"},
	{"E10", "not signed", signatureOf, ""},
	{"E10", "an old algorithm", "a=rsa-sha256", "a=rsa-sha1"},
	{"E10", "only a new one", "a=rsa-sha256", "a=ed25519-sha256"},
	{"E10", "part of the body", "c=relaxed/relaxed;", "c=relaxed/relaxed; l=20;"},
	{"E10", "From once", "Post:From;", "Post;"},
	{"E10", "Subject open", "To:Subject:Date", "To:Date"},
	{"E10", "the way out open", "List-Id:List-Unsubscribe:", "List-Id:"},
	{"E10", "no key", "s=2026;", ""},
	{"E12", "no alternatives", "multipart/alternative", "multipart/mixed"},
	{"E12", "HTML first", "Content-Type: text/plain", "Content-Type: text/html"},
	{"E12", "two texts", "Content-Type: text/html", "Content-Type: text/plain"},
	{"E12", "Latin 1", "charset=utf-8", "charset=iso-8859-1"},
	{"E12", "8bit", "Transfer-Encoding: quoted-printable", "Transfer-Encoding: 8bit"},
	{"E12", "a third part", "\r\n--=_9f369e9b0f4b206e00bf95f16920769b--", "\r\n--=_9f369e9b0f4b206e00bf95f16920769b\r\n\r\nHej"},
	{"E12", "raw å", "Hej Anna!", "Hej Åsa!"},
	{"E12", "not UTF-8", "Idag =C3=B6var", "Idag =F6var"},
	{"E12", "twice encoded", "Idag =C3=B6var", "Idag =C3=83=C2=B6var"},
	{"E12", "a wide line", "Hej Anna!\r\n", strings.Repeat("Hej!", 20) + "\r\n"},
	{"E12", "another MIME", "MIME-Version: 1.0", "MIME-Version: 2.0"},
	{"E13", "no way out in the text", "Avsluta: https://example.org/avsluta/abc", "Avsluta: se webben"},
	{"E13", "a link in HTML only", "<p>Hej Anna!</p>", `<p>Hej <a href=3D"https://example.org/x">du</a></p>`},
	{"E14", "too much HTML", "<p>Hej Anna!</p>", strings.Repeat("<p>Hej Anna!</p>\r\n", 6000)},
	{"E14", "no way out in the HTML", `<a href=3D"https://example.org/avsluta/abc">Avsluta</a>`, "Avsluta"},
	{"E14", "a way out without words", ">Avsluta</a>", "></a>"},
	{"E14", "a hidden way out", "<p><a href", "<p hidden><a href"},
	{"E14", "a way out not displayed", "<p><a href", "<p style=3D'display: none'>=\r\n<a href"},
	{"E21", "not bulk", "Precedence: bulk\r\n", ""},
	{"E21", "answers wanted", "OOF, AutoReply", "None"},
	{"E22", "a banner", "Precedence:", "X-Mailer: Brevduva 3\r\nPrecedence:"},
	{"E22", "where it came from", "Precedence:", "Received: from app7.internal\r\nPrecedence:"},
	{"E22", "the reader in a link", "Hej Anna!\r\n", "Hej https://example.org/?to=3Danna%40example.net\r\n"},
	{"E22", "our network in a link", "Hej Anna!\r\n", "Hej http://10.0.0.7/x\r\n"},
}

func TestASpoiltLessonBreaksOneRule(t *testing.T) {
	t.Parallel()
	good := goodLesson(t)
	for _, test := range spoilt {
		bad := strings.Replace(good, test.old, test.new, 1)
		if bad == good {
			t.Errorf("%s %s: %q does not occur in\n%s", test.rule, test.what, test.old, good)
			continue
		}
		found := mailer.Lint([]byte(bad), lessonRules())
		if got := broken(found); !slices.Equal(got, []string{test.rule}) {
			t.Errorf("%s: got %q, want %s alone", test.what, found, test.rule)
		}
		for _, f := range found {
			if advice := f.Rule == "E21"; f.Fail == advice {
				t.Errorf("%s: fails %t", f, f.Fail)
			}
			if strings.Contains(f.Text, "anna@") || strings.Contains(f.Text, "bo@") {
				t.Errorf("%s: names a reader", f)
			}
		}
	}
}

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
