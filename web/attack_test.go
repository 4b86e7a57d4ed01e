package web_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fortsatt/course"
)

// hostileSQL would do harm wherever it became part of a statement.
var hostileSQL = []string{
	`'; drop table subscribers cascade; --`, `' or '1'='1`, `x' union select email from subscribers --`,
	`\'; update subscribers set state = 'active'; --`, `") or true --`, `$1`, `%s`, `%`, `_`, `{1,2}`,
	`'||(select string_agg(email, ',') from subscribers)||'`, `1; select pg_sleep(60)`, "e'\\x27'", "\x00", "\xff\xfe", `−1e309`,
}

// Anna's word stays a word: in a form, a cookie, a link, a question or a header.
func TestCVE_2025_46011_NoInputBecomesSQL(t *testing.T) {
	t.Parallel()
	h := open(t, byMailgun)
	anna := h.start("anna@example.se")
	link := h.confirmLink("anna@example.se")
	before := h.everything()
	for _, text := range hostileSQL {
		in := url.PathEscape(text)
		var answers []reply
		for _, path := range []string{"/artiklar/" + in, "/bekrafta/" + in, "/avsluta/" + in, "/static/" + in, "/" + in, "/anmalan?artikel=" + url.QueryEscape(text)} {
			answers = append(answers, anna.get(path))
		}
		answers = append(answers,
			anna.post("/anmalan", "epost", text, "artikel", text, "vagg", text, "nyhetsbrev", text),
			anna.post("/bekrafta/"+in, "val", text), anna.post("/avsluta/"+in, "angra", text), anna.post(link, "val", text),
			h.report("mailgun", text, map[string]string{"X-Forwarded-For": strings.Map(inHeader, text)}), h.report(in, text, nil))
		for _, name := range []string{"session", "artikel"} {
			r, _ := http.NewRequest(http.MethodGet, h.server.URL+"/artiklar/mingla", nil)
			r.Header.Set("Cookie", name+"="+strings.Map(inHeader, text))
			answers = append(answers, h.send(r))
		}
		for i, answer := range answers {
			if answer.status >= 500 {
				t.Errorf("%q in place %d: got status %d", text, i, answer.status)
			}
			h.lacks(answer, "pq:", "SQL", "syntax")
		}
		h.unchanged(before, fmt.Sprintf("%q everywhere", text))
	}
	if log := h.log.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("the log tells of errors:\n%s", log)
	}
}

func inHeader(r rune) rune {
	if r < ' ' || r == ';' || r == '"' {
		return -1
	}
	return r
}

// What may be stored is stored as it was written.
func TestCVE_2020_24617_StoredWordForWord(t *testing.T) {
	t.Parallel()
	h := open(t)
	const email, name = `o'or'1'='1--@example.se`, `Robert'); drop table subscribers;--`
	anna := h.start("anna@example.se")
	robert := h.start(email)
	h.wants(robert.post(h.confirmLink(email), "namn", name), http.StatusSeeOther)
	if got := h.one(`select name from subscribers where email = $1`, email); got != name {
		t.Errorf("got name %q, want %q", got, name)
	}
	h.wants(anna.post(h.confirmLink("anna@example.se"), "namn", `' || email || '`), http.StatusSeeOther)
	if got := h.one(`select string_agg(name, ' and ' order by email) from subscribers`); got != `' || email || ' and `+name {
		t.Errorf("got names %q", got)
	}
}

