package mailer

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestWord is the longest word that is left as it is. Longer ones are encoded, because
// encoded words can be broken.
const longestWord = 60

// firstRoom is what the first line of a field has left for words.
func firstRoom(name string) int { return lineWidth - len(name) - len(": ") }

// checkText refuses what could end a header line, or hide in it.
func checkText(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("is not valid UTF-8")
	}
	for _, r := range text {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) {
			return fmt.Errorf("has the control character %U", r)
		}
	}
	return nil
}

// unstructured gives the words of a Subject.
func unstructured(text string, room int) []string {
	if words := strings.Split(text, " "); allWords(words, isPrintable) {
		return words
	}
	return encodedWords(text, room)
}

// phrase gives the words of a display name (RFC 5322 §3.2.5): bare, quoted or encoded.
func phrase(name string, room int) []string {
	words := strings.Split(name, " ")
	switch {
	case name == "":
		return nil
	case allWords(words, isAtom):
		return words
	case allWords(words, isPrintable) && len(quoted(name)) <= longestWord:
		return []string{quoted(name)}
	}
	return encodedWords(name, room)
}

// allWords says whether words can stand as they are: each is good, none is so long that it
// needs breaking, none looks encoded, and none is empty (spaces in a row do not survive
// folding).
func allWords(words []string, good func(string) bool) bool {
	for _, word := range words {
		if word == "" || len(word) > longestWord || strings.Contains(word, "=?") || !good(word) {
			return false
		}
	}
	return true
}

var escapeQuoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quoted(text string) string { return `"` + escapeQuoted.Replace(text) + `"` }

// encodedWords writes text by RFC 2047: words of at most 75 characters, the first within
// room, none of which splits a character. Only what is allowed in a name (§5, rule 3)
// stands unencoded, so that one form serves every field.
func encodedWords(text string, room int) []string {
	const open, end = "=?utf-8?q?", "?="
	var words []string
	word, limit := open, min(room, 75)
	for _, r := range text {
		encoded := encodedRune(r)
		if len(word)+len(encoded)+len(end) > limit {
			words = append(words, word+end)
			word, limit = open, 75
		}
		word += encoded
	}
	return append(words, word+end)
}

func encodedRune(r rune) string {
	switch {
	case r == ' ':
		return "_"
	case isAlphanumeric(r), strings.ContainsRune("!*+-/", r):
		return string(r)
	}
	var b strings.Builder
	for _, octet := range []byte(string(r)) {
		fmt.Fprintf(&b, "=%02X", octet)
	}
	return b.String()
}

func isPrintable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// isAtom follows RFC 5322 §3.2.3.
func isAtom(s string) bool {
	odd := func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
	}
	return s != "" && strings.IndexFunc(s, odd) < 0
}

// isDotAtom also refuses what looks like an encoded word: some programs decode it even in an
// address, and then send to another one.
func isDotAtom(s string) bool {
	if strings.Contains(s, "=?") {
		return false
	}
	for _, atom := range strings.Split(s, ".") {
		if !isAtom(atom) {
			return false
		}
	}
	return true
}

func isAlphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
}
