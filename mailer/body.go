package mailer

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"
)

// boundaryOf parts the letter's two halves. It follows from the Message-ID, so that a letter
// comes out the same twice, and holds "=_", which quoted-printable text never does
// (RFC 2045 §6.7): it cannot occur in a part.
func boundaryOf(messageID string) string {
	sum := sha256.Sum256([]byte(messageID))
	return fmt.Sprintf("=_%x", sum[:16])
}

// writePart writes one half. The quoted-printable writer breaks long lines, and makes CRLF of
// LF, CR and CRLF alike.
func writePart(letter *bytes.Buffer, boundary, mediaType, text string) error {
	if err := checkBody(text); err != nil {
		return err
	}
	fmt.Fprintf(letter, "\r\n--%s\r\n", boundary)
	fmt.Fprintf(letter, "Content-Type: %s; charset=utf-8\r\n", mediaType)
	letter.WriteString("Content-Transfer-Encoding: quoted-printable\r\n\r\n")
	qp := quotedprintable.NewWriter(letter)
	if _, err := qp.Write([]byte(text)); err != nil {
		return err
	}
	return qp.Close()
}

func checkBody(text string) error {
	switch {
	case text == "":
		return errors.New("is empty")
	case !utf8.ValidString(text):
		return errors.New("is not valid UTF-8")
	case strings.Contains(text, "\x00"):
		return errors.New("has a NUL")
	}
	return nil
}
