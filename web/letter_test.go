package web_test

import (
	"net/http"
	"strings"
	"testing"
)

// Anna passes the first letter on, and a colleague starts there.
func TestColleagueReadsALetter(t *testing.T) {
	t.Parallel()
	h := open(t)
	colleague := h.browser()
	first := colleague.get("/brev/atta-brev/vem-ringer-du")
	h.wants(first, http.StatusOK, "<h1>Vem ringer du?</h1>", "Brev 1 av 8 · 4 minuters läsning", "Klockan är 16.40.",
		"Vill du ha breven i din egen inkorg?", `<a href="/anmalan">`,
		`<a rel="next" href="/brev/atta-brev/lyssna-klart">`)
	h.lacks(first, `rel="prev"`, `type="email"`, "{{", "/avsluta/")

	second := colleague.get("/brev/atta-brev/lyssna-klart")
	h.wants(second, http.StatusOK, `<a rel="prev" href="/brev/atta-brev/vem-ringer-du">`, `<a rel="next" href="/brev/atta-brev/fragan-efter-fragan">`)
	last := colleague.get("/brev/atta-brev/at-alla-hall")
	h.wants(last, http.StatusOK, "Brev 8 av 8", `<a rel="prev" href="/brev/atta-brev/utan-mingel">`)
	h.lacks(last, `rel="next"`)
	if got := colleague.cookies(); len(got) != 0 {
		t.Errorf("got cookies %v for reading, want none", got)
	}
}

// Another letter's title is for when one gets there.
func TestLetterNamesItsNeighboursByWeek(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.library.Course("atta-brev")
	for _, l := range c.Lessons {
		page := h.browser().get("/brev/atta-brev/" + l.ID).body
		_, around, found := strings.Cut(page, `<nav class="onward"`)
		if !found {
			t.Fatalf("letter %s has no way on:\n%s", l.ID, page)
		}
		for _, other := range c.Lessons {
			if strings.Contains(around, other.Title) {
				t.Errorf("around letter %s stands the title %q", l.ID, other.Title)
			}
		}
	}
}

func TestLetterThatIsNotThere(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, path := range []string{"/brev/atta-brev/finns-inte", "/brev/finns-inte/vem-ringer-du", "/brev/atta-brev", "/brev/atta-brev/", "/brev/atta-brev/confirm", "/brev/letters/confirm", "/brev/atta-brev/1"} {
		h.wants(h.browser().get(path), http.StatusNotFound, "Sidan finns inte")
	}
}

func TestFrontPageLeadsToEverything(t *testing.T) {
	t.Parallel()
	h := open(t)
	page := h.browser().get("/").body
	from := 0
	for _, text := range []string{
		`<a class="button" href="/anmalan">`,
		`<a href="/artiklar/mingla">`,
		`<a href="/webbinarier/sent-pa-dagen">`, "Inställt. Skulle ha hållits torsdag 3 december 2026 kl.\u00a016.00–16.30.",
		`<a href="/webbinarier/forsta-meddelandet">`, "Hålls torsdag 21 januari 2027 kl.\u00a012.10–12.50.",
		`<a href="/webbinarier/saga-nej">`, "Hölls torsdag 15 oktober 2026. Hela samtalet finns att läsa.",
		`<a href="/brev/atta-brev/vem-ringer-du">Vem ringer du?</a>`, `<a href="/brev/atta-brev/at-alla-hall">Åt alla håll</a>`,
		`<a href="/fragor">`,
		`<a href="/integritet">`, `<a href="/tillganglighet">`,
	} {
		at := strings.Index(page[from:], text)
		if at < 0 {
			t.Fatalf("%q is missing, or stands too early on the page:\n%s", text, page)
		}
		from += at + len(text)
	}
	h.library.Webinars = nil
	h.lacks(h.browser().get("/"), "Webbinarier")
}
