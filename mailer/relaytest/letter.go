package relaytest

import (
	"bytes"
	"fmt"
	"strings"

	"fortsatt/mailer"
)

func (c *session) data(line string) bool {
	if !c.rcpted {
		return c.send("503 5.5.1 nobody to send it to")
	}
	reply := c.answer(Data, line, "354 go on")
	if !strings.HasPrefix(reply, "354") {
		return reply != ""
	}
	text, fault, ok := c.text()
	if !ok {
		return false
	}
	defer c.forget()
	if fault != "" {
		return c.send("550 5.6.0 " + fault)
	}
	return c.dot(Letter{From: c.from, To: c.to, Bytes: text, Conn: c.number})
}

// text reads a letter to its dot. Its last fault is remembered, to be refused there.
func (c *session) text() (text []byte, fault string, ok bool) {
	c.letter.Reset()
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return nil, "", false
		}
		if first && !c.interject() {
			return nil, "", false
		}
		switch {
		case string(line) == ".\r\n":
			return bytes.Clone(c.letter.Bytes()), fault, true
		case !wellEnded(line):
			fault = "a line without CRLF"
		case len(line) > 1000:
			fault = "a line too long"
		}
		c.letter.Write(bytes.TrimPrefix(line, []byte(".")))
	}
}

// interject lets the script speak, or hang up, in the middle of a letter.
func (c *session) interject() bool {
	a := c.ask(Body, "")
	return c.act(a, a.Reply)
}

// dot books the letter before its sender can read the answer, so that whoever has seen a
// 250 finds the letter in Accepted.
func (c *session) dot(letter Letter) bool {
	s := c.server
	a := c.ask(Dot, ".")
	reply := a.Reply
	if reply == "" && !a.Drop && !a.Hang {
		c.letters++
		reply = fmt.Sprintf("250 2.0.0 Ok: queued as Q%d-%d", c.number, c.letters)
	}
	if reply != "" && !positive(reply) {
		return c.act(a, reply)
	}
	s.lint(letter)
	s.change(func() { s.received = append(s.received, letter) })
	if !c.pause(a) {
		return false
	}
	if reply == "" {
		return c.act(Action{Drop: true}, "")
	}
	sent := false
	s.change(func() {
		if sent = c.say(reply, a.Drip); sent {
			s.accepted = append(s.accepted, letter)
		}
	})
	return sent && !a.Drop
}

// lint reads a letter as a provider would. Only advice is let pass.
func (s *Server) lint(letter Letter) {
	if s.unread.Load() {
		return
	}
	for _, found := range mailer.LintForm(letter.Bytes, mailer.Envelope{From: letter.From, To: letter.To}) {
		if found.Fail {
			s.test.Errorf("the relay was sent a letter that breaks %s\n%s", found, letter.Bytes)
		}
	}
}
