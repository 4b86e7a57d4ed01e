package web_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fortsatt/course"
)

// Who may post to a door.
const (
	nobody  = "nobody"
	ownPage = "a page of the site's own"
	anyPage = "a page anywhere"
)

// A door is a route of the site, by which somebody may try to get in.
type door struct {
	pattern string // as web.go has it
	path    string // one that leads somewhere
	post    string // who may
	fields  []string
}

// doors are all routes, with links of Anna's, who is in the course and whose
// browser comes along, and of Bea's, who has not confirmed yet. A new route
// belongs here.
func (h *house) doors() ([]door, *browser) {
	anna := h.start("anna@example.se")
	anna.post("/logga-in", "epost", "anna@example.se")
	anna.post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee)
	published := h.proposed(course.Proposal{})
	anna.post(published, "text", h.shown(anna.get(published)), "val", "ja")
	anna.post("/fraga-redaktionen", "fraga", mingleNow, "signatur", coffee)
	wording := h.proposed(course.Proposal{Title: "Om mingel"})
	h.browser().post("/anmalan", "epost", "bea@example.se")
	return []door{
		{"/{$}", "/", nobody, nil},
		{"/artiklar/{slug}", "/artiklar/mingla", nobody, nil},
		{"/anmalan", "/anmalan", anyPage, []string{"epost", "cilla@example.se"}},
		{"/bekrafta/{token}", h.confirmLink("bea@example.se"), ownPage, []string{"val", "kurs"}},
		{"/bekrafta/{token}", h.confirmLink("anna@example.se"), ownPage, []string{"namn", "Lurad"}},
		{"/avsluta/{token}", h.leaveLink("anna@example.se"), anyPage, []string{"List-Unsubscribe", "One-Click"}},
		{"/anmalan/ram", "/anmalan/ram", nobody, nil},
		{"/logga-in", "/logga-in", ownPage, []string{"epost", "anna@example.se"}},
		{"/logga-in/kod", "/logga-in/kod", ownPage, []string{"kod", "000000"}},
		{"/logga-in/{token}", h.loginLink("anna@example.se"), ownPage, nil},
		{"/fragor", "/fragor", nobody, nil},
		{"/fragor/{slug}", "/fragor/maste-jag-mingla", nobody, nil},
		{"/fraga-redaktionen", "/fraga-redaktionen", ownPage, []string{"fraga", mingleNow, "signatur", coffee}},
		{"/min-fraga/{token}", wording, ownPage, []string{"val", "ja"}},
		{"/tillganglighet", "/tillganglighet", nobody, nil},
		{"/webbinarier/{slug}", "/webbinarier/saga-nej", nobody, nil},
		{"/brev/{course}/{id}", "/brev/atta-brev/vem-ringer-du", nobody, nil},
		{"/sitemap.xml", "/sitemap.xml", nobody, nil},
		{"/robots.txt", "/robots.txt", nobody, nil},
		{"/integritet", "/integritet", nobody, nil},
		{"/static/{name}", "/static/icon.svg", nobody, nil},
		{"/healthz", "/healthz", nobody, nil},
		{"/hooks/{provider}", "/hooks/mailgun", anyPage, nil},
		{"/logga-ut", "/logga-ut", ownPage, nil}, // the last, since Anna is gone after it
	}, anna
}

// No route is left out of the tests that try every door.
func TestEveryRouteIsADoor(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("web.go")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"/": true} // what nothing else matches
	doors, _ := open(t).doors()
	for _, d := range doors {
		known[d.pattern] = true
	}
	routes := regexp.MustCompile(`mux(?:, |\.HandleFunc\()"(?:[A-Z]+ )?(/[^"]*)"`).FindAllSubmatch(source, -1)
	if len(routes) < 10 {
		t.Errorf("web.go has only %d routes, as far as this test can read it", len(routes))
	}
	for _, route := range routes {
		if pattern := string(route[1]); !known[pattern] {
			t.Errorf("%s is no door yet", pattern)
		}
	}
}

// Another site's page, or one on a neighbouring host, posts in Anna's browser,
// with her cookies. Nothing happens, but where that is meant to be.
func TestCVE_2025_58430_OtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	h := open(t)
	doors, anna := h.doors()
	post := func(d door, origin, fetchSite string) reply {
		r, _ := http.NewRequest(http.MethodPost, h.server.URL+d.path, strings.NewReader(form(d.fields)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for name, value := range map[string]string{"Origin": origin, "Sec-Fetch-Site": fetchSite} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		return h.send(r, anna.kept()...)
	}
	foreign := [][2]string{ // Origin, Sec-Fetch-Site
		{"https://evil.example", ""}, {"https://evil.example", "cross-site"}, {"", "cross-site"},
		{"http://neighbour.127.0.0.1", "same-site"}, {"null", ""}, {"null", "cross-site"},
		{h.server.URL + ".evil.example", ""}, {"http://127.0.0.1:1", "same-site"},
	}
	own := [][2]string{{h.server.URL, "same-origin"}, {h.server.URL, ""}, {"", "none"}}

	before := h.everything()
	for _, d := range doors {
		for _, from := range foreign {
			if d.post == anyPage {
				continue
			}
			if got := post(d, from[0], from[1]).status; got != http.StatusForbidden {
				t.Errorf("%s from %q: got status %d, want 403", d.path, from, got)
			}
		}
		h.unchanged(before, "other sites' posts to "+d.path)
	}
	for _, d := range doors {
		for _, from := range append(own, foreign...) {
			switch got := post(d, from[0], from[1]).status; {
			case d.post == nobody && got != http.StatusMethodNotAllowed && got != http.StatusForbidden:
				t.Errorf("%s from %q: got status %d, want 405 or 403", d.path, from, got)
			case d.post == anyPage && got == http.StatusForbidden,
				d.post == ownPage && got == http.StatusForbidden && slices.Contains(own, from):
				t.Errorf("%s from %q: got status 403, though this is its own page or any may post", d.path, from)
			}
		}
	}
}

// Whatever the method, only a POST changes anything; and no header turns
// another method into one.
func TestCVE_2026_29784_OnlyPOSTChangesAnything(t *testing.T) {
	t.Parallel()
	h := open(t)
	doors, anna := h.doors()
	for _, d := range doors {
		before := h.everything()
		for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post"} {
			for _, path := range []string{d.path, d.path + "?" + form(d.fields)} {
				r, _ := http.NewRequest(method, h.server.URL+path, strings.NewReader(form(d.fields)))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("X-HTTP-Method-Override", "POST")
				got := h.send(r, anna.kept()...).status
				if reading := method == "GET" || method == "HEAD"; !reading && got != http.StatusMethodNotAllowed && got != http.StatusForbidden {
					t.Errorf("%s %s: got status %d, want 405", method, d.path, got)
				}
			}
		}
		h.unchanged(before, "every method but POST at "+d.path)
	}
}