// Each of Anna's tokens opens its own door, and none of the others'.
func TestCVE_2026_34828_ATokenOpensOneDoor(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	confirm, lesson := h.delivery("anna@example.se", "confirm:%"), h.delivery("anna@example.se", "lesson:%")
	tokens := map[string][]string{ // by the door they open
		"/bekrafta/":  {h.store.ConfirmToken(confirm)},
		"/avsluta/":   {h.store.UnsubscribeToken(lesson)},
		"/logga-in/":  {h.store.LoginToken(confirm), h.store.LoginToken(lesson)},
		"/min-fraga/": {h.store.QuestionToken(confirm), h.store.QuestionToken(lesson)},
		"session":     {anna.cookies()["session"]},
		"artikel":     {anna.cookies()["artikel"]},
		"none": {h.store.BounceToken(confirm), h.store.MessageToken(lesson), h.store.ConfirmToken(lesson),
			fmt.Sprint(confirm.ID), fmt.Sprint(confirm.SubscriberID)},
	}
	h.later(course.PassLife / 2)
	before := h.everything()
	for opens, all := range tokens {
		for _, token := range all {
			if len(token) < 26 && opens != "none" { // 128 bits in base32
				t.Errorf("the token for %s has %d characters", opens, len(token))
			}
			for _, door := range []string{"/bekrafta/", "/avsluta/", "/logga-in/", "/min-fraga/"} {
				if door == opens {
					continue
				}
				for _, answer := range []reply{h.browser().get(door + token), h.browser().post(door+token, "val", "kurs", "angra", "1", "kod", "000000")} {
					if answer.status != http.StatusNotFound || len(answer.header.Values("Set-Cookie")) > 0 {
						t.Errorf("a token for %s at %s: got status %d and cookies %q", opens, door, answer.status, answer.header.Values("Set-Cookie"))
					}
				}
			}
			for _, cookie := range []string{"session", "artikel"} {
				r, _ := http.NewRequest(http.MethodGet, h.server.URL+"/artiklar/mingla", nil)
				r.AddCookie(&http.Cookie{Name: cookie, Value: token})
				if open := strings.Contains(h.send(r).body, restOfMingle); open != (cookie == opens) {
					t.Errorf("a token for %s as cookie %s: the article is open: %v", opens, cookie, open)
				}
			}
		}
	}
	h.unchanged(before, "every token at every other door")
}

// Bo reads, and a stranger has no cookie at all. Neither can do or learn
// anything of Anna's, at any door, but what her own letter's link is for.
func TestCVE_2022_41654_NobodyActsForAnother(t *testing.T) {
	t.Parallel()
	h := open(t)
	doors, anna := h.doors()
	bo := h.start("bo@example.se")
	h.wants(anna.post(h.confirmLink("anna@example.se"), "namn", "Annakanin"), http.StatusSeeOther)
	const hers = `select concat_ws(' ', id, state, name, email) from subscribers where email = 'anna@example.se'`
	before := h.one(hers)
	claims := []string{"session", anna.cookies()["session"], "subscriber_id", strings.Fields(before)[0], "email", "anna@example.se"}
	for _, d := range doors {
		if d.path == h.confirmLink("bea@example.se") {
			continue // whoever has it may confirm, and is Bea from then on
		}
		if d.path == "/logga-ut" {
			continue // ends one's own session, and no other
		}
		for who, b := range map[string]*browser{"Bo": bo, "a stranger": h.browser()} {
			session := b.cookies()["session"]
			for _, answer := range []reply{b.get(d.path), b.get(d.path + "?" + form(claims)), b.post(d.path, append(slices.Clone(d.fields), claims...)...)} {
				if strings.Contains(answer.body, "Annakanin") || strings.Contains(answer.body, "anna@") {
					t.Errorf("%s is told of Anna at %s", who, d.path)
				}
			}
			if b.cookies()["session"] != session {
				t.Errorf("%s is somebody else after %s", who, d.path)
			}
		}
	}
	if got := h.one(hers); got != before {
		t.Errorf("Anna was %q and is now %q", before, got)
	}
	if got := h.one(`select count(*) from sessions`); got != "2" {
		t.Errorf("%s browsers are signed in, want Anna's and Bo's", got)
	}
}

// Who counts up finds nobody: no address holds a number.
func TestCVE_2026_9808_NoNumberInAnAddress(t *testing.T) {
	t.Parallel()
	h := open(t)
	doors, anna := h.doors()
	number := regexp.MustCompile(`(?:href|action|src)="[^"]*[/=](\d+)["/?&#]`)
	for _, d := range doors {
		if found := number.FindString(anna.get(d.path).body); found != "" {
			t.Errorf("%s holds %s", d.path, found)
		}
	}
}

