package demo

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"html/template"
	"io"
	"net/http"
	"strconv"
)

// inboxLists bounds the page; older letters are found by filter or by number.
const inboxLists = 200

//go:embed page.html
var pageSource string

var page = template.Must(template.New("page").Parse(pageSource))

// ServeHTTP shows the inbox. All links are relative, so it can be mounted
// anywhere with http.StripPrefix and a closing slash.
func (in *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { in.page.ServeHTTP(w, r) }

func (in *Inbox) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", in.showList)
	mux.HandleFunc("GET /letters/{n}", in.showLetter)
	mux.HandleFunc("GET /letters/{n}/html", in.showHTML)
	mux.HandleFunc("GET /letters/{n}/raw", in.showRaw)
	return mux
}

type list struct {
	To      string
	Letters []arrival
	Total   int
	Nonce   string
}

func (l list) Hidden() int { return l.Total - len(l.Letters) }

func (in *Inbox) showList(w http.ResponseWriter, r *http.Request) {
	to := r.FormValue("to")
	found := in.newestTo(to)
	shown := list{To: to, Letters: found[:min(len(found), inboxLists)], Total: len(found), Nonce: rand.Text()}
	guardPage(w, "script-src 'nonce-"+shown.Nonce+"'; connect-src 'self'")
	write(w, "list", shown)
}

func (in *Inbox) showLetter(w http.ResponseWriter, r *http.Request) {
	a, ok := in.find(w, r)
	if !ok {
		return
	}
	guardPage(w, "frame-src 'self'")
	write(w, "letter", struct {
		arrival
		contents
	}{a, takeApart(a.Raw)})
}

// showHTML serves the letter's own page as a stranger's: no scripts, nothing
// fetched but its pictures, no origin.
func (in *Inbox) showHTML(w http.ResponseWriter, r *http.Request) {
	a, ok := in.find(w, r)
	if !ok {
		return
	}
	text, err := inNewTabs(takeApart(a.Raw).HTML)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	guard(w, "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "+
		"img-src data: http: https:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, text)
}

func (in *Inbox) showRaw(w http.ResponseWriter, r *http.Request) {
	a, ok := in.find(w, r)
	if !ok {
		return
	}
	guard(w, "default-src 'none'; frame-ancestors 'none'")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(a.Raw)
}

// find answers 404 itself.
func (in *Inbox) find(w http.ResponseWriter, r *http.Request) (arrival, bool) {
	number, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		http.NotFound(w, r)
		return arrival{}, false
	}
	a, ok := in.letter(number)
	if !ok {
		http.Error(w, "no such letter: it has not come, or has made room for newer ones", http.StatusNotFound)
	}
	return a, ok
}

// guardPage is for our own pages: nothing runs and nothing loads but what is
// allowed by name.
func guardPage(w http.ResponseWriter, allowed string) {
	guard(w, "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "+allowed)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
}

func guard(w http.ResponseWriter, policy string) {
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
}

func write(w http.ResponseWriter, name string, data any) {
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	b.WriteTo(w)
}
