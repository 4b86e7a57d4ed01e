package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"fortsatt/course"
)

// Anna confirmed on the office computer, and reads on her telephone on the bus.
// The letter comes to the office, so she types the code.
func TestAnnaIsLetInByTheCode(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	phone := h.browser()
	h.wants(phone.get("/artiklar/staller-upp"), http.StatusOK, `href="/logga-in?artikel=staller-upp"`)

	form := phone.get("/logga-in?artikel=staller-upp")
	h.wants(form, http.StatusOK, `action="/logga-in#epost"`, `name="artikel" value="staller-upp"`)
	if n := strings.Count(form.body, `type="email"`); n != 1 {
		t.Errorf("the page has %d email fields, want 1", n)
	}
	asked := phone.post("/logga-in", "epost", " Anna@Example.se", "artikel", "staller-upp")
	h.wants(asked, http.StatusSeeOther)
	wait := phone.get(asked.header.Get("Location"))
	h.wants(wait, http.StatusOK, h.library.Pages.Login.CodeTitle, `name="kod"`, `inputmode="numeric" autocomplete="one-time-code"`, `href="/logga-in?artikel=staller-upp"`)
	h.lacks(wait, "anna", "aria-invalid")

	code := h.loginCode("anna@example.se")
	in := phone.post("/logga-in/kod", "kod", code[:3]+" "+code[3:], "artikel", "staller-upp")
	h.wants(in, http.StatusSeeOther)
	if got, want := in.header.Get("Location"), "/artiklar/staller-upp#fortsatt"; got != want {
		t.Errorf("the code leads to %q, want %q", got, want)
	}
	h.wants(phone.get("/artiklar/staller-upp"), http.StatusOK, restOfGiving, `action="/logga-ut"`)
	if _, kept := phone.cookies()["webblasare"]; kept {
		t.Error("the browser still says that it waits")
	}
	h.lacks(h.browser().get("/artiklar/staller-upp"), restOfGiving)
}

func TestAnnaIsLetInByTheLinkWhereSheAsked(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	laptop := h.browser()
	laptop.post("/logga-in", "epost", "anna@example.se", "artikel", "mingla")
	link := h.loginLink("anna@example.se")

	before := h.everything()
	h.wants(laptop.get(link), http.StatusOK, h.library.Pages.Login.OpenTitle, "<button>"+h.library.Pages.Login.OpenButton+"</button>")
	h.unchanged(before, "a look at the link")
	in := laptop.post(link)
	h.wants(in, http.StatusSeeOther)
	if got, want := in.header.Get("Location"), "/artiklar/mingla#fortsatt"; got != want {
		t.Errorf("the link leads to %q, want %q", got, want)
	}
	h.wants(laptop.get("/artiklar/staller-upp"), http.StatusOK, restOfGiving)
	h.wants(laptop.get(link), http.StatusOK, h.library.Pages.Login.InTitle, `href="/artiklar/mingla#fortsatt"`)
}

// The letter is read in the telephone, and asked for on the laptop.
func TestLinkElsewhereTellsToTypeTheCode(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	h.start("bo@example.se")
	laptop, phone, thief := h.browser(), h.browser(), h.browser()
	laptop.post("/logga-in", "epost", "anna@example.se")
	link, code := h.loginLink("anna@example.se"), h.loginCode("anna@example.se")
	thief.post("/logga-in", "epost", "bo@example.se") // so it has asked, but for Bo
	before := h.everything()

	h.wants(phone.get(link), http.StatusOK, h.library.Pages.Login.OtherTitle, `href="/logga-in"`)
	h.lacks(phone.get(link), "<button", code)
	for name, b := range map[string]*browser{"a browser that has not asked": phone, "a browser that asked for somebody else": thief} {
		h.wants(b.post(link), http.StatusForbidden, h.library.Pages.Login.OtherTitle)
		h.wants(b.post("/logga-in/kod", "kod", code), http.StatusUnprocessableEntity, h.library.Pages.Login.CodeError)
		if _, in := b.cookies()["session"]; in {
			t.Errorf("%s is let in", name)
		}
		h.lacks(b.get("/artiklar/mingla"), restOfMingle)
	}
	if got := h.everything()["sessions"]; got != before["sessions"] {
		t.Errorf("got sessions %s, want %s", got, before["sessions"])
	}
	h.wants(laptop.post("/logga-in/kod", "kod", code), http.StatusSeeOther)
}

