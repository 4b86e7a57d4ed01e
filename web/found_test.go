package web_test

import (
	"encoding/xml"
	"image"
	_ "image/png"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const site = "https://atta.example"

// listed are the addresses of the sitemap, with the day each was changed.
func (h *house) listed() map[string]string {
	h.t.Helper()
	var m struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URL     []struct {
			Loc     string `xml:"loc"`
			Lastmod string `xml:"lastmod"`
		} `xml:"url"`
	}
	answer := h.browser().get("/sitemap.xml")
	h.wants(answer, http.StatusOK)
	if err := xml.Unmarshal([]byte(answer.body), &m); err != nil {
		h.t.Fatal(err)
	}
	days := map[string]string{}
	for _, u := range m.URL {
		path, ours := strings.CutPrefix(u.Loc, site)
		if _, twice := days[path]; !ours || twice {
			h.t.Errorf("the sitemap lists %s, which is not ours or there twice", u.Loc)
		}
		days[path] = u.Lastmod
	}
	return days
}

// walk visits everything that a stranger gets to from the front page.
func (h *house) walk() map[string]document {
	h.t.Helper()
	b, seen := h.browser(), map[string]document{}
	for next := []string{"/"}; len(next) > 0; next = next[1:] {
		if _, been := seen[next[0]]; been {
			continue
		}
		answer := b.get(next[0])
		if answer.status != http.StatusOK {
			h.t.Errorf("a link leads to %s, which is answered with %d", next[0], answer.status)
		}
		page := h.read(next[0], answer)
		seen[next[0]] = page
		next = append(next, page.links()...)
	}
	return seen
}

func TestEveryPageStandsAtItsAddress(t *testing.T) {
	t.Parallel()
	h := open(t, named(site))
	for path, page := range h.walk() {
		page.one("h1", "", "", "")
		page.one("title", "", "", "")
		page.one("html", "lang", "sv", "lang")
		page.one("meta", "name", "description", "content")
		ids, level := map[string]bool{}, 0
		for n := range page.root.Descendants() {
			if found := slices.Index([]string{"h1", "h2", "h3", "h4"}, n.Data) + 1; found > 0 && n.Type == html.ElementNode {
				if found > level+1 {
					t.Errorf("%s: %s after a heading of level %d", path, n.Data, level)
				}
				level = found
			}
			id := attribute(n, "id")
			if id != "" && ids[id] {
				t.Errorf("%s: two elements with id %s", path, id)
			}
			ids[id] = true
		}
		if page.hidden() {
			continue
		}
		if got := page.one("link", "rel", "canonical", "href"); got != site+path {
			t.Errorf("%s: got canonical address %q", path, got)
		}
		if got := page.one("meta", "property", "og:url", "content"); got != site+path {
			t.Errorf("%s: got og:url %q", path, got)
		}
		for _, property := range []string{"og:type", "og:title", "og:description", "og:site_name", "og:locale", "og:image", "og:image:alt"} {
			page.one("meta", "property", property, "content")
		}
	}
}

func TestSitemapListsWhatAStrangerGetsTo(t *testing.T) {
	t.Parallel()
	h := open(t, named(site))
	listed := h.listed()
	found := h.walk()
	maps.DeleteFunc(found, func(_ string, page document) bool { return page.hidden() })
	got, want := slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(found))
	if !slices.Equal(got, want) {
		t.Errorf("the sitemap lists\n%s\nand links lead to\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for path, day := range map[string]string{"/artiklar/mingla": "2026-11-17", coming: "2026-11-20", "/": "", "/brev/atta-brev/lyssna-klart": ""} {
		if listed[path] != day {
			t.Errorf("%s: got changed %q, want %q", path, listed[path], day)
		}
	}
	robots := h.browser().get("/robots.txt")
	if want := "User-agent: *\nDisallow:\n\nSitemap: https://atta.example/sitemap.xml\n"; robots.body != want {
		t.Errorf("got robots.txt\n%s\nwant\n%s", robots.body, want)
	}
}

// What is nobody's to find says so.
func TestWhatIsNotToBeFound(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	for what, answer := range map[string]reply{
		"a page that is not there": anna.get("/finns-inte"),
		"a confirm link":           anna.get(h.confirmLink("anna@example.se")),
		"a leave link":             anna.get(h.leaveLink("anna@example.se")),
		"the answer to a sign-up":  anna.post("/anmalan", "epost", "bo@example.se"),
		"a mistyped address":       anna.post("/anmalan", "epost", "bo@", "artikel", "mingla", "vagg", "1"),
		"another method":           anna.do(http.MethodPut, "/", "", ""),
	} {
		page := h.read(what, answer)
		if got := page.one("meta", "name", "robots", "content"); got != "noindex" {
			t.Errorf("%s: got robots %q, want noindex", what, got)
		}
		if page.has("link", "rel", "canonical") || page.has("meta", "property", "og:url") || page.data() != nil {
			t.Errorf("%s says where it is to be found:\n%s", what, answer.body)
		}
	}
}

func TestSharePicture(t *testing.T) {
	t.Parallel()
	h := open(t, named(site))
	page := h.read("/", h.browser().get("/"))
	path, ours := strings.CutPrefix(page.one("meta", "property", "og:image", "content"), site)
	if !ours || !regexp.MustCompile(`^/static/share\.[0-9a-f]{12}\.png$`).MatchString(path) {
		t.Fatalf("got picture %q, want one of ours, named after its content", path)
	}
	picture := h.browser().get(path)
	h.wants(picture, http.StatusOK)
	config, kind, err := image.DecodeConfig(strings.NewReader(picture.body))
	if err != nil || kind != "png" || picture.header.Get("Content-Type") != "image/png" {
		t.Fatalf("got a %s as %s (error %v), want a PNG", kind, picture.header.Get("Content-Type"), err)
	}
	wide, high := page.one("meta", "property", "og:image:width", "content"), page.one("meta", "property", "og:image:height", "content")
	if config.Width != 1200 || config.Height != 630 || wide != "1200" || high != "630" {
		t.Errorf("got %d×%d, told as %s×%s, want 1200×630", config.Width, config.Height, wide, high)
	}
	if len(picture.body) > 100_000 {
		t.Errorf("got %d octets, want at most 100,000", len(picture.body))
	}
}
