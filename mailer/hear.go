package mailer

import (
	"fmt"
	"net/textproto"
	"strconv"
	"strings"
)

// good is how a reply begins that lets a letter go on.
var good = [...]string{Mail: "250", Rcpt: "25", Data: "354", Dot: "2"}

// say sends commands, of which stage is the first.
func (c *Conn) say(stage Stage, commands []byte) *Error {
	if err := c.ready(c.options.Timeout); err != nil {
		return c.lost(stage, err)
	}
	if err := c.write(commands); err != nil {
		return c.lost(stage, err)
	}
	return nil
}

// hear reads the reply to one command, within Options.Timeout.
func (c *Conn) hear(stage Stage) *Error {
	if err := c.wire.begin(c.options.Timeout); err != nil {
		return c.lost(stage, err)
	}
	_, _, err := c.readReply(stage)
	return c.outcome(stage, err)
}

// readReply reads one reply, of one or more lines (RFC 5321 §4.2.1). One that does not begin
// as it should is a *textproto.Error.
//
// It is stricter than net/textproto, which reads on until a line has the code of the first:
// that line may be the reply to another command. A refusal counts although its lines differ
// or it breaks off, but then the wire is broken.
func (c *Conn) readReply(stage Stage) (code int, text string, err error) {
	digits, text, more, err := c.readLine("")
	for more && err == nil {
		var line string
		_, line, more, err = c.readLine(digits)
		if len(text) < replyLimit/16 { // more than anyone reads
			text += "\n" + line
		}
	}
	code, _ = strconv.Atoi(digits)
	refused := code/100 == 4 || code/100 == 5
	if refused || err == nil && !strings.HasPrefix(digits, good[stage]) {
		return 0, "", &textproto.Error{Code: code, Msg: text}
	}
	return code, text, err
}

// readLine reads one line of a reply that has begun with digits, if any. After an error
// nothing more can be read: what follows may be the rest of anything.
func (c *Conn) readLine(digits string) (code, text string, more bool, err error) {
	line, err := c.smtp.Text.R.ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	formed := hasCode(line) && strings.HasPrefix(line, digits)
	if err == nil && !formed {
		err = fmt.Errorf("the relay's reply is malformed: %.60q", line)
	}
	if err != nil {
		c.wire.broken = err
	}
	if !formed {
		return "", "", false, err
	}
	return line[:3], line[min(len(line), 4):], len(line) > 3 && line[3] == '-', err
}

// hasCode says whether a line begins with a reply code (RFC 5321 §4.2).
func hasCode(line string) bool {
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return false
	}
	return '2' <= line[0] && line[0] <= '5' && isDigit(line[1]) && isDigit(line[2])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
