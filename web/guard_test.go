package web_test

import (
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"fortsatt/lessons"
	"fortsatt/web"
)

// Programs that look through mail open every link, more than once.
func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.browser().post("/anmalan", "epost", "bo@example.se")
	anna := h.start("anna@example.se")
	anna.post("/logga-in", "epost", "anna@example.se", "artikel", "mingla")
	paths := []string{
		"/", "/artiklar/mingla", "/anmalan?artikel=mingla", "/anmalan/ram?fran=https://a.example&epost=cia@example.se",
		"/logga-in?epost=anna@example.se", "/logga-in/kod?kod=" + h.loginCode("anna@example.se"), h.loginLink("anna@example.se"),
		"/integritet", "/healthz", "/tillganglighet",
		"/webbinarier/saga-nej", "/anmalan?sida=/webbinarier/saga-nej", "/brev/atta-brev/vem-ringer-du", "/sitemap.xml", "/robots.txt",
		h.confirmLink("bo@example.se") + "?val=kurs", h.confirmLink("anna@example.se") + "?namn=X",
		h.leaveLink("anna@example.se") + "?List-Unsubscribe=One-Click&angra=1",
		"/anmalan?epost=cia@example.se",
	}
	before := h.everything()
	for _, path := range paths {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			h.wants(anna.do(method, path, "", ""), http.StatusOK)
			h.wants(h.browser().do(method, path, "", ""), http.StatusOK)
			h.unchanged(before, method+" "+path)
		}
	}
}

func TestHeadIsLikeGet(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, path := range []string{
		"/", "/artiklar/mingla", "/webbinarier/saga-nej", "/brev/atta-brev/vem-ringer-du", "/sitemap.xml",
		"/anmalan", "/anmalan/ram", "/logga-in", "/logga-in/kod", "/finns-inte",
	} {
		get, head := h.browser().get(path), h.browser().do(http.MethodHead, path, "", "")
		get.header.Del("Date")
		head.header.Del("Date")
		if head.status != get.status || !sameHeader(head.header, get.header) || head.body != "" {
			t.Errorf("%s: HEAD is answered with %+v, GET with status %d and %v", path, head, get.status, get.header)
		}
	}
}

func TestNoCookieOnPlainVisits(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.browser().post("/anmalan", "epost", "anna@example.se")
	h.start("bo@example.se")
	h.browser().post("/logga-in", "epost", "bo@example.se")
	visitor := h.browser()
	for _, path := range []string{"/", "/artiklar/mingla", "/anmalan", "/anmalan/ram", "/logga-in", "/logga-in/kod", "/integritet", "/finns-inte", h.confirmLink("anna@example.se"), h.loginLink("bo@example.se")} {
		if got := visitor.get(path).header.Values("Set-Cookie"); len(got) != 0 {
			t.Errorf("%s sets %v", path, got)
		}
	}
}

