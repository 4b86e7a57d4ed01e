package web_test

import (
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fortsatt/web"
)

// What each promise of privacy comes to for whoever reads. The others stand in
// course (privacy_test.go, canary_test.go, retain_test.go) and in worker.

var (
	anInput  = regexp.MustCompile(`<input [^>]*>`)
	aName    = regexp.MustCompile(` name="([^"]*)"`)
	aValue   = regexp.MustCompile(` value="([^"]*)"`)
	anAnchor = regexp.MustCompile(`<a [^>]*href="([^"]*)"`)
)

// fillIn posts the form that stands on a page as a person would, a while later:
// with what it hides, and what they typed.
func (b *browser) fillIn(path string, typed ...string) reply {
	b.h.t.Helper()
	fields := slices.Clone(typed)
	for _, input := range anInput.FindAllString(b.get(path).body, -1) {
		if strings.Contains(input, `type="hidden"`) {
			fields = append(fields, html.UnescapeString(aName.FindStringSubmatch(input)[1]), html.UnescapeString(aValue.FindStringSubmatch(input)[1]))
		}
	}
	b.h.later(5 * time.Second)
	return b.post("/anmalan", fields...)
}

// No box is ticked but by the reader, and each thing is agreed to by itself.
func TestP2NoBoxIsTickedInAdvance(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.browser()
	for _, path := range []string{"/artiklar/mingla", "/anmalan"} {
		boxes := 0
		for _, input := range anInput.FindAllString(anna.get(path).body, -1) {
			if strings.Contains(input, `type="checkbox"`) || strings.Contains(input, `type="radio"`) {
				boxes++
				if strings.Contains(input, "checked") {
					t.Errorf("%s: %s is ticked in advance", path, input)
				}
			}
		}
		if boxes != 1 {
			t.Errorf("%s has %d boxes, want the newsletter's", path, boxes)
		}
	}
	anna.fillIn("/artiklar/mingla", "epost", "anna@example.se")
	h.browser().fillIn("/anmalan", "epost", "bo@example.se", "nyhetsbrev", "ja")
	h.wants(h.browser().post(h.confirmLink("anna@example.se"), "val", "lasa"), http.StatusSeeOther)
	h.wants(h.browser().post(h.confirmLink("bo@example.se"), "val", "kurs"), http.StatusSeeOther)
	for email, want := range map[string]string{
		"anna@example.se": "access",
		"bo@example.se":   "access, course:atta-brev, newsletter",
	} {
		got := h.one(`select string_agg(purpose, ', ' order by purpose) from consents c join subscribers s on s.id = subscriber_id where email = $1 and event = 'confirmed'`, email)
		if got != want {
			t.Errorf("%s agreed to %q, want %q", email, got, want)
		}
	}
}

// Bo leaves from another machine: the letter's link, the button, and when the
// answer is there, so is the effect: the lesson that waited goes nowhere.
func TestP4LeavingTakesTwoClicksAndNoLogin(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("bo@example.se")
	link := h.leaveLink("bo@example.se")
	elsewhere := h.browser()
	page := elsewhere.get(link)
	h.wants(page, http.StatusOK, `<form method="post"`)
	h.lacks(page, `type="email"`, `type="password"`)
	began := time.Now()
	h.wants(elsewhere.post(link), http.StatusOK)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("leaving took %s", took)
	}
	if got := h.one(`select string_agg(state || ' ' || reason, ', ') from deliveries where letter like 'lesson:%'`); got != "cancelled left" {
		t.Errorf("the lesson that waited is %s, want it cancelled", got)
	}
	if got := elsewhere.cookies(); len(got) != 0 {
		t.Errorf("leaving needed the cookies %v", got)
	}
}

// crawl opens every page of the site that a browser finds from a few.
func (h *house) crawl(b *browser, from ...string) map[string]reply {
	h.t.Helper()
	seen := map[string]reply{}
	for len(from) > 0 {
		path, _, _ := strings.Cut(from[0], "#")
		from = from[1:]
		if _, known := seen[path]; known || path == "" {
			continue
		}
		page := b.get(path)
		seen[path] = page
		for _, link := range anAnchor.FindAllStringSubmatch(page.body, -1) {
			if to := html.UnescapeString(link[1]); strings.HasPrefix(to, "/") {
				from = append(from, to)
			}
		}
	}
	return seen
}

// loads is what makes a browser ask for something by itself, or send a form.
var loads = regexp.MustCompile(`(?i)(?:\s(?:src|srcset|action|formaction|poster|data|background|ping)="|<link [^>]*href="|url\(["']?|@import ["'])([^"')>]*)`)

// No page makes a browser ask anybody else for anything, and none could.
func TestP10NobodyElseIsAsked(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	h.browser().fillIn("/anmalan", "epost", "bo@example.se")
	from := []string{"/", "/anmalan", "/finns-inte", h.confirmLink("bo@example.se"), h.confirmLink("anna@example.se"), h.leaveLink("anna@example.se")}
	for who, b := range map[string]*browser{"a stranger": h.browser(), "anna": anna} {
		pages := h.crawl(b, from...)
		if len(pages) < 8 {
			t.Fatalf("%s found only %d pages", who, len(pages))
		}
		sheet := regexp.MustCompile(`href="(/static/[^"]+\.css)"`).FindStringSubmatch(pages["/"].body)
		pages[sheet[1]] = b.get(sheet[1])
		for path, page := range pages {
			for _, load := range loads.FindAllStringSubmatch(page.body, -1) {
				if to, err := url.Parse(html.UnescapeString(load[1])); err != nil || to.Host != "" && to.Host != "127.0.0.1" {
					t.Errorf("%s: %s asks for %s", who, path, load[1])
				}
			}
			if strings.Contains(page.body, "<script src") || strings.Contains(page.body, "<iframe") {
				t.Errorf("%s: %s brings others along", who, path)
			}
			closed := page.header.Get("Content-Security-Policy")
			if !strings.HasPrefix(closed, "default-src 'none';") || strings.Contains(closed, "//") || strings.Contains(closed, "*") {
				t.Errorf("%s: %s may ask others: %q", who, path, closed)
			}
		}
	}
}

