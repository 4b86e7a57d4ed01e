package worker_test

import (
	"context"
	"testing"
	"time"

	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// A worker is told to stop in the middle of five hundred letters: it finishes
// what it cannot take back and signs off. The next worker sends the rest.
func TestRow11StoppingInTheMiddle(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.crowd(500)
	stop := st.starts(st.worker(connections(4), relay))
	st.took(relay, 100)
	start := time.Now()
	stop()
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("stopping took %s", d)
	}
	if done := st.states()["accepted"]; done < 100 || done > 499 {
		t.Errorf("%d letters sent when it stopped, want some and not all", done)
	}
	st.audit()
	if n := st.count(`select count(*) from workers where stopped_at is null`); n != 0 {
		t.Errorf("%d workers have not signed off", n)
	}

	st.starts(st.worker(connections(4), relay))
	st.until("all is recorded", func() bool { return st.states()["accepted"] == 500 })
}

// The answer to a dot comes after the word to stop, and is written down.
func TestRow11StoppingWaitsForTheAnswer(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	answer := make(chan struct{})
	relay := st.relay(whenever(relaytest.Dot, relaytest.Action{Hold: answer}))
	st.readers(anna, bo)
	ctx, stop := context.WithCancel(st.ctx)
	done := make(chan error, 1)
	w := st.worker(func(o *worker.Options) { o.Lease = 3 * time.Second }, relay)
	go func() { done <- w.Run(ctx) }()
	st.until("the dot is out", func() bool { return len(relay.Received()) == 1 })
	stop()

	// Meanwhile its heart beats on: nobody takes it for dead.
	var beats []time.Time
	st.until("the heart has beaten three times", func() bool {
		var beat time.Time
		st.must(st.db.Get(&beat, `select heartbeat_at from workers`))
		if len(beats) == 0 || !beats[len(beats)-1].Equal(beat) {
			beats = append(beats, beat)
		}
		return len(beats) == 4
	})
	if gone, err := st.Recover(st.ctx, st.clock.Now(), 600*time.Millisecond); gone != 0 || err != nil {
		t.Errorf("%d workers taken for dead, %v", gone, err)
	}
	select {
	case <-done:
		t.Fatal("the worker stopped without the answer to a dot")
	default:
	}
	close(answer)
	if err := <-done; err != nil {
		t.Errorf("Run ended with %v", err)
	}
	st.wants("accepted", 1)
	st.wants("queued", 1)
}

// A relay that never answers does not keep a worker from stopping; the letter
// is in doubt, and says so.
func TestRow11And38StoppingGivesUpOnASilentRelay(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(whenever(relaytest.Dot, relaytest.Action{Hang: true}))
	st.readers(anna)
	stop := st.starts(st.worker(nil, relay))
	st.until("the dot is out", func() bool { return relay.times(relaytest.Dot) == 1 })
	start := time.Now()
	stop()
	if d := time.Since(start); d < 20*time.Second || d > 30*time.Second {
		t.Errorf("stopping took %s, want about 25 s", d)
	}
	st.wants("uncertain", 1)
}

// A relay that is silent before the dot is no reason to wait.
func TestRow11StoppingBeforeTheDotIsImmediate(t *testing.T) {
	for _, stage := range []relaytest.Stage{relaytest.Connect, relaytest.Mail, relaytest.Rcpt, relaytest.Data} {
		t.Run(string(stage), func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			relay := st.relay(whenever(stage, relaytest.Action{Hang: true}))
			st.readers(anna)
			stop := st.starts(st.worker(nil, relay))
			st.until("the relay is silent", func() bool { return relay.times(stage) == 1 })
			start := time.Now()
			stop()
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("stopping took %s", d)
			}
			st.wants("queued", 1)
			if n := st.attempts(); n != 0 {
				t.Errorf("%d attempts burnt", n)
			}
		})
	}
}

func TestManyWorkersSendEverythingOnce(t *testing.T) {
	for what, workers := range map[string]int{"two": 2, "eight": 8} {
		t.Run(what, func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			relay := st.relay(nil)
			st.crowd(600)
			for range workers {
				store := st.store(st.dsn)
				st.starts(st.worker(func(o *worker.Options) { o.Connections, o.Store = 2, store }, relay))
			}
			st.until("all is recorded", func() bool { return st.states()["accepted"] == 600 })
			if n := relay.times(relaytest.Connect); n <= 2 {
				t.Errorf("%d connections carried it all, want those of more than one of the %d workers", n, workers)
			}
		})
	}
}
