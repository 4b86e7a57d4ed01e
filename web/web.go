// Package web is the reader's door: the wall, sign-up, confirming, leaving.
//
// It cannot send. It writes wishes into [course.Store], and the worker carries
// them out. Every text it shows comes from [lessons.Library]; the templates hold
// markup only. Pages work without JavaScript, and there is none.
//
// Start with routes below; wall.go, signup.go, confirm.go, login.go and leave.go
// follow a reader's way in and out, embed.go is the form on other sites, limits.go
// keeps programs from filling it in, hooks.go takes what mail providers report, guard.go
// says what holds for every request, and show.go makes the pages. What anybody
// may read stands in home.go, letter.go and webinar.go, and found.go tells search
// engines of it.
package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"fortsatt/course"
	"fortsatt/lessons"
)

// Options for New.
type Options struct {
	BaseURL        string           // as readers reach it; without https (loopback only) cookies lack Secure
	TrustedProxies []netip.Prefix   // peers whose X-Forwarded-For is believed
	Hooks          Hooks            // providers that may report
	Now            func() time.Time // nil means time.Now
	Log            *slog.Logger     // nil means slog.Default()
}

type site struct {
	store   *course.Store
	library *lessons.Library
	course  course.Course
	proxies []netip.Prefix
	base    string // as readers reach it, without a slash at the end
	secure  bool   // readers come by https
	now     func() time.Time
	log     *slog.Logger
	hooks   map[string]proof // by provider
	origin  *http.CrossOriginProtection
	limits  *limits
}

// New returns the site. The confirm page offers c, which is a course of the library.
func New(store *course.Store, library *lessons.Library, c course.Course, o Options) http.Handler {
	s := &site{
		store:   store,
		library: library,
		course:  c,
		proxies: o.TrustedProxies,
		base:    strings.TrimRight(o.BaseURL, "/"),
		secure:  strings.HasPrefix(o.BaseURL, "https://"),
		now:     o.Now,
		log:     o.Log,
		origin:  http.NewCrossOriginProtection(),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.limits = newLimits(s.log)
	s.hooks = s.proofs(o.Hooks)
	return s.guarded(s.routes())
}

func (s *site) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/", s.missing)
	s.route(mux, "/{$}", s.home, nil)
	s.route(mux, "/artiklar/{slug}", s.article, nil)
	s.route(mux, "/anmalan", s.form, s.signUp)
	s.route(mux, "/anmalan/ram", s.frame, nil)
	s.route(mux, "/logga-in", s.loginForm, s.askLogin)
	s.route(mux, "/logga-in/{token}", secret(s.loginLink), secret(s.login))
	mux.HandleFunc("GET /logga-in/kod", s.codeForm)
	mux.HandleFunc("POST /logga-in/kod", s.loginByCode)
	mux.HandleFunc("POST /logga-ut", s.logout)
	mux.HandleFunc("/logga-ut", func(w http.ResponseWriter, r *http.Request) { s.wrongMethod(w, "POST") })
	s.route(mux, "/bekrafta/{token}", secret(s.invitation), secret(s.confirm))
	s.route(mux, "/avsluta/{token}", secret(s.leaving), secret(s.leave))
	s.route(mux, "/integritet", s.privacy, nil)
	s.route(mux, "/tillganglighet", s.accessibility, nil)
	s.route(mux, "/webbinarier/{slug}", s.webinar, nil) // and {slug}.ics
	s.route(mux, "/brev/{course}/{id}", s.letter, nil)
	s.route(mux, "/sitemap.xml", s.sitemap, nil)
	s.route(mux, "/robots.txt", s.robots, nil)
	s.route(mux, "/fragor", s.answers, nil)
	s.route(mux, "/fragor/{slug}", s.answer, nil)
	s.route(mux, "/fraga-redaktionen", s.askForm, s.askEditors)
	s.route(mux, "/min-fraga/{token}", secret(s.myQuestion), secret(s.decide))
	s.route(mux, "/static/{name}", s.static, nil)
	s.route(mux, "/healthz", s.healthz, nil)
	mux.HandleFunc("POST /hooks/{provider}", s.hook)
	mux.HandleFunc("/hooks/{provider}", func(w http.ResponseWriter, r *http.Request) { s.wrongMethod(w, "POST") })
	return mux
}

// route registers what GET (and so HEAD) and POST of a path do; any other
// method, and POST where there is none, is answered with 405.
func (s *site) route(mux *http.ServeMux, path string, get, post http.HandlerFunc) {
	allow := "GET, HEAD"
	mux.HandleFunc("GET "+path, get)
	if post != nil {
		allow += ", POST"
		mux.HandleFunc("POST "+path, post)
	}
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { s.wrongMethod(w, allow) })
}
