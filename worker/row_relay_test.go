package worker_test

import (
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// The tests of the files row_… are named after rows of the faults to survive.

// A door is an address that refuses connections until it opens.
type door struct {
	socket  int
	address string
}

// shut takes an address and does not listen there, so that nobody else does.
func shut(st *story) door {
	st.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	st.must(err)
	st.must(syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	name, err := syscall.Getsockname(socket)
	st.must(err)
	address := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*syscall.SockaddrInet4).Port}
	return door{socket, address.String()}
}

// opens leads whoever knocks to a relay.
func (d door) opens(st *story, relay *relay) {
	st.Helper()
	st.must(syscall.Listen(d.socket, 16))
	file := os.NewFile(uintptr(d.socket), "door")
	listener, err := net.FileListener(file)
	file.Close()
	st.must(err)
	st.Cleanup(func() { listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", relay.Addr())
			if err != nil {
				near.Close()
				continue
			}
			go func() { io.Copy(far, near); far.Close() }()
			go func() { io.Copy(near, far); near.Close() }()
		}
	}()
}

// For five days, longer than a letter is tried, nobody listens where the relay
// should be. Then it is there, and everyone gets their letter at the first
// attempt.
func TestRow28RefusedForDays(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	door := shut(st)
	st.readers(anna, bo, cilla)
	st.starts(st.worker(func(o *worker.Options) { o.Relays = parsed(st, "smtp://"+door.address+"?tls=none") }))
	for range 5 * 24 {
		st.passes(time.Hour)
		st.until("all wait", func() bool { return st.states()["queued"] == 3 })
	}
	if n := st.attempts(); n != 0 {
		t.Errorf("%d attempts burnt", n)
	}
	relay := st.relay(nil)
	door.opens(st, relay)
	st.passes(time.Hour)
	for _, reader := range []string{anna, bo, cilla} {
		st.becomes(reader, "accepted")
		st.untouched(reader)
		if got := st.newest(reader); got.Attempt != 1 || len(letterTo(relay, reader)) != 1 {
			t.Errorf("%s has %d letters after %d attempts, want one of each", reader, len(letterTo(relay, reader)), got.Attempt)
		}
	}
}

// The relay lets nobody in whom it has not seen five minutes before, with the
// same sender and recipient. We come back as the same, and are let in.
func TestRow31Greylisting(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	seen := map[[2]string]time.Time{}
	relay := st.relay(func(e relaytest.Event) (a relaytest.Action) {
		if e.Stage != relaytest.Rcpt {
			return a
		}
		who, now := [2]string{e.From, e.To}, st.clock.Now()
		first, known := seen[who]
		if !known {
			seen[who], first = now, now
		}
		if now.Sub(first) < 5*time.Minute {
			a.Reply = "451 4.7.1 greylisted, come back in five minutes"
		}
		return a
	})
	st.readers(anna, bo, cilla)
	st.starts(st.worker(nil, relay))
	st.until("all are to come back", func() bool { return st.states()["deferred"] == 3 })
	st.passes(15 * time.Minute)
	for _, reader := range []string{anna, bo, cilla} {
		st.becomes(reader, "accepted")
		st.untouched(reader)
		if got := st.newest(reader); got.Attempt != 2 || len(letterTo(relay, reader)) != 1 {
			t.Errorf("%s has %d letters after %d attempts, want one after two", reader, len(letterTo(relay, reader)), got.Attempt)
		}
	}
}

// Anna's and Cilla's letters are taken, and Bo's refused between them; whatever
// the relay makes of RSET and QUIT after that says nothing about a letter.
func TestRow35WhatComesAfterTheReplyMeansNothing(t *testing.T) {
	for what, action := range map[string]relaytest.Action{
		"refused":   {Reply: "451 4.3.0 out of order"},
		"for good":  {Reply: "554 5.3.0 out of order"},
		"shut down": {Reply: "421 4.3.2 shutting down", Drop: true},
		"dropped":   {Drop: true},
		"nonsense":  {Reply: "what?"},
	} {
		t.Run(what, func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			relay := st.relay(func(e relaytest.Event) relaytest.Action {
				switch {
				case e.Stage == relaytest.Reset || e.Stage == relaytest.Quit:
					return action
				case e.Stage == relaytest.Rcpt && e.To == bo:
					return relaytest.Action{Reply: "550 5.1.1 no such user"}
				}
				return relaytest.Action{}
			})
			st.readers(anna, bo, cilla)
			stop := st.starts(st.worker(nil, relay))
			st.becomes(bo, "rejected")
			st.passes(5 * time.Minute) // a relay that broke off may have to rest
			st.becomes(anna, "accepted")
			st.becomes(cilla, "accepted")
			stop()
			for _, reader := range []string{anna, cilla} {
				if got := st.newest(reader); got.State != "accepted" || got.Attempt != 1 || len(letterTo(relay, reader)) != 1 {
					t.Errorf("%s has %d letters, by %+v; want one, accepted at once", reader, len(letterTo(relay, reader)), got)
				}
			}
		})
	}
}

// The relay resets the connection when it has read a line of Bo's letter. No
// part of a letter is a letter: in the end he has the whole, once.
func TestRow40ResetInTheMiddleOfALetter(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(about(bo, relaytest.Body, relaytest.Action{Drop: true}))
	st.readers(anna, bo, cilla)
	st.starts(st.worker(nil, relay))
	st.until("Bo's letter has broken off", func() bool {
		state := st.newest(bo).State
		return relay.times(relaytest.Body) > 0 && (state == "queued" || state == "uncertain")
	})
	relay.follows(nil)
	st.passes(time.Hour)
	for _, reader := range []string{anna, bo, cilla} {
		st.becomes(reader, "accepted")
		st.untouched(reader)
		if n := len(letterTo(relay, reader)); n != 1 {
			t.Errorf("%s has %d letters, want one", reader, n)
		}
	}
}
