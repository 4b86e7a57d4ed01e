package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"fortsatt/course"
)

// Anna has had enough: two clicks, no login. Then she changes her mind.
func TestAnnaLeavesAndComesBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	link := h.leaveLink("anna@example.se")
	anna := h.browser()

	h.wants(anna.get(link), http.StatusOK, "Vill du sluta få breven?", "från kursen Åtta brev", "<button>Sluta få breven</button>")
	gone := anna.post(link, "List-Unsubscribe", "One-Click")
	h.wants(gone, http.StatusOK, h.library.Pages.Leave.GoneTitle, `name="angra"`)
	h.lacks(gone, "<button>Sluta få breven</button>")
	h.wants(anna.get(link), http.StatusOK, h.library.Pages.Leave.GoneTitle, `name="angra"`)
	if got := h.one(`select state from enrolments`); got != "left" {
		t.Errorf("got enrolment %s, want left", got)
	}

	h.later(course.UndoLife - time.Second)
	h.wants(anna.post(link, "angra", "1"), http.StatusOK, h.library.Pages.Leave.BackTitle)
	if got := h.one(`select state from enrolments`); got != "active" {
		t.Errorf("after undoing, got enrolment %s, want active", got)
	}
	h.wants(anna.get(link), http.StatusOK, "<button>Sluta få breven</button>")
}

func TestUndoEndsAfterTenMinutes(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.start("anna@example.se")
	link := h.leaveLink("anna@example.se")
	anna := h.browser()
	anna.post(link)
	h.later(course.UndoLife + time.Second)

	h.lacks(anna.get(link), `name="angra"`)
	h.wants(anna.post(link, "angra", "1"), http.StatusConflict, h.library.Pages.Leave.LateTitle, `href="/anmalan"`)
	if got := h.one(`select state from enrolments`); got != "left" {
		t.Errorf("got enrolment %s, want left", got)
	}
}

// RFC 8058, section 3.1: a mail program posts one of two encodings, without
// cookies, from anywhere; the answer is no redirect, and twice is as good as once.
func TestOneClick(t *testing.T) {
	t.Parallel()
	const multipart = "--grans\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--grans--\r\n"
	for _, c := range []struct{ name, contentType, body string }{
		{"urlencoded", "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"},
		{"multipart", "multipart/form-data; boundary=grans", multipart},
		{"no body", "", ""},
		{"cut off", "multipart/form-data; boundary=grans", multipart[:40]},
		{"huge", "application/x-www-form-urlencoded", strings.Repeat("x", 70<<10)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			h.start("anna@example.se")
			h.start("bo@example.se")
			for range 2 {
				r, _ := http.NewRequest(http.MethodPost, h.server.URL+h.leaveLink("anna@example.se"), strings.NewReader(c.body))
				r.Header.Set("Content-Type", c.contentType)
				r.Header.Set("Origin", "https://mail.example")
				r.Header.Set("Sec-Fetch-Site", "cross-site")
				answer := h.send(r)
				h.wants(answer, http.StatusOK)
				if got := answer.header.Values("Set-Cookie"); len(got) != 0 {
					t.Errorf("got cookies %v, want none", got)
				}
			}
			for email, want := range map[string]string{"anna@example.se": "left", "bo@example.se": "active"} {
				got := h.one(`select e.state from enrolments e join subscribers s on s.id = subscriber_id where email = $1`, email)
				if got != want {
					t.Errorf("%s: got enrolment %s, want %s", email, got, want)
				}
			}
			if got := h.one(`select count(*) from consents where event = 'withdrawn'`); got != "1" {
				t.Errorf("left %s times, want once", got)
			}
		})
	}
}
