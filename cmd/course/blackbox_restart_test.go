package main

import (
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/demo"
	"fortsatt/mailer/relaytest"
)

// Postgres crashes five times while two workers send, and the relay loses two
// connections in a hundred, before the dot or after it.
func TestRow18PostgresCrashesAndTheRelayHangsUp(t *testing.T) {
	t.Parallel()
	crashes, letters := soak(5), soak(600)
	random := dice(t)
	doubted := map[string]bool{} // once each: a second silence is for a human
	postgres := demo.OwnServer(t)
	if err := course.Migrate(inTime(t), postgres.DSN()); err != nil {
		t.Fatal(err)
	}
	b := boxAt(t, postgres.DSN(), letters, func(e relaytest.Event) relaytest.Action {
		if unlucky := random.IntN(100) < 2; unlucky && e.Stage == relaytest.Data {
			return relaytest.Action{Drop: true}
		} else if unlucky && e.Stage == relaytest.Dot && !doubted[e.To] {
			doubted[e.To] = true
			return relaytest.Action{Drop: true}
		}
		return relaytest.Action{Delay: 2 * time.Millisecond}
	})
	pair := b.workers(2)
	for crash := range crashes {
		if err := b.relay.Wait(inTime(t), (crash+1)*letters/(crashes+2)); err != nil {
			t.Fatal(err)
		}
		if crash%2 == 0 {
			postgres.StopImmediate()
		} else {
			postgres.StopFast()
		}
		postgres.Start()
		had, ready := len(b.relay.Accepted()), time.Now()
		if err := b.relay.Wait(inTime(t), had+2*connections+1); err != nil { // no dot that was marked before
			t.Fatal(err)
		}
		t.Logf("%.1f s until letters go out again", time.Since(ready).Seconds())
		if took := time.Since(ready); took > 10*time.Second {
			t.Errorf("restart %d: it took %v until letters went out again", crash, took)
		}
	}
	b.settled()
	b.rest(pair...)
	b.audit(len(doubted), 1)
}