// Anna's letter is found by somebody, later, in a browser of their own and in hers.
func TestUsedLoginLetsNobodyIn(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	anna := h.browser()
	anna.post("/logga-in", "epost", "anna@example.se", "artikel", "mingla")
	link, code, waiting := h.loginLink("anna@example.se"), h.loginCode("anna@example.se"), anna.cookies()["webblasare"]
	h.wants(anna.post(link), http.StatusSeeOther)
	anna.post("/logga-ut")

	before := h.everything()
	h.wants(anna.post(link), http.StatusOK, h.library.Pages.Login.UsedTitle, `href="/logga-in?artikel=mingla"`)
	h.wants(h.browser().get(link), http.StatusOK, h.library.Pages.Login.UsedTitle)
	for path, body := range map[string]string{link: "", "/logga-in/kod": "kod=" + code} {
		r, _ := http.NewRequest(http.MethodPost, h.server.URL+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		again := h.send(r, &http.Cookie{Name: "webblasare", Value: waiting})
		if again.status == http.StatusSeeOther || len(again.header.Values("Set-Cookie")) != 0 {
			t.Errorf("%s again, with the cookie of then: got %d and %v", path, again.status, again.header.Values("Set-Cookie"))
		}
	}
	h.unchanged(before, "a used letter")
}

func TestFiveTriesAtTheCode(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	for tries, want := range map[int]int{4: http.StatusSeeOther, 5: http.StatusUnprocessableEntity} {
		h.later(time.Hour)
		guesser := h.browser()
		guesser.post("/logga-in", "epost", "anna@example.se")
		code := h.loginCode("anna@example.se")
		wrong := string('0'+(code[0]-'0'+1)%10) + code[1:]
		for range tries {
			page := guesser.post("/logga-in/kod", "kod", wrong)
			h.wants(page, http.StatusUnprocessableEntity, h.library.Pages.Login.CodeError,
				`<p class="error" id="kod-fel">`, `aria-invalid="true"`, `aria-describedby="kod-fel kod-hint"`)
			h.lacks(page, wrong)
		}
		if got := guesser.post("/logga-in/kod", "kod", code); got.status != want {
			t.Errorf("the right code after %d wrong ones: got %d, want %d", tries, got.status, want)
		}
		if _, in := guesser.cookies()["session"]; in != (want == http.StatusSeeOther) {
			t.Errorf("after %d wrong codes and the right one, signed in: %v", tries, in)
		}
	}
}

func TestLoginWorksForHalfAnHour(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	for _, c := range []struct {
		after time.Duration
		works bool
	}{{course.LoginLife - time.Second, true}, {course.LoginLife, false}} {
		h.later(time.Hour)
		anna := h.browser()
		anna.post("/logga-in", "epost", "anna@example.se", "artikel", "mingla")
		link, code := h.loginLink("anna@example.se"), h.loginCode("anna@example.se")
		h.later(c.after)
		if c.works {
			h.wants(anna.get(link), http.StatusOK, h.library.Pages.Login.OpenTitle)
			h.wants(anna.post(link), http.StatusSeeOther)
			continue
		}
		before := h.everything()
		gone := []string{h.library.Pages.Login.ExpiredTitle, `href="/logga-in?artikel=mingla"`}
		h.wants(anna.get(link), http.StatusGone, gone...)
		h.wants(anna.post(link), http.StatusGone, gone...)
		h.wants(anna.post("/logga-in/kod", "kod", code), http.StatusUnprocessableEntity)
		h.unchanged(before, "a letter that is too old")
	}
}

// Anna presses twice, since no letter has come yet.
func TestAskingTwiceIsOneBrowser(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	anna := h.browser()
	anna.post("/logga-in", "epost", "anna@example.se")
	first := anna.cookies()["webblasare"]
	h.later(time.Minute)
	anna.post("/logga-in", "epost", "anna@example.se")
	if got := anna.cookies()["webblasare"]; got != first || len(got) < 26 {
		t.Errorf("got browser %q, want %q as before, at least 128 bits of it", got, first)
	}
	h.wants(anna.post("/logga-in/kod", "kod", h.loginCode("anna@example.se")), http.StatusSeeOther)
	if other := h.browser(); other.post("/logga-in", "epost", "anna@example.se").status != http.StatusSeeOther || other.cookies()["webblasare"] == first {
		t.Error("two browsers are known by the same")
	}
}

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
