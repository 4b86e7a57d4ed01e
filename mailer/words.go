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

// checkText refuses what could end a header line, or hide in it.
func checkText(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("is not valid UTF-8")
	}
	for _, r := range text {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return fmt.Errorf("has the control character %U", r)
		}
	}
	return nil
}

// unstructured writes the words of a Subject.
func (h *header) unstructured(text string) {
	if allWords(text, isPrintable) {
		h.bareWords(text)
		return
	}
	h.encodedWords(text)
}

// phrase writes the words of a display name (RFC 5322 §3.2.5): bare, quoted or encoded.
func (h *header) phrase(name string) {
	switch {
	case name == "":
	case allWords(name, isAtom):
		h.bareWords(name)
	case allWords(name, isPrintable) && len(quoted(name)) <= longestWord:
		h.word(quoted(name))
	default:
		h.encodedWords(name)
	}
}

func (h *header) bareWords(text string) {
	for word := range strings.SplitSeq(text, " ") {
		h.word(word)
	}
}

// allWords says whether a text's words can stand as they are: each is good, none is so long
// that it needs breaking, none looks encoded, and none is empty (spaces in a row do not
// survive folding).
func allWords(text string, good func(string) bool) bool {
	for word := range strings.SplitSeq(text, " ") {
		if word == "" || len(word) > longestWord || strings.Contains(word, "=?") || !good(word) {
			return false
		}
	}
	return true
}

var escapeQuoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quoted(text string) string { return `"` + escapeQuoted.Replace(text) + `"` }

// encodedWords writes text by RFC 2047: words of at most 75 characters, the first of which
// fits in what the line has left, and none of which splits a character. Only what is allowed
// in a name (§5, rule 3) stands unencoded, so that one form serves every field.
func (h *header) encodedWords(text string) {
	const open, end = "=?utf-8?q?", "?="
	var word [75]byte
	var encoded [3 * utf8.UTFMax]byte
	n, limit := copy(word[:], open), min(lineWidth-h.width-1, len(word))
	for _, r := range text {
		encoded := appendEncoded(encoded[:0], r)
		if n+len(encoded)+len(end) > limit {
			h.word(string(word[:n]), end)
			n, limit = len(open), len(word)
		}
		n += copy(word[n:], encoded)
	}
	h.word(string(word[:n]), end)
}

func appendEncoded(word []byte, r rune) []byte {
	switch {
	case r == ' ':
		return append(word, '_')
	case isAlphanumeric(r), strings.ContainsRune("!*+-/", r):
		return append(word, byte(r))
	}
	const digits = "0123456789ABCDEF"
	var octets [utf8.UTFMax]byte
	for _, octet := range utf8.AppendRune(octets[:0], r) {
		word = append(word, '=', digits[octet>>4], digits[octet&0xF])
	}
	return word
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
	for atom := range strings.SplitSeq(s, ".") {
		if !isAtom(atom) {
			return false
		}
	}
	return true
}

func isAlphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
}
