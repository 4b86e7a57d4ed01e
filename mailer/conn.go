package mailer

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// A Conn is one SMTP session with a relay. It carries one letter at a time, any number after
// each other, and is used by one goroutine; only Abort may be called from another.
//
// A letter goes by Offer, Write and Dot. Where the relay pipelines (RFC 2920), Dot announces
// the next letter in the same breath, and a letter costs one round trip.
type Conn struct {
	relay     Relay
	options   Options
	wire      *wire
	tls       *tls.Conn // set when TLS came before the greeting
	smtp      *smtp.Client
	pipelines bool     // the relay takes commands before it has answered those before
	letter    progress // of the letter under way
	next      Envelope // of that letter, while it is announced
}

// progress is how far a letter has come on the wire.
type progress int

const (
	none      progress = iota // no letter is under way, and the relay owes no reply
	announced                 // MAIL, RCPT and DATA are sent, and no reply to them is read yet
	open                      // the relay waits for the text
	unended                   // the text is sent, but for the dot
)

// Relay is the one that the session is with.
func (c *Conn) Relay() Relay { return c.relay }

// Reset makes the relay forget a letter that it refused in Offer (RSET). After an error the
// connection is closed.
func (c *Conn) Reset(ctx context.Context) error {
	if c.letter != none {
		return c.lost(ResetMail, errors.New("a letter is under way: only Abort takes it back"))
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
	if c.letter != none {
		c.Abort()
		return nil
	}
	if err := c.ready(min(c.options.Timeout, 5*time.Second)); err == nil {
		c.smtp.Quit()
	}
	c.wire.Close()
	return nil
}

// Answered says whether all the answers to the letter that Dot announced lie here, so that
// Offer need not wait for the relay.
func (c *Conn) Answered() bool {
	if c.letter != announced {
		return false
	}
	here, _ := c.smtp.Text.R.Peek(c.smtp.Text.R.Buffered())
	return bytes.Count(here, []byte("\n")) >= 3 // to MAIL, RCPT and DATA
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

// ready sets the clock and the limit for one step, before anything is said in it. A relay
// that has already said more than it was asked would have its answers taken for those to
// later questions.
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

// write puts octets on the wire as they are, all of them; many in one system call.
func (c *Conn) write(octets []byte) error {
	if _, err := c.smtp.Text.W.Write(octets); err != nil {
		return err
	}
	return c.smtp.Text.W.Flush()
}
