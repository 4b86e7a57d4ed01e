package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"fortsatt/mailer/relaytest"
)

// everyLetter is one of each that the product sends, most of them with something
// left to press behind their links. A new kind belongs here.
func (h *house) everyLetter(s *scanner) []relaytest.Letter {
	h.t.Helper()
	h.course("subscribers", "import", h.file("anna@example.se,Anna\n")) // without consent: a confirm letter
	h.people("bo@example.se")                                           // letter 1
	worker := h.start("worker")
	h.next(2)
	h.askEditors(s)
	visit(h.t).post(s.site+"/logga-in", "epost", "bo@example.se")
	h.next(8)
	if code := worker.stop(syscall.SIGTERM); code != 0 {
		h.t.Errorf("worker exited with %d, want 0", code)
	}
	for week := 2; week <= 8; week++ {
		h.course("lessons", "test", "--week", fmt.Sprint(week), "--to", "bo@example.se")
	}
	if n := h.count(`
		select count(distinct split_part(letter, ':', 1))
		from versions v
		where not exists (
			select from deliveries d
			where split_part(d.letter, ':', 1) = split_part(v.letter, ':', 1) and d.state = 'accepted')`); n != 0 {
		h.t.Errorf("of %d kinds of letters none was sent", n)
	}
	letters := h.relay.Accepted()
	if len(letters) != 15 {
		h.t.Fatalf("%d letters were sent, want eight lessons and seven others", len(letters))
	}
	return letters
}

// askEditors has Cia sign up to read and ask three things. One answer she lets
// them publish, one question is declined, and one wording waits for her word.
func (h *house) askEditors(s *scanner) {
	h.t.Helper()
	cia := visit(h.t)
	cia.post(s.site+"/anmalan", "epost", "cia@example.se")
	cia.post(s.link(h.next(3), "/bekrafta/"), "val", "lasa")
	for _, verb := range []string{"mingla", "ringa", "vila"} {
		cia.post(s.site+"/fraga-redaktionen", "fraga", "Måste jag "+verb+" när alla ser på?", "signatur", "Hellre kaffe")
	}
	var asked []struct{ ID string }
	if err := json.Unmarshal([]byte(h.course("questions", "list", "--json")), &asked); err != nil || len(asked) != 3 {
		h.t.Fatalf("asked: %v, %v, want three questions", asked, err)
	}
	words := h.file("Nej, det måste du *inte*.\n")
	h.course("questions", "answer", asked[0].ID, "--file", words, "--yes")
	link := s.link(h.next(4), "/min-fraga/")
	text := regexp.MustCompile(`name="text" value="(\w+)"`).FindStringSubmatch(cia.get(link))
	if text == nil {
		h.t.Fatal("there is no wording to agree to")
	}
	cia.post(link, "val", "ja", "text", text[1])
	h.next(5)
	h.course("questions", "decline", asked[1].ID, "--file", words, "--yes")
	h.next(6)
	h.course("questions", "answer", asked[2].ID, "--file", words, "--yes")
	h.next(7)
}

// next waits until so many letters are sent, and returns the last.
func (h *house) next(n int) relaytest.Letter {
	h.t.Helper()
	if err := h.relay.Wait(inTime(h.t), n); err != nil {
		h.t.Fatalf("waiting for letter %d of %d: %v", len(h.relay.Accepted())+1, n, err)
	}
	return h.relay.Accepted()[n-1]
}

func (h *house) file(text string) string {
	h.t.Helper()
	file, err := os.CreateTemp(h.t.TempDir(), "")
	if err != nil {
		h.t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		h.t.Fatal(err)
	}
	return file.Name()
}

// A visitor is a person at the site whose browser keeps cookies.
type visitor struct {
	t    testing.TB
	http http.Client
}

func visit(t testing.TB) *visitor {
	jar, _ := cookiejar.New(nil) // fails for nobody
	return &visitor{t, http.Client{Jar: jar}}
}

func (v *visitor) get(page string) string {
	v.t.Helper()
	return v.read(v.http.Get(page))
}

// post sends names and values, by turns.
func (v *visitor) post(page string, fields ...string) {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	v.read(v.http.PostForm(page, form))
}

func (v *visitor) read(answer *http.Response, err error) string {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		v.t.Fatalf("%s is answered with %s, %v\n%s", answer.Request.URL.Path, answer.Status, err, text)
	}
	return string(text)
}

// link is the letter's to a page.
func (s *scanner) link(letter relaytest.Letter, page string) string {
	s.t.Helper()
	for _, link := range s.linksOf(letter) {
		if strings.HasPrefix(link, s.site+page) {
			return link
		}
	}
	s.t.Fatalf("the letter to %s has no link to %s", letter.To, page)
	return ""
}
