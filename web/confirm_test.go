package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"fortsatt/course"
)

// Anna confirms at eleven, and chooses the course.
func TestAnnaConfirmsAndStartsTheCourse(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.browser()
	anna.post("/anmalan", "epost", "anna@example.se", "artikel", "mingla", "vagg", "1")
	link := h.confirmLink("anna@example.se")

	choice := anna.get(link)
	h.wants(choice, http.StatusOK, "Bekräfta och börja kursen", "Bekräfta, jag vill bara läsa")
	h.lacks(choice, h.library.Pages.Confirm.Newsletter, `type="radio"`)
	if strings.Index(choice.body, "börja kursen") > strings.Index(choice.body, "bara läsa") {
		t.Error("the course is not the first choice")
	}

	confirmed := anna.post(link, "val", "kurs")
	h.wants(confirmed, http.StatusSeeOther)
	if got := confirmed.header.Get("Location"); got != link {
		t.Errorf("confirming leads to %q, want the same address", got)
	}
	h.wants(anna.get(link), http.StatusOK, h.library.Pages.Confirm.DoneTitle, `href="/artiklar/mingla#fortsatt"`, `name="namn"`)
	h.lacks(anna.get("/artiklar/mingla"), h.library.Pages.Article.Opened)
	h.wants(anna.get("/artiklar/staller-upp"), http.StatusOK, restOfGiving)

	if got := h.one(`select state from subscribers`); got != "active" {
		t.Errorf("got subscriber %s, want active", got)
	}
	if got := h.one(`select course from enrolments`); got != "atta-brev" {
		t.Errorf("got enrolment in %q", got)
	}
	if got := h.one(`select w.text from consents join wordings w on hash = wording where purpose = 'course:atta-brev'`); got != "Bekräfta och börja kursen" {
		t.Errorf("got wording %q, want the button's", got)
	}
}

func TestBeaOnlyReads(t *testing.T) {
	t.Parallel()
	h := open(t)
	bea := h.browser()
	bea.post("/anmalan", "epost", "bea@example.se", "nyhetsbrev", "ja")
	link := h.confirmLink("bea@example.se")
	h.wants(bea.get(link), http.StatusOK, h.library.Pages.Confirm.Newsletter)
	bea.post(link, "val", "lasa")

	h.wants(bea.get(link), http.StatusOK, h.library.Pages.Confirm.DoneTitle, `href="/"`)
	h.wants(bea.get("/artiklar/mingla"), http.StatusOK, restOfMingle)
	if got := h.one(`select count(*) from enrolments`); got != "0" {
		t.Errorf("got %s enrolments, want none", got)
	}
	if got := h.one(`select w.text from consents join wordings w on hash = wording where purpose = 'access' and event = 'confirmed'`); got != "Bekräfta, jag vill bara läsa" {
		t.Errorf("got wording %q, want the button's", got)
	}
}

func TestNeitherButtonAsksAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.browser()
	anna.post("/anmalan", "epost", "anna@example.se")
	link := h.confirmLink("anna@example.se")
	before := h.everything()
	h.wants(anna.post(link), http.StatusOK, "Bekräfta och börja kursen")
	h.wants(anna.post(link, "val", "allt"), http.StatusOK, "Bekräfta och börja kursen")
	h.unchanged(before, "a form without a choice")
}

// Anna's letter is forwarded to Bo, who presses too.
func TestUsedLinkLogsNobodyIn(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	link := h.confirmLink("anna@example.se")
	before := h.everything()

	bo := h.browser()
	h.wants(bo.post(link, "val", "lasa"), http.StatusSeeOther)
	page := bo.get(link)
	h.wants(page, http.StatusOK, h.library.Pages.Confirm.UsedTitle, `href="/logga-in?artikel=mingla"`)
	h.lacks(page, `name="namn"`)
	if got := bo.cookies(); len(got) != 0 {
		t.Errorf("got cookies %v, want none", got)
	}
	h.wants(bo.post(link, "namn", "Bo"), http.StatusForbidden)
	h.lacks(bo.get("/artiklar/mingla"), restOfMingle)
	h.unchanged(before, "a used link")
}

