package mailer_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What stands between the pieces is seen on the wire only: a soft line break, unless the line
// has ended anyway.
func TestPiecesOnTheWire(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		parts []string
		want  string
	}{
		{"one", []string{"Hej!\n"}, "Hej!\r\n"},
		{"within a line", []string{"Hej ", "Åsa", "!\n"}, "Hej=20=\r\n=C3=85sa=\r\n!\r\n"},
		{"after a line", []string{"Avsluta:\n", "https://example.org/a?b=c", "\n\nSlut\n"}, "Avsluta:\r\nhttps://example.org/a?b=3Dc=\r\n\r\n\r\nSlut\r\n"},
		{"nothing between", []string{"Hej", "", "!"}, "Hej=\r\n!"},
		{"nothing first and last", []string{"", "Hej", ""}, "Hej"},
		{"a dot", []string{"Hej", ".", ".\n"}, "Hej=\r\n=2E=\r\n=2E\r\n"},
		{"dots in a text", []string{".å\n..\n a.\n"}, "=2E=C3=A5\r\n=2E.\r\n a.\r\n"},
		{"a dot on a full line", []string{"." + strings.Repeat("x", 80)}, "." + strings.Repeat("x", 74) + "=\r\n" + strings.Repeat("x", 6)},
		{"a blank at the end", []string{"Hej", "\t"}, "Hej=\r\n=09"},
		{"a blank before a break", []string{"Hej ", "\n"}, "Hej=20=\r\n\r\n"},
		{"full lines", []string{strings.Repeat("x", 75), strings.Repeat("y", 76), "z"}, strings.Repeat("x", 75) + "=\r\n" + strings.Repeat("y", 75) + "=\r\ny=\r\nz"},
		{"looks encoded", []string{"=", "3D", "=\n"}, "=3D=\r\n3D=\r\n=3D\r\n"},
	} {
		m := lesson()
		m.Text = pieces(test.parts...)
		raw, err := m.Bytes()
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		_, part, _ := strings.Cut(string(raw), "quoted-printable\r\n\r\n")
		if got, _, _ := strings.Cut(part, "\r\n--=_"); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// Anna may call herself what she likes: the letter reads as if it had been written in one go,
// also to two readers that share no code with the writer and beside go-mail's composer.
func TestAnyPiecesReadAsOneText(t *testing.T) {
	t.Parallel()
	field := rapid.OneOf(
		rapid.SampledFrom([]string{
			"", "Anna", ".", "..\n.", "=", "=3D", "=\r\n", "Anna ", "\tAnna\t", "\r\nBcc: bo@example.org\r\n\r\n", "a\r\n.\r\nQUIT\r\n", "\n", "\r", "--=_", "\n--=_9f369e9b\n",
			strings.Repeat("🎈", 60), strings.Repeat(" ", 80), strings.Repeat("x", 75), strings.Repeat("x", 76) + " ", strings.Repeat("=", 40), "\u2028\u0085\v\f",
		}),
		rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune(" \t\r\n.=-_å🎈")), rapid.Rune().Filter(func(c rune) bool { return c != 0 }))),
	)
	rapid.Check(t, func(r *rapid.T) {
		text := append([]string{"Hej "}, rapid.SliceOf(field).Draw(r, "text")...)
		html := append(rapid.SliceOf(field).Draw(r, "HTML"), "</p>")
		m := lesson()
		m.Text, m.HTML = pieces(text...), pieces(html...)
		raw, err := m.Bytes()
		if err != nil {
			r.Fatal(err)
		}
		if faults := wireFaults(raw); faults != nil {
			r.Fatalf("%q in\n%s", faults, raw)
		}
		wantText, wantHTML := inOneGo(text), inOneGo(html)
		compareParts(t, "net/mail", wantText, wantHTML, readStandard(t, raw))
		compareParts(t, "go-message", wantText, wantHTML, readGoMessage(t, raw))
		compareParts(t, "go-mail's own", wantText, wantHTML, readStandard(t, composedByGoMail(t, m, wantText, wantHTML)))
	})
}

// inOneGo is the text of pieces, with the line ends of each made LF.
func inOneGo(texts []string) string {
	var whole strings.Builder
	for _, text := range texts {
		whole.WriteString(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text))
	}
	return whole.String()
}

// A field that cannot be sent is refused in the letter it stands in, and in no other.
func TestAFieldIsRefusedAlone(t *testing.T) {
	t.Parallel()
	shared := pieces("Hej ")
	for field, want := range map[string]string{
		"Anna":       "",
		"An\x00na":   "compose letter: HTML part: has a NUL",
		"An\xe5na":   "compose letter: HTML part: is not valid UTF-8",
		"Anna\u2028": "",
	} {
		m := lesson()
		m.HTML = append(shared[:1:1], pieces(field, "!")...)
		if _, err := m.Bytes(); err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%q: got error %v, want %q", field, err, want)
		}
	}
}
