package lessons

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"html/template"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Letter is a text that is sent, compiled: what varies are only [Fields].
type Letter struct {
	ID        string // lasting, also when the file or the week changes
	Title     string
	Preheader string
	Minutes   int // to read it
	Week      int // 1 and on; 0 if the letter is no lesson
	Weeks     int

	// File is where the text was read, "" for one that comes out of the ledger.
	File        string
	Readability Readability // of the text alone, without its layout

	around              *surroundings
	subject, text, html []piece
	page                template.HTML
	source, layout      []byte
}

// Source is all that decides the letter's bytes but the fields: its file, and
// the layout and the facts around it. [Compile] makes the same letter of them,
// so a letter that was planned can be rendered as it was, whatever has been
// edited since.
func (l *Letter) Source() (source, layout []byte) { return l.source, l.layout }

// Find says in which file, and on which line, words of the letter were written; 0 where
// they stand in none, as those that a field brought or a style in the program.
func (l *Letter) Find(words string) (file string, line int) {
	for _, in := range []struct{ file, source string }{
		{l.File, string(l.source)}, {layoutHTML, l.around.HTML}, {layoutText, l.around.Text},
	} {
		if line := lineOf(in.source, words); line > 0 {
			return in.file, line
		}
	}
	return l.File, 0
}

// lineOf finds words by themselves, whatever marks stand between them.
func lineOf(source, words string) int {
	wanted := word.FindAllString(words, quotedWords)
	if len(wanted) == 0 {
		return 0
	}
	places := word.FindAllStringIndex(source, -1)
	for first := range len(places) - len(wanted) + 1 {
		found := 0
		for found < len(wanted) && source[places[first+found][0]:places[first+found][1]] == wanted[found] {
			found++
		}
		if found == len(wanted) {
			return 1 + linesBefore(source, places[first][0])
		}
	}
	return 0
}

// Compile makes a letter of what Source returned.
func Compile(source, layout []byte) (*Letter, error) {
	var around surroundings
	d := json.NewDecoder(bytes.NewReader(layout))
	d.DisallowUnknownFields()
	if err := d.Decode(&around); err != nil {
		return nil, fmt.Errorf("compile letter: layout: %w", err)
	}
	if _, known := letterFields[around.Kind]; !known {
		return nil, fmt.Errorf("compile letter: layout: unknown kind %q", around.Kind)
	}
	letter, wrong := compile("letter", source, &around)
	if err := wrong.err(); err != nil {
		return nil, errors.Join(errors.New("compile letter"), err)
	}
	return letter, nil
}

// The kinds of letter. All but lessons answer something that a person did, at
// once, and belong to no list: service letters. Each is a file of letters/,
// named after its kind.
const (
	lessonLetter  = "lesson"
	confirmLetter = "confirm"
)

// letterFields are those that each kind may hold.
var letterFields = map[string][]string{
	lessonLetter:        {"Name", "Week", "Weeks", "NextDate", "WebURL", "UnsubscribeURL", "PrivacyURL"},
	confirmLetter:       {"AskedAt", "ConfirmURL", "PrivacyURL"},
	"login":             {"AskedAt", "LoginURL", "Code", "PrivacyURL"},
	"question-wording":  {"Name", "AskedAt", "QuestionURL", "PrivacyURL"},
	"question-answered": {"Name", "AskedAt", "QuestionURL", "PrivacyURL"},
	"question-declined": {"Name", "AskedAt", "QuestionURL", "PrivacyURL"},
}

// letterMust are those without which a service letter would be of no use.
var letterMust = map[string][]string{
	confirmLetter:       {"ConfirmURL"},
	"login":             {"LoginURL", "Code"},
	"question-wording":  {"QuestionURL"},
	"question-answered": {"QuestionURL"},
	"question-declined": {"QuestionURL"},
}

// serviceLetters loads them all.
func (l *loader) serviceLetters(around *surroundings) map[string]*Letter {
	letters := map[string]*Letter{}
	for _, kind := range slices.Sorted(maps.Keys(letterMust)) {
		letters[kind] = l.letter("letters/"+kind+".md", around.of(kind))
	}
	return letters
}

