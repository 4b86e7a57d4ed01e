package worker_test

import (
	"testing"
	"time"
)

// What is too old goes when the worker starts, and from then on once an hour, not
// at every pass: the ledger's clock says when.
func TestWhatIsTooOldIsLookedForOnceAnHour(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna)
	reader := st.newest(anna).SubscriberID
	ends := func(browser string) { // a session that has just expired
		st.exec(`insert into sessions (token_hash, subscriber_id, created_at, expires_at) values ($1, $2, $3, $3)`, []byte(browser), reader, st.clock.Now())
	}
	kept := func() int { return st.count(`select count(*) from sessions`) }
	ends("telefon")
	st.starts(st.worker(nil, st.relay(nil)))
	st.until("the first is let go", func() bool { return kept() == 0 })
	st.passes(time.Second) // it was looked for, and that is noted
	ends("dator")
	st.passes(time.Hour - 2*time.Second)
	if n := kept(); n != 1 {
		t.Errorf("within the hour %d are kept, want the one: it was looked for again", n)
	}
	st.passes(2 * time.Second)
	st.until("the second is let go, an hour later", func() bool { return kept() == 0 })
}
