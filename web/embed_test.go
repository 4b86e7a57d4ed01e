package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const framed = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors *"

// An assistants' network has the form in a frame on its own page.
func TestFormInAFrame(t *testing.T) {
	t.Parallel()
	h := open(t)
	look := func(referer string) reply {
		r, _ := http.NewRequest(http.MethodGet, h.server.URL+"/anmalan/ram", nil)
		r.Header.Set("Referer", referer)
		return h.send(r)
	}
	form := look("https://natverket.example/medlem?namn=anna")
	h.wants(form, http.StatusOK, `name="ram" value="1"`, `name="fran" value="https://natverket.example"`, `lang="sv"`,
		`<a href="/integritet" target="_blank" rel="noopener">`, h.library.Pages.Form.Line, "Vi säljer eller lämnar aldrig ut din adress.")
	h.lacks(form, "<script", "<footer", "<header", "/logga-in", "medlem", `name="artikel"`)
	if n := strings.Count(form.body, `type="email"`); n != 1 {
		t.Errorf("the frame has %d email fields, want 1", n)
	}

	anna := h.browser()
	fields := []string{"ram", "1", "fran", "https://natverket.example", "artikel", "mingla", "vagg", "1", "epost"}
	wrong := anna.post("/anmalan", append(fields, "anna@example")...)
	h.wants(wrong, http.StatusUnprocessableEntity, `aria-invalid="true"`, `name="fran" value="https://natverket.example"`)
	done := anna.post("/anmalan", append(fields, "anna@example.se")...)
	h.wants(done, http.StatusOK, "Titta i inkorgen", `href="/anmalan/ram?fran=https%3A%2F%2Fnatverket.example"`)
	h.lacks(done, "<footer", restOfMingle)
	for name, answer := range map[string]reply{"the form": form, "a mistyped address": wrong, "the answer": done} {
		if got := answer.header.Get("Content-Security-Policy"); got != framed {
			t.Errorf("%s: got policy %q, want %q", name, got, framed)
		}
		if got := answer.header.Values("Set-Cookie"); len(got) != 0 {
			t.Errorf("%s sets %v", name, got)
		}
	}
	if got := h.one(`select form from consents`); got != "https://natverket.example" {
		t.Errorf("got form %q, want the site around the frame", got)
	}
	if got := h.one(`select w.text from consents join wordings w on hash = wording`); !strings.HasPrefix(got, h.library.Pages.Form.Title+"\n"+h.library.Pages.Form.Line+"\n") {
		t.Errorf("got wording %q, want the form's own", got)
	}
	again := look(h.server.URL + "/anmalan")
	h.lacks(again, `name="fran"`)
	r, _ := http.NewRequest(http.MethodGet, h.server.URL+"/anmalan/ram?fran=https%3A%2F%2Fnatverket.example", nil)
	r.Header.Set("Referer", h.server.URL+"/anmalan")
	h.wants(h.send(r), http.StatusOK, `name="fran" value="https://natverket.example"`)
}

// A browser may keep to itself where the frame stands.
func TestFrameOfNobodyKnown(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.browser()
	h.lacks(anna.get("/anmalan/ram"), `name="fran"`)
	h.wants(anna.get("/anmalan/ram?fran=https://natverket.example/x"), http.StatusOK, `name="fran" value="https://natverket.example"`) // or its site may say so
	h.wants(anna.post("/anmalan", "epost", "anna@example.se", "ram", "1"), http.StatusOK, `href="/anmalan/ram"`)
	if got := h.one(`select form from consents`); got != "/anmalan/ram" {
		t.Errorf("got form %q, want /anmalan/ram", got)
	}
}

func TestNothingElseStandsInAFrame(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	anna.post("/logga-in", "epost", "anna@example.se")
	for _, answer := range []reply{
		anna.get("/"), anna.get("/artiklar/mingla"), anna.get("/anmalan"), anna.get("/anmalan?ram=1"), anna.get("/logga-in?ram=1"),
		anna.get(h.confirmLink("anna@example.se")), anna.get(h.loginLink("anna@example.se")), anna.get("/finns-inte"),
		anna.post("/anmalan", "epost", "bo@example.se"), anna.post("/anmalan", "epost", "bo@example"), anna.post("/logga-ut", "ram", "1"),
	} {
		if got := answer.header.Get("Content-Security-Policy"); !strings.HasSuffix(got, "; frame-ancestors 'none'") {
			t.Errorf("got policy %q:\n%s", got, answer.body)
		}
	}
}

// A form that somebody has pasted into a page of their own is kept with that
// page's origin, and nothing else of what is sent.
func TestEvidenceOfAForeignForm(t *testing.T) {
	t.Parallel()
	h := open(t)
	long := strings.Repeat("a", 60)
	for _, c := range []struct{ name, origin, referer, want string }{
		{"what the browser says", "https://blogg.example", "https://blogg.example/", "https://blogg.example"},
		{"with a port", "http://127.0.0.1:4000", "", "http://127.0.0.1:4000"},
		{"with letters of its own", "https://åäö.example", "", "https://xn--4cab6c.example"},
		{"only where it comes from", "null", "https://blogg.example/inlagg?namn=anna#a", "https://blogg.example"},
		{"with a password", "null", "https://anna:hemligt@blogg.example/", "https://blogg.example"},
		{"in shouting", "HTTPS://BLOGG.EXAMPLE", "", "https://blogg.example"},
		{"nothing", "null", "", "/anmalan"},
		{"no web address", "null", "file:///C:/anna/sida.html", "/anmalan"},
		{"a script", "null", "javascript:alert(1)", "/anmalan"},
		{"no host", "null", "https:///sida", "/anmalan"},
		{"markup", "https://<b>hej</b>", "", "/anmalan"},
		{"too long a name", "https://" + long + "." + long + "." + long + "." + long + ".example", "", "/anmalan"},
		{"nonsense", "https://%zz", "::::", "/anmalan"},
	} {
		h.later(time.Hour)
		form := url.Values{"epost": {"anna@example.se"}, "artikel": {"mingla"}, "vagg": {"1"}}
		r, _ := http.NewRequest(http.MethodPost, h.server.URL+"/anmalan", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", c.origin)
		r.Header.Set("Referer", c.referer)
		answer := h.send(r)
		h.wants(answer, http.StatusOK, "Titta i inkorgen")
		if got := answer.header.Values("Set-Cookie"); len(got) != 0 {
			t.Errorf("%s: got cookies %v, want none", c.name, got)
		}
		if got := h.one(`select form from consents order by id desc limit 1`); got != c.want {
			t.Errorf("%s: got form %q, want %q", c.name, got, c.want)
		}
	}
	if got := h.one(`select string_agg(distinct article, ',') from consents`); got != "mingla" {
		t.Errorf("got article %q, want the one to come back to", got)
	}
}

// The frame's field that says where it stands can be written by anybody.
func TestFrameBelievesNoNonsense(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, from := range []string{`"><script>alert(1)</script>`, "javascript:alert(1)", "https://" + strings.Repeat("a", 5000), "//x.example", "/artiklar/mingla"} {
		h.later(time.Hour)
		done := h.browser().post("/anmalan", "epost", "anna@example.se", "ram", "1", "fran", from)
		h.wants(done, http.StatusOK, `href="/anmalan/ram"`)
		if got := h.one(`select form from consents order by id desc limit 1`); got != "/anmalan/ram" {
			t.Errorf("%.30q: got form %q, want /anmalan/ram", from, got)
		}
		h.lacks(h.browser().get("/anmalan/ram?fran="+url.QueryEscape(from)), "<script", "javascript:", "x.example", `name="fran"`)
	}
}
