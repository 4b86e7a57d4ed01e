package lessons

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// wrapped is an encoding that shows where each piece begins and ends.
func wrapped(text string) string { return "‹" + text + "›" }

// What all readers have in common is encoded before the first of them gets a
// letter; for Anna only what is hers.
func TestOnlyAReadersFieldsAreEncodedForHer(t *testing.T) {
	t.Parallel()
	var seen []string
	l := Prepare(load(t, nil).Courses[0].Lessons[0], func(text string) string {
		seen = append(seen, text)
		return wrapped(text)
	})
	for _, text := range seen {
		if strings.Contains(text, "Anna") || text == "" {
			t.Errorf("prepared %q", text)
		}
	}
	seen = nil
	f := anna
	f.Name = "Anna <Ek>"
	l.Fill(f)
	want := []string{
		"Anna <Ek>", f.NextDate, f.WebURL, f.UnsubscribeURL, f.PrivacyURL,
		"Anna &lt;Ek&gt;", f.NextDate, f.WebURL, f.UnsubscribeURL, f.PrivacyURL,
	}
	if !slices.Equal(seen, want) {
		t.Errorf("encoded for Anna: got %q, want %q", seen, want)
	}
	seen = nil
	l.Fill(Fields{WebURL: f.WebURL, UnsubscribeURL: f.UnsubscribeURL, PrivacyURL: f.PrivacyURL})
	if want := []string{f.WebURL, f.UnsubscribeURL, f.PrivacyURL, f.WebURL, f.UnsubscribeURL, f.PrivacyURL}; !slices.Equal(seen, want) {
		t.Errorf("encoded for a stranger after the last letter: got %q, want %q", seen, want)
	}
}

// Facts, such as the publisher's name, and the body's end leave no seam: a
// piece ends only where readers begin to differ.
func TestAPieceEndsWhereReadersDiffer(t *testing.T) {
	t.Parallel()
	l := lesson(t, "Hej{{if .Name}} kära{{if .Week}} du{{end}} {{.Name}}{{end}}! Vecka {{.Week}} av {{.Weeks}}.")
	text := strings.Join(Prepare(l, wrapped).Fill(anna).Text, "")
	if want := "\n\nHej›‹ kära du ›‹Anna›‹! Vecka 1 av 2.\n\n---\n"; !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
	stranger := anna
	stranger.Name = ""
	if text := strings.Join(Prepare(l, wrapped).Fill(stranger).Text, ""); !strings.Contains(text, "\n\nHej›‹! Vecka 1 av 2.\n\n---\n") {
		t.Errorf("a stranger is not greeted as one:\n%s", text)
	}
	// The greeting, the name and three addresses, and what stands before, between and after.
	if got := strings.Count(text, "‹"); got != 10 {
		t.Errorf("%d pieces, want 10:\n%s", got, text)
	}
}

// A prepared letter is the letter, whoever reads it.
func TestAPreparedLetterIsTheSameLetter(t *testing.T) {
	t.Parallel()
	field := rapid.OneOf(
		rapid.SampledFrom([]string{"", "Anna", " ", "Anna\r\nBcc: x", "=", ".", "Anna ", "O'Neill <b>", strings.Repeat("🌻", 60), strings.Repeat("🌻", 61), "An\x00na", "An\xffna", "{{.Name}}", "q7hole0q7"}),
		rapid.String(),
	)
	letters := []*Letter{
		lesson(t, "Hej{{if .Name}} {{.Name}}{{if .NextDate}}, {{.NextDate}}{{end}}{{if .Week}}!{{end}}{{end}}.\n\n{{if .NextDate}}*{{.NextDate}}* {{end}}"),
		lesson(t, "{{if .Name}}\n\nHej\n\n{{end}}\n\nSlut{{if .NextDate}}{{.NextDate}}{{end}}"),
		load(t, nil).Letters["confirm"],
	}
	rapid.Check(t, func(r *rapid.T) {
		f := Fields{
			Name: field.Draw(r, "name"), NextDate: field.Draw(r, "next"), AskedAt: field.Draw(r, "asked"),
			UnsubscribeURL: anna.UnsubscribeURL, PrivacyURL: anna.PrivacyURL, ConfirmURL: "https://brev.example/bekrafta/x",
		}
		for _, l := range letters {
			filled := Prepare(l, asIs).Fill(f)
			got := Rendered{filled.Subject, strings.Join(filled.Text, ""), strings.Join(filled.HTML, "")}
			if want := l.Render(f); got != want {
				r.Errorf("got\n%q\nwant\n%q", got, want)
			}
		}
	})
}

func BenchmarkFill(b *testing.B) {
	letter := Prepare(load(b, nil).Courses[0].Lessons[0], wrapped)
	for b.Loop() {
		letter.Fill(anna)
	}
}