func TestLinkWorksForSevenDays(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.browser()
	anna.post("/anmalan", "epost", "anna@example.se", "artikel", "mingla", "vagg", "1")
	link := h.confirmLink("anna@example.se")
	h.later(course.InvitationLife - time.Second)
	h.wants(anna.get(link), http.StatusOK, "Bekräfta och börja kursen")

	h.later(time.Second)
	before := h.everything()
	h.wants(anna.get(link), http.StatusGone, h.library.Pages.Confirm.ExpiredTitle, `href="/anmalan?artikel=mingla"`)
	h.wants(anna.post(link, "val", "kurs"), http.StatusGone, h.library.Pages.Confirm.ExpiredTitle, `href="/anmalan?artikel=mingla"`)
	h.unchanged(before, "an expired link")
}

func TestForgedLinksAreUnknown(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	before := h.everything()
	confirm, leave := h.confirmLink("anna@example.se"), h.leaveLink("anna@example.se")
	forged := []string{
		"/bekrafta/x", "/avsluta/x",
		confirm[:len(confirm)-3] + "aaa", leave[:len(leave)-3] + "aaa",
		strings.Replace(leave, "avsluta", "bekrafta", 1), strings.Replace(confirm, "bekrafta", "avsluta", 1),
	}
	for _, path := range forged {
		bo := h.browser()
		h.wants(bo.get(path), http.StatusNotFound, "Vi känner inte igen länken")
		h.wants(bo.post(path, "val", "kurs"), http.StatusNotFound, "Vi känner inte igen länken")
		h.wants(bo.post(path, "angra", "1"), http.StatusNotFound)
		if got := bo.cookies(); len(got) != 0 {
			t.Errorf("%s: got cookies %v, want none", path, got)
		}
	}
	h.unchanged(before, "forged links")
}

func TestAnnaSaysHerName(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	link := h.confirmLink("anna@example.se")

	h.wants(anna.post(link, "namn", "Anna"), http.StatusSeeOther)
	h.wants(anna.get(link), http.StatusOK, "Hej Anna!", `value="Anna"`)
	if got := h.one(`select name from subscribers`); got != "Anna" {
		t.Errorf("got name %q, want Anna", got)
	}

	for _, hostile := range []string{"Vinn på https://evil.example", "anna@example.se", strings.Repeat("å", 61)} {
		h.wants(anna.post(link, "namn", hostile), http.StatusUnprocessableEntity, `aria-invalid="true"`, `aria-describedby="namn-fel namn-hint"`,
			`value="`+hostile+`"`, h.library.Pages.Confirm.NameError)
	}
	if got := h.one(`select name from subscribers`); got != "Anna" {
		t.Errorf("after refused names, got name %q, want Anna", got)
	}

	for _, odd := range []string{`<script>alert(1)</script>`, `" onfocus="alert(1)`, `{{.Publisher}}`, `O'Neill & <b>`} {
		anna.post(link, "namn", odd)
		page := anna.get(link)
		h.wants(page, http.StatusOK)
		h.lacks(page, "<script", `" onfocus="`, "<b>", "Förlaget AB}")
	}
}

// A name is kept for whoever has confirmed in this browser, whosever link it was.
func TestNameBelongsToTheBrowser(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	bo := h.start("bo@example.se")
	bo.post(h.confirmLink("anna@example.se"), "namn", "Bo")
	if got := h.one(`select name from subscribers where email = 'anna@example.se'`); got != "" {
		t.Errorf("Anna is now called %q", got)
	}
}

// Another site's page cannot confirm or rename in a reader's browser.
func TestForeignFormCannotConfirm(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	h.browser().post("/anmalan", "epost", "bo@example.se")
	before := h.everything()
	foreign := anna.elsewhere()
	h.wants(foreign.post(h.confirmLink("bo@example.se"), "val", "kurs"), http.StatusForbidden, h.library.Pages.Problem.ForeignTitle)
	h.wants(foreign.post(h.confirmLink("anna@example.se"), "namn", "Lurad"), http.StatusForbidden)
	h.unchanged(before, "another site's forms")
}

// Browsers without Sec-Fetch-Site send only Origin, and a page whose policy is
// no-referrer makes them send "null".
func TestOldBrowserCanConfirm(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.browser().post("/anmalan", "epost", "anna@example.se")
	link := h.confirmLink("anna@example.se")
	if got := h.browser().get(link).header.Get("Referrer-Policy"); got != "strict-origin" {
		t.Errorf("got Referrer-Policy %q, want strict-origin", got)
	}
	post := func(origin string) reply {
		r, _ := http.NewRequest(http.MethodPost, h.server.URL+link, strings.NewReader("val=kurs"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		return h.send(r)
	}
	h.wants(post("https://evil.example"), http.StatusForbidden)
	h.wants(post("null"), http.StatusForbidden)
	h.wants(post(h.server.URL), http.StatusSeeOther)
}
