package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// hostileHTML calls the canary wherever one of it becomes part of a page, in
// text, in an attribute, or behind a link. Each is short enough for a name.
var hostileHTML = []string{
	`<script>kanarie()</script>`, `</title><script>kanarie()</script>`, `"><script>kanarie()</script>`,
	`<img src=x onerror=kanarie()>`, `<svg onload=kanarie()>`, `"><svg/onload=kanarie()>`, `<details open ontoggle=kanarie()>`,
	`" onfocus="kanarie()" autofocus="`, `<input onfocus=kanarie() autofocus>`, `<body onload=kanarie()>`,
	`javascript:kanarie()`, `JaVaScRiPt:kanarie()`, `<iframe srcdoc="<script>parent.kanarie()</script>">`,
	`<style onload=kanarie()></style>`, `--><img src=x onerror=kanarie()>`, `<math><mi xlink:href=x><img src onerror=kanarie()>`,
	`</textarea><img src=x onerror=kanarie()>`, `'"></p><img src=x onerror=kanarie()>`, `<a href=javascript:kanarie()>x</a>`,
}

// Whatever a reader writes is shown as text. The browser is told to let every
// script run, so that nothing but the way pages are written stands between.
func TestCVE_2024_47050_NothingAReaderWritesIsRun(t *testing.T) {
	t.Parallel()
	h := open(t)
	v := h.visitor()
	v.unguarded()

	h.browser().post("/anmalan", "epost", "anna@example.se")
	v.open(h.confirmLink("anna@example.se"))
	v.press("button[value=kurs]")
	for _, text := range hostileHTML { // one by one, as a name is short
		v.types("#namn", text)
		v.press(".note button")
		v.silent("the name", text)
	}
	all := strings.Join(hostileHTML, " ")
	for _, path := range []string{"/" + url.PathEscape(all), "/bekrafta/" + url.PathEscape(all), "/artiklar/" + url.PathEscape(all), "/anmalan?" + form([]string{"artikel", all, "epost", all})} {
		v.open(path)
		v.silent("the address", path)
	}
	for _, place := range []string{"/anmalan", "/artiklar/mingla"} {
		v.forget()
		v.open(place)
		v.do(chromedp.SetAttributeValue(chromedp.CSS("#epost"), "type", "text"))
		v.types("#epost", all)
		v.press(".wall button")
		v.silent("a mistyped email address at "+place, all)
	}
}

// What browsers say about themselves is shown nowhere either.
func TestCVE_2022_25772_NothingABrowserSaysIsRun(t *testing.T) {
	t.Parallel()
	h := open(t)
	doors, _ := h.doors()
	v := h.visitor()
	v.unguarded()
	for _, text := range hostileHTML[:4] {
		says := network.Headers{}
		for _, name := range []string{"User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "Accept-Language", "Cookie"} {
			says[name] = text
		}
		if _, err := chromedp.Call(v.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: says}); err != nil {
			t.Fatal(err)
		}
		for _, d := range doors {
			if d.pattern != "/hooks/{provider}" {
				v.open(d.path)
				v.silent("the headers at "+d.path, text)
			}
		}
	}
}

// unguarded lets every script run, and gives each page a canary that is heard.
func (v *visitor) unguarded() {
	v.t.Helper()
	_, err := chromedp.Call(v.ctx, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	if err == nil {
		const canary = `window.kanarie = () => console.log("kanarie")`
		_, err = chromedp.Call(v.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: canary})
	}
	if err != nil {
		v.t.Fatal(err)
	}
}

// sings says whether the page that is open has run a script. It clicks on what
// can be clicked on without leaving.
func (v *visitor) sings() bool {
	v.t.Helper()
	evaluate[any](v, `document.querySelectorAll("a[href^='javascript:' i]").forEach(a => a.click());
		new Promise(done => requestAnimationFrame(() => setTimeout(done)))`)
	heard, _ := v.overheard()
	return len(heard) > 0
}

func (v *visitor) silent(where, text string) {
	v.t.Helper()
	if v.sings() {
		v.t.Fatalf("%s %q is run as a script", where, text)
	}
}

// The texts are worth trying: a page that takes no care runs each of them.
func TestHostileHTMLIsHostile(t *testing.T) {
	t.Parallel()
	careless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><p>%s</p><input value="%[1]s"><a href="%[1]s">x</a>`, r.FormValue("q"))
	}))
	t.Cleanup(careless.Close)
	v := open(t).visitor()
	v.unguarded()
	for _, text := range hostileHTML {
		v.do(chromedp.Navigate(careless.URL + "/?q=" + url.QueryEscape(text)))
		if !v.sings() {
			t.Errorf("%q is harmless", text)
		}
	}
}
