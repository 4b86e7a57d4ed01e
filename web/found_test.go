package web_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"html/template"
	"image"
	_ "image/png"
	"iter"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"fortsatt/lessons"
)

// A document is a page as a search engine reads it.
type document struct {
	*testing.T
	path string
	root *html.Node
}

func (h *house) read(path string, r reply) document {
	h.t.Helper()
	root, err := html.Parse(strings.NewReader(r.body))
	if err != nil {
		h.t.Fatal(err)
	}
	return document{h.t, path, root}
}

func (d document) all(element string) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		for n := range d.root.Descendants() {
			if n.Type == html.ElementNode && n.Data == element && !yield(n) {
				return
			}
		}
	}
}

func attribute(n *html.Node, key string) string {
	i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
	if i < 0 {
		return ""
	}
	return n.Attr[i].Val
}

// one returns the only thing of its kind that a page says about itself.
func (d document) one(element, key, value, wanted string) string {
	d.Helper()
	var found []string
	for n := range d.all(element) {
		if key == "" && n.FirstChild != nil {
			found = append(found, n.FirstChild.Data)
		} else if key != "" && attribute(n, key) == value {
			found = append(found, attribute(n, wanted))
		}
	}
	if len(found) != 1 || strings.TrimSpace(found[0]) == "" {
		d.Errorf("%s: got %s %s %q, want one", d.path, element, value, found)
		return ""
	}
	return found[0]
}

func (d document) has(element, key, value string) bool {
	for n := range d.all(element) {
		if attribute(n, key) == value {
			return true
		}
	}
	return false
}

// data is what the page is about; nil if it does not say.
func (d document) data() (about map[string]any) {
	d.Helper()
	for n := range d.all("script") {
		if about != nil || attribute(n, "type") != "application/ld+json" {
			d.Errorf("%s: a script too many: %s", d.path, n.FirstChild.Data)
		}
		if err := json.Unmarshal([]byte(n.FirstChild.Data), &about); err != nil {
			d.Errorf("%s: %v in %s", d.path, err, n.FirstChild.Data)
		}
	}
	return about
}

// links are the addresses on the site that a page leads to, without questions.
func (d document) links() (paths []string) {
	for n := range d.all("a") {
		path, _, _ := strings.Cut(attribute(n, "href"), "#")
		path, _, _ = strings.Cut(path, "?")
		if strings.HasPrefix(path, "/") {
			paths = append(paths, path)
		}
	}
	return paths
}

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
		if got := page.one("link", "rel", "canonical", "href"); got != site+path {
			t.Errorf("%s: got canonical address %q", path, got)
		}
		if got := page.one("meta", "property", "og:url", "content"); got != site+path {
			t.Errorf("%s: got og:url %q", path, got)
		}
		for _, property := range []string{"og:type", "og:title", "og:description", "og:site_name", "og:locale", "og:image", "og:image:alt"} {
			page.one("meta", "property", property, "content")
		}
		if page.has("meta", "name", "robots") {
			t.Errorf("%s is not to be indexed", path)
		}
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
	}
}

func TestSitemapListsWhatAStrangerGetsTo(t *testing.T) {
	t.Parallel()
	h := open(t, named(site))
	listed := h.listed()
	got, want := slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(h.walk()))
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

func TestPagesSayWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	h := open(t, named("http://atta.example"))
	stranger, member := h.browser(), h.start("anna@example.se")
	organization := map[string]any{"@type": "Organization", "name": "Förlaget AB", "url": "http://atta.example/"}
	image := h.read("/", stranger.get("/")).one("meta", "property", "og:image", "content")

	event := func(path, name, lede, starts, ends, status string) map[string]any {
		return map[string]any{
			"@context": "https://schema.org", "@type": "Event", "url": "http://atta.example" + path,
			"name": name, "description": lede, "inLanguage": "sv", "image": image,
			"startDate": starts, "endDate": ends, "eventStatus": "https://schema.org/" + status,
			"eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
			"location":            map[string]any{"@type": "VirtualLocation", "url": "http://atta.example" + path},
			"isAccessibleForFree": true, "organizer": organization,
		}
	}
	text := func(path, headline, lede string, free bool) map[string]any {
		return map[string]any{
			"@context": "https://schema.org", "@type": "Article", "url": "http://atta.example" + path,
			"headline": headline, "description": lede, "inLanguage": "sv", "image": image,
			"author": organization, "publisher": organization, "isAccessibleForFree": free,
		}
	}
	article := text("/artiklar/mingla", "Måste jag mingla?", "Nej.", false)
	article["datePublished"] = "2026-11-17"
	article["hasPart"] = map[string]any{"@type": "WebPageElement", "isAccessibleForFree": false, "cssSelector": ".locked"}

	for path, want := range map[string]map[string]any{
		"/artiklar/mingla":             article,
		"/brev/atta-brev/lyssna-klart": text("/brev/atta-brev/lyssna-klart", "Lyssna klart", h.library.Course("atta-brev").Lessons[1].Preheader, true),
		coming:                         event(coming, "Första meddelandet", "Skriv, stryk; skicka.", "2027-01-21T12:10:00+01:00", "2027-01-21T12:50:00+01:00", "EventScheduled"),
		off:                            event(off, "Sent på dagen", "Om att gå hem.", "2026-12-03T16:00:00+01:00", "2026-12-03T16:30:00+01:00", "EventCancelled"),
		"/":                            nil,
		"/integritet":                  nil,
	} {
		for who, b := range map[string]*browser{"a stranger": stranger, "a member": member} {
			got, _ := json.MarshalIndent(h.read(path, b.get(path)).data(), "", " ")
			want, _ := json.MarshalIndent(want, "", " ")
			if string(got) != string(want) {
				t.Errorf("%s tells %s\n%s\nwant\n%s", path, who, got, want)
			}
		}
	}
}

