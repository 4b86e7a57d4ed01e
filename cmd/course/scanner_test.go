package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/emersion/go-message/mail"

	"fortsatt/mailer/relaytest"
)

// A filter before a company's mail opens every link of every letter, and what
// stands on the pages behind: by GET, by HEAD, and in a browser with JavaScript.
// All of it is there, and nothing in the database changes.
func TestRow66AScannerOpensEveryLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	site := freeAddress(t)
	h.env = append(h.env, "COURSE_LISTEN="+site, "COURSE_BASE_URL=http://"+site)
	h.start("web").says(`web: serving`)
	s := &scanner{t: t, site: "http://" + site, found: map[string]bool{}}
	letters := h.everyLetter(s)
	before := h.rows()
	var links []string
	for _, letter := range letters {
		ours := s.linksOf(letter)
		if len(ours) < 2 {
			t.Errorf("the letter to %s has only the links %q", letter.To, ours)
		}
		links = append(links, ours...)
	}
	slices.Sort(links)
	for _, link := range slices.Compact(links) {
		s.follow(link)
	}
	h.same(before, "GET and HEAD")

	b := openBrowser(t, true)
	for link := range s.found {
		b.do(chromedp.Navigate(link))
	}
	h.same(before, "a browser")
	for _, behind := range []string{
		"/bekrafta/", "/avsluta/", "/logga-in/", "/min-fraga/", "/integritet", "/artiklar/", "/webbinarier/", "/brev/", "/fragor/", "/anmalan",
	} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(s.found)), func(link string) bool { return strings.HasPrefix(link, s.site+behind) }) {
			t.Errorf("the scanner did not come to %s…", behind)
		}
	}
}

// A scanner opens links and remembers where it has been.
type scanner struct {
	t     *testing.T
	site  string
	found map[string]bool
}

var address = regexp.MustCompile(`https?://[^\s"'<>]+`)

// linksOf are those to the site, in a letter's header and both of its parts.
func (s *scanner) linksOf(letter relaytest.Letter) (links []string) {
	s.t.Helper()
	r, err := mail.CreateReader(bytes.NewReader(letter.Bytes))
	if err != nil {
		s.t.Fatal(err)
	}
	text := r.Header.Get("List-Unsubscribe")
	for {
		part, err := r.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			s.t.Fatal(err)
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			s.t.Fatal(err)
		}
		text += "\n" + string(body)
	}
	for _, link := range address.FindAllString(text, -1) {
		if strings.HasPrefix(link, s.site+"/") {
			links = append(links, strings.TrimRight(link, ".,)"))
		}
	}
	return links
}

var href = regexp.MustCompile(`href="([^"]*)"`)

// follow opens a link, and whatever of the site stands behind it.
func (s *scanner) follow(link string) {
	s.t.Helper()
	if s.found[link] {
		return
	}
	if len(s.found) > 500 {
		s.t.Fatalf("the site has no end: %s", link)
	}
	s.found[link] = true
	head, err := http.Head(link)
	if err != nil {
		s.t.Fatal(err)
	}
	head.Body.Close()
	answer, err := http.Get(link)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if head.StatusCode != http.StatusOK || answer.StatusCode != http.StatusOK {
		s.t.Errorf("%s: got status %d to HEAD and %d to GET, want 200", link, head.StatusCode, answer.StatusCode)
	}
	for _, next := range href.FindAllSubmatch(page, -1) {
		to, err := answer.Request.URL.Parse(string(next[1]))
		if err != nil {
			s.t.Errorf("%s links to %s: %v", link, next[1], err)
			continue
		}
		to.Fragment = ""
		if strings.HasPrefix(to.String(), s.site+"/") {
			s.follow(to.String())
		}
	}
}

// rows are all of the database, a text for each table.
func (h *house) rows() map[string]string {
	h.t.Helper()
	db := h.open()
	defer db.Close()
	list, err := db.QueryContext(inTime(h.t), `select tablename from pg_tables where schemaname = 'public'`)
	if err != nil {
		h.t.Fatal(err)
	}
	defer list.Close()
	content := map[string]string{}
	for list.Next() {
		var table string
		if err := list.Scan(&table); err != nil {
			h.t.Fatal(err)
		}
		content[table] = ""
	}
	if err := list.Err(); err != nil {
		h.t.Fatal(err)
	}
	for table := range content {
		var text string
		query := fmt.Sprintf(`select coalesce(string_agg(cast(t as text), E'\n' order by cast(t as text)), '') from %q t`, table)
		if err := db.QueryRowContext(inTime(h.t), query).Scan(&text); err != nil {
			h.t.Fatal(err)
		}
		content[table] = text
	}
	return content
}

func (h *house) same(before map[string]string, after string) {
	h.t.Helper()
	for table, now := range h.rows() {
		if now != before[table] {
			h.t.Errorf("after %s, table %s changed:\ngot  %s\nwant %s", after, table, now, before[table])
		}
	}
}
