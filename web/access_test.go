package web_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"fortsatt/course"
)

// A sight is a page in one of its states, as a visitor gets to see it.
type sight struct {
	name    string
	reach   func(v *visitor)
	heading string // of the page, which shows that this is the one
	cookies string // that the browser holds by then
}

// sights are all pages in all states. A new page belongs here.
func (h *house) sights() []sight {
	words := h.library.Pages
	at := func(path string) func(*visitor) { return func(v *visitor) { v.open(path) } }
	signUp := func(email string) func(*visitor) {
		return func(v *visitor) { v.open("/artiklar/mingla"); v.types("#epost", email); v.press(".wall button") }
	}
	invited := func(email string, more ...string) string {
		h.browser().post("/anmalan", append(more, "epost", email)...)
		return h.confirmLink(email)
	}
	confirm := func(email string) func(*visitor) {
		return func(v *visitor) { v.open(invited(email)); v.press("button[value=kurs]") }
	}
	left := func(email string) func(*visitor) {
		return func(v *visitor) { h.start(email); v.open(h.leaveLink(email)); v.press("main button") }
	}
	then := func(first func(*visitor), rest func(*visitor)) func(*visitor) {
		return func(v *visitor) { first(v); rest(v) }
	}
	asks := func(email string) func(*visitor) {
		return func(v *visitor) {
			h.start(email)
			v.open("/logga-in?artikel=mingla")
			v.types("#epost", email)
			v.press(".wall button")
			h.carryOut()
		}
	}
	return []sight{
		{"front page", at("/"), words.Home.Title, ""},
		{"locked article", at("/artiklar/mingla"), "Måste jag mingla?", ""},
		{"locked article, address mistyped", func(v *visitor) {
			v.open("/artiklar/mingla")
			v.do(chromedp.SetAttributeValue(chromedp.CSS("#epost"), "type", "text"))
			v.types("#epost", "anna@example")
			v.press(".wall button")
		}, "Måste jag mingla?", ""},
		{"opened article", signUp("anna@example.se"), "Måste jag mingla?", "artikel"},
		{"form alone", at("/anmalan"), words.Form.Title, ""},
		{"form alone, after an article", at("/anmalan?artikel=mingla"), words.Form.Title, ""},
		{"look in the inbox", func(v *visitor) { v.open("/anmalan"); v.types("#epost", "bo@example.se"); v.press(".wall button") }, words.Inbox.Title, ""},
		{"confirm", func(v *visitor) { v.open(invited("cilla@example.se", "nyhetsbrev", "ja")) }, words.Confirm.Title, ""},
		{"confirmed", confirm("david@example.se"), words.Confirm.DoneTitle, "session"},
		{"confirmed, name refused", then(confirm("eva@example.se"), func(v *visitor) { v.types("#namn", "www.example.se"); v.press(".note button") }), words.Confirm.DoneTitle, "session"},
		{"confirmed elsewhere", func(v *visitor) { h.start("fia@example.se"); v.open(h.confirmLink("fia@example.se")) }, words.Confirm.UsedTitle, ""},
		{"confirm, too late", func(v *visitor) {
			link := invited("gun@example.se")
			h.later(course.InvitationLife)
			v.open(link)
		}, words.Confirm.ExpiredTitle, ""},
		{"article, for a reader", then(confirm("hans@example.se"), at("/artiklar/staller-upp")), "Den som alltid ställer upp", "session"},
		{"leave", func(v *visitor) { h.start("inga@example.se"); v.open(h.leaveLink("inga@example.se")) }, words.Leave.Title, ""},
		{"left", left("jan@example.se"), words.Leave.GoneTitle, ""},
		{"back again", then(left("kim@example.se"), func(v *visitor) { v.press(".undo button") }), words.Leave.BackTitle, ""},
		{"unknown link", at("/bekrafta/x"), words.Confirm.UnknownTitle, ""},
		{"webinar, locked", at("/webbinarier/saga-nej"), "Säga nej", ""},
		{"webinar, for a reader", then(confirm("tove@example.se"), at("/webbinarier/saga-nej")), "Säga nej", "session"},
		{"webinar, while a letter is on its way", then(signUp("ulf@example.se"), at("/webbinarier/saga-nej")), "Säga nej", "artikel"},
		{"letter", at("/brev/atta-brev/vem-ringer-du"), "Vem ringer du?", ""},
		{"answers, none yet", at("/fragor"), words.Questions.Title, ""},
		{"ask, as a stranger", at("/fraga-redaktionen"), words.Questions.AskTitle, ""},
		{"ask", then(confirm("vera@example.se"), at("/fraga-redaktionen")), words.Questions.AskTitle, "session"},
		{"ask, refused", then(confirm("ylva@example.se"), func(v *visitor) {
			v.open("/fraga-redaktionen")
			v.do(chromedp.RemoveAttribute(chromedp.CSS("#fraga"), "minlength"))
			v.types("#fraga", "Va?")
			v.types("#signatur", coffee)
			v.press("main form button")
		}), words.Questions.AskTitle, "session"},
		{"a wording to approve", func(v *visitor) {
			h.reader("ada@example.se").post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee)
			v.open(h.proposed(course.Proposal{}))
		}, words.Questions.WordingTitle, ""},
		{"a wording that is published", func(v *visitor) {
			v.open(h.questionLink("question-wording:%"))
			v.press("button[value=ja]")
		}, words.Questions.PublishedTitle, ""},
		{"answers", at("/fragor"), words.Questions.Title, ""},
		{"answer", at("/fragor/maste-jag-mingla"), "Måste jag mingla?", ""},
		{"accessibility", at("/tillganglighet"), h.library.Accessibility.Title, ""},
		{"privacy", at("/integritet"), h.library.Privacy.Title, ""},
		{"log in", at("/logga-in?artikel=mingla"), words.Login.Title, ""},
		{"log in, address mistyped", func(v *visitor) {
			v.open("/logga-in")
			v.do(chromedp.SetAttributeValue(chromedp.CSS("#epost"), "type", "text"))
			v.types("#epost", "anna@example")
			v.press(".wall button")
		}, words.Login.Title, ""},
		{"the code", asks("lena@example.se"), words.Login.CodeTitle, "webblasare"},
		{"a wrong code", then(asks("mia@example.se"), func(v *visitor) { v.types("#kod", "12345x"); v.press(".wall button") }), words.Login.CodeTitle, "webblasare"},
		{"the letter's link", then(asks("nils@example.se"), func(v *visitor) { v.open(h.loginLink("nils@example.se")) }), words.Login.OpenTitle, "webblasare"},
		{"the letter's link elsewhere", func(v *visitor) {
			h.start("olle@example.se")
			h.later(time.Hour)
			h.browser().post("/logga-in", "epost", "olle@example.se")
			v.open(h.loginLink("olle@example.se"))
		}, words.Login.OtherTitle, ""},
		{"let in", then(asks("pia@example.se"), func(v *visitor) { v.open(h.loginLink("pia@example.se")); v.press("main button") }), "Måste jag mingla?", "session"},
		{"logged out", then(confirm("rut@example.se"), func(v *visitor) { v.press("footer button") }), words.Login.OutTitle, ""},
		{"form in a frame", at("/anmalan/ram"), words.Form.Title, ""},
		{"pressed too quickly", func(v *visitor) {
			v.open("/artiklar/mingla")
			v.types("#epost", "siv@example.se")
			h.later(-4 * time.Second)
			v.press(".wall button")
		}, "Måste jag mingla?", ""},
		{"missing page", at("/finns-inte"), words.Problem.MissingTitle, ""},
	}
}

