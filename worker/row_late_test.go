package worker_test

import (
	"testing"
	"time"

	"fortsatt/mailer/relaytest"
)

// Bo leaves between mark and dot, and the word of the mark is more than a second on its way: what it
// was granted on no longer holds, so there is no dot, and the letter is cancelled.
func TestRow58LeavingBeforeADotThatComesLate(t *testing.T) {
	st, relay, wire := aMarkOnItsWay(t)
	marked := time.Now()
	st.leaves(bo)
	st.until("the mark is old", func() bool { return time.Since(marked) > 1200*time.Millisecond })
	wire.flow()
	st.becomes(bo, "cancelled")
	if n := relay.times(relaytest.Dot); n != 0 {
		t.Errorf("%d dots, want none", n)
	}
	st.nothingMore(bo)
}
