package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"fortsatt/lessons"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates holds one set for each page: its own "main" within the shared layout.
var templates = parseTemplates(
	"home", "article", "signup", "inbox", "confirm", "confirmed", "leave", "message", "page",
	"webinar", "letter",
	"login", "code", "open", "used",
	"answers", "answer", "ask", "myquestion",
)

func parseTemplates(names ...string) map[string]*template.Template {
	shared := template.Must(template.New("").Funcs(template.FuncMap{"fill": fill}).
		ParseFS(templateFiles, "templates/layout.html", "templates/frame.html", "templates/form.html"))
	sets := map[string]*template.Template{}
	for _, name := range names {
		sets[name] = template.Must(template.Must(shared.Clone()).ParseFS(templateFiles, "templates/"+name+".html"))
	}
	return sets
}

// fill puts values into a text's holes: fill("{minutes} minuter", "minutes", 5).
func fill(text string, pairs ...any) string {
	var swaps []string
	for i := 0; i+1 < len(pairs); i += 2 {
		swaps = append(swaps, fmt.Sprintf("{%v}", pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return strings.NewReplacer(swaps...).Replace(text)
}

// page is one page to be shown.
type page struct {
	Template    string
	Title       string
	Description string // for search engines; "" means the site's own
	Body        any    // what its template shows
	Member      bool   // a reader is signed in here, and may want to sign out
	Framed      bool   // it stands in another site's page

	Path    string // its address, under which it is to be found; "" for a page that is not
	Kind    string // what a preview calls it (ogp.me); "" means website
	Data    thing  // what it is about; nil for nothing in particular
	NoIndex bool   // not to be found; show sets it where there is no Path
}

// view is all that a template can reach.
type view struct {
	page
	Words     lessons.Pages
	Wall      lessons.Wall
	Publisher lessons.Publisher
	Relay     string // the promise about the relay; "" where none is named
	base      string
}

// Static returns the address of a file under static/.
func (view) Static(name string) string { return staticPath(name) }

// Absolute returns the whole address of a path.
func (v view) Absolute(path string) string { return v.base + path }

// message is the body of a page that says one thing and links on.
type message struct{ Line, Href, Link string }

// show renders a page whole before it writes anything, so that no reader gets half of one.
func (s *site) show(w http.ResponseWriter, status int, p page) {
	if p.Description == "" {
		p.Description = s.library.Pages.Site.Description
	}
	if p.Path == "" || status != http.StatusOK {
		p.Path, p.Data, p.NoIndex = "", nil, true
	}
	v := view{base: s.base, page: p, Words: s.library.Pages, Wall: s.library.Wall, Publisher: s.library.Publisher, Relay: s.relay()}
	layout := "layout"
	if p.Framed {
		layout = "frame"
	}
	var html bytes.Buffer
	if err := templates[p.Template].ExecuteTemplate(&html, layout, v); err != nil {
		s.log.Error("show a page", "template", p.Template, "error", err)
		if p.Template == "message" { // the error page itself
			http.Error(w, s.library.Pages.Problem.BrokenTitle, http.StatusInternalServerError)
			return
		}
		s.broken(w, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(html.Len()))
	w.WriteHeader(status)
	w.Write(html.Bytes())
}

// relay returns the promise about who carries the letters, "" on a site that
// names nobody.
func (s *site) relay() string {
	if s.library.Publisher.Relay == "" {
		return ""
	}
	return fill(s.library.Wall.Relay, "relay", s.library.Publisher.Relay)
}
