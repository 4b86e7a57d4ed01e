package mailer

import (
	"errors"
	"net"
	"time"
)

// replyLimit is the most a relay may say in one step: a reply is a few hundred octets, a
// certificate chain a few thousand. Beyond it the relay is broken or hostile.
const replyLimit = 128 << 10

var errTooMuch = errors.New("the relay sent more than 128 kB in reply")

// A wire is the connection below TLS. It bounds what is read from it, in octets and, as a
// whole, in time: a relay that sends one octet a second gets no longer than a silent one.
//
// It also remembers how reading ended, because net/textproto takes a line that breaks off
// for a whole one: "250 2.0" and then silence would be an acceptance, and the rest of the
// line the answer to the next command.
type wire struct {
	net.Conn
	left   int   // octets that may still be read in this step
	broken error // why nothing more can be read
}

// begin starts one step.
func (w *wire) begin(timeout time.Duration) error {
	if w.broken != nil {
		return w.broken
	}
	w.left = replyLimit
	return w.SetDeadline(time.Now().Add(timeout))
}

func (w *wire) Read(p []byte) (n int, err error) {
	if w.left == 0 {
		w.broken = errTooMuch
		return 0, errTooMuch
	}
	n, err = w.Conn.Read(p[:min(len(p), w.left)])
	w.left -= n
	if err != nil {
		w.broken = err
	}
	return n, err
}

// abort closes with a reset (SO_LINGER 0): what the relay has not yet got, it never gets.
func (w *wire) abort() {
	if tcp, ok := w.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	w.Conn.Close()
}
