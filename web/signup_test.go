package web_test

import (
	"html"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestSignUpIsEvidence(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.browser()
	page := html.UnescapeString(anna.get("/artiklar/mingla").body)
	anna.post("/anmalan", "epost", "Anna@Example.se ", "artikel", "mingla", "vagg", "1", "nyhetsbrev", "ja")

	const evidence = `select c.%s from consents c left join wordings w on w.hash = c.wording where c.purpose = $1`
	read := func(column, purpose string) string {
		return h.one(strings.Replace(evidence, "c.%s", column, 1), purpose)
	}
	if got := read("c.form", "access"); got != "/artiklar/mingla" {
		t.Errorf("got form %q, want the article's path", got)
	}
	if got := read("host(c.ip)", "access"); got != "127.0.0.0" {
		t.Errorf("got address %q, want the peer's, truncated", got)
	}
	if got := read("w.text", "newsletter"); got != h.library.Wall.Newsletter || !strings.Contains(page, got) {
		t.Errorf("got newsletter wording %q, want what the page shows", got)
	}
	wording := read("w.text", "access")
	for _, line := range strings.Split(wording, "\n") {
		if !strings.Contains(page, line) {
			t.Errorf("kept as evidence but not shown: %q", line)
		}
	}
	for _, shown := range []string{"Fortsätt läsa kostnadsfritt", "Gratis. Sluta när du vill.", "Vi säljer eller lämnar aldrig ut din adress.", "Breven skickas via Budet AB, som arbetar åt oss.", "Vi skickar ett brev"} {
		if !strings.Contains(wording, shown) {
			t.Errorf("shown but not kept as evidence: %q", shown)
		}
	}
	if got := h.one(`select email from subscribers`); got != "anna@example.se" {
		t.Errorf("got address %q", got)
	}
}

func TestNewsletterOnlyForATickedBox(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.browser().post("/anmalan", "epost", "anna@example.se", "artikel", "mingla", "vagg", "1")
	if got := h.one(`select string_agg(purpose, ',') from consents`); got != "access" {
		t.Errorf("got consent to %q, want access only", got)
	}
}

func TestMistypedAddressIsAskedForAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	before := h.everything()
	tied := []string{`<p class="error" id="epost-fel">`, `aria-invalid="true"`, `aria-describedby="epost-fel epost-hint"`, `value="anna@example"`}

	atWall := h.browser()
	again := atWall.post("/anmalan", "epost", "anna@example", "artikel", "mingla", "vagg", "1", "nyhetsbrev", "ja")
	h.wants(again, http.StatusUnprocessableEntity, append(tied, "Jag gömmer mig vid kaffet.", "Fortsätt läsa kostnadsfritt", `value="ja" checked`)...)
	h.lacks(again, restOfMingle)

	alone := h.browser().post("/anmalan", "epost", "anna@example")
	h.wants(alone, http.StatusUnprocessableEntity, tied...)
	h.lacks(alone, "Fortsätt läsa kostnadsfritt", " checked")

	h.lacks(h.browser().get("/anmalan"), "aria-invalid", `class="error"`)
	if got := atWall.cookies(); len(got) != 0 {
		t.Errorf("got cookies %v for a mistyped address, want none", got)
	}
	h.unchanged(before, "two mistyped addresses")
}

func TestFormAloneAnswersWithTheInbox(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.browser()
	h.wants(anna.get("/anmalan"), http.StatusOK, `name="epost"`, `value=""`)
	h.lacks(anna.get("/anmalan?artikel=finns-inte"), "finns-inte")
	h.wants(anna.get("/anmalan?artikel=mingla"), http.StatusOK, `name="artikel" value="mingla"`)

	h.wants(anna.post("/anmalan", "epost", "anna@example.se"), http.StatusOK, "Titta i inkorgen")
	if got := h.one(`select form from consents`); got != "/anmalan" {
		t.Errorf("got form %q, want /anmalan", got)
	}
	if got := anna.cookies(); len(got) != 0 {
		t.Errorf("got cookies %v without an article, want none", got)
	}
	h.wants(anna.post("/anmalan", "epost", "anna@example.se", "artikel", "mingla"), http.StatusSeeOther)
}

// Bea signs up, Cia has confirmed, Disa's mailbox is gone, and Eva is new: who
// asks about them cannot tell one from another.
func TestCVE_2024_47057_SameAnswerForEveryAddress(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.browser().post("/anmalan", "epost", "bea@example.se")
	h.start("cia@example.se")
	h.start("disa@example.se")
	h.db.MustExec(`
		update addresses set suppressed = 'complaint', suppressed_at = $1
		where subscriber_id = (select id from subscribers where email = 'disa@example.se')`, h.clock())
	h.later(time.Hour)

	for _, form := range [][]string{{"artikel", "mingla", "vagg", "1"}, {}, {"ram", "1"}} {
		var first reply
		for i, email := range []string{"eva@example.se", "bea@example.se", "cia@example.se", "disa@example.se", "disa@example.se"} {
			got := h.browser().post("/anmalan", append(form, "epost", email)...)
			got.header.Del("Date")
			if i == 0 {
				first = got
				continue
			}
			if got.status != first.status || got.body != first.body || !sameHeader(got.header, first.header) {
				t.Errorf("%s is answered with\n%+v\nand a new address with\n%+v", email, got, first)
			}
		}
	}
}

