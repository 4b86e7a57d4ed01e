package mailer

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// A Conn is one SMTP session with a relay. It carries one letter at a time, any number after
// each other, and is used by one goroutine; only Abort may be called from another.
type Conn struct {
	relay   Relay
	options Options
	wire    *wire
	tls     *tls.Conn // set when TLS came before the greeting
	smtp    *smtp.Client
	offered bool // a letter stands on the wire without its end
}

// Relay is the one that the session is with.
func (c *Conn) Relay() Relay { return c.relay }

// Offer sends a letter up to, but not including, the final dot; the relay has not taken it
// and must forget it if the connection now closes. Follow it with Dot, or with Abort.
//
// When the relay refuses, the error has its Reply: if the error is not Lost, call Reset, and
// the session can carry the next letter. When ctx ends, the connection is closed.
func (c *Conn) Offer(ctx context.Context, from, to string, message []byte) error {
	sender, err := wireAddress(from)
	if err != nil {
		return &Error{Stage: Mail, Err: fmt.Errorf("sender %w", err)}
	}
	recipient, err := wireAddress(to)
	if err != nil {
		return &Error{Stage: Rcpt, Err: fmt.Errorf("recipient %w", err)}
	}
	if err := checkLines(message); err != nil {
		return &Error{Stage: Data, Err: err}
	}
	if c.offered {
		return c.lost(Mail, errors.New("the letter before has been neither ended nor aborted"))
	}

	if err := c.step(ctx, Mail, func() error { return c.smtp.Mail("<" + sender + ">") }); err != nil {
		return err
	}
	if err := c.step(ctx, Rcpt, func() error { return c.smtp.Rcpt("<" + recipient + ">") }); err != nil {
		return err
	}
	if err := c.step(ctx, Data, c.data); err != nil {
		return err
	}
	c.offered = true
	if err := c.step(ctx, Data, func() error { return c.write(stuffed(message)) }); err != nil {
		return err
	}
	return nil
}

// Dot ends the letter and waits for the relay's reply, at most Options.ReplyTimeout.
//
// If ctx has ended before the dot is written, the connection is closed instead, and the
// error's Stage is Data: the letter has not gone. From then on ctx is not heeded, because
// hanging up would only throw away the answer. An error at Stage Dot without a Reply is
// the one case that nobody can decide: the letter may have been taken.
func (c *Conn) Dot(ctx context.Context) (Reply, error) {
	if !c.offered {
		return Reply{}, c.lost(Data, errors.New("no letter has been offered"))
	}
	if err := context.Cause(ctx); err != nil {
		return Reply{}, c.lost(Data, err)
	}
	if err := c.ready(c.options.ReplyTimeout); err != nil {
		return Reply{}, c.lost(Data, err)
	}
	c.offered = false
	if err := c.write([]byte(".\r\n")); err != nil {
		return Reply{}, c.lost(Dot, err)
	}
	code, text, err := c.smtp.Text.ReadResponse(2)
	if err := c.outcome(Dot, err); err != nil {
		return Reply{}, err
	}
	return replyOf(code, text), nil
}

// Reset makes the relay forget a letter that it refused in Offer (RSET). After an error the
// connection is closed.
func (c *Conn) Reset(ctx context.Context) error {
	if c.offered {
		return c.lost(ResetMail, errors.New("the letter has been offered: only Abort takes it back"))
	}
	if err := c.step(ctx, ResetMail, c.smtp.Reset); err != nil {
		c.Abort()
		err.Lost = true
		return err
	}
	return nil
}

// Close says QUIT, waits a few seconds at most for the answer, and closes; neither means
// anything for the letters sent, so the result is always nil. A letter still without its end
// is aborted: after QUIT, some relays would take it as it stands.
func (c *Conn) Close() error {
	if c.offered {
		c.Abort()
		return nil
	}
	if err := c.ready(min(c.options.Timeout, 5*time.Second)); err == nil {
		c.smtp.Quit()
	}
	c.wire.Close()
	return nil
}

// Abort closes the connection at once and hard: a letter without its dot must not arrive.
func (c *Conn) Abort() { c.wire.abort() }

// step takes one step of the session within Options.Timeout, or until ctx ends.
func (c *Conn) step(ctx context.Context, stage Stage, take func() error) *Error {
	if err := c.ready(c.options.Timeout); err != nil {
		return c.lost(stage, err)
	}
	release := context.AfterFunc(ctx, c.Abort)
	err := take()
	if !release() {
		return c.lost(stage, context.Cause(ctx))
	}
	return c.outcome(stage, err)
}

// ready sets the clock and the limit for one step. A relay that has already said more than
// it was asked would have its answers taken for those to later questions.
func (c *Conn) ready(timeout time.Duration) error {
	if c.smtp != nil && c.smtp.Text.R.Buffered() > 0 {
		return errors.New("the relay spoke out of turn")
	}
	return c.wire.begin(timeout)
}

// outcome is what became of a step that returned err. It hangs up unless all went well, or
// the relay plainly refused.
func (c *Conn) outcome(stage Stage, err error) *Error {
	switch broken := c.wire.broken; {
	case err == nil && broken == nil:
		return nil
	case err == nil:
		return c.lost(stage, broken)
	}
	e := failure(stage, err)
	e.Lost = e.Lost || c.wire.broken != nil
	if e.Lost {
		c.Abort()
	}
	return e
}

// lost hangs up and says why.
func (c *Conn) lost(stage Stage, err error) *Error {
	c.Abort()
	return &Error{Stage: stage, Lost: true, Err: err}
}

func (c *Conn) data() error {
	if err := c.smtp.Text.PrintfLine("DATA"); err != nil {
		return err
	}
	_, _, err := c.smtp.Text.ReadResponse(354)
	return err
}

// write puts octets on the wire as they are, all of them. go-mail's own writer of letters
// ends them when it is closed, or when the next command is written, and goes octet by octet.
func (c *Conn) write(octets []byte) error {
	if _, err := c.smtp.Text.W.Write(octets); err != nil {
		return err
	}
	return c.smtp.Text.W.Flush()
}

// checkLines wants the message as Bytes makes it. Relays differ on what a bare CR or LF is,
// and one that takes "\n.\n" for the end reads what follows as commands (SMTP smuggling).
func checkLines(message []byte) error {
	ends := bytes.Count(message, []byte("\r\n"))
	switch {
	case !bytes.HasSuffix(message, []byte("\r\n")):
		return errors.New("the message does not end its last line")
	case bytes.Count(message, []byte("\r")) != ends, bytes.Count(message, []byte("\n")) != ends:
		return errors.New("the message has a line that does not end in CRLF")
	}
	return nil
}

// stuffed doubles the dot that opens a line (RFC 5321 §4.5.2).
func stuffed(message []byte) []byte {
	if message[0] != '.' && !bytes.Contains(message, []byte("\r\n.")) {
		return message
	}
	body := bytes.ReplaceAll(message, []byte("\r\n."), []byte("\r\n.."))
	if message[0] == '.' {
		return append([]byte("."), body...)
	}
	return body
}
