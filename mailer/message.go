package mailer

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// A Message is one letter to one reader, before it is written as bytes.
type Message struct {
	From    mail.Address
	ReplyTo mail.Address // zero: no Reply-To
	To      mail.Address

	Subject   string
	Date      time.Time // shown in its own zone, to the second
	MessageID string    // without angle brackets

	Text, HTML []Piece // one after the other

	List *List // nil on confirm and login letters, which nobody subscribes to

	Signer *Signer // nil: unsigned

	// Postmark has the relay of that name keep the Message-ID, which it would else replace
	// as it does the envelope sender, and name the letter in its reports: by the ID's local
	// part, since a value is at most 80 characters.
	// postmarkapp.com/support/article/1125-custom-metadata-faq
	Postmark bool
}

// A List is what a reader may leave with one click (RFC 2919, RFC 8058).
type List struct {
	ID          string // for example kurs.example.org; never changes
	Name        string
	Unsubscribe string // an https address; http on loopback only
}

// headerSize is more than most letters need besides their pieces.
const headerSize = 2048

// Bytes writes the letter for the wire (RFC 5322, RFC 2045–2047): ASCII, CRLF, folded at 76
// where a word allows it. The same Message always gives the same bytes, so that a second
// copy of a letter is recognised as one. An error names the field that cannot be sent; no
// field can end its own line and begin another.
func (m Message) Bytes() ([]byte, error) { return m.Append(nil) }

// Append writes the letter as Bytes does, behind what stands in buffer: where letters are
// many, making room for each costs more than all the rest.
func (m Message) Append(buffer []byte) ([]byte, error) {
	boundary := boundaryOf(m.MessageID)
	room := m.Signer.room() // signatures stand first, and are made last
	whole := slices.Grow(buffer, room+headerSize+size(m.Text)+size(m.HTML))
	h := header{letter: whole[:len(buffer)+room]}
	h.date("Date", m.Date)
	h.mailbox("From", m.From)
	if m.Signer != nil {
		h.fail("From", m.Signer.Covers(m.From.Address))
	}
	if m.ReplyTo != (mail.Address{}) {
		h.mailbox("Reply-To", m.ReplyTo)
	}
	h.mailbox("To", m.To)
	h.text("Subject", m.Subject)
	h.messageID("Message-ID", m.MessageID)
	m.purpose(&h)
	if m.Postmark {
		h.words("X-PM-KeepID", "true")
		local, _, _ := strings.Cut(m.MessageID, "@")
		h.words("X-PM-Metadata-id", local)
	}
	h.words("MIME-Version", "1.0")
	h.field("Content-Type")
	h.word("multipart/alternative;")
	h.word(`boundary="`, boundary, `"`)
	h.end()
	if h.err != nil {
		return nil, fmt.Errorf("compose letter: %w", h.err)
	}

	// The plainest comes first: a mail program shows the last part that it understands.
	letter, err := appendPart(h.letter, boundary, "text/plain", m.Text)
	if err != nil {
		return nil, fmt.Errorf("compose letter: text part: %w", err)
	}
	if letter, err = appendPart(letter, boundary, "text/html", m.HTML); err != nil {
		return nil, fmt.Errorf("compose letter: HTML part: %w", err)
	}
	letter = fmt.Appendf(letter, "\r\n--%s--\r\n", boundary)
	if m.Signer == nil {
		return letter, nil
	}
	if err := m.Signer.sign(letter[len(buffer):], m.Date); err != nil {
		return nil, fmt.Errorf("compose letter: %w", err)
	}
	return letter, nil
}

// purpose tells other programs what kind of mail this is, so that vacation notices stay
// at home (RFC 3834) and mail programs show an unsubscribe button of their own.
func (m Message) purpose(h *header) {
	if m.List == nil {
		h.words("Auto-Submitted", "auto-generated")
		return
	}
	h.listID("List-Id", m.List.Name, m.List.ID)
	h.link("List-Unsubscribe", m.List.Unsubscribe)
	h.words("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	h.words("Precedence", "bulk")
	h.words("X-Auto-Response-Suppress", "OOF,", "AutoReply")
}
