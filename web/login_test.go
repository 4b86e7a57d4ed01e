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
	if got, want := in.header.Get("Set-Cookie"), "; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"; !strings.HasPrefix(got, "session=") || !strings.HasSuffix(got, want) {
		t.Errorf("got session cookie %q, want its attributes to be %q", got, want)
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
