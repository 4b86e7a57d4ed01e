package mailer

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"regexp"
	"strings"

	"github.com/emersion/go-message/charset"
	"golang.org/x/net/html"
)

// What is looked at of one mail. A stranger may send anything: more than this is cut off.
const (
	returnedSize  = 1 << 20
	returnedDepth = 20
	returnedParts = 100
	reportSize    = 64 << 10 // of each report, after decoding
	proseSize     = 16 << 10 // of what is said to people
	paragraphSize = 2 << 10  // of each paragraph of that, and of each field
)

// returned is a mail that came back, taken apart.
type returned struct {
	header   fields
	prose    string // what it says to people, without any copy of our letter
	status   string // delivery status reports (RFC 3464), with an empty line between them
	feedback fields // of a feedback report (RFC 5965)
	receipt  fields // of a read receipt (RFC 8098)
	letter   fields // the header of our letter, if it came back too
	parts    int
	page     string // what it says as HTML, where there is no plain text
}

// openReturned takes a mail apart on its own, because go-message (as net/mail) gives up at the
// first line that is no header field, and it is broken mail that comes back.
func openReturned(raw []byte) *returned {
	raw = raw[:min(len(raw), returnedSize)]
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	m := &returned{}
	var body []byte
	m.header, body = readFields(bytes.TrimLeft(raw, "\n"))
	m.walk(m.header, body, 0)
	if strings.TrimSpace(m.prose) == "" {
		m.prose = plainText(m.page)
	}
	m.cutLetter()
	return m
}

func (m *returned) walk(header fields, body []byte, depth int) {
	if m.parts++; m.parts > returnedParts || depth > returnedDepth {
		return
	}
	kind, parameters := mediaType(header.get("Content-Type"))
	if boundary := parameters["boundary"]; strings.HasPrefix(kind, "multipart/") && boundary != "" {
		for _, part := range splitParts(body, boundary) {
			header, body := readFields(part)
			m.walk(header, body, depth+1)
		}
		return
	}
	switch kind {
	case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
		if m.letter == nil {
			m.letter, _ = readFields(bytes.TrimLeft(decodePart(header, body), "\n"))
		}
	case "message/disposition-notification", "message/global-disposition-notification":
		m.receipt, _ = readFields(bytes.TrimLeft(decodePart(header, body), "\n"))
	default:
		m.keep(kind, toUTF8(decodePart(header, body), parameters["charset"]))
	}
}

// keep goes by what a part begins with where its type is wrong or missing.
func (m *returned) keep(kind string, text []byte) {
	start, _ := readFields(bytes.TrimLeft(text, "\n"))
	switch {
	case kind == "message/feedback-report", start.first() == "Feedback-Type":
		if m.feedback == nil {
			m.feedback = start
		}
	case strings.HasSuffix(kind, "delivery-status"), looksLikeStatus(start, text):
		if len(m.status) < reportSize {
			m.status += string(text) + "\n\n"
		}
	case kind == "text/html":
		if m.page == "" {
			m.page = string(text)
		}
	case kind == "", strings.HasPrefix(kind, "text"), strings.HasPrefix(kind, "multipart"):
		if len(m.prose) < proseSize {
			m.prose += string(text[:min(len(text), proseSize)]) + "\n\n"
		}
	}
}

var boundaryIn = regexp.MustCompile(`(?i)\bboundary="?([^";]{1,70})`)

// mediaType finds the boundary also in a field that breaks the rules.
func mediaType(contentType string) (kind string, parameters map[string]string) {
	contentType = contentType[:min(len(contentType), 2000)]
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err == nil {
		return kind, parameters
	}
	kind, _, _ = strings.Cut(contentType, ";")
	if found := boundaryIn.FindStringSubmatch(contentType); found != nil {
		parameters = map[string]string{"boundary": strings.TrimSpace(found[1])}
	}
	return strings.ToLower(strings.TrimSpace(kind)), parameters
}

// looksLikeStatus says whether a part begins as a delivery status report does.
func looksLikeStatus(start fields, text []byte) bool {
	switch start.first() {
	case "Reporting-Mta", "Original-Envelope-Id", "Dsn-Gateway", "Received-From-Mta", "Arrival-Date",
		"Final-Recipient", "Original-Recipient", "X-Postfix-Queue-Id":
		return bytes.Contains(text, []byte("\nAction:")) && bytes.Contains(text, []byte("Final-Recipient:"))
	}
	return false
}

// splitParts returns the parts of a multipart body. The last need not be ended. A body in
// which the boundary does not occur is one part, whose header is missing.
func splitParts(body []byte, boundary string) [][]byte {
	_, rest, last := cutBoundary(body, boundary)
	if rest == nil {
		return [][]byte{body}
	}
	var parts [][]byte
	for rest != nil && !last && len(parts) < returnedParts {
		var part []byte
		part, rest, last = cutBoundary(rest, boundary)
		_, part, _ = bytes.Cut(part, []byte("\n")) // what is left of the boundary's line
		parts = append(parts, part)
	}
	return parts
}

// cutBoundary cuts a body around the next line with the boundary, and says whether it is the
// closing one. Without any, rest is nil. A boundary may begin as another does.
func cutBoundary(body []byte, boundary string) (before, rest []byte, last bool) {
	line := []byte("\n--" + boundary)
	for end := 0; ; {
		place := bytes.Index(body[end:], line)
		if place < 0 {
			return body, nil, false
		}
		start := end + place
		end = start + len(line)
		switch rest := body[end:]; {
		case bytes.HasPrefix(rest, []byte("--")):
			return body[:start], rest, true
		case len(rest) == 0 || rest[0] == '\n' || rest[0] == ' ' || rest[0] == '\t':
			return body[:start], rest, false
		}
	}
}

// decodePart undoes the transfer encoding, as far as it goes.
func decodePart(header fields, body []byte) []byte {
	var r io.Reader = bytes.NewReader(body)
	switch strings.ToLower(header.get("Content-Transfer-Encoding")) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	decoded, err := io.ReadAll(io.LimitReader(r, reportSize))
	if err != nil && len(decoded) == 0 {
		decoded = body[:min(len(body), reportSize)]
	}
	return bytes.ReplaceAll(decoded, []byte("\r\n"), []byte("\n"))
}

func toUTF8(text []byte, name string) []byte {
	if name == "" {
		return text
	}
	r, err := charset.Reader(name, bytes.NewReader(text))
	if err != nil {
		return text
	}
	decoded, err := io.ReadAll(io.LimitReader(r, 2*reportSize))
	if err != nil {
		return text
	}
	return decoded
}

// plainText is the text of an HTML page, with a line for each of its blocks.
func plainText(page string) string {
	var text strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return text.String()
		case html.TextToken:
			text.Write(tokens.Text())
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			switch name, _ := tokens.TagName(); string(name) {
			case "style", "script":
				tokens.Next() // what it holds, or its end
			case "br", "tr", "li":
				text.WriteString("\n")
			case "p", "div", "table", "h1", "h2", "h3":
				text.WriteString("\n\n")
			}
		}
	}
}