func sameHeader(a, b http.Header) bool {
	var x, y strings.Builder
	a.Write(&x)
	b.Write(&y)
	return x.String() == y.String()
}

func TestTrapIsAnsweredAlikeAndWritesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	before := h.everything()
	person := []string{"epost", "anna@example.se", "artikel", "mingla", "vagg", "1", "meddelande", ""}
	program := []string{"epost", "bot@example.se", "artikel", "mingla", "vagg", "1", "meddelande", "Buy now"}

	caught := h.browser().post("/anmalan", program...)
	h.unchanged(before, "a filled trap")
	let := h.browser().post("/anmalan", person...)
	caught.header.Del("Date")
	let.header.Del("Date")
	if caught.status != let.status || caught.body != let.body || !sameHeader(caught.header, let.header) {
		t.Errorf("a program is answered with\n%+v\nand a person with\n%+v", caught, let)
	}
}

// A form on another site may sign somebody up, but opens nothing in that browser.
func TestForeignFormGetsNoPass(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.browser()
	answer := anna.elsewhere().post("/anmalan", "epost", "anna@example.se", "artikel", "mingla", "vagg", "1")
	h.wants(answer, http.StatusOK, "Titta i inkorgen")
	if got := anna.cookies(); len(got) != 0 {
		t.Errorf("got cookies %v, want none", got)
	}
	if got := h.one(`select email from subscribers`); got != "anna@example.se" {
		t.Errorf("got subscriber %q", got)
	}
}

func TestHostileAddressesAreInert(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, hostile := range []string{
		`"><script>alert(1)</script>@example.se`,
		`' onfocus='alert(1)`,
		"anna@example.se\r\nBcc: alla@example.se",
		"anna\x00@example.se",
		"\xff\xfe@example.se",
		"{{.Secret}}@@",
		"javascript:alert(1)",
		strings.Repeat("a", 5000) + "@example.se",
	} {
		page := h.browser().post("/anmalan", "epost", hostile, "artikel", "mingla", "vagg", "1")
		h.wants(page, http.StatusUnprocessableEntity)
		h.lacks(page, "<script", "' onfocus='", `""><`)
	}
}

func TestCVE_2020_22249_TooLargeAFormIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	before := h.everything()
	page := h.browser().post("/anmalan", "epost", "anna@example.se", "skrap", strings.Repeat("x", 64<<10))
	h.wants(page, http.StatusRequestEntityTooLarge, h.library.Pages.Problem.FormTitle)
	h.unchanged(before, "too large a form")
	h.wants(h.browser().post("/anmalan", "epost", "anna@example.se", "skrap", strings.Repeat("x", 60<<10)), http.StatusOK)
}

func TestArticleInTheFormIsNoWayOut(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, article := range []string{"//evil.example", "../../evil", "https://evil.example/", "mingla\r\nX: y", "finns-inte"} {
		answer := h.browser().post("/anmalan", "epost", "anna@example.se", "artikel", article, "vagg", "1")
		h.wants(answer, http.StatusOK, "Titta i inkorgen")
		h.lacks(answer, "evil")
	}
}

func TestClientBehindAProxy(t *testing.T) {
	t.Parallel()
	h := open(t, trust("127.0.0.0/8"))
	for _, c := range []struct{ name, forwarded, want string }{
		{"the proxy's word", "203.0.113.9", "203.0.113.0"},
		{"what the client made up stands to the left", "10.9.9.9, 203.0.113.9", "203.0.113.0"},
		{"two proxies of ours", "198.51.100.7, 127.0.0.3", "198.51.100.0"},
		{"with a port", "[2001:db8:1:2::3]:4711", "2001:db8:1::"},
		{"nonsense", "198.51.100.7, unknown", "127.0.0.0"},
	} {
		r, _ := http.NewRequest(http.MethodPost, h.server.URL+"/anmalan", strings.NewReader("epost=anna@example.se"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", c.forwarded)
		h.send(r)
		if got := h.one(`select host(ip) from consents order by id desc limit 1`); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		h.later(time.Hour)
	}
}

func TestStrangersForwardedForIsNotBelieved(t *testing.T) {
	t.Parallel()
	h := open(t)
	r, _ := http.NewRequest(http.MethodPost, h.server.URL+"/anmalan", strings.NewReader("epost=anna@example.se"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	h.send(r)
	if got := h.one(`select host(ip) from consents`); got != "127.0.0.0" {
		t.Errorf("got %s, want the peer's", got)
	}
}
