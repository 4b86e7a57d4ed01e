package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fortsatt/mailer/relaytest"
)

// The platform stops a worker whose relay takes its time: what is at its dot is
// finished, and nothing is in doubt.
func TestRow11StoppedBeforeASlowRelay(t *testing.T) {
	t.Parallel()
	trap := newTrap(relaytest.Dot)
	b := newBox(t, 40, trap.behave)
	worker := b.worker()
	trap.await(t, connections)
	worker.cmd.Process.Signal(syscall.SIGTERM)
	time.AfterFunc(3*time.Second, func() { close(trap.sprung) })
	began := time.Now()
	if code := worker.end(); code != 0 {
		t.Errorf("the worker exited with %d, want 0", code)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v to stop, want 30 s at most", took)
	}
	b.settledOrQueued()
	if n := len(b.relay.Accepted()); n < connections || n == len(b.emails) {
		t.Errorf("%d letters went out, want the %d that were at their dot, and not all", n, connections)
	}
	b.sentOnceBy(b.worker())
}

// A relay that never answers does not keep the worker: these letters are in
// doubt, and sent once more.
func TestRow11And38StoppedBeforeASilentRelay(t *testing.T) {
	t.Parallel()
	trap := newTrap(relaytest.Dot)
	b := newBox(t, 40, trap.behave)
	worker := b.worker()
	trap.await(t, connections)
	began := time.Now()
	if code := worker.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the worker exited with %d, want 0", code)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v to stop, want 30 s at most", took)
	}
	if n := b.count(`select count(*) from deliveries where state = 'uncertain'`); n != connections {
		t.Errorf("%d letters are uncertain, want %d", n, connections)
	}
	close(trap.sprung)
	b.sentTwiceBy(connections, b.worker())
}

// The platform's patience ends before the relay's reply comes.
func TestRow12StoppedThenKilled(t *testing.T) {
	t.Parallel()
	trap := newTrap(relaytest.Dot)
	b := newBox(t, 40, trap.behave)
	worker := b.worker()
	trap.await(t, connections)
	worker.cmd.Process.Signal(syscall.SIGTERM)
	<-time.After(200 * time.Millisecond)
	kill(worker)
	close(trap.sprung)
	b.sentTwiceBy(connections, b.worker())
}

// freeze stops a process as a laptop's lid does; thaw is the lid opened.
// freeze returns when the process does nothing any more, which on a busy machine
// may be a while after the signal.
func (p *process) freeze() {
	p.t.Helper()
	p.signal(syscall.SIGSTOP)
	until(p.t, "the process is stopped", func() bool {
		state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(p.cmd.Process.Pid)).Output()
		return err == nil && strings.HasPrefix(string(state), "T")
	})
}

func (p *process) thaw() { p.t.Helper(); p.signal(syscall.SIGCONT) }

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// A worker is frozen at the recipient for longer than its lease. Another sends
// its letters, and the one who wakes up must not.
func TestRow13ZombieBeforeTheMark(t *testing.T) {
	t.Parallel()
	trap := newTrap(relaytest.Rcpt)
	b := newBox(t, 20, trap.behave)
	zombie := b.worker()
	trap.await(t, connections)
	zombie.freeze()
	close(trap.sprung)
	other := b.worker()
	b.settled()
	zombie.thaw()
	b.counts(3, `select count(*) from workers`) // it begins anew
	b.sentOnceBy(other, zombie)
}

// A worker is frozen between the mark and the dot. When it wakes up, the letter
// is in doubt: its dot would be one too many.
func TestRow13ZombieBetweenMarkAndDot(t *testing.T) {
	t.Parallel()
	b := newBox(t, 20, nil)
	lift := b.barrier(`update of state when (new.state = 'sending')`)
	zombie := b.worker("COURSE_SMTP_CONNECTIONS=1")
	b.waits()
	zombie.freeze()
	lift()
	other := b.worker()
	b.counts(1, `select count(*) from attempts where outcome = 'uncertain'`)
	zombie.thaw()
	b.counts(3, `select count(*) from workers`) // it begins anew
	b.sentOnceBy(other, zombie)
	if n := b.books().Resent; n != 1 {
		t.Errorf("%d letters are told as resent, want the one that was in doubt", n)
	}
}

// A worker is frozen between dot and reply. Its letters are in doubt until it
// wakes up and finds the 250: none is sent again.
func TestRow13ZombieBetweenDotAndReply(t *testing.T) {
	t.Parallel()
	trap := newTrap(relaytest.Dot)
	b := newBox(t, 20, trap.behave)
	b.env = append(b.env, "COURSE_QUARANTINE=10m")
	zombie := b.worker()
	trap.await(t, connections)
	zombie.freeze()
	close(trap.sprung)
	other := b.worker()
	b.counts(connections, `select count(*) from deliveries where state = 'uncertain'`)
	zombie.thaw()
	b.sentOnceBy(other, zombie)
}

func TestRow14TwoAndSixteenWorkers(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 16} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			var lines sync.Map
			b := newBox(t, 400, func(e relaytest.Event) relaytest.Action {
				lines.Store(e.Conn, true)
				return relaytest.Action{}
			})
			b.course("hold", "--everything")
			all := b.workers(n)
			b.counts(n, `select count(*) from workers`)
			b.course("release", "--everything")
			b.settled()
			b.rest(all...)
			b.audit(0, 0)
			busy := 0
			lines.Range(func(any, any) bool { busy++; return true })
			if busy <= connections {
				t.Errorf("%d connections carried it all, which one of the %d workers has alone", busy, n)
			}
		})
	}
}
