package mailer

import (
	"bytes"
	"context"
	"errors"
)

// Write sends the text of the letter that was offered, all but the final dot: the relay has
// not taken it, and must forget it if the connection now closes. Follow it with Dot, or with
// Abort. After an error the connection is closed.
func (c *Conn) Write(ctx context.Context, message []byte) error {
	if c.letter != open {
		return c.lost(Data, errors.New("no letter waits for its text"))
	}
	dots, err := checkLines(message)
	if err != nil {
		return c.lost(Data, err)
	}
	if dots {
		message = stuffed(message)
	}
	if err := c.step(ctx, Data, func() error { return c.write(message) }); err != nil {
		return err
	}
	c.letter = unended
	return nil
}

// Dot ends the letter and waits for the relay's reply, at most Options.ReplyTimeout.
//
// If next is not nil, and the relay pipelines, that letter is announced in the same write.
// Offer it next, with the same envelope, or end the session. Whatever becomes of it, and
// whatever is wrong with its addresses, this letter's outcome does not change.
//
// If ctx has ended before the dot is written, the connection is closed instead, and the
// error's Stage is Data: the letter has not gone. From then on ctx is not heeded, because
// hanging up would only throw away the answer. An error at Stage Dot without a Reply is
// the one case that nobody can decide: the letter may have been taken.
func (c *Conn) Dot(ctx context.Context, next *Envelope) (Reply, error) {
	if c.letter != unended {
		return Reply{}, c.lost(Data, errors.New("no letter has been written"))
	}
	if err := context.Cause(ctx); err != nil {
		return Reply{}, c.lost(Data, err)
	}
	if err := c.ready(c.options.ReplyTimeout); err != nil {
		return Reply{}, c.lost(Data, err)
	}
	if err := c.write(c.end(next)); err != nil {
		return Reply{}, c.lost(Dot, err)
	}
	code, text, err := c.readReply(Dot)
	if err := c.outcome(Dot, err); err != nil {
		return Reply{}, err
	}
	return replyOf(code, text), nil
}

// end is the end of the text, with the commands for the next letter where that can be.
func (c *Conn) end(next *Envelope) []byte {
	c.letter = none
	dot := []byte(".\r\n")
	if next == nil || !c.pipelines {
		return dot
	}
	commands, err := next.commands()
	if err != nil {
		return dot // Offer will say so
	}
	c.letter, c.next = announced, *next
	return append(dot, commands...)
}

// checkLines wants the message as Bytes makes it, and says whether a line of it opens with a
// dot. Relays differ on what a bare CR or LF is, and one that takes "\n.\n" for the end reads
// what follows as commands (SMTP smuggling).
func checkLines(message []byte) (dots bool, err error) {
	if !bytes.HasSuffix(message, []byte("\r\n")) {
		return false, errors.New("the message does not end its last line")
	}
	lines := bytes.Count(message, []byte("\r\n"))
	if bytes.Count(message, []byte("\n")) != lines {
		return false, errors.New("the message has a LF without CR")
	}
	if bytes.Count(message, []byte("\r")) != lines {
		return false, errors.New("the message has a CR without LF")
	}
	return message[0] == '.' || bytes.Contains(message, []byte("\n.")), nil
}

// stuffed doubles each dot that opens a line (RFC 5321 §4.5.2).
func stuffed(message []byte) []byte {
	body := bytes.ReplaceAll(message, []byte("\r\n."), []byte("\r\n.."))
	if message[0] == '.' {
		return append([]byte("."), body...)
	}
	return body
}
