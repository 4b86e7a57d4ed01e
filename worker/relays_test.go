package worker_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// The clock stands, so a relay that were sent to rest would rest for ever.
func TestAConnectionThatGrewStaleIsOpenedAnew(t *testing.T) {
	for what, rule := range map[string]func() rule{
		"hung up after every letter": func() rule {
			return whenever(relaytest.Dot, relaytest.Action{Reply: "250 2.0.0 Ok", Drop: true})
		},
		"421 after every five": func() rule {
			onConn := map[int]int{}
			return func(e relaytest.Event) (a relaytest.Action) {
				if e.Stage != relaytest.Mail {
					return a
				}
				if onConn[e.Conn]++; onConn[e.Conn] > 5 {
					a.Reply, a.Drop = "421 4.7.0 too many letters", true
				}
				return a
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			relay := st.relay(rule())
			st.crowd(23)
			st.must(st.worker(connections(2), relay).Work(st.ctx, lesson(1), nil))
			st.wants("accepted", 23)
		})
	}
}

// Who hangs up in the middle of every letter leaves one in doubt for each
// connection at most, and is then let alone for a while.
func TestARelayThatBreaksOffIsNotFedTheWholeQueue(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(whenever(relaytest.Body, relaytest.Action{Drop: true}))
	st.crowd(40)
	st.starts(st.worker(connections(4), relay))
	st.until("letters wait or are in doubt", func() bool {
		states := st.states()
		return relay.times(relaytest.Body) > 0 && states["queued"]+states["uncertain"] == 40
	})
	st.passes(100 * time.Millisecond)
	if n := st.states()["uncertain"]; n > 4 {
		t.Errorf("%d letters in doubt, want one for each of 4 connections at most", n)
	}
	if n := relay.times(relaytest.Body); n > 4 {
		t.Errorf("the relay was offered %d letters, want 4 at most", n)
	}
}

// One relay takes no connections: the other carries everything at once. When
// the first has rested and is well, it has its share again.
func TestARelayInTroubleIsPassedOver(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	sick := st.relay(whenever(relaytest.Connect, relaytest.Action{Reply: "554 5.3.2 no service"}))
	well := st.relay(nil)
	st.crowd(40)
	st.starts(st.worker(connections(4), sick, well))
	st.took(well, 40)
	if n := sick.times(relaytest.Connect); n > 4 {
		t.Errorf("the sick relay was tried %d times without a rest, want once a connection at most", n)
	}

	sick.follows(nil)
	st.must(well.WaitIdle(st.ctx)) // connections are closed when there is nothing to send
	st.clock.set(at("2026-11-10 08:00"))
	st.clock.wake()
	st.until("all have letter 2", func() bool { return len(sick.Accepted())+len(well.Accepted()) == 80 })
	if len(sick.Accepted()) == 0 {
		t.Error("the first relay carries nothing, though it is well again")
	}
	st.until("all is recorded", func() bool { return st.states()["accepted"] == 80 })
}

// One relay refuses us, letter by letter, over a connection that stays open:
// that one too is passed over.
func TestARelayThatRefusesUsIsLeftForTheNext(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	sick := st.relay(whenever(relaytest.Rcpt, relaytest.Action{Reply: "550 5.7.1 relaying denied"}))
	well := st.relay(nil)
	st.crowd(40)
	st.starts(st.worker(connections(4), sick, well))
	st.until("all is recorded", func() bool { return st.states()["accepted"] == 40 })
	if n := sick.times(relaytest.Rcpt); n > 4 {
		t.Errorf("the sick relay refused %d letters, want one a connection at most", n)
	}
}

// The rests of a relay that stays away grow: 5, 10, 20 seconds and on, to five minutes.
func TestRestsGrow(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(whenever(relaytest.Connect, relaytest.Action{Reply: "421 4.3.2 not now"}))
	st.readers(anna)
	st.starts(st.worker(nil, relay))
	tried := func(n int) {
		t.Helper()
		st.until("the relay is tried", func() bool { return relay.times(relaytest.Connect) == n })
		st.becomes(anna, "queued")
	}
	tried(1)
	for i, rest := range []time.Duration{5, 10, 20, 40, 80, 160, 300, 300} {
		st.passes(rest*time.Second - time.Second)
		if n := relay.times(relaytest.Connect); n != i+1 {
			t.Fatalf("tried %d times, want the relay to rest %d s after try %d", n, rest, i+1)
		}
		st.passes(time.Second)
		tried(i + 2)
	}
	relay.follows(nil)
	st.passes(5 * time.Minute)
	st.becomes(anna, "accepted")
}

// nobody is the address of a relay that is not there.
func nobody(st *story) mailer.Relay {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	st.must(err)
	listener.Close()
	relays, err := mailer.ParseRelays("smtp://" + listener.Addr().String() + "?tls=none")
	st.must(err)
	return relays[0]
}

// Work does not wait for a relay; its letters wait in the queue, untried.
func TestWorkSaysAtOnceThatNoRelayIsThere(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.crowd(40)
	w := st.worker(func(o *worker.Options) { o.Connections, o.Relays = 4, []mailer.Relay{nobody(st), nobody(st)} })
	start := time.Now()
	if err := w.Work(st.ctx, lesson(1), nil); !errors.Is(err, worker.ErrRelayAway) {
		t.Errorf("Work ended with %v, want ErrRelayAway", err)
	}
	if d := time.Since(start); d > 4*time.Second {
		t.Errorf("Work took %s to say so", d)
	}
	st.wants("queued", 40)
	if n := st.attempts(); n != 0 {
		t.Errorf("%d attempts burnt", n)
	}
	st.must(st.worker(connections(4), st.relay(nil)).Work(st.ctx, lesson(1), nil))
	st.wants("accepted", 40)
}
