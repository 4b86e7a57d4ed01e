package worker_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// A text that is broken, or an address that cannot be written to, sets one
// letter aside with the reason; the others go.
func TestALetterThatCannotBeMadeIsParked(t *testing.T) {
	for what, c := range map[string]struct {
		spoil  func(*story)
		reason string
	}{
		"a text with an unknown field": {func(st *story) {
			hash := sha256.Sum256([]byte("broken"))
			st.exec(`insert into versions (hash, letter, source, layout)
				select $1, letter, replace(convert_from(source, 'UTF8'), '{{.Name}}', '{{.Namn}}')::bytea, layout
				from versions where letter = $2`, hash[:], lesson(1).Letter)
			st.exec(`update deliveries set version = $1 where id = $2`, hash[:], st.newest(bo).ID)
		}, ".Namn"},
		"a layout that is none": {func(st *story) {
			hash := sha256.Sum256([]byte("broken"))
			st.exec(`insert into versions (hash, letter, source, layout) values ($1, 'x', '', '?')`, hash[:])
			st.exec(`update deliveries set version = $1 where id = $2`, hash[:], st.newest(bo).ID)
		}, "compile"},
		"an address with a line end": {func(st *story) {
			st.exec(`update subscribers set email = $1 where email = $2`, bo+"\r\nBcc: "+cilla, bo)
		}, "address"},
		"no address": {func(st *story) { st.exec(`update subscribers set email = '' where email = $1`, bo) }, "address"},
	} {
		t.Run(what, func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			relay := st.relay(nil)
			st.readers(anna, bo, cilla)
			id := st.newest(bo).ID
			c.spoil(st)
			st.must(st.worker(nil, relay).Work(st.ctx, lesson(1), nil))
			got := st.rows("d.id = $1", id)[0]
			if got.State != "parked" || got.Attempt != 0 || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("Bo's letter is %+v, want it parked, with %q", got, c.reason)
			}
			st.wants("accepted", 2)
			if len(letterTo(relay, anna))+len(letterTo(relay, cilla)) != 2 {
				t.Error("Anna's and Cilla's letters did not arrive")
			}
		})
	}
}

// What the wire's own rules refuse never leaves the house, and is parked too.
func TestALetterThatCannotTravelIsParked(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.readers(anna)
	w := st.worker(func(o *worker.Options) { o.BounceDomain = strings.Repeat("studs.", 50) + "example" }, relay)
	st.must(w.Work(st.ctx, lesson(1), nil))
	if got := st.newest(anna); got.State != "parked" || !strings.Contains(got.Reason, "sender") {
		t.Errorf("her letter is %+v, want it parked for its sender", got)
	}
	if n := relay.times(relaytest.Mail); n != 0 {
		t.Errorf("the relay was offered %d letters", n)
	}
}
