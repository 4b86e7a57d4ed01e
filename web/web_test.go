package web_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq"

	"fortsatt/course"
	"fortsatt/demo"
	"fortsatt/lessons"
	"fortsatt/web"
)

// A house is the site on a real server and a real database, on a Tuesday
// morning that lasts until the test moves the clock.
type house struct {
	t       *testing.T
	store   *course.Store
	db      *sqlx.DB
	library *lessons.Library
	site    http.Handler
	server  *httptest.Server
	log     *notebook

	mu  sync.Mutex
	now time.Time
}

const (
	restOfMingle = "Gå dit med ett ärende, och gå hem när det är gjort."
	restOfGiving = "Räkna efter vad du själv har bett om i år."
	restOfFirst  = "Klockan 12.20 skriver vi den första raden tillsammans."
	restOfNo     = "Man kan säga nej och ändå fråga hur det går."
	restOfLate   = "Ta med ett glas vatten till mötet."
	meetingRoom  = "https://mote.example/rum-7"
)

func open(t *testing.T, change ...func(*web.Options)) *house {
	t.Helper()
	h := &house{t: t, log: &notebook{}, now: time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)}
	h.openStore()
	h.library = texts(t)
	o := web.Options{BaseURL: "http://127.0.0.1", Now: h.clock, Log: slog.New(slog.NewTextHandler(h.log, nil))}
	for _, change := range change {
		change(&o)
	}
	eight, _ := h.store.Course("")
	h.site = web.New(h.store, h.library, eight, o)
	h.server = httptest.NewServer(h.site)
	t.Cleanup(h.server.Close)
	return h
}

func (h *house) openStore() {
	h.t.Helper()
	dsn := demo.Database(h.t, course.Migrate)
	store, err := course.Open(h.t.Context(), course.Options{DSN: dsn, Secrets: []string{strings.Repeat("hemligt ", 5)}})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { store.Close() })
	text := course.Version{Source: []byte("brev"), Layout: []byte("{}")}
	eight := course.Course{
		ID: "atta-brev", Title: "Åtta brev",
		Rhythm:  course.Rhythm{Zone: time.UTC, Weekday: time.Tuesday, Hour: 8},
		Lessons: []course.Lesson{{ID: "ett", Title: "Vem ringer du?", Version: text}, {ID: "tva", Title: "Lyssna klart", Version: text}},
	}
	if err := store.Publish(h.t.Context(), map[string]course.Version{"confirm": text, "login": text, "question-wording": text, "question-answered": text, "question-declined": text}, []course.Course{eight}); err != nil {
		h.t.Fatal(err)
	}
	h.store, h.db = store, sqlx.MustConnect("postgres", dsn)
	h.t.Cleanup(func() { h.db.Close() })
}

// texts are the shipped words around two articles and three webinars of the tests' own.
func texts(t *testing.T) *lessons.Library {
	t.Helper()
	library, err := lessons.Load(lessons.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	library.Publisher = lessons.Publisher{Name: "Förlaget AB", Email: "red@example.se", Number: "556000-0000", Address: "Gatan 1, Orten", Relay: "Budet AB"}
	library.Articles = []*lessons.Article{
		{Slug: "mingla", Title: "Måste jag mingla?", Lede: "Nej.", Minutes: 5, Published: time.Date(2026, 11, 17, 0, 0, 0, 0, time.UTC),
			Teaser: "<p>Jag gömmer mig vid kaffet.</p>", Rest: `<p id="fortsatt">` + restOfMingle + `</p>`},
		{Slug: "staller-upp", Title: "Den som alltid ställer upp", Lede: "Om att ge.", Minutes: 6, Published: time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC),
			Teaser: "<p>Alla kommer till dig.</p>", Rest: `<p id="fortsatt">` + restOfGiving + `</p>`},
	}
	library.Webinars = webinars()
	library.Accessibility = &lessons.Page{Title: "Tillgänglighet", HTML: "<p>Sidorna fungerar utan skript.</p>"}
	return library
}

