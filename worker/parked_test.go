package worker_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"fortsatt/course"
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
	w := st.worker(func(o *worker.Options) { o.BounceDomain = strings.Repeat("studs.", 50) + "atta.example" }, relay)
	st.must(w.Work(st.ctx, lesson(1), nil))
	if got := st.newest(anna); got.State != "parked" || !strings.Contains(got.Reason, "sender") {
		t.Errorf("her letter is %+v, want it parked for its sender", got)
	}
	if n := relay.times(relaytest.Mail); n != 0 {
		t.Errorf("the relay was offered %d letters", n)
	}
}

// broken spoils the text of letter 1 for those readers whose address fits.
func (st *story) broken(like string) {
	st.Helper()
	st.edited(like, "{{.Name}}", "{{.Namn}}")
}

// edited changes the text of letter 1, at every place, for those readers whose address fits.
func (st *story) edited(like, old, text string) {
	st.Helper()
	hash := sha256.Sum256([]byte(text))
	st.exec(`insert into versions (hash, letter, source, layout)
		select $1, letter, replace(convert_from(source, 'UTF8'), $3, $4)::bytea, layout
		from versions where letter = $2`, hash[:], lesson(1).Letter, old, text)
	st.exec(`update deliveries d set version = $1 from subscribers s where s.id = subscriber_id and email like $2 and rank = 1`, hash[:], like)
}

// For one reader in a hundred the text is broken: that letter waits for a human,
// and the ninety-nine others arrive.
func TestRow57ATemplateErrorForOneStopsNoOther(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.crowd(100)
	st.broken("r7@%")
	st.must(st.worker(connections(4), relay).Work(st.ctx, lesson(1), nil))
	st.wants("accepted", 99)
	st.wants("parked", 1)
	if got := st.newest("r7@exempel.se"); got.State != "parked" {
		t.Errorf("her letter is %+v, want it parked", got)
	}
}

// It is broken for all. Twenty are parked, and then the letter is held, for every
// worker: the rest waits. Once the text is mended and released, all arrive.
func TestRow57ATemplateErrorForAllStopsTheRun(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.crowd(500)
	st.broken("%")
	err := st.worker(connections(4), relay).Work(st.ctx, lesson(1), nil)
	if !errors.Is(err, course.ErrHeld) || !strings.Contains(err.Error(), ".Namn") {
		t.Errorf("Work ended with %v, want ErrHeld with what is wrong", err)
	}
	parked := st.states()["parked"]
	if parked < 20 || parked > 24 { // each of four connections may have had one more in hand
		t.Errorf("%d letters are parked, want twenty", parked)
	}
	st.wants("queued", 500-parked)
	if n := relay.times(relaytest.Mail); n != 0 {
		t.Errorf("the relay was offered %d letters", n)
	}

	waiting, err := st.ReleaseHold(st.ctx, st.clock.Now(), lesson(1).Letter)
	st.must(err)
	if waiting != 500-parked {
		t.Errorf("%d wait after the release, want %d", waiting, 500-parked)
	}
	st.must(st.ListDeliveries(st.ctx, "parked", func(d course.ListedDelivery) error {
		_, _, err := st.Retry(st.ctx, st.clock.Now(), d.ID)
		return err
	}))
	st.must(st.worker(connections(4), relay).Work(st.ctx, lesson(1), nil))
	st.wants("accepted", 500)
}

// Letters that workers died with are carried one at a time, up to their mark, and
// arrive: one that kills us takes no other along.
func TestRow27SuspectsAreCarriedOneByOne(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	var most atomic.Int64
	relay := st.relay(func(e relaytest.Event) relaytest.Action {
		if e.Stage == relaytest.Mail {
			var claimed int64
			if err := st.db.Get(&claimed, `select count(*) from deliveries where state = 'claimed'`); err != nil {
				t.Error(err)
			}
			most.Store(max(most.Load(), claimed))
		}
		return relaytest.Action{}
	})
	st.crowd(30)
	st.exec(`update deliveries set deaths = 2`)
	st.must(st.worker(connections(4), relay).Work(st.ctx, lesson(1), nil))
	st.wants("accepted", 30)
	if most.Load() != 1 {
		t.Errorf("%d suspects were in hand at once, want one at a time", most.Load())
	}
}
