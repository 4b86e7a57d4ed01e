package web_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

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
