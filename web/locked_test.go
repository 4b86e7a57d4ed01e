package web_test

import (
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"fortsatt/lessons"
)

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
