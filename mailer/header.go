package mailer

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const (
	lineWidth = 76  // RFC 2047 §2, where there are encoded words; elsewhere 78 would do
	lineLimit = 998 // must be no longer
)

// A header collects the fields of one letter and remembers the first that was wrong.
type header struct {
	letter []byte
	name   string // of the field that is being written
	width  int    // of its last line
	err    error
}

// field begins a field; words follow, and then end.
func (h *header) field(name string) {
	h.letter = append(append(h.letter, name...), ':')
	h.name, h.width = name, len(name)+1
}

// word writes a word, given in parts. Fields are folded between words (RFC 5322 §2.2.3): a
// word is never broken, and one that is too wide for any line gets a line of its own.
func (h *header) word(parts ...string) {
	length := 0
	for _, part := range parts {
		length += len(part)
	}
	if length >= lineLimit {
		h.fail(h.name, errors.New("is too long"))
		return
	}
	if h.width+1+length > lineWidth {
		h.end()
		h.width = 0
	}
	h.letter = append(h.letter, ' ')
	for _, part := range parts {
		h.letter = append(h.letter, part...)
	}
	h.width += 1 + length
}

// end ends a line, and with it the field if no word follows.
func (h *header) end() { h.letter = append(h.letter, "\r\n"...) }

// words writes a field whose words stand as they are.
func (h *header) words(name string, words ...string) {
	h.field(name)
	for _, word := range words {
		h.word(word)
	}
	h.end()
}

func (h *header) fail(name string, err error) {
	if h.err == nil && err != nil {
		h.err = fmt.Errorf("%s: %w", name, err)
	}
}

func (h *header) date(name string, t time.Time) {
	if t.IsZero() {
		h.fail(name, errors.New("is missing"))
	}
	h.words(name, t.Format(time.RFC1123Z))
}

func (h *header) mailbox(name string, a mail.Address) {
	address, err := wireAddress(a.Address)
	h.fail(name, err)
	h.fail(name, checkText(a.Name))
	h.field(name)
	h.phrase(a.Name)
	h.word("<", address, ">")
	h.end()
}

func (h *header) text(name, text string) {
	if strings.TrimSpace(text) == "" {
		h.fail(name, errors.New("is empty"))
	}
	h.fail(name, checkText(text))
	h.field(name)
	h.unstructured(text)
	h.end()
}

func (h *header) messageID(name, id string) {
	left, right, found := strings.Cut(id, "@")
	if !found || !isDotAtom(left) || !isDotAtom(right) || len(id) > 250 {
		h.fail(name, errors.New("is not of the form left@right"))
	}
	h.field(name)
	h.word("<", id, ">")
	h.end()
}

func (h *header) listID(name, description, id string) {
	if !isDotAtom(id) || !strings.Contains(id, ".") || len(id) > 255 {
		h.fail(name, errors.New("is not a name with dots, like kurs.example.org"))
	}
	h.fail(name, checkText(description))
	h.field(name)
	h.phrase(description)
	h.word("<", id, ">")
	h.end()
}

func (h *header) link(name, address string) {
	h.fail(name, checkLink(address))
	h.field(name)
	h.word("<", address, ">")
	h.end()
}

// checkLink wants one absolute address that stands unescaped between angle brackets
// (RFC 2369 §2) and that a mail provider will call: https, except on this machine.
func checkLink(address string) error {
	for _, r := range address {
		if r <= ' ' || r > '~' || strings.ContainsRune(`<>",\`, r) {
			return errors.New("has a character that an address must escape")
		}
	}
	u, err := url.Parse(address)
	switch {
	case strings.Contains(address, "=?"):
		return errors.New("looks like an encoded word")
	case err != nil, u.Hostname() == "", u.User != nil:
		return errors.New("is not an absolute web address")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("is not an https address")
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
