package worker

import (
	"context"
	"net"
	"sync"
	"time"

	"golang.org/x/net/netutil"
)

// visitTimes bound a connection to the inbound listener: one command, or one mail, as
// RFC 5321 §4.5.3.2 asks; the whole of it, however slowly it drips; and the record of a mail,
// which also is how long we take to stop at most.
type visitTimes struct{ line, whole, record time.Duration }

var usualVisit = visitTimes{line: 5 * time.Minute, whole: 15 * time.Minute, record: 20 * time.Second}

// visitors is how many connections are open at once; the next ones wait.
const visitors = 50

// A lobby lets in so many, and shows everyone the door when their time is up or ours is.
type lobby struct {
	net.Listener
	ctx   context.Context
	whole time.Duration
}

func newLobby(ctx context.Context, l net.Listener, whole time.Duration) net.Listener {
	return lobby{netutil.LimitListener(l, visitors), ctx, whole}
}

func (l lobby) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	v := &visitor{Conn: conn, end: time.Now().Add(l.whole)}
	v.stay = context.AfterFunc(l.ctx, v.leave)
	return v, nil
}

// A visitor is a connection that is read from until its end and no longer. What is being
// recorded then is still answered.
type visitor struct {
	net.Conn
	stay func() bool
	mu   sync.Mutex
	end  time.Time
}

func (v *visitor) SetReadDeadline(t time.Time) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if t.IsZero() || t.After(v.end) {
		t = v.end
	}
	return v.Conn.SetReadDeadline(t)
}

// leave interrupts whatever is read.
func (v *visitor) leave() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.end = time.Now()
	v.Conn.SetReadDeadline(v.end)
}

func (v *visitor) Close() error {
	v.stay()
	return v.Conn.Close()
}
