package mailer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"
)

// A Piece is some of a letter's text in quoted-printable (RFC 2045 §6.7), whole in itself: it
// may follow and precede any other, and so needs to be encoded only once, however many
// letters it stands in. The zero Piece is an empty text.
type Piece struct {
	encoded []byte // the last line is shorter than 76, and does not end in a blank
	err     error
}

// Encode makes a piece of UTF-8 text. Lines end in LF; CRLF and CR are taken for LF. What
// cannot be sent is refused by the letter that it stands in.
func Encode(text string) Piece {
	switch {
	case !utf8.ValidString(text):
		return Piece{err: errors.New("is not valid UTF-8")}
	case strings.Contains(text, "\x00"):
		return Piece{err: errors.New("has a NUL")}
	case standsForItself(text):
		return Piece{encoded: []byte(text)}
	}
	// Of CR, å, LF the quoted-printable writer would make one line end.
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	var b bytes.Buffer
	qp := quotedprintable.NewWriter(&b)
	qp.Write([]byte(text)) // the buffer takes everything
	qp.Close()
	return Piece{encoded: hideDots(b.Bytes())}
}

// hideDots encodes the dot that opens a line, where the line has room: SMTP would have it
// doubled (RFC 5321 §4.5.2), in every letter anew.
func hideDots(encoded []byte) []byte {
	if len(encoded) == 0 || encoded[0] != '.' && !bytes.Contains(encoded, []byte("\n.")) {
		return encoded
	}
	var hidden []byte
	for line := range bytes.Lines(encoded) {
		if line[0] == '.' && len(bytes.TrimRight(line, "\r\n")) <= 76-len("2E") {
			hidden, line = append(hidden, "=2E"...), line[1:]
		}
		hidden = append(hidden, line...)
	}
	return hidden
}

// standsForItself says whether quoted-printable leaves a text as it is, as it does most names,
// dates and links: one line of ASCII.
func standsForItself(text string) bool {
	return len(text) < 76 && isPrintable(text) && !strings.Contains(text, "=") && !strings.HasPrefix(text, ".") && !strings.HasSuffix(text, " ")
}

// boundaryOf parts the letter's two halves. It follows from the Message-ID, so that a letter
// comes out the same twice, and holds "=_", which quoted-printable text never does
// (RFC 2045 §6.7): it cannot occur in a part.
func boundaryOf(messageID string) string {
	sum := sha256.Sum256([]byte(messageID))
	return "=_" + hex.EncodeToString(sum[:16])
}

// appendPart writes one half. A piece begins on a line of its own: a soft line break, which no
// reader sees, ends a line that is unfinished.
func appendPart(letter []byte, boundary, mediaType string, pieces []Piece) ([]byte, error) {
	letter = fmt.Appendf(letter, "\r\n--%s\r\nContent-Type: %s; charset=utf-8\r\n", boundary, mediaType)
	letter = append(letter, "Content-Transfer-Encoding: quoted-printable\r\n\r\n"...)
	start := len(letter)
	for _, p := range pieces {
		if p.err != nil {
			return nil, p.err
		}
		if len(p.encoded) > 0 && !bytes.HasSuffix(letter, []byte("\r\n")) {
			letter = append(letter, "=\r\n"...)
		}
		letter = append(letter, p.encoded...)
	}
	if len(letter) == start {
		return nil, errors.New("is empty")
	}
	return letter, nil
}

// size is how much the pieces can take up in a letter.
func size(pieces []Piece) (n int) {
	for _, p := range pieces {
		n += len(p.encoded) + len("=\r\n")
	}
	return n
}
