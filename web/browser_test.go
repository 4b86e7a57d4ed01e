package web_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// A browser keeps cookies, follows no redirect by itself, and says where a form came from.
type browser struct {
	h    *house
	http *http.Client
	site string // Sec-Fetch-Site of what it posts
}

func (h *house) browser() *browser {
	jar, _ := cookiejar.New(nil)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{h: h, http: &http.Client{Jar: jar, CheckRedirect: stay}, site: "same-origin"}
}

// elsewhere is the same browser with another site's page open.
func (b *browser) elsewhere() *browser {
	return &browser{h: b.h, http: b.http, site: "cross-site"}
}

type reply struct {
	status int
	header http.Header
	body   string
}

func (b *browser) get(path string) reply { return b.do(http.MethodGet, path, "", "") }

// post sends a form. A worker stands by, and carries out what it asks for.
func (b *browser) post(path string, fields ...string) reply {
	b.h.t.Helper()
	defer b.h.carryOut()
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", form(fields))
}

// form encodes names and values, by turns.
func form(fields []string) string {
	values := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return values.Encode()
}

func (b *browser) do(method, path, contentType, body string) reply {
	b.h.t.Helper()
	path, _, _ = strings.Cut(path, "#")
	r, err := http.NewRequestWithContext(b.h.t.Context(), method, b.h.server.URL+path, strings.NewReader(body))
	if err != nil {
		b.h.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Sec-Fetch-Site", b.site)
	}
	answer, err := b.http.Do(r)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(text)}
}

func (b *browser) kept() []*http.Cookie {
	at, _ := url.Parse(b.h.server.URL)
	return b.http.Jar.Cookies(at)
}

func (b *browser) cookies() map[string]string {
	values := map[string]string{}
	for _, c := range b.kept() {
		values[c.Name] = c.Value
	}
	return values
}

// send sends a request as it is, with these cookies only. A worker stands by.
func (h *house) send(r *http.Request, cookies ...*http.Cookie) reply {
	h.t.Helper()
	defer h.carryOut()
	for _, c := range cookies {
		r.AddCookie(c)
	}
	client := h.browser()
	client.http.Jar = nil
	answer, err := client.http.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(text)}
}

func (h *house) wants(r reply, status int, texts ...string) {
	h.t.Helper()
	if r.status != status {
		h.t.Errorf("got status %d, want %d", r.status, status)
	}
	for _, text := range texts {
		if !strings.Contains(r.body, text) {
			h.t.Errorf("the page lacks %q:\n%s", text, r.body)
		}
	}
}

func (h *house) lacks(r reply, texts ...string) {
	h.t.Helper()
	for _, text := range texts {
		if strings.Contains(r.body, text) {
			h.t.Errorf("the page holds %q:\n%s", text, r.body)
		}
	}
}
