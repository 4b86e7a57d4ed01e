package worker_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"fortsatt/worker"
)

// Whoever says nothing, or goes on for ever a little at a time, is shown out.
func TestSlowVisitorsAreShownOut(t *testing.T) {
	for what, drip := range map[string]string{"silent": "", "octet by octet": "N", "command by command": "NOOP\r\n"} {
		t.Run(what, func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			door, w := st.inbound()
			w.Hurry(300*time.Millisecond, 600*time.Millisecond)
			st.starts(w)
			conn := visit(st, door)
			go func() {
				for {
					if _, err := io.WriteString(conn, drip); err != nil {
						return
					}
					select {
					case <-time.After(10 * time.Millisecond):
					case <-st.ctx.Done():
						return
					}
				}
			}()
			heard, err := io.ReadAll(conn)
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				t.Fatalf("still there, having heard %q", heard)
			}
		})
	}
}

// There is room for so many; the next one waits until somebody leaves.
func TestTooManyVisitors(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	door, w := st.inbound()
	st.starts(w)
	var first net.Conn
	for range worker.Visitors {
		if conn := visit(st, door); first == nil {
			first = conn
		}
	}
	late, err := net.Dial("tcp", door)
	st.must(err)
	defer late.Close()
	st.must(late.SetReadDeadline(time.Now().Add(200 * time.Millisecond)))
	if n, err := late.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("one too many is greeted")
	}
	first.Close()
	st.must(late.SetReadDeadline(time.Now().Add(20 * time.Second)))
	if greeting, err := bufio.NewReader(late).ReadString('\n'); !strings.HasPrefix(greeting, "220 ") {
		t.Errorf("when somebody has left, got %q, %v, want a greeting", greeting, err)
	}
}

// A worker that stops tells its visitors so, at once; but what is being recorded is
// recorded, and answered.
func TestTheDoorClosesWithTheWorker(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	door, w := st.inbound()
	st.readers(anna)
	stop := st.starts(w)
	st.becomes(anna, "accepted")
	idle := dial(st, door)
	to := st.returnAddress(anna)
	lock, err := st.db.Beginx()
	st.must(err)
	defer lock.Rollback()
	_, err = lock.Exec(`select from subscribers for update`)
	st.must(err)
	c := dial(st, door)
	answered := make(chan error, 1)
	go func() { answered <- send(c, to, dsn(to, anna)) }()
	st.until("the record waits for the lock", func() bool {
		return st.count(`select count(*) from pg_locks where not granted`) > 0
	})

	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	if _, _, err := idle.Text.ReadResponse(250); replyTo(err) != 421 {
		t.Errorf("who is idle hears %v, want 421", err)
	}
	st.until("the worker has signed off", func() bool { return st.count(`select count(*) from workers where stopped_at is null`) == 0 })
	select {
	case <-stopped:
		t.Error("the worker stopped before the record was made")
	case err := <-answered:
		t.Errorf("answered with %v before the record was made", err)
	case <-time.After(100 * time.Millisecond):
	}
	st.must(lock.Rollback())
	if err := <-answered; err != nil {
		t.Errorf("got %v, want 250", err)
	}
	<-stopped
	if got := st.suppressed(); !slices.Equal(got, []string{anna}) {
		t.Errorf("suppressed are %v, want Anna", got)
	}
	if conn, err := net.Dial("tcp", door); err == nil {
		conn.Close()
		t.Error("the door is still open")
	}
}

// A worker that is told to stop before it has begun does not wait for visitors.
func TestTheDoorOfAWorkerThatIsStoppedAtOnce(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	_, w := st.inbound()
	ctx, cancel := context.WithCancel(st.ctx)
	cancel()
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	select {
	case err := <-done:
		st.must(err)
	case <-st.ctx.Done():
		t.Fatal("the worker does not stop")
	}
}
