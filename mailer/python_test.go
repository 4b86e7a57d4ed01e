package mailer_test

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fortsatt/mailer"
)

// readPython is what Python's email package makes of a letter.
type readPython struct {
	From, ReplyTo, To      mail.Address
	Subject, Date, ID      string
	Unsubscribe            string
	Fields, Types, Defects []string
	Text, HTML             string
}

// Python's email package, which shares no code with ours or Go's, finds in a letter what was
// put in, and nothing to complain of.
func TestPythonReadsTheSame(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("python3 is missing, and is wanted where CI=true")
		}
		t.Skip("python3 is missing")
	}
	var letters []mailer.Message
	var files []string
	dir := t.TempDir()
	for i, text := range []string{
		"Anna", "Åsa", "O'Neill <b>", `Berg, "Anna" \ Co`, strings.Repeat("🎈", 60), "فاطمة الزهراء", "\u202eannA\u202c",
		strings.Repeat("x", 998), strings.Repeat("Anna Maria ", 20) + "Berg", "=?utf-8?q?Bo?=", "två  blanka", "名前 太郎", "anna@example.net",
	} {
		m := lesson()
		m.From.Name, m.To.Name, m.Subject, m.List.Name = text, text, text, text
		m.Text = append(pieces(text, "\n.\n"), m.Text...)
		letters = append(letters, m)
		files = append(files, filepath.Join(dir, fmt.Sprint(i)))
		if err := os.WriteFile(files[i], []byte(composed(t, m)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), "python3", append([]string{"testdata/read.py"}, files...)...)
	command.Stderr = t.Output()
	said, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	if len(lines) != len(letters) {
		t.Fatalf("python read %d letters of %d", len(lines), len(letters))
	}
	for i, m := range letters {
		var got readPython
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatal(err)
		}
		comparePython(t, m, got, readStandard(t, []byte(composed(t, m))))
	}
}

func comparePython(t *testing.T, m mailer.Message, got readPython, standard read) {
	t.Helper()
	want := readPython{
		From: m.From, ReplyTo: m.ReplyTo, To: m.To, Subject: m.Subject,
		Date: m.Date.Format(time.RFC3339), ID: "<" + m.MessageID + ">", Unsubscribe: "<" + m.List.Unsubscribe + ">",
		Text: standard.text, HTML: standard.html, // which the tests of reading back hold against the message
		Types: []string{"multipart/alternative", "text/plain", "text/html"},
		Fields: []string{
			"Date", "From", "Reply-To", "To", "Subject", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
			"Precedence", "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
		},
	}
	for field, pair := range map[string][2]mail.Address{"From": {got.From, want.From}, "Reply-To": {got.ReplyTo, want.ReplyTo}, "To": {got.To, want.To}} {
		// Against RFC 2047 §6.2, Python until 3.13 shows the blank between two encoded words of a name.
		got, want := strings.ReplaceAll(pair[0].Name, " ", ""), strings.ReplaceAll(pair[1].Name, " ", "")
		if got != want || pair[0].Address != pair[1].Address {
			t.Errorf("got %s %q, want %q", field, pair[0], pair[1])
		}
	}
	if got.Subject != want.Subject || got.Date != want.Date || got.ID != want.ID || got.Unsubscribe != want.Unsubscribe {
		t.Errorf("got %q, %s, %s, %s; want %q, %s, %s, %s", got.Subject, got.Date, got.ID, got.Unsubscribe, want.Subject, want.Date, want.ID, want.Unsubscribe)
	}
	if got.Text != want.Text || got.HTML != want.HTML {
		t.Errorf("%q: got\n%q\n%q\nwant\n%q\n%q", m.Subject, got.Text, got.HTML, want.Text, want.HTML)
	}
	if !slices.Equal(got.Fields, want.Fields) || !slices.Equal(got.Types, want.Types) || len(got.Defects) > 0 {
		t.Errorf("%q: got fields %q, types %q, defects %q", m.Subject, got.Fields, got.Types, got.Defects)
	}
}
