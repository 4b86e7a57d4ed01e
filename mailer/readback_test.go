package mailer_test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	message "github.com/emersion/go-message/mail"
	gomail "github.com/wneessen/go-mail"

	"fortsatt/mailer"
)

// read is what a reader's program makes of a letter.
type read struct {
	from, replyTo, to mail.Address
	subject           string
	date              time.Time
	id                string
	header            mail.Header
	text, html        string
}

// TestLettersReadBack has two readers that share no code with the writer, and go-mail's own
// composer as a third opinion on the parts.
func TestLettersReadBack(t *testing.T) {
	t.Parallel()
	names := []string{
		"", "Anna", "Åsa", "O'Neill <b>", `Berg, "Anna" \ Co`, "J. R. Åkesson", "a=?utf-8?q?b?=c", "två  blanka",
		" blank före", "blank efter ", strings.Repeat("🎈", 60), strings.Repeat("lång ", 40) + "slut",
		strings.Repeat("x", 300), strings.Repeat("Berg, Anna ", 9) + "Ek", strings.Repeat("Anna Maria ", 20) + "Berg", "(inte en kommentar)", "anna@example.net", "名前", "فاطمة الزهراء", "\u202eannA\u202c", strings.Repeat("x", 998),
	}
	subjects := []string{
		"Välkommen", "a", "=?utf-8?q?f=C3=B6rkl=C3=A4dd?=", "  två blanka  här ", strings.Repeat("å", 150),
		strings.Repeat("Så håller du kontakten när ingen hinner svara på dina brev. ", 4) + "Hälsningar",
		strings.Repeat("plain words that need folding ", 10) + "end", strings.Repeat("w", 998), strings.Repeat("w", 500), "?=", "100 % _ok_",
		"two  blanks", " one before", "one after ", strings.Repeat("x", 55) + strings.Repeat("  y", 20),
	}
	for i := range max(len(names), len(subjects)) {
		m := lesson()
		m.To.Name = names[i%len(names)]
		m.From.Name = names[(i+3)%len(names)]
		m.List.Name = names[(i+5)%len(names)]
		m.Subject = subjects[i%len(subjects)]
		raw, err := m.Bytes()
		if err != nil {
			t.Fatalf("%q, %q: %v", m.To.Name, m.Subject, err)
		}
		if faults := wireFaults(raw); faults != nil {
			t.Errorf("%q, %q: %q", m.To.Name, m.Subject, faults)
		}
		for reader, got := range map[string]read{"net/mail": readStandard(t, raw), "go-message": readGoMessage(t, raw)} {
			compare(t, reader, m, got)
			compareParts(t, reader, lessonText, lessonHTML, got)
		}
		compareParts(t, "go-mail's own", lessonText, lessonHTML, readStandard(t, composedByGoMail(t, m, lessonText, lessonHTML)))
	}
}

func compare(t *testing.T, reader string, m mailer.Message, got read) {
	t.Helper()
	if got.from != m.From || got.replyTo != m.ReplyTo || got.to != m.To {
		t.Errorf("%s: got from %v, reply to %v, to %v; want %v, %v, %v",
			reader, got.from, got.replyTo, got.to, m.From, m.ReplyTo, m.To)
	}
	_, gotZone := got.date.Zone()
	_, wantZone := m.Date.Zone()
	if !got.date.Equal(m.Date) || gotZone != wantZone {
		t.Errorf("%s: got date %v, want %v", reader, got.date, m.Date)
	}
	if got.subject != m.Subject || got.id != m.MessageID {
		t.Errorf("%s: got subject %q, id %q; want %q, %q", reader, got.subject, got.id, m.Subject, m.MessageID)
	}
	list := got.header.Get("List-Id")
	opening := strings.LastIndex(list, "<")
	parsed, err := mail.ParseAddress(list[:opening] + "<list@" + list[opening+1:])
	if err != nil || parsed.Name != m.List.Name || parsed.Address != "list@"+m.List.ID {
		t.Errorf("%s: got list %q (%v)", reader, list, err)
	}
}

func compareParts(t *testing.T, reader, text, html string, got read) {
	t.Helper()
	if got.text != text || got.html != html {
		t.Errorf("%s: got text %q and HTML %q; want %q and %q", reader, got.text, got.html, text, html)
	}
}

func readStandard(t *testing.T, raw []byte) (r read) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	address := func(name string) (a mail.Address) {
		if value := m.Header.Get(name); value != "" {
			parsed, err := mail.ParseAddress(value)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			a = *parsed
		}
		return a
	}
	r.header = m.Header
	r.from, r.replyTo, r.to = address("From"), address("Reply-To"), address("To")
	r.date, _ = m.Header.Date()
	r.subject, _ = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	r.id = strings.Trim(m.Header.Get("Message-ID"), "<>")
	_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, parameters["boundary"])
	r.text, r.html = nextPart(t, parts, "text/plain"), nextPart(t, parts, "text/html")
	return r
}

func nextPart(t *testing.T, parts *multipart.Reader, mediaType string) string {
	t.Helper()
	part, err := parts.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	if got, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); got != mediaType {
		t.Errorf("got part %s, want %s", got, mediaType)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func readGoMessage(t *testing.T, raw []byte) (r read) {
	t.Helper()
	m, err := message.CreateReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	address := func(name string) mail.Address {
		list, err := m.Header.AddressList(name)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %v %v", name, list, err)
		}
		return mail.Address(*list[0])
	}
	r.from, r.replyTo, r.to = address("From"), address("Reply-To"), address("To")
	r.subject, _ = m.Header.Subject()
	r.date, _ = m.Header.Date()
	r.id, _ = m.Header.MessageID()
	r.header = mail.Header{"List-Id": {m.Header.Get("List-Id")}}
	for _, text := range []*string{&r.text, &r.html} {
		part, err := m.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		octets, err := io.ReadAll(part.Body)
		if err != nil {
			t.Fatal(err)
		}
		*text = strings.ReplaceAll(string(octets), "\r\n", "\n")
	}
	if _, err := m.NextPart(); err != io.EOF {
		t.Errorf("a third part: %v", err)
	}
	return r
}

func composedByGoMail(t *testing.T, m mailer.Message, text, html string) []byte {
	t.Helper()
	theirs := gomail.NewMsg()
	theirs.FromMailAddress(&m.From)
	theirs.ToMailAddress(&m.To)
	theirs.Subject(m.Subject)
	theirs.SetBodyString(gomail.TypeTextPlain, text)
	theirs.AddAlternativeString(gomail.TypeTextHTML, html)
	var raw bytes.Buffer
	if _, err := theirs.WriteTo(&raw); err != nil {
		t.Fatal(err)
	}
	return raw.Bytes()
}
