package mailer

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"
)

// encodedWords (E02) wants encoded words as RFC 2047 has them: short, whole, in UTF-8, and only
// where a reader decodes them (§5).
func (l *look) encodedWords() {
	for _, f := range l.fields {
		if strings.IndexByte(f.value, '?') < 0 || !strings.Contains(f.value, "=?") {
			continue
		}
		before := len(f.name) + len(": ")
		for line := range strings.SplitSeq(f.raw, "\r\n") {
			if n := before + len(line); n > 76 && strings.Contains(line, "=?") { // §2, and so no word has more than 75
				l.fail("%s: a line with an encoded word has %d octets, more than 76", f.name, n)
			}
			before = 0
		}
		switch {
		case f.name == "Subject":
			l.wordsOf(f.name, f.value, false)
		case f.name == "From", f.name == "Reply-To", f.name == "Sender", f.name == "To", f.name == "List-Id":
			quoted, bare, behind := splitNamed(f.value)
			if strings.Contains(quoted, "=?") || strings.Contains(behind, "=?") {
				l.fail("%s: an encoded word in a quoted string or an address", f.name)
			}
			l.wordsOf(f.name, bare, true)
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
	inside, opened := strings.CutPrefix(word, "=?")
	inside, closed := strings.CutSuffix(inside, "?=")
	charset, inside, _ := strings.Cut(inside, "?")
	encoding, encoded, found := strings.Cut(inside, "?")
	switch {
	case !opened || !closed || !found || strings.Contains(encoded, "?"):
		return "that does not stand alone"
	case !strings.EqualFold(charset, "utf-8"):
		return "that is not in UTF-8"
	case phrase && strings.ContainsFunc(encoded, notInPhrase):
		return "with a character that none in a name may have"
	}
	var room [75]byte
	octets, ok := decodeWord(room[:0], encoding, encoded)
	switch {
	case !ok:
		return "that cannot be decoded"
	case !utf8.Valid(octets):
		return "that splits a character"
	case phrase && checkText(string(octets)) != nil:
		return "that hides a control character"
	}
	return ""
}

// decodeWord follows RFC 2047 §4.
func decodeWord(octets []byte, encoding, encoded string) ([]byte, bool) {
	switch encoding {
	case "b", "B":
		octets, err := base64.StdEncoding.AppendDecode(octets, []byte(encoded))
		return octets, err == nil
	case "q", "Q":
		for i := 0; i < len(encoded); i++ {
			octet := encoded[i]
			switch octet {
			case '_':
				octet = ' '
			case '=':
				n, err := strconv.ParseUint(encoded[i+1:min(i+3, len(encoded))], 16, 8)
				if err != nil || i+3 > len(encoded) {
					return nil, false
				}
				octet = byte(n)
				i += 2
			}
			octets = append(octets, octet)
		}
		return octets, true
	}
	return nil, false
}

// notInPhrase follows RFC 2047 §5, rule 3.
func notInPhrase(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("!*+-/=_", r) }
