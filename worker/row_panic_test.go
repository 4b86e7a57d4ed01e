package worker_test

import (
	"crypto/sha256"
	"strings"
	"testing"
)

// Bo's letter makes the program panic. It is parked, and says so; the others go.
func TestRow16APanicInOneRender(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.readers(anna, bo, cilla)
	hash := sha256.Sum256([]byte("the one that panics"))
	st.exec(`insert into versions (hash, letter, source, layout) select $1, letter, source, layout from versions where letter = $2`, hash[:], lesson(1).Letter)
	st.exec(`update deliveries set version = $1 where id = $2`, hash[:], st.newest(bo).ID)
	w := st.worker(nil, relay)
	w.Break(hash[:])
	st.must(w.Work(st.ctx, lesson(1), nil))
	if got := st.newest(bo); got.State != "parked" || got.Attempt != 0 || !strings.Contains(got.Reason, "panic") {
		t.Errorf("Bo's letter is %+v, want it parked for its panic", got)
	}
	st.wants("accepted", 2)
}
