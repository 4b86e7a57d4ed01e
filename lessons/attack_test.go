package lessons

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

const canary = "kanariefågel-i-miljön"

// runnable are what template languages of all kinds run; ours knows none of it.
var runnable = []string{
	`{{env "COURSE_SECRET"}}`, `{{getenv "COURSE_SECRET"}}`, `{{expandenv "$COURSE_SECRET"}}`, `{{.Env.COURSE_SECRET}}`, `{{os.Getenv "COURSE_SECRET"}}`,
	`{{.}}`, `{{$}}`, `{{printf "%v" .}}`, `{{.Name | printf "%s"}}`, `{{call .Name}}`, `{{index . 0}}`, `{{len .Name}}`, `{{.Name.Name}}`, `{{.Secret}}`,
	`{{template "x"}}`, `{{define "x"}}{{end}}`, `{{block "x" .}}{{end}}`, `{{range .}}{{end}}`, `{{with .}}{{end}}`, `{{/* x */}}`, `{{- .Name -}}`, `{{7*7}}`,
	`{{if .Name}}a{{else}}b{{end}}`, `{{if not .Name}}a{{end}}`,
}

// literal are what other programs would fill in; here they are letters like any.
var literal = []string{`$COURSE_SECRET`, `${COURSE_SECRET}`, `%COURSE_SECRET%`, `$(printenv COURSE_SECRET)`, `<%= ENV["COURSE_SECRET"] %>`, `#{ENV["COURSE_SECRET"]}`, "[[7*7]]"}

// An editor's text cannot run anything, wherever it stands: it is refused by
// its file, and the secrets of the environment come out nowhere.
func TestCVE_2025_49136_TemplatesReadNoSecrets(t *testing.T) {
	t.Setenv("COURSE_SECRET", canary)
	places := []struct{ file, before string }{
		{"kaffe/01-forsta.md", "Hej{{if .Name}}"}, {"kaffe/01-forsta.md", ": första koppen\""}, {"letters/confirm.md", "Det var "},
		{"letters/layout.html", "</body>"}, {"letters/layout.txt", "{{.Body}}"}, {"pages/integritet.md", " ansvarar."},
	}
	for _, place := range places {
		for _, text := range runnable {
			_, err := Load(house(t, edited(t, place.file, place.before, text+place.before)))
			if err == nil || !strings.Contains(err.Error(), place.file+":") {
				t.Errorf("%s with %s: got error %v, want one that names the file", place.file, text, err)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("%s with %s: the error tells the secret", place.file, text)
			}
		}
	}
	for _, text := range literal {
		r := lesson(t, "Se `"+text+"` här.").Render(anna)
		if !strings.Contains(r.Text, text) || strings.Contains(r.Subject+r.Text+r.HTML, canary) {
			t.Errorf("%s in a letter reads\n%s", text, r.Text)
		}
	}
}

// What a reader writes is filled in, and not looked at again.
func TestCVE_2026_29053_FieldsAreNotTemplates(t *testing.T) {
	t.Setenv("COURSE_SECRET", canary)
	letters := []*Letter{load(t, nil).Courses[0].Lessons[0]}
	for _, l := range load(t, nil).Letters {
		letters = append(letters, l)
	}
	for _, text := range append(runnable, append(literal, `{{.UnsubscribeURL}}`, `{{if .NextDate}}{{end}}`, mark(0))...) {
		var f Fields
		for i := range reflect.TypeFor[Fields]().NumField() {
			reflect.ValueOf(&f).Elem().Field(i).SetString(text)
		}
		for _, l := range letters {
			r := l.Render(f)
			all := r.Subject + r.Text + r.HTML
			if strings.Contains(all, canary) || strings.Contains(all, "49") || strings.Contains(all, "https://brev.example/avsluta") {
				t.Errorf("%s in the fields of %s: got\n%s", text, l.ID, r.Text)
			}
			if !strings.Contains(r.Text, text) {
				t.Errorf("%s in the links of %s does not stand there as it is:\n%s", text, l.ID, r.Text)
			}
		}
	}
}

// Neither a reader's text nor an editor's keeps a worker busy. Each takes
// milliseconds here; the limits are for a machine that has much else to do.
func TestCVE_2020_22249_ALetterIsMadeInTime(t *testing.T) {
	t.Parallel()
	l := load(t, nil).Courses[0].Lessons[0]
	in := func(limit time.Duration, what string, do func()) {
		began := time.Now()
		if do(); time.Since(began) > limit {
			t.Errorf("%s took %v", what, time.Since(began))
		}
	}
	for _, text := range []string{"a", "{{", "<", "www.", "a.b", "\u2028", "å", "@", "=?utf-8?q?"} {
		long := strings.Repeat(text, 1<<20/len(text))
		f := anna
		f.Name, f.NextDate, f.UnsubscribeURL = long, long, long
		in(5*time.Second, "a megabyte of "+text, func() { l.Render(f) })
	}
	matter, _, _ := strings.Cut(smallHouse["kaffe/01-forsta.md"], "Hej")
	_, layout := l.Source()
	const n = 500 // makes texts as long as a letter, or longer
	for name, body := range map[string]string{
		"nested tests":  strings.Repeat("{{if .Name}}", n) + "x" + strings.Repeat("{{end}}", n),
		"tests":         strings.Repeat("{{if .Name}}x{{end}} ", n),
		"open brackets": strings.Repeat("[", 10*n), "quotes": strings.Repeat("> ", n) + "x", "stars": strings.Repeat("*a_ ", 2*n),
		"links": strings.Repeat("[a](", 5*n), "lists": strings.Repeat("- ", n) + "x",
	} {
		in(20*time.Second, name, func() {
			if made, err := Compile([]byte(matter+body), layout); err == nil {
				made.Render(anna)
			}
		})
	}
}
