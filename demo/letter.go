package demo

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // letters in other charsets than UTF-8
	"github.com/emersion/go-message/mail"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// contents is a letter taken apart (RFC 5322, RFC 2045) as far as it goes: what
// is malformed stays out, and can be seen in the raw letter.
type contents struct {
	HTML, Text string
	Headers    []header
	Attached   []attachment
	Fault      string // why a part of it is missing
}

type header struct{ Name, Value string }

type attachment struct {
	Name, Type string
	Bytes      int
}

// Sender is whom the letter says it is from, which the envelope need not.
func (c contents) Sender() string {
	for _, h := range c.Headers {
		if h.Name == "From" {
			return h.Value
		}
	}
	return ""
}

func subjectOf(raw []byte) string {
	entity, err := message.Read(bytes.NewReader(raw))
	if entity == nil || !readable(err) {
		return ""
	}
	subject, _ := entity.Header.Text("Subject") // on error the undecoded text, which is worth showing too
	return subject
}

func takeApart(raw []byte) contents {
	var c contents
	entity, err := message.Read(bytes.NewReader(raw))
	if entity == nil || !readable(err) {
		c.Fault = err.Error()
		return c
	}
	for fields := entity.Header.Fields(); fields.Next(); {
		value, _ := fields.Text()
		c.Headers = append(c.Headers, header{fields.Key(), value})
	}
	err = entity.Walk(func(_ []int, part *message.Entity, err error) error {
		if part == nil || !readable(err) {
			return err
		}
		return c.add(part)
	})
	if err != nil {
		c.Fault = err.Error()
	}
	return c
}

// readable tells whether what go-message returned beside err can be used: an
// unknown charset or encoding leaves the undecoded bytes.
func readable(err error) bool {
	return err == nil || message.IsUnknownCharset(err) || message.IsUnknownEncoding(err)
}

func (c *contents) add(part *message.Entity) error {
	kind, _, err := part.Header.ContentType()
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		return nil
	}
	body, err := io.ReadAll(part.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	disposition, _, _ := part.Header.ContentDisposition()
	switch {
	case kind == "text/html" && disposition != "attachment" && c.HTML == "":
		c.HTML = string(body)
	case kind == "text/plain" && disposition != "attachment" && c.Text == "":
		c.Text = string(body)
	default:
		named := mail.AttachmentHeader{Header: part.Header}
		name, _ := named.Filename()
		c.Attached = append(c.Attached, attachment{name, kind, len(body)})
	}
	return nil
}

// inNewTabs makes every link of a page open in a tab of its own, as in a mail
// program: inside the frame that shows the letter it would lead nowhere.
func inNewTabs(page string) (string, error) {
	tree, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return "", err
	}
	base := &html.Node{
		Type: html.ElementNode, Data: "base", DataAtom: atom.Base,
		Attr: []html.Attribute{{Key: "target", Val: "_blank"}},
	}
	for node := range tree.Descendants() {
		if node.DataAtom == atom.Head { // the parser makes one where there is none
			node.InsertBefore(base, node.FirstChild) // the first base counts
			break
		}
	}
	var b strings.Builder
	err = html.Render(&b, tree)
	return b.String(), err
}
