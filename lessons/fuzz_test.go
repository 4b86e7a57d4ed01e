package lessons

import (
	"strings"
	"testing"
)

// Whatever an editor saves, compiling either says what is wrong, on one line a
// fault, or makes a letter without braces and marks in it.
func FuzzCompile(f *testing.F) {
	for _, file := range []string{"kaffe/01-forsta.md", "kaffe/02-andra.md"} {
		_, body, _ := strings.Cut(smallHouse[file], "+++\n\n")
		f.Add(smallHouse[file], body)
	}
	for _, body := range []string{
		"{{if .Name}}", "{{end}}", "{{", "}}", "{{.Name}}{{if .NextDate}}*{{end}}*", "{{if .Name}}\n\n{{end}}", "- {{if .Name}}\n\n  x\n\n  {{end}}",
		"> {{if .Name}}{{end}}", "[x]: {{.PrivacyURL}}\n\n[x]", "<{{.Name}}>", "`{{.Name}}`", "![{{.Name}}](x)", "| a |\n|---|", "{{if .Week}}{{if .Name}}x{{end}}{{end}}",
		`{\{.Name}`, "q7h*ol*e0q7", "q7&#104;ole9q7", "<a:{{.Name}}>", "[a]( <b\nc> )", "1) a\n   > b\n\n       c", "\u00a0\u2028x", "***\n~~~\n", "[a](https://x \"b\nc\")",
	} {
		f.Add("+++\n+++\nx", body)
	}
	_, layout := load(f, nil).Courses[0].Lessons[0].Source()
	matter, _, _ := strings.Cut(smallHouse["kaffe/01-forsta.md"], "Hej")
	f.Fuzz(func(t *testing.T, file, body string) {
		for _, source := range []string{file, matter + body} {
			l, err := Compile([]byte(source), layout)
			if err != nil {
				for _, line := range strings.Split(err.Error(), "\n")[1:] {
					if !strings.HasPrefix(line, "letter:") {
						t.Errorf("a fault over several lines: %q", err)
					}
				}
				continue
			}
			for _, fields := range []Fields{anna, {}} {
				r := l.Render(fields)
				for _, part := range []string{r.Subject, r.Text, r.HTML} {
					if strings.Contains(part, "{{") || markForm.MatchString(part) {
						t.Errorf("braces or marks in a letter made of %q:\n%s", source, part)
					}
				}
			}
		}
	})
}