// A visitor who only looks gets no cookie; one who signs up or confirms gets those
// that this needs, which no script, other site or plain connection gets to see.
func TestP10NoCookieBeforeItIsNeeded(t *testing.T) {
	t.Parallel()
	h := open(t, func(o *web.Options) { o.BaseURL = "https://atta.example" })
	h.browser().fillIn("/anmalan", "epost", "bo@example.se")
	link := h.confirmLink("bo@example.se")
	for path, page := range h.crawl(h.browser(), "/", "/anmalan", "/finns-inte", link) {
		if got := page.header.Values("Set-Cookie"); len(got) != 0 {
			t.Errorf("looking at %s sets %v", path, got)
		}
	}
	for what, answer := range map[string]reply{
		"__Host-artikel": h.browser().fillIn("/artiklar/mingla", "epost", "anna@example.se"),
		"__Host-session": h.browser().post(link, "val", "lasa"),
	} {
		for _, set := range answer.header.Values("Set-Cookie") {
			for _, flag := range []string{"; HttpOnly", "; Secure", "; SameSite=", "; Path=/;"} {
				if !strings.Contains(set, flag) {
					t.Errorf("cookie %s lacks %s", set, flag)
				}
			}
			if strings.Contains(set, "Domain=") || strings.Contains(set, "SameSite=None") {
				t.Errorf("cookie %s is others' too", set)
			}
		}
		if got := fmt.Sprint(answer.header.Values("Set-Cookie")); !strings.Contains(got, what+"=") {
			t.Errorf("%s is not set: %s", what, got)
		}
	}
}

// A reader's whole way, with slips, an attack and a database that goes away: the
// log names nobody, and holds nothing that opens anything.
func TestP11TheLogOfAReadersWholeWay(t *testing.T) {
	t.Parallel()
	log := &notebook{}
	h := open(t, func(o *web.Options) {
		o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	anna := h.browser()
	anna.get("/artiklar/mingla?epost=anna.andersson@example.se")
	anna.fillIn("/artiklar/mingla", "epost", "anna.andersson@@example.se")
	anna.fillIn("/artiklar/mingla", "epost", "Anna.Andersson@example.se", "nyhetsbrev", "ja")
	confirm := h.confirmLink("anna.andersson@example.se")
	anna.get(confirm)
	anna.post(confirm, "val", "kurs")
	anna.post(confirm, "namn", "Anna Andersson")
	anna.post(confirm, "namn", "Anna Andersson <anna.andersson@example.se>")
	leave := h.leaveLink("anna.andersson@example.se")
	anna.get(leave + "?List-Unsubscribe=One-Click")
	anna.post(leave)
	anna.post(leave, "angra", "1")
	anna.elsewhere().post(confirm, "val", "kurs")
	anna.get("/finns-inte/anna.andersson@example.se")
	secrets := []string{"anna", "andersson", "example.se", "127.0.0.1", confirm[len("/bekrafta/"):], leave[len("/avsluta/"):]}
	for _, cookie := range anna.cookies() {
		secrets = append(secrets, cookie)
	}
	d := h.delivery("anna.andersson@example.se", "confirm:%")
	secrets = append(secrets, fmt.Sprint(d.SubscriberID), h.store.UnsubscribeToken(d))
	h.store.Close()
	anna.get(confirm)
	anna.get(leave)
	anna.post(leave)
	anna.fillIn("/anmalan", "epost", "anna.andersson@example.se")

	said := strings.ToLower(log.String())
	if strings.Count(said, "msg=request") < 15 || !strings.Contains(said, "level=error") {
		t.Fatalf("the log tells too little:\n%s", said)
	}
	for _, secret := range secrets {
		if strings.Contains(said, strings.ToLower(secret)) {
			t.Errorf("the log holds %q:\n%s", secret, said)
		}
	}
}

// From every form, and every page, one click leads to who we are, what we keep,
// for how long, and to whom one may complain.
func TestP12ThePolicyIsOneClickAway(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	for path, page := range h.crawl(anna, "/", "/anmalan", "/finns-inte", h.confirmLink("anna@example.se"), h.leaveLink("anna@example.se")) {
		if strings.HasPrefix(page.header.Get("Content-Type"), "text/calendar") {
			continue
		}
		h.wants(page, page.status, `href="/integritet"`)
		h.wants(page, page.status, `href="mailto:red@example.se"`)
		if t.Failed() {
			t.Fatalf("%s does not lead there", path)
		}
	}
	_, form, found := strings.Cut(h.browser().get("/artiklar/mingla").body, "<form")
	form, _, _ = strings.Cut(form, "</form>")
	if !found || !strings.Contains(form, `href="/integritet"`) {
		t.Error("the form itself does not lead to the policy")
	}
	policy := h.browser().get("/integritet")
	h.wants(policy, http.StatusOK,
		"personuppgiftsansvarig", "sju dagar", "30 dagar", "90 dagar", "18 månader", "tolv månader", "raderar dina uppgifter", "imy.se")
}
