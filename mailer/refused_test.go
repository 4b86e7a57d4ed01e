package mailer_test

import (
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"fortsatt/mailer"
)

func TestWhatCannotBeSentIsNamed(t *testing.T) {
	t.Parallel()
	to := func(address string) func(*mailer.Message) {
		return func(m *mailer.Message) { m.To = mail.Address{Address: address} }
	}
	link := func(address string) func(*mailer.Message) {
		return func(m *mailer.Message) { m.List.Unsubscribe = address }
	}
	for _, test := range []struct {
		name  string
		spoil func(*mailer.Message)
		want  string // how the error goes on
	}{
		{"no recipient", to(""), "To:"},
		{"no @", to("anna"), "To:"},
		{"no local part", to("@example.org"), "To:"},
		{"no domain", to("anna@"), "To:"},
		{"quoted local part", to(`"anna b"@example.org`), "To:"},
		{"two addresses", to("anna@example.org,bo@example.org"), "To:"},
		{"two @", to("anna@bo@example.org"), "To:"},
		{"CRLF in an address", to("anna@example.org\r\nBcc: bo@example.org"), "To:"},
		{"LF in a local part", to("anna\n@example.org"), "To:"},
		{"angle brackets", to("<anna@example.org>"), "To:"},
		{"å before the @", to("åsa@example.org"), "To:"},
		{"dots in a row", to("anna..b@example.org"), "To:"},
		{"long local part", to(strings.Repeat("a", 65) + "@example.org"), "To:"},
		{"domain literal", to("anna@[127.0.0.1]"), "To:"},
		{"underscore in a domain", to("anna@a_b.example"), "To:"},
		{"long label", to("anna@" + strings.Repeat("a", 64) + ".example"), "To:"},
		{"long address", to("anna@" + strings.Repeat("abcdefgh.", 28) + "example"), "To:"},
		{"encoded word as address", to("=?utf-8?q?bo=40example.org=3E?=@example.net"), "To:"},
		{"long in sum", to(strings.Repeat("a", 60) + "@" + strings.Repeat("abcdefgh.", 22) + "example"), "To:"},
		{"no sender", func(m *mailer.Message) { m.From.Address = "" }, "From:"},
		{"newline in a name", func(m *mailer.Message) { m.From.Name = "Anna\nBcc: x" }, "From:"},
		{"NUL in a name", func(m *mailer.Message) { m.To.Name = "Anna\x00" }, "To:"},
		{"broken UTF-8 in a name", func(m *mailer.Message) { m.To.Name = "Anna\xff" }, "To:"},
		{"line separator in a name", func(m *mailer.Message) { m.To.Name = "Anna\u2028B" }, "To:"},
		{"paragraph separator in a name", func(m *mailer.Message) { m.To.Name = "Anna\u2029B" }, "To:"},
		{"reply to a name only", func(m *mailer.Message) { m.ReplyTo = mail.Address{Name: "Anna"} }, "Reply-To:"},
		{"empty subject", func(m *mailer.Message) { m.Subject = "" }, "Subject:"},
		{"blank subject", func(m *mailer.Message) { m.Subject = " \u00a0" }, "Subject:"},
		{"CR in the subject", func(m *mailer.Message) { m.Subject = "Hej\rBcc: x" }, "Subject:"},
		{"tab in the subject", func(m *mailer.Message) { m.Subject = "Hej\tdu" }, "Subject:"},
		{"C1 control in the subject", func(m *mailer.Message) { m.Subject = "Hej\u0085du" }, "Subject:"},
		{"no date", func(m *mailer.Message) { m.Date = time.Time{} }, "Date:"},
		{"no Message-ID", func(m *mailer.Message) { m.MessageID = "" }, "Message-ID:"},
		{"Message-ID without @", func(m *mailer.Message) { m.MessageID = "abc" }, "Message-ID:"},
		{"Message-ID in brackets", func(m *mailer.Message) { m.MessageID = "<a@example.org>" }, "Message-ID:"},
		{"Message-ID with a newline", func(m *mailer.Message) { m.MessageID = "a\r\n@example.org" }, "Message-ID:"},
		{"no text", func(m *mailer.Message) { m.Text = nil }, "text part:"},
		{"NUL in the text", func(m *mailer.Message) { m.Text = pieces("Hej ", "a\x00b", "!") }, "text part:"},
		{"broken UTF-8 in the text", func(m *mailer.Message) { m.Text = pieces("\xe5") }, "text part:"},
		{"no HTML", func(m *mailer.Message) { m.HTML = pieces("", "") }, "HTML part:"},
		{"no list id", func(m *mailer.Message) { m.List.ID = "" }, "List-Id:"},
		{"list id with a newline", func(m *mailer.Message) { m.List.ID = "a.b\r\nX: y" }, "List-Id:"},
		{"list id of one label", func(m *mailer.Message) { m.List.ID = "kurs" }, "List-Id:"},
		{"newline in the list's name", func(m *mailer.Message) { m.List.Name = "a\nb" }, "List-Id:"},
		{"no way out", link(""), "List-Unsubscribe:"},
		{"relative", link("/avsluta/abc"), "List-Unsubscribe:"},
		{"mailto", link("mailto:avsluta@example.org"), "List-Unsubscribe:"},
		{"http", link("http://example.org/avsluta/abc"), "List-Unsubscribe:"},
		{"http, nearly loopback", link("http://127.0.0.1.example.org/a"), "List-Unsubscribe:"},
		{"bracket in the link", link("https://example.org/a>, <mailto:x@example.org"), "List-Unsubscribe:"},
		{"two links", link("https://example.org/a,https://example.org/b"), "List-Unsubscribe:"},
		{"newline in the link", link("https://example.org/a\r\nX: y"), "List-Unsubscribe:"},
		{"å in the link", link("https://example.org/å"), "List-Unsubscribe:"},
		{"password in the link", link("https://a:b@example.org/"), "List-Unsubscribe:"},
		{"encoded word in the link", link("https://example.org/=?utf-8?q?a?="), "List-Unsubscribe:"},
		{"endless link", link("https://example.org/" + strings.Repeat("a", 1000)), "List-Unsubscribe:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := lesson()
			test.spoil(&m)
			raw, err := m.Bytes()
			if err == nil {
				t.Fatalf("was composed:\n%s", raw)
			}
			if !strings.HasPrefix(err.Error(), "compose letter: "+test.want) {
				t.Errorf("got %q, want it to name %s", err, test.want)
			}
		})
	}
}

