package lessons

import (
	"html/template"
	"strings"
)

// Answer renders what the editors answer a reader: Markdown by the rules of pages,
// without front matter and fields. Its error tells all that is wrong, as Load's
// does; name is the file, for people.
func Answer(name, source string) (template.HTML, error) {
	tidied := tidy([]byte(source))
	wrong := legible(name, tidied)
	if strings.TrimSpace(string(tidied)) == "" {
		wrong.add(name, 0, "there is no text")
	}
	if len(wrong) > 0 {
		return "", wrong.err()
	}
	body, wrong := parseMarkdown(text{file: name, body: string(tidied), bodyLine: 1}, nil, pageLinks)
	if len(wrong) > 0 {
		return "", wrong.err()
	}
	return template.HTML(body.html()), nil
}