func TestCookiesAreKeptFromScriptsAndStrangers(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://atta.example":  "; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Lax",
		"http://127.0.0.1:8080": "; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax",
	} {
		h := open(t, func(o *web.Options) { o.BaseURL = base })
		set := h.browser().post("/anmalan", "epost", "anna@example.se", "artikel", "mingla").header.Get("Set-Cookie")
		if _, got, _ := strings.Cut(set, ";"); ";"+got != want {
			t.Errorf("%s: got cookie %q, want its attributes to be %q", base, set, want)
		}
		if got := strings.HasPrefix(set, "__Host-artikel="); got != strings.HasPrefix(base, "https:") {
			t.Errorf("%s: got cookie %q", base, set)
		}
		set = h.browser().post(h.confirmLink("anna@example.se"), "val", "lasa").header.Get("Set-Cookie")
		if want := strings.Replace(want, "604800", "31536000", 1); !strings.HasSuffix(set, want) {
			t.Errorf("%s: got session cookie %q, want its attributes to be %q", base, set, want)
		}
		set = h.browser().post("/logga-in", "epost", "anna@example.se").header.Get("Set-Cookie")
		if want := strings.Replace(want, "604800", "1800", 1); !strings.HasSuffix(set, want) || !strings.Contains(set, "webblasare=") {
			t.Errorf("%s: got cookie %q of a browser that asks, want its attributes to be %q", base, set, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	h := open(t, func(o *web.Options) { o.BaseURL = "https://atta.example" })
	h.start("anna@example.se")
	const closed = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	for path, want := range map[string][4]string{ // Cache-Control, Referrer-Policy, X-Robots-Tag, Vary
		"/":                              {"no-cache", "same-origin", "", ""},
		"/artiklar/mingla":               {"private, no-cache", "same-origin", "", "Cookie"},
		"/webbinarier/saga-nej":          {"private, no-cache", "same-origin", "", "Cookie"},
		"/webbinarier/saga-nej.ics":      {"private, no-cache", "same-origin", "", "Cookie"},
		"/finns-inte":                    {"no-store", "same-origin", "", ""},
		"/bekrafta/x":                    {"no-store", "strict-origin", "noindex", ""},
		h.confirmLink("anna@example.se"): {"no-store", "strict-origin", "noindex", ""},
		h.leaveLink("anna@example.se"):   {"no-store", "strict-origin", "noindex", ""},
		"/logga-in":                      {"no-cache", "same-origin", "", ""},
		"/logga-in/kod":                  {"no-cache", "same-origin", "noindex", ""},
		"/logga-in/x":                    {"no-store", "strict-origin", "noindex", ""},
	} {
		header := h.browser().get(path).header
		for i, name := range []string{"Cache-Control", "Referrer-Policy", "X-Robots-Tag", "Vary"} {
			if got := header.Get(name); got != want[i] {
				t.Errorf("%s: got %s %q, want %q", path, name, got, want[i])
			}
		}
		for name, want := range map[string]string{"Content-Security-Policy": closed, "X-Content-Type-Options": "nosniff", "Strict-Transport-Security": "max-age=31536000"} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: got %s %q, want %q", path, name, got, want)
			}
		}
	}
	answer := h.browser().post("/anmalan", "epost", "bo@example.se")
	if got := answer.header.Get("X-Robots-Tag") + " " + answer.header.Get("Cache-Control"); got != "noindex no-store" {
		t.Errorf("the form's answer: got %q, want noindex no-store", got)
	}
}

func TestLoopbackPromisesNoHTTPS(t *testing.T) {
	t.Parallel()
	h := open(t)
	if got := h.browser().get("/").header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("got Strict-Transport-Security %q over http, want none", got)
	}
}

func TestNotFoundAndWrongMethod(t *testing.T) {
	t.Parallel()
	h := open(t)
	b := h.browser()
	for _, path := range []string{"/finns-inte", "/artiklar/", "/artiklar/finns-inte", "/webbinarier/", "/webbinarier/finns-inte", "/webbinarier/finns-inte.ics", "/webbinarier/.ics", "/static/style.css", "/static/", "/bekrafta/", "/admin"} {
		h.wants(b.get(path), http.StatusNotFound, "Sidan finns inte", `lang="sv"`)
	}
	for path, allow := range map[string]string{
		"/": "GET, HEAD", "/artiklar/mingla": "GET, HEAD", "/integritet": "GET, HEAD", "/healthz": "GET, HEAD",
		"/anmalan": "GET, HEAD, POST", "/bekrafta/x": "GET, HEAD, POST", "/avsluta/x": "GET, HEAD, POST",
		"/anmalan/ram": "GET, HEAD", "/logga-in": "GET, HEAD, POST", "/logga-in/kod": "GET, HEAD, POST", "/logga-in/x": "GET, HEAD, POST",
	} {
		methods := []string{http.MethodPut, http.MethodDelete, http.MethodOptions}
		if !strings.Contains(allow, "POST") {
			methods = append(methods, http.MethodPost)
		}
		for _, method := range methods {
			page := b.do(method, path, "text/plain", "")
			h.wants(page, http.StatusMethodNotAllowed, `lang="sv"`)
			if got := page.header.Get("Allow"); got != allow {
				t.Errorf("%s %s: got Allow %q, want %q", method, path, got, allow)
			}
		}
	}
}

