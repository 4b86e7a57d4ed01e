package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Who types an address learns nothing about it: not from the answer, nor from
// what the code is answered with.
func TestSameWayInForEveryAddress(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.browser().post("/anmalan", "epost", "bea@example.se")
	h.start("cia@example.se")
	h.start("disa@example.se")
	h.db.MustExec(`
		update addresses set suppressed = 'complaint', suppressed_at = $1
		where subscriber_id = (select id from subscribers where email = 'disa@example.se')`, h.clock())

	var first []reply
	for i, email := range []string{"eva@example.se", "bea@example.se", "cia@example.se", "disa@example.se", "cia@example.se"} {
		h.later(time.Hour)
		browser := &http.Cookie{Name: "webblasare", Value: strings.Repeat(string(rune('A'+i)), 52)}
		var got []reply
		for _, step := range []struct{ path, body string }{{"/logga-in", "artikel=mingla&epost=" + email}, {"/logga-in/kod", "artikel=mingla&kod=x12345"}, {"/logga-in/kod", "kod="}} {
			r, _ := http.NewRequest(http.MethodPost, h.server.URL+step.path, strings.NewReader(step.body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			answer := h.send(r, browser)
			answer.header.Del("Date")
			if set := answer.header.Get("Set-Cookie"); set != "" {
				answer.header.Set("Set-Cookie", strings.Replace(set, browser.Value, "random", 1))
			}
			got = append(got, answer)
		}
		if first == nil {
			first = got
		}
		for i := range got {
			if got[i].status != first[i].status || got[i].body != first[i].body || !sameHeader(got[i].header, first[i].header) {
				t.Errorf("%s is answered with\n%+v\nand a new address with\n%+v", email, got[i], first[i])
			}
		}
	}
	if first[0].status != http.StatusSeeOther || !strings.Contains(first[0].header.Get("Set-Cookie"), "webblasare=random") {
		t.Errorf("got %+v, want a cookie and the page for the code", first[0])
	}
}

func TestLoginAsksAgainForAMistypedAddress(t *testing.T) {
	t.Parallel()
	h := open(t)
	before := h.everything()
	anna := h.browser()
	page := anna.post("/logga-in", "epost", `anna@example"><b>`, "artikel", "mingla")
	h.wants(page, http.StatusUnprocessableEntity, `<p class="error" id="epost-fel">`, `aria-invalid="true"`, `aria-describedby="epost-fel epost-hint"`, `name="artikel" value="mingla"`)
	h.lacks(page, "<b>")
	if got := anna.cookies(); len(got) != 0 {
		t.Errorf("got cookies %v, want none", got)
	}
	h.unchanged(before, "a mistyped address")
}

func TestForgedLoginLinksAreUnknown(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	anna := h.browser()
	anna.post("/logga-in", "epost", "anna@example.se")
	token := strings.TrimPrefix(h.loginLink("anna@example.se"), "/logga-in/")
	before := h.everything()
	for _, forged := range []string{
		token[1:], token + "a", "a" + token[1:], "x",
		strings.TrimPrefix(h.confirmLink("anna@example.se"), "/bekrafta/"), strings.TrimPrefix(h.leaveLink("anna@example.se"), "/avsluta/"),
	} {
		h.wants(anna.get("/logga-in/"+forged), http.StatusNotFound, h.library.Pages.Login.UnknownTitle)
		h.wants(anna.post("/logga-in/"+forged), http.StatusNotFound, h.library.Pages.Login.UnknownTitle)
	}
	for _, other := range []string{"/bekrafta/", "/avsluta/"} {
		h.wants(anna.post(other+token, "val", "lasa"), http.StatusNotFound)
	}
	h.unchanged(before, "forged links")
}

// Another site's page cannot ask, let in or sign out in a reader's browser.
func TestForeignFormCannotLogInOrOut(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	anna.post("/logga-in", "epost", "anna@example.se")
	link, code := h.loginLink("anna@example.se"), h.loginCode("anna@example.se")
	before, cookies := h.everything(), anna.cookies()
	foreign := anna.elsewhere()
	for _, answer := range []reply{
		foreign.post("/logga-in", "epost", "anna@example.se"),
		foreign.post("/logga-in/kod", "kod", code),
		foreign.post(link),
		foreign.post("/logga-ut"),
	} {
		h.wants(answer, http.StatusForbidden, h.library.Pages.Problem.ForeignTitle)
	}
	h.unchanged(before, "another site's forms")
	if got := anna.cookies(); len(got) != len(cookies) {
		t.Errorf("got cookies %v, want %v", got, cookies)
	}
}

func TestLogoutEndsTheSession(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	session := anna.cookies()["session"]
	other := h.start("bo@example.se")

	h.wants(anna.get("/logga-ut"), http.StatusMethodNotAllowed)
	h.wants(anna.get("/artiklar/mingla"), http.StatusOK, restOfMingle)
	h.wants(anna.post("/logga-ut"), http.StatusOK, h.library.Pages.Login.OutTitle)
	if got := anna.cookies(); len(got) != 0 {
		t.Errorf("got cookies %v after signing out, want none", got)
	}
	h.lacks(anna.get("/artiklar/mingla"), restOfMingle, "/logga-ut")
	r, _ := http.NewRequest(http.MethodGet, h.server.URL+"/artiklar/mingla", nil)
	h.lacks(h.send(r, &http.Cookie{Name: "session", Value: session}), restOfMingle)
	h.wants(other.get("/artiklar/mingla"), http.StatusOK, restOfMingle)
	h.wants(anna.post("/logga-ut"), http.StatusOK)
}

// Only a page that knows its reader offers to sign out.
func TestOnlyMembersSeeTheWayOut(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	h.wants(anna.get("/artiklar/mingla"), http.StatusOK, `action="/logga-ut"`)
	h.wants(anna.get(h.confirmLink("anna@example.se")), http.StatusOK, `action="/logga-ut"`)
	pending := h.browser()
	pending.post("/anmalan", "epost", "bo@example.se", "artikel", "mingla", "vagg", "1")
	for _, page := range []reply{anna.get("/"), anna.get("/logga-in"), pending.get("/artiklar/mingla"), h.browser().get("/artiklar/mingla")} {
		h.lacks(page, "/logga-ut")
	}
}

func TestLoginLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	for _, page := range []string{"//evil.example", "https://evil.example/", "/artiklar/../evil", "/artiklar/finns-inte", "/evil", "mingla/../evil", "\r\nX: y"} {
		h.later(24 * time.Hour)
		for _, field := range []string{"artikel", "sida"} {
			anna := h.browser()
			h.lacks(anna.get("/logga-in?"+field+"="+strings.NewReplacer("\r", "%0d", "\n", "%0a", " ", "%20").Replace(page)), "evil")
			asked := anna.post("/logga-in", "epost", "anna@example.se", field, page)
			if got := asked.header.Get("Location"); got != "/logga-in/kod" {
				t.Errorf("%s=%q leads to %q", field, page, got)
			}
		}
	}
	h.start("bo@example.se")
	bo := h.browser()
	bo.post("/logga-in", "epost", "bo@example.se", "sida", "https://evil.example/")
	if got := bo.post(h.loginLink("bo@example.se")).header.Get("Location"); got != "/" {
		t.Errorf("being let in leads to %q, want the front page", got)
	}
}
