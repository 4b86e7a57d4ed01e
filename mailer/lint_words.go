package mailer

import (
	"mime"
	"strings"
	"unicode/utf8"
)

// encodedWords (E02) wants encoded words as RFC 2047 has them: short, whole, in UTF-8, and only
// where a reader decodes them (§5).
func (l *look) encodedWords() {
	for _, f := range l.fields {
		if !strings.Contains(f.value, "=?") {
			continue
		}
		before := len(f.name) + len(": ")
		for line := range strings.SplitSeq(f.value, "\r\n") {
			if n := before + len(line); n > 76 && strings.Contains(line, "=?") { // §2
				l.fail("%s: a line with an encoded word has %d octets, more than 76", f.name, n)
			}
			before = 0
		}
		switch {
		case f.is("Subject"):
			l.wordsOf(f.name, f.unfolded(), false)
		case f.is("From"), f.is("Reply-To"), f.is("Sender"), f.is("To"), f.is("List-Id"):
			phrase, rest, _ := strings.Cut(f.unfolded(), "<")
			if strings.Contains(rest, "=?") {
				l.fail("%s: an encoded word in the address", f.name)
			}
			l.wordsOf(f.name, phrase, true)
		default:
			l.fail("%s: an encoded word, where none is decoded", f.name)
		}
	}
}

// wordsOf wants a word that has to do with encoding to be an encoded word, and no more.
func (l *look) wordsOf(name, text string, phrase bool) {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' || r == '\t' }) {
		if !strings.Contains(word, "=?") {
			continue
		}
		if fault := wordFault(word, phrase); fault != "" {
			l.fail("%s: an encoded word %s", name, fault)
		}
	}
}

func wordFault(word string, phrase bool) string {
	pieces := strings.Split(word, "?")
	if len(pieces) != 5 || pieces[0] != "=" || pieces[4] != "=" {
		return "that does not stand alone, or in a quoted string"
	}
	if len(word) > 75 {
		return "longer than 75 octets"
	}
	if phrase && strings.ContainsFunc(pieces[3], notInPhrase) {
		return "with a character that none in a name may have"
	}
	text, err := new(mime.WordDecoder).Decode(word)
	switch {
	case err != nil || !strings.EqualFold(pieces[1], "utf-8"):
		return "that cannot be decoded as UTF-8"
	case !utf8.ValidString(text):
		return "that splits a character"
	case phrase && checkText(text) != nil:
		return "that hides a control character"
	}
	return ""
}

// notInPhrase follows RFC 2047 §5, rule 3.
func notInPhrase(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("!*+-/=_", r) }
