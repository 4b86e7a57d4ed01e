package mailer

import (
	"bytes"
	"mime"
	"net/textproto"
	"strings"

	"github.com/emersion/go-message/charset"
)

// fields are the fields of a header, or of a group in a report, in their order, unfolded.
type fields []field

type field struct{ name, value string }

// How much of one header is looked at.
const (
	fieldsSize  = 128 << 10
	fieldsCount = 1000
)

// readFields reads a header up to its empty line, and returns what follows, from that line's
// end on. Lines that are no fields are passed over; a text without any field is all body.
func readFields(text []byte) (header fields, body []byte) {
	if bytes.HasPrefix(text, []byte("\n")) {
		return nil, text
	}
	block := text
	if end := bytes.Index(text, []byte("\n\n")); end >= 0 {
		block, body = text[:end], text[end+1:]
	}
	for line := range bytes.Lines(unfold(block[:min(len(block), fieldsSize)])) {
		name, value, found := strings.Cut(string(line), ":")
		name = strings.TrimSpace(name)
		if !found || name == "" || strings.ContainsAny(name, " \t") {
			continue
		}
		header = append(header, field{textproto.CanonicalMIMEHeaderKey(name), strings.TrimSpace(value)})
		if len(header) == fieldsCount {
			break
		}
	}
	if header == nil {
		return nil, text
	}
	return header, body
}

func unfold(block []byte) []byte {
	block = bytes.ReplaceAll(block, []byte("\n "), []byte(" "))
	return bytes.ReplaceAll(block, []byte("\n\t"), []byte(" "))
}

// first is the name of the first field.
func (f fields) first() string {
	if len(f) == 0 {
		return ""
	}
	return f[0].name
}

// get returns a field's first value, as it stands. Names are as Content-Type.
func (f fields) get(name string) string {
	for _, field := range f {
		if field.name == name {
			return field.value
		}
	}
	return ""
}

func (f fields) has(name string) bool { return f.get(name) != "" }

// all returns every value of a field.
func (f fields) all(name string) (values []string) {
	for _, field := range f {
		if field.name == name {
			values = append(values, field.value)
		}
	}
	return values
}

var decoder = mime.WordDecoder{CharsetReader: charset.Reader}

// text is a field's first value as people read it.
func (f fields) text(name string) string {
	value := f.get(name)
	value = value[:min(len(value), paragraphSize)]
	decoded, err := decoder.DecodeHeader(value)
	if err != nil {
		return value
	}
	return decoded
}