// webinars are three, soonest first: one has been, one is called off, one is to come.
func webinars() []*lessons.Webinar {
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		panic(err)
	}
	changed := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	return []*lessons.Webinar{
		{Slug: "saga-nej", Title: "Säga nej", Lede: "Utan att stänga dörren.", UID: "saga-nej",
			Starts: time.Date(2026, 10, 15, 12, 10, 0, 0, stockholm), Minutes: 40, Changed: changed, Place: meetingRoom, Transcript: true,
			Teaser: "<p>Det lilla ordet.</p>", Rest: `<p id="fortsatt" tabindex="-1">` + restOfNo + `</p>`},
		{Slug: "sent-pa-dagen", Title: "Sent på dagen", Lede: "Om att gå hem.", UID: "sent", Sequence: 3, Cancelled: true,
			Starts: time.Date(2026, 12, 3, 16, 0, 0, 0, stockholm), Minutes: 30, Changed: changed, Place: meetingRoom,
			Teaser: "<p>Någon är alltid kvar.</p>", Rest: `<p id="fortsatt" tabindex="-1">` + restOfLate + `</p>`},
		{Slug: "forsta-meddelandet", Title: "Första meddelandet", Lede: "Skriv, stryk; skicka.", UID: "forsta-2027", Sequence: 1,
			Starts: time.Date(2027, 1, 21, 12, 10, 0, 0, stockholm), Minutes: 40, Changed: changed, Place: meetingRoom,
			Teaser: "<p>Det tomma fältet.</p>", Rest: `<p id="fortsatt" tabindex="-1">` + restOfFirst + `</p>`},
	}
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// A notebook is a log that may be read while it is written.
type notebook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notebook) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *notebook) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

// carryOut is a worker's part: it carries out what people asked for, unless the
// database is away.
func (h *house) carryOut() {
	h.t.Helper()
	if h.store.Ping(context.Background()) != nil {
		return
	}
	if _, err := h.store.TakeSignUps(context.Background(), h.clock()); err != nil {
		h.t.Errorf("carry out what was asked for: %v", err)
	}
}

// What a reader's letters hold.

func (h *house) confirmLink(email string) string {
	h.t.Helper()
	return "/bekrafta/" + h.store.ConfirmToken(h.delivery(email, "confirm:%"))
}

func (h *house) loginLink(email string) string {
	h.t.Helper()
	return "/logga-in/" + h.store.LoginToken(h.delivery(email, "login:%"))
}

// loginCode is what stands in the same letter.
func (h *house) loginCode(email string) string {
	h.t.Helper()
	return h.store.LoginCode(h.delivery(email, "login:%"))
}

func (h *house) leaveLink(email string) string {
	h.t.Helper()
	return "/avsluta/" + h.store.UnsubscribeToken(h.delivery(email, "lesson:%"))
}

// delivery finds the newest letter of a kind.
func (h *house) delivery(email, letter string) (d course.DeliveryKey) {
	h.t.Helper()
	err := h.db.Get(&d, `
		select d.subscriber_id, d.id
		from deliveries d join subscribers s on s.id = d.subscriber_id
		where s.email = $1 and d.letter like $2
		order by d.planned_at desc, d.letter desc limit 1`, email, letter)
	if err != nil {
		h.t.Fatalf("no letter %s to %s: %v", letter, email, err)
	}
	return d
}

// start brings somebody into the course and returns their browser.
func (h *house) start(email string) *browser {
	h.t.Helper()
	b := h.browser()
	b.post("/anmalan", "epost", email, "artikel", "mingla", "vagg", "1")
	if got := b.post(h.confirmLink(email), "val", "kurs"); got.status != http.StatusSeeOther {
		h.t.Fatalf("confirming %s: got status %d, want 303", email, got.status)
	}
	return b
}

// What the database knows.

// everything is the content of every table.
func (h *house) everything() map[string]string {
	h.t.Helper()
	var tables []string
	if err := h.db.Select(&tables, `select tablename from pg_tables where schemaname = 'public'`); err != nil {
		h.t.Fatal(err)
	}
	content := map[string]string{}
	for _, table := range tables {
		var rows string
		query := fmt.Sprintf(`select coalesce(string_agg(cast(t as text), E'\n' order by cast(t as text)), '') from %q t`, table)
		if err := h.db.Get(&rows, query); err != nil {
			h.t.Fatal(err)
		}
		content[table] = rows
	}
	return content
}

func (h *house) unchanged(since map[string]string, after string) {
	h.t.Helper()
	now := h.everything()
	for _, table := range slices.Sorted(maps.Keys(now)) {
		if now[table] != since[table] {
			h.t.Errorf("after %s, table %s changed:\ngot  %s\nwant %s", after, table, now[table], since[table])
		}
	}
}

func (h *house) one(query string, args ...any) (value string) {
	h.t.Helper()
	if err := h.db.GetContext(context.Background(), &value, query, args...); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	return value
}

func trust(prefix string) func(*web.Options) {
	return func(o *web.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(prefix)} }
}
