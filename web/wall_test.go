package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"fortsatt/course"
)

// Anna comes from a search to an article she cannot read to the end.
func TestAnnaMeetsTheLockedArticle(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.browser()

	locked := anna.get("/artiklar/mingla")
	h.wants(locked, http.StatusOK, "Jag gömmer mig vid kaffet.", "Fortsätt läsa kostnadsfritt", "Det tar en minut.",
		"Vi säljer eller lämnar aldrig ut din adress. Breven skickas via Budet AB, som arbetar åt oss.")
	h.lacks(locked, restOfMingle, `id="fortsatt"`, h.library.Pages.Article.Opened)
	if n := strings.Count(locked.body, `type="email"`); n != 1 {
		t.Errorf("a locked article has %d email fields, want 1", n)
	}

	signed := anna.post("/anmalan", "epost", "anna@example.se", "artikel", "mingla", "vagg", "1")
	h.wants(signed, http.StatusSeeOther)
	if got, want := signed.header.Get("Location"), "/artiklar/mingla#fortsatt"; got != want {
		t.Errorf("signing up leads to %q, want %q", got, want)
	}

	opened := anna.get(signed.header.Get("Location"))
	h.wants(opened, http.StatusOK, "Jag gömmer mig vid kaffet.", restOfMingle, h.library.Pages.Article.Opened,
		`<a href="/anmalan?artikel=mingla">Skicka igen</a>`, `<a href="/anmalan?artikel=mingla">Fel adress?</a>`)
	h.lacks(opened, `type="email"`)
	h.lacks(anna.get("/artiklar/staller-upp"), restOfGiving)
}

func TestWallStandsInOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	page := h.browser().get("/artiklar/mingla").body
	from := 0
	for _, text := range []string{
		"Jag gömmer mig vid kaffet.",
		"Fortsätt läsa kostnadsfritt",
		"Artikeln öppnas direkt. Sedan väntar åtta brev, ett i veckan, om du vill.",
		`<label for="epost">E-postadress</label>`, "Jobb eller privat? Du väljer.", `type="email" inputmode="email" autocomplete="email"`,
		`name="nyhetsbrev"`,
		"<button>Fortsätt läsa</button>",
		"Gratis. Sluta när du vill.",
		"Vi säljer eller lämnar aldrig ut din adress.",
		`<a href="/integritet">Så hanterar vi dina uppgifter</a>`,
		`Är du redan med? <a href="/logga-in?artikel=mingla">Logga in</a>`,
	} {
		at := strings.Index(page[from:], text)
		if at < 0 {
			t.Fatalf("%q is missing, or stands too early on the page:\n%s", text, page)
		}
		from += at + len(text)
	}
	if strings.Contains(page, " checked") {
		t.Error("a box is ticked in advance")
	}
}

func TestPassOpensItsOwnArticleForSevenDays(t *testing.T) {
	t.Parallel()
	h := open(t)
	pass := func(value string) reply {
		r, _ := http.NewRequest(http.MethodGet, h.server.URL+"/artiklar/mingla", nil)
		return h.send(r, &http.Cookie{Name: "artikel", Value: value})
	}
	week := h.clock().Add(course.PassLife)
	good := h.store.Pass("mingla", week)

	h.wants(pass(good), http.StatusOK, restOfMingle)
	for name, value := range map[string]string{
		"of another article": h.store.Pass("staller-upp", week),
		"with a longer life": strings.Replace(good, ".", ".9", 1),
		"made by hand":       "mingla.9999999999.aaaaaaaaaaaaaaaaaaaaaaaaaa",
		"without a seal":     "mingla.9999999999",
		"that is empty":      "",
	} {
		if strings.Contains(pass(value).body, restOfMingle) {
			t.Errorf("a pass %s opens the article", name)
		}
	}

	h.later(course.PassLife - time.Second)
	h.wants(pass(good), http.StatusOK, restOfMingle)
	h.later(time.Second)
	h.lacks(pass(good), restOfMingle)
}

func TestPassIsTheSameForEveryAddress(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna, bea := h.browser(), h.browser()
	anna.post("/anmalan", "epost", "anna@example.se", "artikel", "mingla")
	bea.post("/anmalan", "epost", "bea@example.se", "artikel", "mingla")
	if a, b := anna.cookies()["artikel"], bea.cookies()["artikel"]; a == "" || a != b {
		t.Errorf("got passes %q and %q, want the same", a, b)
	}
}

func TestOpenArticleStaysWithTheReader(t *testing.T) {
	t.Parallel()
	h := open(t)
	page := h.start("anna@example.se").get("/artiklar/staller-upp")
	h.wants(page, http.StatusOK, restOfGiving)
	h.lacks(page, h.library.Pages.Article.Opened, `type="email"`, `action="/anmalan`)
	if got := page.header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("got Cache-Control %q, want private, no-cache", got)
	}
	if got := page.header.Get("Vary"); got != "Cookie" {
		t.Errorf("got Vary %q, want Cookie", got)
	}
}

func TestWithoutARelayThePromiseStillReadsWell(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.library.Publisher.Relay = ""
	page := h.browser().get("/artiklar/mingla")
	h.wants(page, http.StatusOK, `Vi säljer eller lämnar aldrig ut din adress. <a href="/integritet">`)
	h.lacks(page, "skickas via", "{relay}")
}

// No page asks another host for anything, or runs a script.
func TestPagesAskNobodyElse(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.start("anna@example.se")
	outside := regexp.MustCompile(`(?i)(src|href|action)="(https?:)?//|<script|<iframe|style="|\son[a-z]+=`)
	// Neither is fetched or run: the page's own address, and data about it.
	inert := regexp.MustCompile(`<link rel="canonical" href="[^"]*">|<script type="application/ld\+json">[^<]*</script>`)
	for _, path := range []string{
		"/", "/artiklar/mingla", "/webbinarier/saga-nej", "/brev/atta-brev/vem-ringer-du", "/tillganglighet",
		"/anmalan", "/anmalan/ram", "/logga-in", "/logga-in/kod", "/finns-inte", h.confirmLink("anna@example.se"), h.leaveLink("anna@example.se"),
	} {
		if found := outside.FindString(inert.ReplaceAllString(anna.get(path).body, "")); found != "" {
			t.Errorf("%s holds %q", path, found)
		}
	}
}
