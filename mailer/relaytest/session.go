package relaytest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"net"
	"regexp"
	"strings"
	"time"
)

// A session is one connection, and the letter under way on it.
type session struct {
	server *Server
	socket net.Conn // below TLS
	conn   net.Conn
	in     *bufio.Reader
	number int
	secure bool

	from, to       string
	mailed, rcpted bool
	letter         bytes.Buffer // its text, while it comes
	letters        int          // accepted so far
}

func (c *session) serve() {
	if reply := c.answer(Connect, "", "220 relaytest ESMTP"); !positive(reply) {
		return
	}
	for {
		line, ok := c.line()
		if !ok || !c.command(line) {
			return
		}
	}
}

// line reads one command. A line that is too long or does not end in CRLF ends the session.
func (c *session) line() (string, bool) {
	line, err := c.in.ReadSlice('\n')
	if err != nil || !wellEnded(line) {
		return "", false
	}
	return string(line[:len(line)-2]), true
}

func wellEnded(line []byte) bool {
	return len(line) > 1 && bytes.IndexByte(line, '\r') == len(line)-2
}

// command answers one line, and says whether the session goes on.
func (c *session) command(line string) bool {
	verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
	if c.in.Buffered() > 0 && !c.mayBeFollowed(verb) {
		c.send("503 5.5.1 you did not wait for the reply to " + verb)
		return false
	}
	switch verb {
	case "EHLO", "HELO":
		return c.answer(Hello, line, c.extensions()) != ""
	case "STARTTLS":
		return c.startTLS(line)
	case "AUTH":
		return c.auth(line)
	case "MAIL":
		return c.mail(line)
	case "RCPT":
		return c.rcpt(line)
	case "DATA":
		return c.data(line)
	case "RSET":
		c.forget()
		return c.answer(Reset, line, "250 2.0.0 Ok") != ""
	case "QUIT":
		reply := c.answer(Quit, line, "221 2.0.0 Bye")
		return reply != "" && !positive(reply)
	}
	return c.send("500 5.5.1 what?")
}

// mayBeFollowed says whether another command may come before the reply to this one. Where the
// reply decides what comes next, it must be waited for (RFC 2920 §3.1).
func (c *session) mayBeFollowed(verb string) bool {
	return !c.server.stepwise.Load() && (verb == "MAIL" || verb == "RCPT" || verb == "RSET")
}

func (c *session) extensions() string {
	lines := "250-relaytest\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n"
	if !c.server.stepwise.Load() {
		lines += "250-PIPELINING\r\n"
	}
	if c.server.security == startTLS && !c.secure {
		lines += "250-STARTTLS\r\n"
	}
	return lines + "250 AUTH PLAIN LOGIN"
}

func (c *session) startTLS(line string) bool {
	if c.server.security != startTLS || c.secure {
		return c.send("503 5.5.1 no TLS here")
	}
	if reply := c.answer(StartTLS, line, "220 2.0.0 go on"); !positive(reply) {
		return reply != ""
	}
	c.conn = tls.Server(c.conn, certificate().config)
	c.in = bufio.NewReader(c.conn)
	c.secure = true
	return true
}

// auth lets anyone in, by PLAIN in one line or LOGIN in three, unless the script objects.
func (c *session) auth(line string) bool {
	normal := []string{"235 2.7.0 welcome"}
	if strings.EqualFold(line, "AUTH LOGIN") {
		normal = []string{"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 2.7.0 welcome"}
	}
	for step := 0; ; step++ {
		reply := c.answer(Auth, line, normal[min(step, len(normal)-1)])
		if !strings.HasPrefix(reply, "334") {
			return reply != ""
		}
		var ok bool
		if line, ok = c.line(); !ok {
			return false
		}
	}
}

var (
	mailLine = regexp.MustCompile(`^MAIL FROM:<([^<>\s]*)>( [!-~ ]+)?$`)
	rcptLine = regexp.MustCompile(`^RCPT TO:<([^<>\s]+)>( [!-~ ]+)?$`)
)

func (c *session) mail(line string) bool {
	found := mailLine.FindStringSubmatch(line)
	if found == nil || c.mailed {
		return c.send("503 5.5.1 not now, or not like that")
	}
	c.from = found[1]
	reply := c.answer(Mail, line, "250 2.1.0 Ok")
	c.mailed = positive(reply)
	return reply != ""
}

func (c *session) rcpt(line string) bool {
	found := rcptLine.FindStringSubmatch(line)
	if found == nil || !c.mailed || c.rcpted {
		return c.send("503 5.5.1 not now, or not like that")
	}
	c.to = found[1]
	reply := c.answer(Rcpt, line, "250 2.1.5 Ok")
	c.rcpted = positive(reply)
	return reply != ""
}

func (c *session) forget() { c.from, c.to, c.mailed, c.rcpted = "", "", false, false }

// answer does what the script says, or what is normal, and returns the reply that was sent;
// none means that the session is over.
func (c *session) answer(stage Stage, line, normal string) string {
	a := c.ask(stage, line)
	reply := a.Reply
	if reply == "" && !a.Drop {
		reply = normal
	}
	if !c.act(a, reply) {
		return ""
	}
	return reply
}

func (c *session) ask(stage Stage, line string) Action {
	return c.server.ask(Event{Stage: stage, Line: line, From: c.from, To: c.to, Conn: c.number})
}

// act pauses, replies and drops, and says whether the session goes on.
func (c *session) act(a Action, reply string) bool {
	switch {
	case !c.pause(a):
		return false
	case reply != "":
		return c.say(reply, a.Drip) && !a.Drop
	case a.Drop:
		c.socket.(*net.TCPConn).SetLinger(0)
		return false
	}
	return true
}

func (c *session) pause(a Action) bool {
	switch {
	case a.Hang:
		<-c.server.stopped
		return false
	case a.Hold != nil:
		return c.wait(a.Hold)
	case a.Delay > 0:
		return c.waitTime(a.Delay)
	}
	return true
}

func (c *session) wait(until <-chan struct{}) bool {
	select {
	case <-until:
		return true
	case <-c.server.stopped:
		return false
	}
}

func (c *session) waitTime(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-c.server.stopped:
		return false
	}
}

func (c *session) send(reply string) bool { return c.say(reply, 0) }

func (c *session) say(reply string, drip time.Duration) bool {
	octets := []byte(strings.TrimSuffix(reply, "\r\n") + "\r\n")
	if drip == 0 {
		_, err := c.conn.Write(octets)
		return err == nil
	}
	for i := range octets {
		if _, err := c.conn.Write(octets[i : i+1]); err != nil || !c.waitTime(drip) {
			return false
		}
	}
	return true
}

func positive(reply string) bool { return strings.HasPrefix(reply, "2") }
