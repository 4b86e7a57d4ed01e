package lessons

import (
	"html/template"
	"strings"
)

// Page is the letter as a page: what does not hold a field of its reader's.
func (l *Letter) Page() template.HTML {
	var m letterMatter
	t, _ := readText(l.File, l.source, &m)
	var kept []string
	for _, line := range strings.Split(t.body, "\n") {
		if !strings.Contains(line, "{{") {
			kept = append(kept, line)
		}
	}
	t.body = strings.Join(kept, "\n")
	body, _ := parseMarkdown(t, nil, letterLinks)
	return template.HTML(body.html())
}
