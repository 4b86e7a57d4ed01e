package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"fortsatt/mailer/relaytest"
)

// midway is a house with readers for whom letter 1 is due, and a relay that
// keeps everyone waiting at the twentieth dot: reached is closed then, and the
// answer comes when the caller closes goOn.
func midway(t *testing.T) (h *house, emails []string, reached, goOn chan struct{}) {
	reached, goOn = make(chan struct{}), make(chan struct{})
	h = newHouse(t, func(e relaytest.Event) relaytest.Action {
		if e.Stage != relaytest.Dot || e.N < 20 {
			return relaytest.Action{}
		}
		if e.N == 20 {
			close(reached)
		}
		return relaytest.Action{Hold: goOn}
	})
	for i := range 200 {
		emails = append(emails, fmt.Sprintf("reader%d@example.se", i))
	}
	h.people(emails...)
	return h, emails, reached, goOn
}

// settledOrQueued checks that nothing is left half done, and that the ledger
// knows as accepted what the relay accepted.
func (h *house) settledOrQueued() {
	h.t.Helper()
	if n := h.count(`select count(*) from deliveries where state not in ('queued', 'accepted')`); n != 0 {
		h.t.Errorf("%d letters are neither queued nor accepted", n)
	}
	if got, want := h.count(`select count(*) from deliveries where state = 'accepted'`), len(h.relay.Accepted()); got != want {
		h.t.Errorf("the ledger has %d as accepted, the relay %d", got, want)
	}
	if n := h.count(`select count(*) from workers where stopped_at is null`); n != 0 {
		h.t.Errorf("%d workers did not sign off", n)
	}
}

func await(t *testing.T, event <-chan struct{}) {
	t.Helper()
	select {
	case <-event:
	case <-inTime(t).Done():
		t.Fatal("it does not happen")
	}
}

// The platform stops the worker in the middle: what is at its dot is finished
// and recorded, the rest is queued, and another goes on with it.
func TestRow11WorkerStopsMidway(t *testing.T) {
	t.Parallel()
	h, emails, reached, goOn := midway(t)
	worker := h.start("worker")
	await(t, reached)

	if err := worker.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	began := time.Now()
	if code := worker.end(); code != 0 {
		t.Errorf("worker exited with %d, want 0", code)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v to stop", took)
	}
	h.settledOrQueued()
	if n := len(h.relay.Accepted()); n >= len(emails) {
		t.Errorf("the worker sent all %d letters before it stopped", n)
	}

	h.course("send", "--week", "1")
	h.once(emails)
	h.balanced(len(emails))
}

// An admin presses Ctrl-C in the middle of a send, and sends again.
func TestRow54SendInterrupted(t *testing.T) {
	t.Parallel()
	h, emails, reached, goOn := midway(t)
	send := h.start("send", "--week", "1")
	await(t, reached)

	if err := send.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	if code := send.end(); code != 1 {
		t.Errorf("send exited with %d, want 1", code)
	}
	if got, want := send.said.text(), "course: interrupted; what was begun is recorded, the rest is queued\n"; got != want {
		t.Errorf("send said %q, want %q", got, want)
	}
	h.settledOrQueued()
	if n := len(h.relay.Accepted()); n >= len(emails) {
		t.Errorf("%d letters were sent before it stopped", n)
	}

	h.course("send", "--week", "1")
	h.once(emails)
	h.balanced(len(emails))
}

// Ctrl-C while the database keeps us waiting says what it is, too.
func TestInterruptedAtTheDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	db := h.open()
	defer db.Close()
	hold, err := db.BeginTx(inTime(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Rollback()
	if _, err := hold.Exec("lock table deliveries in access exclusive mode"); err != nil {
		t.Fatal(err)
	}
	status := h.start("status")
	for ctx := inTime(t); h.count(`select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) == 0; {
		if ctx.Err() != nil {
			t.Fatal(context.Cause(ctx))
		}
	}

	if code := status.stop(syscall.SIGINT); code != 1 {
		t.Errorf("status exited with %d, want 1", code)
	}
	if got := status.said.text(); !strings.HasPrefix(got, "course: interrupted") {
		t.Errorf("status said %q", got)
	}
}

// Ctrl-C at the question is an answer: nothing is sent.
func TestInterruptedAtTheQuestion(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("script"); err != nil {
		missing(t, "script (of util-linux, to have a terminal)")
	}
	h := newHouse(t, nil)
	h.people("anna@example.se")
	cmd := exec.Command("script", "-qec", "exec course send --week 1", "/dev/null")
	cmd.Env = h.settings("SHELL=/bin/sh", "TERM=dumb")
	keyboard, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	send := begin(t, cmd)
	send.says(`Send week 1 to 1\? \[y/N\] $`)

	if _, err := keyboard.Write([]byte("\x03")); err != nil {
		t.Fatal(err)
	}
	send.says(`(?m)^course: nothing was sent`)
	if code := send.end(); code != 1 {
		t.Errorf("send exited with %d, want 1", code)
	}
	if n := len(h.relay.Accepted()); n != 0 {
		t.Errorf("%d letters were sent", n)
	}
}