func TestLoopbackMayBeLeftOverHTTP(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"http://localhost:8080/a", "http://127.0.0.1/a", "http://[::1]:80/a"} {
		m := lesson()
		m.List.Unsubscribe = link
		if _, err := m.Bytes(); err != nil {
			t.Errorf("%s: %v", link, err)
		}
	}
}

// writable are texts without what a header cannot hold.
func writable() *rapid.Generator[string] {
	return rapid.StringOf(rapid.OneOf(
		rapid.SampledFrom([]rune(`aZ09 =?_"\<>(),.;:@åäöÅÄÖ🎈é`)),
		rapid.RuneFrom(nil, unicode.L, unicode.N, unicode.P, unicode.S, unicode.M, unicode.Zs),
	))
}

// Whatever the subject and the names, as long as they may be sent: the letter is clean, and two
// readers that share no code with the writer find in it what was put in.
func TestAnyLetterSurvives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		m, rules := lesson(), lessonRules()
		rules.Signed = false
		m.To.Name = writable().Draw(r, "name")
		m.Subject = "x" + cut(writable().Draw(r, "subject"), 149)
		m.List.Name = writable().Draw(r, "list")
		body := rapid.StringOf(rapid.Rune().Filter(func(c rune) bool { return c != 0 && c != '\r' }))
		text, html := m.List.Unsubscribe+"\n"+body.Draw(r, "text"), lessonHTML+body.Draw(r, "html")+"\n.\n--=_\n"
		m.Text, m.HTML = pieces(text), pieces(html)
		raw, err := m.Bytes()
		if err != nil {
			r.Fatal(err)
		}
		if faults := wireFaults(raw); faults != nil {
			r.Fatalf("%q in\n%s", faults, raw)
		}
		rules.Known, rules.Name = nil, m.Subject+text+html // slips, if there are any, are not ours
		if found := mailer.Lint(raw, rules); found != nil {
			r.Fatalf("%q in\n%s", found, raw)
		}
		for reader, got := range map[string]read{"net/mail": readStandard(t, raw), "go-message": readGoMessage(t, raw)} {
			compare(t, reader, m, got)
			compareParts(t, reader, text, html, got)
		}
	})
}

// cut is the beginning of a text.
func cut(text string, characters int) string {
	runes := []rune(text)
	return string(runes[:min(characters, len(runes))])
}

// FuzzHeaderInjection: whatever stands in a field, the letter is refused, or has the fields
// of a lesson, each once.
func FuzzHeaderInjection(f *testing.F) {
	for _, seed := range []string{
		"Anna", "a\r\nBcc: b@example.org", "\r\n\r\nbody", "=?utf-8?q?=0D=0ABcc:_x?=", `"`, "<a@b>", "\x00", "a@b\n", "\u2028",
	} {
		f.Add(seed, "anna@example.org", "a@example.org", "https://example.org/"+seed)
		f.Add("Anna", seed, seed, seed)
	}
	f.Fuzz(func(t *testing.T, text, address, id, link string) {
		m := lesson()
		m.Subject, m.To.Name, m.From.Name, m.List.Name = text, text, text, text
		m.To.Address, m.MessageID, m.List.Unsubscribe = address, id, link
		raw, err := m.Bytes()
		if err != nil {
			return
		}
		if faults := wireFaults(raw); faults != nil {
			t.Fatalf("%q in\n%s", faults, raw)
		}
		head, _, _ := strings.Cut(string(raw), "\r\n\r\n")
		if n := len(fieldNames(head)); n != 13 {
			t.Fatalf("%d fields in\n%s", n, head)
		}
		if got := readStandard(t, raw); got.subject != text || got.to.Name != text {
			t.Fatalf("%q was read as subject %q and name %q", text, got.subject, got.to.Name)
		}
	})
}