// The selector in an article's data finds what is locked, and only that.
func TestLockedPartIsPointedAt(t *testing.T) {
	t.Parallel()
	h := open(t)
	locked := func(r reply) (texts []string) {
		for n := range h.read("", r).root.Descendants() {
			if slices.Contains(strings.Fields(attribute(n, "class")), "locked") {
				var out bytes.Buffer
				html.Render(&out, n)
				texts = append(texts, out.String())
			}
		}
		if len(texts) != 1 {
			t.Fatalf("%d elements are locked, want 1", len(texts))
		}
		return texts
	}
	if open := locked(h.start("anna@example.se").get("/artiklar/mingla"))[0]; !strings.Contains(open, restOfMingle) || strings.Contains(open, "vid kaffet") {
		t.Errorf("to a member this is locked:\n%s", open)
	}
	if wall := locked(h.browser().get("/artiklar/mingla"))[0]; !strings.Contains(wall, "<form") || strings.Contains(wall, "vid kaffet") {
		t.Errorf("to a stranger this is locked:\n%s", wall)
	}
}

func TestHostileTitlesAreInert(t *testing.T) {
	t.Parallel()
	h := open(t)
	hostile := `</script><script>alert(1)</script>"'\u003c` + "\u2028"
	h.library.Articles[0].Title = hostile
	h.library.Webinar("forsta-meddelandet").Place = "javascript:alert(1)"
	page := h.read("", h.browser().get("/artiklar/mingla"))
	if got := page.data()["headline"]; got != hostile { // data finds fault with a second script
		t.Errorf("got headline %q, want %q", got, hostile)
	}
	h.wants(h.start("anna@example.se").get(coming), http.StatusOK, "<p>javascript:alert(1)</p>")
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

// What is behind a wall is in nothing that a stranger can get, however they ask.
func TestLockedTextIsNowhere(t *testing.T) {
	t.Parallel()
	h := open(t, named(site))
	real, err := lessons.Load(lessons.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	h.library.Articles = append(h.library.Articles, real.Articles...)
	h.library.Webinars = append(h.library.Webinars, real.Webinars...)
	locked := []string{meetingRoom}
	paths := []string{"/robots.txt", "/sitemap.xml", "/feed.xml", "/nyhetsbrev.xml", "/artiklar/", "/webbinarier/"}
	behind := func(path string, rest template.HTML) {
		locked = append(locked, sentences(string(rest))...)
		for _, guess := range []string{"", "/", ".html", ".md", ".txt", ".json", ".xml", ".ics", ".pdf", "/rest", "/amp", "?amp=1", "?vagg=1", "?pending=true", "?print=1", "?session=x", "?format=ics"} {
			paths = append(paths, path+guess)
		}
		paths = append(paths, strings.ToUpper(path), "/static"+path, "/lessons"+path+".md", "/anmalan?sida="+path, "/anmalan?vagg=1&artikel="+path[strings.LastIndex(path, "/")+1:])
	}
	for _, a := range h.library.Articles {
		behind("/artiklar/"+a.Slug, a.Rest)
	}
	for _, w := range h.library.Webinars {
		behind("/webbinarier/"+w.Slug, w.Rest)
		locked = append(locked, w.Place)
	}
	if len(locked) < 50 {
		t.Fatalf("only %d sentences are locked: are the shipped articles there?", len(locked))
	}
	paths = append(paths, slices.Sorted(maps.Keys(h.walk()))...)
	b := h.browser()
	for _, path := range paths {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			answer := b.do(method, path, "", "")
			shown := plain(answer.body)
			for _, sentence := range locked {
				if strings.Contains(shown, sentence) || strings.Contains(answer.body, sentence) {
					t.Errorf("%s %s tells a stranger %q", method, path, sentence)
				}
			}
		}
	}
	if got := b.cookies(); len(got) != 0 {
		t.Errorf("got cookies %v on the way, want none", got)
	}
}

// sentences are those that stand in a text and are long enough to be its own.
func sentences(text string) (list []string) {
	for _, sentence := range regexp.MustCompile(`[.!?] `).Split(plain(text), -1) {
		if len(sentence) > 25 {
			list = append(list, strings.TrimRight(sentence, ".!? "))
		}
	}
	return list
}

// plain is a page without its elements, on one line.
func plain(text string) string {
	return strings.Join(strings.Fields(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(text, " "))), " ")
}
