package main

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/demo"
	"fortsatt/mailer/relaytest"
)

// Two workers send 3,000 letters, and both are killed twenty times, whatever
// they are at: by what the relay sees, and a random moment later.
func TestRow01To10KillTwentyTimes(t *testing.T) {
	t.Parallel()
	kills, letters := soak(20), soak(3000)
	random := dice(t)
	var moments []int
	for range kills {
		moments = append(moments, random.IntN(letters*5*9/10))
	}
	slices.Sort(moments)

	var events atomic.Int64
	b := newBox(t, letters, func(e relaytest.Event) relaytest.Action {
		events.Add(1)
		return relaytest.Action{Delay: time.Duration(events.Load()%3) * time.Millisecond}
	})
	watched := b.watchBooks()
	pair := b.workers(2)
	for _, moment := range moments {
		for ctx := inTime(t); events.Load() < int64(moment) && ctx.Err() == nil; {
			<-time.After(time.Millisecond)
		}
		<-time.After(time.Duration(random.IntN(20)) * time.Millisecond)
		kill(pair...)
		pair = b.workers(2)
	}
	b.settled()
	watched()
	b.rest(pair...)
	b.audit(2*kills, connections)
}

// A platform restarts the worker every 200 ms.
func TestRow10KillEvery200Milliseconds(t *testing.T) {
	t.Parallel()
	kills := soak(20)
	b := newBox(t, 50*kills, func(relaytest.Event) relaytest.Action {
		return relaytest.Action{Delay: 5 * time.Millisecond}
	})
	after := time.Duration(kills)*400*time.Millisecond + quarantine
	b.env = append(b.env, "COURSE_QUARANTINE="+after.String()) // a second doubt would be for a human
	for range kills {
		worker := b.worker()
		worker.says("worker: started")
		<-time.After(200 * time.Millisecond)
		kill(worker)
	}
	if n := len(b.relay.Received()); n == 0 || n >= len(b.emails) {
		t.Errorf("%d of %d letters went out meanwhile; want some", n, len(b.emails))
	}
	last := b.worker()
	b.settled()
	b.rest(last)
	b.audit(kills, connections)
}

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
