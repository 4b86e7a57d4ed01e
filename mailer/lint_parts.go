package mailer

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"unicode/utf8"
)

// parts are a letter's two halves, decoded.
type parts struct {
	text, html string
	err        error // what keeps them from being read
}

// readParts takes a body apart as E12 wants it: multipart/alternative (RFC 2046 §5.1.4), the
// plain text first, both in UTF-8 and an encoding that survives any relay.
func readParts(contentType string, body []byte) (p parts) {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	boundary := parameters["boundary"]
	switch {
	case err != nil || mediaType != "multipart/alternative" || boundary == "":
		p.err = errors.New("the letter is not multipart/alternative")
		return p
	case bytes.Count(body, []byte("--"+boundary)) != 3:
		p.err = errors.New("the boundary does not part the body in two, or occurs in a part")
		return p
	}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	if p.text, p.err = readPart(reader, "text/plain"); p.err != nil {
		return p
	}
	if p.html, p.err = readPart(reader, "text/html"); p.err != nil {
		return p
	}
	if _, err := reader.NextRawPart(); err != io.EOF {
		p.err = errors.New("the body does not end where its parts do")
	}
	return p
}

func readPart(reader *multipart.Reader, want string) (string, error) {
	part, err := reader.NextRawPart()
	if err != nil {
		return "", fmt.Errorf("%s: no such part", want)
	}
	mediaType, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil || mediaType != want {
		return "", fmt.Errorf("%s: another part stands in its place", want)
	}
	if !strings.EqualFold(parameters["charset"], "utf-8") {
		return "", fmt.Errorf("%s: its charset is not UTF-8", want)
	}
	encoded, err := io.ReadAll(part)
	if err != nil {
		return "", fmt.Errorf("%s: does not end", want)
	}
	text, err := decode(part.Header, encoded)
	if err != nil {
		return "", fmt.Errorf("%s: %w", want, err)
	}
	return strings.ReplaceAll(text, "\r\n", "\n"), nil
}

func decode(header textproto.MIMEHeader, encoded []byte) (string, error) {
	var octets []byte
	var err error
	switch encoding := strings.ToLower(header.Get("Content-Transfer-Encoding")); encoding {
	case "quoted-printable":
		for line := range bytes.SplitSeq(encoded, []byte("\r\n")) {
			if len(line) > 76 || !isPrintable(string(bytes.ReplaceAll(line, []byte("\t"), nil))) {
				return "", errors.New("a line is not quoted-printable") // RFC 2045 §6.7
			}
		}
		octets, err = io.ReadAll(quotedprintable.NewReader(bytes.NewReader(encoded)))
	case "base64":
		octets, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(encoded)))
	default:
		return "", errors.New("its encoding is neither quoted-printable nor base64")
	}
	switch {
	case err != nil:
		return "", errors.New("cannot be decoded")
	case !utf8.Valid(octets):
		return "", errors.New("is not UTF-8")
	}
	return string(octets), nil
}

// alternatives (E12) tells what kept the parts from being read, or their letters from arriving
// as they were.
func (l *look) alternatives() {
	if version, found := l.lookUp("MIME-Version"); found && version != "1.0" {
		l.fail("MIME-Version is not 1.0")
	}
	if l.parts.err != nil {
		l.fail("%v", l.parts.err)
		return
	}
	for _, broken := range []string{"Ã¥", "Ã¤", "Ã¶", "\uFFFD"} {
		if strings.Contains(l.parts.text+l.parts.html, broken) && !strings.Contains(l.Name, broken) {
			l.fail("%q, where another letter was", broken)
		}
	}
}
