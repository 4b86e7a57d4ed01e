package web

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// framePath is the form made for an iframe on another site.
const framePath = "/anmalan/ram"

// frame shows it. It sets no cookie and opens nothing, since the page around it
// is not ours.
func (s *site) frame(w http.ResponseWriter, r *http.Request) {
	allowFrame(w)
	w.Header().Set("X-Robots-Tag", "noindex")
	around := r.Header.Get("Referer")
	if from := origin(around); from == "" || strings.HasSuffix(from, "://"+r.Host) {
		around = r.URL.Query().Get("fran") // back here from our own answer
	}
	s.showForm(w, http.StatusOK, s.framedForm(around))
}

// framedForm is the form in a frame on the site that an address belongs to.
func (s *site) framedForm(around string) *form {
	f := s.loneForm("")
	f.Framed, f.From = true, origin(around)
	return f
}

// allowFrame lets any site show this answer in a frame.
func allowFrame(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", strings.Replace(policy, "frame-ancestors 'none'", "frame-ancestors *", 1))
}

// evidence says where the form stood: a path of ours, or another site's origin.
func (f *form) evidence() string {
	switch {
	case f.From != "":
		return f.From
	case f.Framed:
		return framePath
	case f.AtWall:
		return f.Back
	}
	return "/anmalan"
}

// Alone is where the form stands by itself, for whoever wants to write the
// address again.
func (f *form) Alone() string {
	if !f.Framed {
		return carrying("/anmalan", f.Back)
	}
	if f.From == "" {
		return framePath
	}
	return framePath + "?fran=" + url.QueryEscape(f.From)
}

// sender is the origin of the page that posted a form, as far as the browser
// tells.
func sender(r *http.Request) string {
	if from := origin(r.Header.Get("Origin")); from != "" {
		return from
	}
	return origin(r.Header.Get("Referer"))
}

// origin returns the scheme and host of a web address (RFC 6454, section 6.2),
// "" for anything that is not one. Anybody can send anything here, and it is kept.
func origin(address string) string {
	at, err := url.Parse(address)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" {
		return ""
	}
	host, err := idna.Lookup.ToASCII(at.Hostname())
	if err != nil || host == "" {
		return ""
	}
	if port := at.Port(); port != "" {
		host += ":" + port
	}
	if len(host) > 190 {
		return ""
	}
	return at.Scheme + "://" + host
}
