package worker_test

import (
	"errors"
	"net/mail"
	"strings"
	"testing"

	"fortsatt/course"
	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// What breaks a rule waits for a human, who is told which; the others go.
func TestALetterThatBreaksARuleIsParked(t *testing.T) {
	for rule, c := range map[string]struct{ old, text string }{
		"E07": {`subject = "Vem ringer du?"`, `subject = "Hej {{.Name}} {{.Name}} {{.Name}}"`}, // 180 characters of his
		"E16": {"Hej{{if .Name}}", "Läs [den här sidan hos andra](https://andra.example/sida).\n\nHej{{if .Name}}"},
		"E14": {"Hej{{if .Name}}", strings.Repeat("Mer och mer och mer.\n\n", 5000) + "Hej{{if .Name}}"},
	} {
		t.Run(rule, func(t *testing.T) {
			st := begin(t, "2026-11-03 08:00")
			relay := st.relay(nil)
			st.enrolled(st.clock.Now(), course.Person{Address: bo, Name: strings.Repeat("Bo Bo ", 10)[:59]})
			st.readers(anna, cilla)
			st.edited(bo, c.old, c.text)
			st.must(st.worker(nil, relay).Work(st.ctx, lesson(1), nil))
			if got := st.newest(bo); got.State != "parked" || got.Attempt != 0 || !strings.HasPrefix(got.Reason, "lint "+rule+": ") {
				t.Errorf("Bo's letter is %+v, want it parked for %s", got, rule)
			}
			st.wants("accepted", 2)
		})
	}
}

// The first of a version is clean; a later one of the same breaks a rule in its header.
func TestEveryLetterIsLintedOnWhatVaries(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.readers(anna)
	st.enrolled(st.clock.Now(), course.Person{Address: bo, Name: strings.Repeat("Bo Bo ", 10)[:59]})
	st.edited("%", `subject = "Vem ringer du?"`, `subject = "Hej {{.Name}} {{.Name}} {{.Name}}"`)
	st.must(st.worker(nil, relay).Work(st.ctx, lesson(1), nil))
	if got := st.newest(bo); got.State != "parked" || !strings.HasPrefix(got.Reason, "lint E07: ") {
		t.Errorf("Bo's letter is %+v, want it parked for E07", got)
	}
	if got := st.newest(anna); got.State != "accepted" {
		t.Errorf("Anna's letter is %+v, want it accepted", got)
	}
}

// The bounces' domain has nothing to do with From's: that is wrong for all, and twenty show it.
func TestARuleBrokenForAllStopsTheRun(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.crowd(50)
	w := st.worker(func(o *worker.Options) { o.BounceDomain = "studs.annan.example" }, relay)
	err := w.Work(st.ctx, lesson(1), nil)
	if !errors.Is(err, course.ErrHeld) || !strings.Contains(err.Error(), "lint E05: ") {
		t.Errorf("Work ended with %v, want ErrHeld for E05", err)
	}
	st.wants("parked", 20)
	st.wants("queued", 30)
	if n := relay.times(relaytest.Mail); n != 0 {
		t.Errorf("the relay was offered %d letters", n)
	}
}

// A house called Åtta: on the wire it is xn--tta-tla, wherever it stands.
func TestDomainsWithÅTravelInASCII(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.domain = "xn--tta-tla.example"
	var said []string
	relay := st.relay(func(e relaytest.Event) relaytest.Action {
		said = append(said, e.Line)
		return relaytest.Action{}
	})
	typed, err := course.ParseAddress("Bo@Räksmörgås.example")
	st.must(err)
	st.readers(anna, string(typed))
	w := st.worker(func(o *worker.Options) {
		o.From, o.ReplyTo = mail.Address{Name: "Åtta", Address: "brev@Åtta.example"}, mail.Address{Address: "redaktion@åtta.example"}
		o.BounceDomain, o.Links.Base = "studs.åtta.example", "https://åtta.example:8443"
	}, relay)
	st.must(w.Work(st.ctx, lesson(1), nil))
	st.wants("accepted", 2)
	key := st.newest(anna).DeliveryKey
	l := read(st, letterTo(relay, anna)[0])
	wayOut := "https://xn--tta-tla.example:8443/avsluta/" + st.UnsubscribeToken(key)
	l.wants(st, map[string]string{
		"From": "=?utf-8?q?=C3=85tta?= <brev@xn--tta-tla.example>", "Reply-To": "<redaktion@xn--tta-tla.example>",
		"Message-Id":       "<" + st.MessageToken(key) + "@xn--tta-tla.example>",
		"List-Id":          "=?utf-8?q?=C3=85tta_brev?= <atta-brev.xn--tta-tla.example>",
		"List-Unsubscribe": "<" + wayOut + ">",
	})
	if !strings.Contains(l.text, wayOut) || !strings.Contains(l.html, wayOut) {
		t.Errorf("no %s in\n%s", wayOut, l.text)
	}
	if len(letterTo(relay, "bo@xn--rksmrgs-5wao1o.example")) != 1 {
		t.Error("Bo has no letter")
	}
	for _, line := range said {
		if strings.Contains(line, "SMTPUTF8") || strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("the relay heard %q", line)
		}
	}
}
