package lessons

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// A text is a file of front matter and Markdown:
//
//	+++
//	id = "vem-ringer-du"
//	+++
//
//	Hej!
type text struct {
	file     string
	matter   string // TOML; its first line is line 2 of the file
	body     string
	bodyLine int
}

const matterLine = 2

// readText divides a source, and decodes its front matter into v.
func readText(file string, source []byte, v any) (text, faults) {
	t := text{file: file}
	wrong := legible(file, source)
	if len(wrong) > 0 {
		return t, wrong
	}
	rest, begins := strings.CutPrefix(string(source), "+++\n")
	if !begins {
		wrong.add(file, 1, "the first line must be +++, and front matter follow")
		return t, wrong
	}
	matter, body, ends := strings.Cut("\n"+rest, "\n+++\n")
	if !ends {
		wrong.add(file, 1, "front matter has no end; close it with a line +++")
		return t, wrong
	}
	t.matter = strings.TrimPrefix(matter, "\n") + "\n"
	t.body = body
	t.bodyLine = matterLine + strings.Count(t.matter, "\n") + 1
	if strings.TrimSpace(body) == "" {
		wrong.add(file, t.bodyLine, "there is no text after the front matter")
	}
	return t, append(wrong, decode(file, matterLine, t.matter, v)...)
}

// legible finds fault with what no editor shows.
func legible(file string, source []byte) (wrong faults) {
	for n, line := range strings.Split(string(source), "\n") {
		if !utf8.ValidString(line) {
			wrong.add(file, n+1, "not UTF-8; save the file as UTF-8")
		}
		hidden := func(r rune) bool { return unicode.IsControl(r) && r != '\t' }
		if at := strings.IndexFunc(line, hidden); at >= 0 {
			wrong.add(file, n+1, "invisible control character %q; delete it", line[at])
		}
	}
	return wrong
}

// tidy takes away what editors on other systems add.
func tidy(source []byte) []byte {
	s := strings.TrimPrefix(string(source), "\ufeff")
	return []byte(strings.ReplaceAll(s, "\r\n", "\n"))
}

// decode reads TOML into a struct and finds fault with every key that the
// struct does not have.
func decode(file string, line int, source string, v any) (wrong faults) {
	meta, err := toml.Decode(source, v)
	if err != nil {
		at, problem := tomlProblem(err)
		wrong.add(file, line+at-1, "%s", problem)
		return wrong
	}
	var unknown []string
	for _, key := range meta.Undecoded() {
		if slices.ContainsFunc(unknown, func(table string) bool { return strings.HasPrefix(key.String(), table+".") }) {
			continue // its table is unknown already
		}
		unknown = append(unknown, key.String())
		wrong.add(file, line+keyLine(source, key.String())-1, "unknown key %q (known: %s)", key.String(), strings.Join(keysOf(v, key[:len(key)-1]), ", "))
	}
	return wrong
}

// The decoder's errors have types only for syntax; all say the line like this.
var tomlError = regexp.MustCompile(`^toml: line (\d+)(?: \(last key ("[^"]*")\))?: (.*)`)

func tomlProblem(err error) (line int, problem string) {
	text := strings.Join(strings.Fields(err.Error()), " ")
	found := tomlError.FindStringSubmatch(text)
	if found == nil {
		return 1, text
	}
	line, _ = strconv.Atoi(found[1])
	if found[2] == "" {
		return line, found[3]
	}
	return line, "key " + found[2] + ": " + found[3]
}

// keysOf lists the keys that a table of v may hold.
func keysOf(v any, table toml.Key) (keys []string) {
	t := reflect.TypeOf(v).Elem()
	for _, name := range table {
		for i := range t.NumField() {
			if f := t.Field(i); f.Tag.Get("toml") == name && f.Type.Kind() == reflect.Struct {
				t = f.Type
				break
			}
		}
	}
	for i := range t.NumField() {
		keys = append(keys, t.Field(i).Tag.Get("toml"))
	}
	return keys
}

// keyLine finds the line of a key such as "title" or "site.brand"; if it is
// missing, the line where its table begins.
func keyLine(source, key string) int {
	table, missing := "", 1
	for n, line := range strings.Split(source, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			table = strings.Trim(strings.SplitN(line, "]", 2)[0], "[ ") + "."
			if key+"." == table {
				return n + 1
			}
			if strings.HasPrefix(key, table) {
				missing = n + 1
			}
		}
		name, _, found := strings.Cut(line, "=")
		if found && table+strings.Trim(name, " \t\"'") == key {
			return n + 1
		}
	}
	return missing
}
