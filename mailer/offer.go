package mailer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
)

// An Envelope says whom a letter is from and to, on the wire (RFC 5321 §2.3.1).
type Envelope struct{ From, To string }

// commands are the three lines that announce a letter.
func (e Envelope) commands() ([]byte, *Error) {
	from, err := wireAddress(e.From)
	if err != nil {
		return nil, &Error{Stage: Mail, Err: fmt.Errorf("sender %w", err)}
	}
	to, err := wireAddress(e.To)
	if err != nil {
		return nil, &Error{Stage: Rcpt, Err: fmt.Errorf("recipient %w", err)}
	}
	return []byte("MAIL FROM:<" + from + ">\r\nRCPT TO:<" + to + ">\r\nDATA\r\n"), nil
}

// Offer announces a letter, with MAIL, RCPT and DATA, and reads the replies. If Dot has
// announced it already, the replies are all there is to do. Follow it with Write, or with
// Abort.
//
// When the relay refuses, the error has its Reply: if the error is not Lost, call Reset, and
// the session can carry the next letter. An error without a Reply that is not Lost is about
// an address that cannot be sent to, and nothing has been said. When ctx ends, the connection
// is closed.
func (c *Conn) Offer(ctx context.Context, e Envelope) error {
	var commands []byte
	switch {
	case c.letter == announced && c.next == e:
	case c.letter != none:
		return c.lost(Mail, errors.New("another letter is under way"))
	default:
		var err *Error
		if commands, err = e.commands(); err != nil {
			return err
		}
	}
	c.letter = none
	release := context.AfterFunc(ctx, c.Abort)
	err := c.announce(commands)
	if !release() {
		return c.lost(cmp.Or(err, &Error{Stage: Data}).Stage, context.Cause(ctx))
	}
	if err != nil {
		return err
	}
	c.letter = open
	return nil
}

// announce sends the commands, if the dot before has not taken them along, and reads the
// replies.
func (c *Conn) announce(commands []byte) *Error {
	if commands == nil {
		return c.answers()
	}
	if c.pipelines {
		if err := c.say(Mail, commands); err != nil {
			return err
		}
		return c.answers()
	}
	stage := Mail
	for command := range bytes.Lines(commands) {
		if err := c.say(stage, command); err != nil {
			return err
		}
		if err := c.hear(stage); err != nil {
			return err
		}
		stage++
	}
	return nil
}

// answers reads the replies to commands that were sent together. Each has one, whatever the
// reply before it (RFC 2920 §3.2); the first refusal is the one that counts. Once the
// connection is lost, all that follow are too.
func (c *Conn) answers() *Error {
	mail := c.hear(Mail)
	rcpt := c.hear(Rcpt)
	data := c.hear(Data)
	first := cmp.Or(mail, rcpt, data)
	switch {
	case first == nil:
		return nil
	case data != nil:
		first.Lost = data.Lost
	case rcpt == nil: // but MAIL was refused: to end the text might send an empty letter
		c.Abort()
		first.Lost = true
	default:
		first.Lost = !c.endNothing()
	}
	return first
}

// endNothing ends the text that a relay waits for although it has refused the recipient, and
// says whether the session can go on. The reply means nothing (RFC 2920 §3.1).
func (c *Conn) endNothing() bool {
	if err := c.say(Data, []byte(".\r\n")); err != nil {
		return false
	}
	err := c.hear(Dot)
	return err == nil || !err.Lost
}
