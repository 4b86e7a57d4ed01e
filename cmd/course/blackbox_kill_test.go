package main

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"fortsatt/mailer/relaytest"
)

// Two workers send 3,000 letters, and both are killed twenty times, whatever
// they are at: by what the relay sees, and a random moment later.
func TestRow01To10KillTwentyTimes(t *testing.T) {
	t.Parallel()
	const kills = 20
	letters := soak(3000)
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
		for events.Load() < int64(moment) {
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
