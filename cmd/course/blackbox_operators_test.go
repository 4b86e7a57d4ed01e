package main

import (
	"bytes"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fortsatt/lessons"
	"fortsatt/mailer/relaytest"
)

// Eva and Per look after the same course, and each runs whatever comes to mind
// while it is being sent.
func TestRow53TwoAdminsAtOnce(t *testing.T) {
	t.Parallel()
	b, worker := midSend(t, nil)
	eva := [][]string{{"pause"}, {"send", "--week", "1"}, {"resume"}, {"hold", "--week", "1"}, {"release", "--week", "1"}, {"status"}}
	per := [][]string{{"hold", "--week", "1"}, {"resume"}, {"status"}, {"release", "--week", "1"}, {"pause"}, {"resume"}}
	for i := range eva {
		one, other := b.start(eva[i]...), b.start(per[i]...)
		for _, admin := range []*process{one, other} {
			if code := admin.end(); code != exitDone && code != exitLater { // a send may find what the other holds
				t.Errorf("a command exited with %d", code)
			}
		}
	}
	b.sentOnceBy(worker)
	if n := b.count(`select count(*) from holds`); n != 0 {
		t.Errorf("%d holds are left, want none", n)
	}
}

// An admin sends week 1 and presses Ctrl-C, ten times.
func TestRow54SendInterruptedTenTimes(t *testing.T) {
	t.Parallel()
	b := newBox(t, 200, func(relaytest.Event) relaytest.Action {
		return relaytest.Action{Delay: 2 * time.Millisecond}
	})
	for i := range 10 {
		send := b.start("send", "--week", "1")
		if err := b.relay.Wait(inTime(t), 10*(i+1)); err != nil {
			t.Fatal(err)
		}
		if code := send.stop(syscall.SIGINT); code != exitFailed {
			t.Errorf("send %d exited with %d, want %d", i, code, exitFailed)
		}
	}
	b.settledOrQueued()
	b.course("send", "--week", "1")
	b.sentOnceBy()
}

// Admins cannot make up their minds a hundred times. What they say is in force
// when the command returns: only what was at its dot still goes out.
func TestRow55BrakeAHundredTimes(t *testing.T) {
	t.Parallel()
	var over atomic.Bool
	b := newBox(t, 1000, func(e relaytest.Event) relaytest.Action {
		if e.Stage == relaytest.Data && !over.Load() { // letters wait for their mark when the brake comes
			return relaytest.Action{Delay: 50 * time.Millisecond}
		}
		return relaytest.Action{}
	})
	worker := b.worker()
	brakes := [][2][]string{
		{{"pause"}, {"resume"}},
		{{"hold", "--week", "1"}, {"release", "--week", "1"}},
		{{"hold", "--everything"}, {"release", "--everything"}},
	}
	for i := range 100 {
		brake := brakes[i%len(brakes)]
		b.course(brake[0]...)
		before := len(b.relay.Received())
		if i%10 == 0 { // until the worker has given all back
			b.counts(0, `select count(*) from deliveries where state in ('claimed', 'sending')`)
		}
		if out := len(b.relay.Received()) - before; out > connections {
			t.Errorf("%d letters went out after %v; want %d at most, which were at their dot", out, brake[0], connections)
		}
		b.course(brake[1]...)
	}
	if n := len(b.relay.Received()); n == 0 || n == len(b.emails) {
		t.Errorf("%d of %d letters went out meanwhile; want some", n, len(b.emails))
	}
	over.Store(true)
	b.sentOnceBy(worker)
	if n := b.count(`select count(*) from deliveries where attempt <> 1`); n != 0 {
		t.Errorf("%d letters were attempted more than once; a brake burns no attempt", n)
	}
}

// A lesson is edited while it is being sent, and the worker killed with dots
// out: everyone gets the text that was planned, the second copies too.
func TestRow56LessonEditedWhileItIsSent(t *testing.T) {
	t.Parallel()
	trap := newTrap(relaytest.Dot)
	b := newBox(t, 40, trap.behave)
	worker := b.worker()
	trap.await(t, connections)
	texts := filepath.Join(t.TempDir(), "texts")
	if err := os.CopyFS(texts, lessons.Shipped()); err != nil {
		t.Fatal(err)
	}
	b.edit(texts, "EDITED")
	b.env = append(b.env, "COURSE_LESSONS="+texts)
	kill(worker)
	const late = "late@example.se" // joins after the edit
	b.people(late)
	b.emails = append(b.emails, late)
	close(trap.sprung)
	b.sentTwiceBy(connections, b.worker())
	for _, letter := range b.relay.Received() {
		if edited := bytes.Contains(letter.Bytes, []byte("EDITED")); edited != (letter.To == late) {
			t.Errorf("%s got the edited text: %v", letter.To, edited)
		}
	}
}

// edit adds a word to every lesson in a directory of texts.
func (b *box) edit(texts, word string) {
	b.t.Helper()
	files, err := filepath.Glob(texts + "/atta-brev/*.md")
	if err != nil || len(files) == 0 {
		b.t.Fatalf("lessons in %s: %v, %v", texts, files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, append(text, "\n"+word+"\n"...), 0o600)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}