// Everybody gets everything: axe-core finds no fault with any page, in light
// and dark, on a narrow telephone and a wide screen; nothing is cut off to the
// right, nothing comes from elsewhere, no cookie is set before it is needed,
// and the browser has nothing to complain about.
func TestEveryPageIsForEveryone(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../tools/node_modules/axe-core/axe.min.js")
	if err != nil {
		missing(t, "axe-core, which make node fetches,")
	}
	h := open(t)
	v := h.visitor()
	for _, s := range h.sights() {
		v.forget()
		h.later(time.Hour) // within the limits of one address
		s.reach(v)
		if got := evaluate[string](v, `document.querySelector("h1").textContent`); got != s.heading {
			t.Errorf("%s: the page is headed %q, want %q", s.name, got, s.heading)
		}
		v.holdsCookies(s)
		v.looksRight(s.name, string(axe))
		heard, outside := v.overheard()
		if len(heard) > 0 {
			t.Errorf("%s: the browser says %q", s.name, heard)
		}
		if len(outside) > 0 {
			t.Errorf("%s: asked other hosts for %q", s.name, outside)
		}
	}
}

func (v *visitor) holdsCookies(s sight) {
	v.t.Helper()
	kept, err := chromedp.Call(v.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{v.h.server.URL}})
	if err != nil {
		v.t.Fatal(err)
	}
	var names []string
	for _, c := range kept.Cookies {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != s.cookies {
		v.t.Errorf("%s: the browser holds the cookies %q, want %q", s.name, got, s.cookies)
	}
}

// looksRight looks at the page that is open in light and dark, narrow and wide.
func (v *visitor) looksRight(name, axe string) {
	v.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		_, err := chromedp.Call(v.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		if err != nil {
			v.t.Fatal(err)
		}
		for _, width := range []int64{320, 1280} {
			v.do(chromedp.EmulateViewport(width, 900))
			where := fmt.Sprintf("%s, %s, %d px", name, scheme, width)
			if broad := evaluate[int64](v, "document.documentElement.scrollWidth"); broad > width {
				v.t.Errorf("%s: the page is %d px wide", where, broad)
			}
			for _, fault := range v.axe(axe) {
				v.t.Errorf("%s: %s", where, fault)
			}
		}
	}
}

// axe returns what axe-core finds by WCAG 2.1 A and AA and its best practices.
// What it could not decide is for eyes, not for a test.
func (v *visitor) axe(source string) (faults []string) {
	v.t.Helper()
	if !v.is("window.axe") {
		evaluate[any](v, source+"; null")
	}
	const run = `axe.run({preload: false, resultTypes: ["violations"],
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}).then(r => JSON.stringify(r.violations))`
	var found []struct {
		ID, Help string
		Nodes    []struct{ HTML string }
	}
	if err := json.Unmarshal([]byte(evaluate[string](v, run)), &found); err != nil {
		v.t.Fatal(err)
	}
	for _, f := range found {
		fault := f.ID + ": " + f.Help
		for _, n := range f.Nodes {
			fault += "\n\t" + n.HTML
		}
		faults = append(faults, fault)
	}
	return faults
}
