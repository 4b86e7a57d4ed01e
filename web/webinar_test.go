package web_test

import (
	"html"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	coming = "/webbinarier/forsta-meddelandet"
	held   = "/webbinarier/saga-nej"
	off    = "/webbinarier/sent-pa-dagen"
)

// Anna hears of a webinar in January, and wants to be there.
func TestAnnaSignsUpAtAWebinar(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.browser()

	locked := anna.get(coming)
	h.wants(locked, http.StatusOK, "<h1>Första meddelandet</h1>", "Hålls torsdag 21 januari 2027 kl.\u00a012.10–12.50.", "Det tomma fältet.",
		`<h2 id="anmalan">Öppna webbinariet kostnadsfritt</h2>`, `name="sida" value="`+coming+`"`)
	h.lacks(locked, restOfFirst, meetingRoom, ".ics", `id="fortsatt"`, `name="artikel"`)
	if n := strings.Count(locked.body, `type="email"`); n != 1 {
		t.Errorf("a locked webinar has %d email fields, want 1", n)
	}

	signed := anna.post("/anmalan", "epost", "anna@example.se", "sida", coming, "vagg", "1")
	h.wants(signed, http.StatusOK, "Titta i inkorgen", `<a href="/anmalan?sida=`+coming+`">`)
	if got := anna.cookies(); len(got) != 0 {
		t.Errorf("got cookies %v, want none: nothing opens before the address is confirmed", got)
	}
	h.lacks(anna.get(coming), restOfFirst, meetingRoom)

	link := h.confirmLink("anna@example.se")
	h.wants(anna.post(link, "val", "lasa"), http.StatusSeeOther)
	h.wants(anna.get(link), http.StatusOK, `href="`+coming+`#fortsatt"`)
	opened := anna.get(coming)
	h.wants(opened, http.StatusOK, "Det tomma fältet.", restOfFirst, `<a href="`+meetingRoom+`">`, `<a href="`+coming+`.ics">Lägg in i kalendern</a>`)
	h.lacks(opened, `type="email"`, `action="/anmalan`)
}

func TestSignUpAtAWebinarIsEvidence(t *testing.T) {
	t.Parallel()
	h := open(t)
	page := html.UnescapeString(h.browser().get(coming).body)
	h.browser().post("/anmalan", "epost", "anna@example.se", "sida", coming, "vagg", "1")
	if got := h.one(`select form from consents`); got != coming {
		t.Errorf("got form %q, want the webinar's path", got)
	}
	wording := h.one(`select text from wordings join consents on wording = hash where purpose = 'access'`)
	if !strings.HasPrefix(wording, "Öppna webbinariet kostnadsfritt\n") {
		t.Errorf("kept as evidence: %q, want the webinar's own words", wording)
	}
	for _, line := range strings.Split(wording, "\n") {
		if !strings.Contains(page, line) {
			t.Errorf("kept as evidence but not shown: %q", line)
		}
	}
}

// A pass opens the article where Bo signed up, and nothing more.
func TestPassOpensNoWebinar(t *testing.T) {
	t.Parallel()
	h := open(t)
	bo := h.browser()
	bo.post("/anmalan", "epost", "bo@example.se", "artikel", "mingla", "vagg", "1")
	for path, rest := range map[string]string{coming: restOfFirst, held: restOfNo, off: restOfLate} {
		page := bo.get(path)
		h.wants(page, http.StatusOK, "Ett brev är på väg", `<a href="/anmalan?sida=`+path+`">Skicka igen</a>`, `<a href="/anmalan?sida=`+path+`">Fel adress?</a>`)
		h.lacks(page, rest, meetingRoom, ".ics", "<form")
		h.leadsBack(bo, path)
	}
	h.later(7 * 24 * time.Hour)
	h.wants(bo.get(coming), http.StatusOK, `type="email"`)
}

// leadsBack checks that whoever asks for a calendar file without being a member gets to the wall.
func (h *house) leadsBack(b *browser, path string) {
	h.t.Helper()
	file := b.get(path + ".ics")
	h.wants(file, http.StatusSeeOther)
	h.lacks(file, "VCALENDAR")
	if got := file.header.Get("Location"); got != path {
		h.t.Errorf("%s.ics leads to %q, want %q", path, got, path)
	}
}

func TestStrangersGetNoCalendarFile(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, path := range []string{coming, held, off} {
		h.leadsBack(h.browser(), path)
	}
}

// What a member sees of a webinar that has been, and of one that is called off.
func TestWebinarThatIsPastOrCalledOff(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")

	past := anna.get(held)
	h.wants(past, http.StatusOK, restOfNo, "Hölls torsdag 15 oktober 2026. Hela samtalet finns att läsa.")
	h.lacks(past, meetingRoom, ".ics")

	cancelled := anna.get(off)
	h.wants(cancelled, http.StatusOK, restOfLate, "Inställt. Skulle ha hållits torsdag 3 december 2026", `<a href="`+off+`.ics">`)
	h.lacks(cancelled, meetingRoom)

	h.later(h.library.Webinar("forsta-meddelandet").Starts.Sub(h.clock()) + 40*time.Minute - time.Second)
	h.wants(anna.get(coming), http.StatusOK, meetingRoom, "Hålls torsdag 21 januari 2027")
	h.later(time.Second)
	over := anna.get(coming)
	h.wants(over, http.StatusOK, "Hölls torsdag 21 januari 2027.")
	h.lacks(over, meetingRoom, "Hela samtalet")
}

func TestMistypedAddressAtAWebinar(t *testing.T) {
	t.Parallel()
	h := open(t)
	again := h.browser().post("/anmalan", "epost", "anna@example", "sida", coming, "vagg", "1")
	h.wants(again, http.StatusUnprocessableEntity, "<h1>Första meddelandet</h1>", `id="epost-fel"`, `value="anna@example"`, `name="sida" value="`+coming+`"`)
	h.lacks(again, restOfFirst, meetingRoom)
}

// Only a page of ours can be gone back to.
func TestSignUpLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, odd := range []string{"https://ond.example/", "//ond.example", "/webbinarier/finns-inte", "/webbinarier/", "/webbinarier/../admin", coming + "?x=1", coming + "/", "javascript:alert(1)", "/artiklar/finns-inte", "/integritet"} {
		h.lacks(h.browser().get("/anmalan?sida="+odd), `name="sida"`)
		signed := h.browser().post("/anmalan", "epost", "anna@example.se", "sida", odd, "vagg", "1")
		h.wants(signed, http.StatusOK, `<a href="/anmalan">`)
		h.later(time.Hour)
	}
	if got := h.one(`select string_agg(distinct form || article, ',') from consents`); got != "/anmalan" {
		t.Errorf("kept as where somebody signed up: %q, want /anmalan alone", got)
	}
}
