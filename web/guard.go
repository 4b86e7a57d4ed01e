package web

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"
)

// policy lets a page load its own style sheet and images, post its own forms,
// and nothing else: no script, no other host, no frame around it.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guarded adds what holds for every request. From the outside in: it is logged,
// a panic becomes a page, the headers are set, other sites' forms are refused.
func (s *site) guarded(routes http.Handler) http.Handler {
	own := http.NewCrossOriginProtection()
	own.SetDenyHandler(http.HandlerFunc(s.foreign))
	// Signing up uses no cookie, so a form on another site may do it; it opens nothing there.
	own.AddInsecureBypassPattern("POST /anmalan")
	// A mail program's one-click comes from anywhere, without cookies (RFC 8058, section 3.2).
	own.AddInsecureBypassPattern("POST /avsluta/{token}")
	// A provider's report is believed for its signature, whoever carries it.
	own.AddInsecureBypassPattern("POST /hooks/{provider}")
	return s.logged(s.recovered(s.headed(own.Handler(routes))))
}

func (s *site) headed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// secret marks the answers of an address that holds a token: they are not kept,
// not indexed, and the address is told to nobody. The policy is strict-origin
// and not no-referrer, since under the latter a page's own form is posted with
// "Origin: null", and browsers without Sec-Fetch-Site could not confirm.
func secret(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "strict-origin")
		h.Set("X-Robots-Tag", "noindex")
		next(w, r)
	}
}

// recovered answers a panic with a page. Only what the runtime itself says is
// logged: another panic's value may hold anything, a reader's address too.
func (s *site) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch reason := recover().(type) {
			case nil:
			case runtime.Error:
				s.log.Error("panic", "route", r.Pattern, "reason", reason.Error(), "stack", string(debug.Stack()))
				s.broken(w, http.StatusInternalServerError)
			default:
				if reason == http.ErrAbortHandler {
					panic(reason)
				}
				s.log.Error("panic", "route", r.Pattern, "reason", fmt.Sprintf("%T", reason), "stack", string(debug.Stack()))
				s.broken(w, http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// logged writes one line a request: the route's pattern and never the path,
// which may hold a token, nor the query or an address.
func (s *site) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		a := &answer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(a, r)
		s.log.Info("request", "method", method(r), "route", r.Pattern, "status", a.status, "took", time.Since(start))
	})
}

// method returns the request's method if it is one of HTTP's own (RFC 9110,
// section 9), since any token is a method on the wire.
func method(r *http.Request) string {
	switch r.Method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT":
		return r.Method
	}
	return "other"
}

// answer remembers the status for the log.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.MaxBytesReader reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
