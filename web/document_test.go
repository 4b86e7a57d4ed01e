package web_test

import (
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
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

// hidden says that it asks not to be found.
func (d document) hidden() bool { return d.has("meta", "name", "robots") }

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
