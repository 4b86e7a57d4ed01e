package mailer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
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
	}
	// Of CR, å, LF the quoted-printable writer would make one line end.
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	var b bytes.Buffer
	qp := quotedprintable.NewWriter(&b)
	qp.Write([]byte(text)) // the buffer takes everything
	qp.Close()
	return Piece{encoded: b.Bytes()}
}

// boundaryOf parts the letter's two halves. It follows from the Message-ID, so that a letter
// comes out the same twice, and holds "=_", which quoted-printable text never does
// (RFC 2045 §6.7): it cannot occur in a part.
func boundaryOf(messageID string) string {
	sum := sha256.Sum256([]byte(messageID))
	return "=_" + hex.EncodeToString(sum[:16])
}

// writePart writes one half. A piece begins on a line of its own: a soft line break, which no
// reader sees, ends a line that is unfinished.
func writePart(letter *bytes.Buffer, boundary, mediaType string, pieces []Piece) error {
	letter.WriteString("\r\n--" + boundary + "\r\n")
	letter.WriteString("Content-Type: " + mediaType + "; charset=utf-8\r\n")
	letter.WriteString("Content-Transfer-Encoding: quoted-printable\r\n\r\n")
	start := letter.Len()
	for _, p := range pieces {
		if p.err != nil {
			return p.err
		}
		if len(p.encoded) > 0 && !bytes.HasSuffix(letter.Bytes(), []byte("\r\n")) {
			letter.WriteString("=\r\n")
		}
		letter.Write(p.encoded)
	}
	if letter.Len() == start {
		return errors.New("is empty")
	}
	return nil
}

// size is how much the pieces can take up in a letter.
func size(pieces []Piece) (n int) {
	for _, p := range pieces {
		n += len(p.encoded) + len("=\r\n")
	}
	return n
}