func TestStyleSheetIsKeptForEver(t *testing.T) {
	t.Parallel()
	h := open(t)
	b := h.browser()
	_, rest, found := strings.Cut(b.get("/").body, `rel="stylesheet" href="`)
	if !found {
		t.Fatal("the page has no style sheet")
	}
	path, _, _ := strings.Cut(rest, `"`)
	sheet := b.get(path)
	h.wants(sheet, http.StatusOK, "prefers-color-scheme: dark")
	if got := sheet.header.Get("Content-Type"); got != "text/css; charset=utf-8" {
		t.Errorf("got Content-Type %q", got)
	}
	if got := sheet.header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("got Cache-Control %q", got)
	}
}

func TestLogNamesNobody(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	confirm, leave := h.confirmLink("anna@example.se"), h.leaveLink("anna@example.se")
	anna.get(confirm + "?x=hemligt")
	anna.post(confirm, "namn", "Anna Andersson")
	anna.post(leave)
	anna.get("/finns-inte/anna@example.se")
	anna.elsewhere().post(confirm, "val", "kurs")
	anna.post("/anmalan", "epost", "anna@@example.se")
	anna.do("ANNA@EXAMPLE.SE"[:4], "/", "", "")
	anna.post("/logga-in", "epost", "anna@example.se")
	waiting, login, code := anna.cookies()["webblasare"], h.loginLink("anna@example.se"), h.loginCode("anna@example.se")
	anna.get(login)
	anna.post("/logga-in/kod", "kod", code)

	log := h.log.String()
	for _, kept := range []string{`method=GET route="GET /bekrafta/{token}" status=200`, `route="POST /anmalan" status=422`, "status=404", "status=403", "took="} {
		if !strings.Contains(log, kept) {
			t.Errorf("the log lacks %q:\n%s", kept, log)
		}
	}
	for _, secret := range []string{"anna@", "Andersson", "ANNA", "hemligt", "127.0.0.1", strings.TrimPrefix(confirm, "/bekrafta/"), strings.TrimPrefix(leave, "/avsluta/"), anna.cookies()["session"], waiting, strings.TrimPrefix(login, "/logga-in/"), code} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	h := open(t)
	if got := h.browser().get("/healthz"); got.status != http.StatusOK || got.body != "ok\n" {
		t.Errorf("got %d %q, want 200 ok", got.status, got.body)
	}
	h.store.Close()
	h.wants(h.browser().get("/healthz"), http.StatusServiceUnavailable)
	h.wants(h.browser().post("/anmalan", "epost", "anna@example.se"), http.StatusInternalServerError, h.library.Pages.Problem.BrokenTitle)
}

// Without a privacy page there is nothing to point at.
func TestPanicBecomesAPage(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.library.Privacy = nil
	h.wants(h.browser().get("/integritet"), http.StatusInternalServerError, h.library.Pages.Problem.BrokenTitle)
	if !strings.Contains(h.log.String(), "nil pointer") {
		t.Errorf("the log lacks the reason:\n%s", h.log.String())
	}
}

func TestWordsMustBeWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, from, to, want string }{
		{"wall.toml", `button = "Fortsätt läsa"`, ``, `key "button" is missing or empty`},
		{"wall.toml", `button = "Fortsätt läsa"`, `button = " "`, `key "button" is missing or empty`},
		{"wall.toml", `via {relay}`, `via {relä}`, `key "relay": nothing fills {relä} here (known: {relay})`},
		{"pages.toml", `undo = "Ångra"`, `undo = "{Ångra}"`, `key "leave.undo": nothing fills {Ångra} here`},
		{"pages.toml", `[home]`, `[hem]`, `hem`},
	} {
		files := shipped(t)
		source := string(files[c.file].Data)
		if !strings.Contains(source, c.from) {
			t.Fatalf("%s lacks %s", c.file, c.from)
		}
		files[c.file] = &fstest.MapFile{Data: []byte(strings.Replace(source, c.from, c.to, 1))}
		_, err := lessons.Load(files)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) {
			t.Errorf("%s with %s: got error %v, want %s", c.file, c.to, err, c.want)
		}
	}
}

// shipped is the shipped directory in memory, to be spoilt.
func shipped(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(lessons.Shipped(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(lessons.Shipped(), path)
		files[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