// serviceFiles are their names, in order.
func serviceFiles() (names []string) {
	for _, kind := range slices.Sorted(maps.Keys(letterMust)) {
		names = append(names, kind+".md")
	}
	return names
}

const longestSubject = 60

type letterMatter struct {
	ID        string `toml:"id"`
	Title     string `toml:"title"`
	Subject   string `toml:"subject"`
	Preheader string `toml:"preheader"`
	Minutes   int    `toml:"minutes"`
}

// letter loads one; nil if its file is wrong.
func (l *loader) letter(file string, around *surroundings) *Letter {
	source, ok := l.read(file)
	if !ok {
		return nil
	}
	letter, wrong := compile(file, source, around)
	l.faults = append(l.faults, wrong...)
	if len(wrong) > 0 {
		return nil
	}
	letter.File = file
	return letter
}

func compile(file string, source []byte, around *surroundings) (*Letter, faults) {
	var m letterMatter
	t, wrong := readText(file, source, &m)
	if len(wrong) > 0 {
		return nil, wrong
	}
	known := letterFields[around.Kind]
	wrong = m.check(t)
	subject, more := punch(file, matterLine+keyLine(t.matter, "subject")-1, m.Subject, known)
	wrong = append(wrong, more...)
	if n := utf8.RuneCountInString(markForm.ReplaceAllString(subject.text, "")); n > longestSubject {
		wrong.add(file, subject.line, "subject: %d characters; at most %d", n, longestSubject)
	}
	body, more := parseMarkdown(t, known, letterLinks)
	wrong = append(wrong, more...)
	for _, field := range letterMust[around.Kind] {
		if !body.holds(field) {
			wrong.add(file, t.bodyLine, "a %s letter must hold {{.%s}}", around.Kind, field)
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	l := &Letter{
		ID: m.ID, Title: m.Title, Preheader: m.Preheader, Minutes: m.Minutes,
		Week: around.Week, Weeks: around.Weeks,
		around: around, source: source, layout: around.json(),
	}
	values := around.values(l)
	asText, asHTML := factsOf(values, asIs), factsOf(values, html.EscapeString)
	l.subject = fuse(cut(subject.text, subject.actions, asText))
	plain := body.plain()
	l.Readability = readability(markForm.ReplaceAllString(plain, ""))
	asText["Body"] = cut(plain, body.actions, asText)
	if around.Kind == lessonLetter {
		again, _ := parseMarkdown(t, known, letterLinks) // a page changes its tree, and so does a letter
		l.page = again.page(asHTML)
	}
	asHTML["Body"] = cut(body.letterHTML(), body.actions, asHTML)
	l.text, wrong = around.wrap(layoutText, around.Text, asText)
	l.html, more = around.wrap(layoutHTML, around.HTML, asHTML)
	return l, append(wrong, more...)
}

func (m *letterMatter) check(t text) (wrong faults) {
	say := func(key, problem string, args ...any) {
		wrong.add(t.file, matterLine+keyLine(t.matter, key)-1, key+": "+problem, args...)
	}
	for _, s := range []struct{ key, value string }{
		{"id", m.ID}, {"title", m.Title}, {"subject", m.Subject}, {"preheader", m.Preheader},
	} {
		if strings.TrimSpace(s.value) == "" {
			say(s.key, "missing or empty")
		}
		if strings.ContainsAny(s.value, "\n\t") {
			say(s.key, "must stand on one line")
		}
		if s.key != "subject" && strings.Contains(s.value, "{{") {
			say(s.key, "fields may stand in the subject and in the text only")
		}
	}
	if m.ID != "" && !idForm.MatchString(m.ID) {
		say("id", "%q: write lower case letters a–z, digits and hyphens", m.ID)
	}
	if m.Minutes < 1 {
		say("minutes", "write how many minutes it takes to read, 1 or more")
	}
	return wrong
}

func (m marked) holds(field string) bool {
	return slices.ContainsFunc(m.actions, func(a action) bool { return a.verb == put && a.field == field })
}
