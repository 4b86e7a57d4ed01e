package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// stamp is the hidden field that says when a form was shown.
func stamp(t *testing.T, page reply) string {
	t.Helper()
	_, rest, found := strings.Cut(page.body, `name="tid" value="`)
	if !found {
		t.Fatalf("the form has no stamp:\n%s", page.body)
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// Anna's browser fills the form in for her, and she presses before she has read it.
func TestQuickFormComesBackAsItWas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		where, shown string
		fields       []string
		shows        []string
		done         int
	}{
		{"at the wall", "/artiklar/mingla", []string{"artikel", "mingla", "vagg", "1"}, []string{"Jag gömmer mig vid kaffet.", `name="vagg"`}, http.StatusSeeOther},
		{"alone", "/anmalan?artikel=mingla", []string{"artikel", "mingla"}, []string{`name="artikel" value="mingla"`}, http.StatusSeeOther},
		{"in a frame", "/anmalan/ram", []string{"ram", "1", "fran", "https://intranat.example"}, []string{`name="ram"`, `name="fran" value="https://intranat.example"`}, http.StatusOK},
	} {
		h := open(t)
		anna := h.browser()
		shown := stamp(t, anna.get(c.shown))
		fields := append(c.fields, "epost", "anna@example.se", "nyhetsbrev", "ja", "tid", shown)
		before := h.everything()
		h.later(1999 * time.Millisecond)
		again := anna.post("/anmalan", fields...)
		h.wants(again, http.StatusUnprocessableEntity, append(c.shows, "Det gick fort. Tryck en gång till.", `value="anna@example.se"`, `value="ja" checked`, `aria-describedby="epost-fel epost-hint"`)...)
		h.lacks(again, restOfMingle, "aria-invalid", h.library.Wall.EmailError)
		if got := stamp(t, again); got != shown {
			t.Errorf("%s: got stamp %q, want the first one, %q, so that time goes on", c.where, got, shown)
		}
		if got := anna.cookies(); len(got) != 0 {
			t.Errorf("%s: got cookies %v, want none", c.where, got)
		}
		h.unchanged(before, "a form filled in too quickly "+c.where)
		h.later(time.Millisecond)
		h.wants(anna.post("/anmalan", fields...), c.done)
		h.one(`select email from subscribers where email = 'anna@example.se'`)
	}
}

// Bo left the page open over the weekend.
func TestFormShownYesterdayIsPressedTwice(t *testing.T) {
	t.Parallel()
	h := open(t)
	bo := h.browser()
	shown := stamp(t, bo.get("/artiklar/mingla"))
	fields := []string{"epost", "bo@example.se", "artikel", "mingla", "vagg", "1", "tid"}
	h.later(24*time.Hour + time.Millisecond)
	before := h.everything()
	again := bo.post("/anmalan", append(fields, shown)...)
	h.wants(again, http.StatusUnprocessableEntity, "Sidan hade stått öppen länge. Tryck en gång till.", `value="bo@example.se"`)
	h.unchanged(before, "a form that was shown yesterday")
	h.later(2 * time.Second)
	h.wants(bo.post("/anmalan", append(fields, stamp(t, again))...), http.StatusSeeOther)

	cia := h.browser()
	shown = stamp(t, cia.get("/artiklar/mingla"))
	h.later(24 * time.Hour)
	fields[1] = "cia@example.se"
	h.wants(cia.post("/anmalan", append(fields, shown)...), http.StatusSeeOther)
}

func TestForgedStampIsTooQuick(t *testing.T) {
	t.Parallel()
	h := open(t)
	b := h.browser()
	shown := stamp(t, b.get("/anmalan"))
	h.later(time.Minute)
	before := h.everything()
	for _, forged := range []string{
		"", "x", "0.", "." + shown, strings.Replace(shown, "1", "0", 1), shown[:len(shown)-1], shown + "a", `"><script>`,
		h.store.Pass("mingla", h.clock().Add(time.Hour)), "1764000000000", "-1.aaaaaaaaaaaaaaaaaaaaaaaaaa", "99999999999999999999." + shown,
	} {
		again := b.post("/anmalan", "epost", "anna@example.se", "tid", forged)
		h.wants(again, http.StatusUnprocessableEntity, h.library.Wall.Quick)
		h.lacks(again, "<script")
		if got := stamp(t, again); got == forged || got == shown {
			t.Errorf("%q: got stamp %q, want a new one", forged, got)
		}
	}
	h.unchanged(before, "forged stamps")
}

// A stamp lies open in the page, and is no key to anything.
func TestStampOpensNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	shown := stamp(t, h.browser().get("/artiklar/mingla"))
	for _, value := range []string{shown, "mingla." + shown} {
		r, _ := http.NewRequest(http.MethodGet, h.server.URL+"/artiklar/mingla", nil)
		h.lacks(h.send(r, &http.Cookie{Name: "artikel", Value: value}), restOfMingle)
	}
}

// A mistyped address is asked for again with the stamp that it came with, so
// that mending it takes no waiting.
func TestMendedAddressNeedNotWait(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.browser()
	shown := stamp(t, anna.get("/anmalan"))
	h.later(2 * time.Second)
	again := anna.post("/anmalan", "epost", "anna@example", "tid", shown)
	h.wants(again, http.StatusUnprocessableEntity, h.library.Wall.EmailError)
	h.wants(anna.post("/anmalan", "epost", "anna@example.se", "tid", stamp(t, again)), http.StatusOK, "Titta i inkorgen")
}