// However somebody asks, whatever the headers claim: nothing sends a reader to
// another site, and no page links to one.
func TestCVE_2022_25777_NothingLeadsElsewhere(t *testing.T) {
	t.Parallel()
	h := open(t)
	doors, _ := h.doors()
	const evil = "evil.example"
	fields := []string{}
	for _, name := range []string{"next", "url", "redirect", "redirect_uri", "return", "returnTo", "continue", "dest", "artikel", "tillbaka", "till"} {
		fields = append(fields, name, "https://"+evil, name, "//"+evil, name, `/\`+evil)
	}
	headers := map[string]string{
		"Host": evil, "X-Forwarded-Host": evil, "X-Forwarded-Proto": "gopher", "Forwarded": "host=" + evil, "X-Original-URL": "https://" + evil,
		"X-Rewrite-URL": "//" + evil, "Referer": "https://" + evil, "X-Forwarded-Prefix": "//" + evil,
	}
	try := func(method, path string, body []string) {
		r, err := http.NewRequest(method, h.server.URL+path, strings.NewReader(form(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		r.Host = evil
		answer := h.send(r)
		to := answer.header.Get("Location")
		if to != "" && !regexp.MustCompile(`^/([^/\\].*)?$`).MatchString(to) {
			t.Errorf("%s %s leads to %q", method, path, to)
		}
		if strings.Contains(answer.body, evil) {
			t.Errorf("%s %s tells of %s:\n%s", method, path, evil, answer.body)
		}
	}
	for _, d := range doors {
		try(http.MethodGet, d.path+"?"+form(fields), nil)
		try(http.MethodPost, d.path, append(slices.Clone(d.fields), fields...))
	}
	for _, path := range []string{"//" + evil, "//" + evil + "/..", "/%5c" + evil, "/.//" + evil, "/artiklar//" + evil, "/artiklar/../..//" + evil, "/https:/" + evil} {
		r, _ := http.NewRequest(http.MethodGet, h.server.URL, nil)
		r.URL.Opaque = path // as it is, not as a URL is read
		if to := h.send(r).header.Get("Location"); to != "" && !regexp.MustCompile(`^/([^/\\].*)?$`).MatchString(to) {
			t.Errorf("%s leads to %q", path, to)
		}
	}
}

// Only what is served is served.
func TestCVE_2023_32235_NoPathLeavesTheSite(t *testing.T) {
	t.Parallel()
	h := open(t)
	var climbs []string
	for _, up := range []string{"../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "....//", "..%c0%af", "%252e%252e%252f"} {
		for _, file := range []string{"web.go", "templates/layout.html", "etc/passwd", "lessons/publisher.toml"} {
			for n := range 6 {
				climbs = append(climbs, strings.Repeat(up, n)+file, "static/"+strings.Repeat(up, n)+file, "artiklar/"+strings.Repeat(up, n)+file)
			}
		}
	}
	climbs = append(climbs, "static/style.css", "static/style.css%00.svg", "static/.", "static/%2e", "templates/layout.html", ".env", ".git/config", "static/?x=../web.go")
	for _, path := range climbs {
		r, _ := http.NewRequest(http.MethodGet, h.server.URL, nil)
		r.URL.Opaque = "/" + path
		answer := h.send(r)
		for n := 0; answer.status == http.StatusMovedPermanently || answer.status == http.StatusTemporaryRedirect; n++ {
			if n > 5 {
				t.Fatalf("%s leads round and round", path)
			}
			answer = h.browser().get(answer.header.Get("Location"))
		}
		if answer.status != http.StatusNotFound {
			t.Errorf("/%s: got status %d, want 404", path, answer.status)
		}
		h.lacks(answer, "package web", "{{define", "root:", "[publisher]")
	}
}

// The policy is the same everywhere, the strictest that the pages can live with.
func TestCVE_2026_21483_EveryAnswerForbidsScripts(t *testing.T) {
	t.Parallel()
	h := open(t)
	doors, anna := h.doors()
	for _, d := range append(doors, door{path: "/finns-inte"}, door{path: "/bekrafta/x"}, door{path: "/avsluta/x"}, door{path: "/static/x"}) {
		for method, answer := range map[string]reply{
			"GET": anna.get(d.path), "POST": anna.post(d.path, d.fields...), "PUT": anna.do(http.MethodPut, d.path, "", ""), "POST from elsewhere": anna.elsewhere().post(d.path, d.fields...),
		} {
			policy := answer.header.Get("Content-Security-Policy")
			directives := map[string]string{}
			for directive := range strings.SplitSeq(policy, ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(directive), " ")
				directives[name] = value
			}
			want := map[string]string{"default-src": "'none'", "style-src": "'self'", "img-src": "'self' data:", "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'"}
			if d.path == "/anmalan/ram" && method == "GET" {
				want["frame-ancestors"] = "*" // it is made for that
			}
			if !maps.Equal(directives, want) {
				t.Errorf("%s %s: got policy %q", method, d.path, policy)
			}
			if got := answer.header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("%s %s: got X-Content-Type-Options %q", method, d.path, got)
			}
		}
	}
}
