package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"fortsatt/course"
)

const (
	mingle    = "Måste jag mingla? Min chef Gun på Bolaget säger det.\n\nJag står helst vid kaffet."
	mingleNow = "Måste jag mingla? Min chef säger det.\n\nJag står helst vid kaffet."
	coffee    = "Hellre kaffe än mingel"
)

// reader is the browser of somebody who has confirmed, and only reads.
func (h *house) reader(email string) *browser {
	h.t.Helper()
	b := h.browser()
	b.post("/anmalan", "epost", email)
	h.wants(b.post(h.confirmLink(email), "val", "lasa"), http.StatusSeeOther)
	return b
}

// proposed has the editors answer the only open question, and returns its page.
func (h *house) proposed(p course.Proposal) (link string) {
	h.t.Helper()
	list, err := h.store.Questions(h.t.Context(), h.clock(), false)
	if err != nil || len(list) != 1 {
		h.t.Fatalf("open questions: %+v, %v, want one", list, err)
	}
	if p.Answer == "" {
		p.Answer = "Nej, det måste du *inte*.\n\n- Gå dit med ett ärende"
	}
	if _, err := h.store.Propose(h.t.Context(), h.clock(), list[0].ID, p); err != nil {
		h.t.Fatal(err)
	}
	return h.questionLink("question-wording:%")
}

// questionLink is where the newest letter of a kind leads, whoever got it.
func (h *house) questionLink(letter string) string {
	h.t.Helper()
	email := h.one(`select email from subscribers s join deliveries d on s.id = subscriber_id where letter like $1`, letter)
	return "/min-fraga/" + h.store.QuestionToken(h.delivery(email, letter))
}

var hiddenText = regexp.MustCompile(`name="text" value="([0-9a-f]+)"`)

// shown is what the page's hidden field says that it shows.
func (h *house) shown(page reply) string {
	h.t.Helper()
	found := hiddenText.FindStringSubmatch(page.body)
	if found == nil {
		h.t.Fatalf("the page does not say what it shows:\n%s", page.body)
	}
	return found[1]
}

// Anna asks, sees the wording, says yes, and everybody can read the answer.
func TestAnnaAsksTheEditors(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna, words := h.reader("anna@example.se"), h.library.Pages.Questions
	h.wants(anna.get("/fragor"), http.StatusOK, words.None, `href="/fraga-redaktionen"`)
	h.wants(anna.get("/fraga-redaktionen"), http.StatusOK, `<textarea id="fraga"`, words.Next, words.Kept)

	h.wants(anna.post("/fraga-redaktionen", "fraga", strings.ReplaceAll(mingle, "\n", "\r\n"), "signatur", coffee), http.StatusOK, words.SentTitle)
	stranger := h.browser()
	h.lacks(stranger.get("/fragor"), "mingla", coffee)

	link := h.proposed(course.Proposal{Wording: mingleNow})
	h.wants(stranger.get("/fragor/maste-jag-mingla"), http.StatusNotFound)
	page := stranger.get(link) // she reads her mail in another browser
	h.wants(page, http.StatusOK, words.WordingTitle, "<h2>Måste jag mingla?</h2>", "<p>Måste jag mingla? Min chef säger det.</p>\n<p>Jag står helst vid kaffet.</p>", "<footer>"+coffee+"</footer>", words.Approve, words.Refuse, words.Change)
	h.lacks(page, "Gun", "ärende", "anna@")

	yes := stranger.post(link, "val", "ja", "text", h.shown(page))
	h.wants(yes, http.StatusSeeOther)
	if got := yes.header.Get("Location"); got != link {
		t.Errorf("her yes leads to %q, want the same address", got)
	}
	h.wants(stranger.get(link), http.StatusOK, words.PublishedTitle, `href="/fragor/maste-jag-mingla"`, words.TakeBack)
	h.wants(stranger.get("/fragor"), http.StatusOK, `<a href="/fragor/maste-jag-mingla">Måste jag mingla?</a>`, "”"+coffee+"” undrar")
	h.wants(stranger.get("/fragor/maste-jag-mingla"), http.StatusOK, "<h1>Måste jag mingla?</h1>", "<p>Måste jag mingla? Min chef säger det.</p>\n<p>Jag står", words.Answer, "<em>inte</em>", "<li>Gå dit med ett ärende</li>")
	h.wants(stranger.get(h.questionLink("question-answered:%")), http.StatusOK, words.PublishedTitle)

	h.wants(stranger.post(link, "val", "bort"), http.StatusSeeOther)
	h.wants(stranger.get(link), http.StatusOK, words.WithdrawnTitle)
	h.wants(stranger.get("/fragor/maste-jag-mingla"), http.StatusNotFound)
	h.lacks(stranger.get("/fragor"), "mingla")
}

func TestStrangersAreToldHowToAsk(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.reader("anna@example.se")
	words := h.library.Pages.Questions
	before := h.everything()
	for _, page := range []reply{h.browser().get("/fraga-redaktionen"), h.browser().post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee)} {
		h.wants(page, page.status, words.StrangerLine, `href="/anmalan"`, `href="/logga-in"`)
		h.lacks(page, "<textarea", "<form")
		if got := page.header.Get("Vary") + " " + page.header.Get("Cache-Control"); got != "Cookie private, no-cache" {
			t.Errorf("the page may be kept for others: %q", got)
		}
	}
	h.wants(h.browser().post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee), http.StatusForbidden)
	h.unchanged(before, "a stranger's question")
}

// A form on another site cannot ask in Anna's name, nor decide for her.
func TestQuestionsComeFromOurOwnPages(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.reader("anna@example.se")
	before := h.everything()
	h.wants(anna.elsewhere().post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee), http.StatusForbidden)
	h.unchanged(before, "another site's question")
	anna.post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee)
	link := h.proposed(course.Proposal{})
	text := h.shown(anna.get(link))
	before = h.everything()
	for _, choice := range []string{"ja", "nej", "bort"} {
		h.wants(anna.elsewhere().post(link, "val", choice, "text", text), http.StatusForbidden)
	}
	h.unchanged(before, "another site's buttons")
}

func TestWhatCannotBeAskedIsSaidBesideIt(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna, words := h.reader("anna@example.se"), h.library.Pages.Questions
	before := h.everything()
	tied := func(field string) string {
		return `aria-invalid="true" aria-describedby="` + field + `-fel ` + field + `-hint"`
	}
	for _, c := range []struct {
		text, signature, field, says string
	}{
		{"För kort", coffee, "fraga", words.TextError},
		{strings.Repeat("å", 2001), coffee, "fraga", words.TextError},
		{"", coffee, "fraga", words.TextError},
		{mingle, "Bo", "signatur", words.SignatureError},
		{mingle, "www.ond.example", "signatur", words.SignatureError},
		{mingle, "anna@example.se", "signatur", words.SignatureError},
	} {
		page := anna.post("/fraga-redaktionen", "fraga", c.text, "signatur", c.signature)
		h.wants(page, http.StatusUnprocessableEntity, `<p class="error" id="`+c.field+`-fel">`+c.says+`</p>`, tied(c.field), "\n"+c.text+"</textarea>", `value="`+c.signature+`"`, `action="/fraga-redaktionen#`+c.field+`"`)
		if strings.Count(page.body, "aria-invalid") != 1 {
			t.Errorf("%q, %q: more than one field is called wrong", c.text, c.signature)
		}
	}
	h.unchanged(before, "refused questions")

	for n := range 3 {
		h.wants(anna.post("/fraga-redaktionen", "fraga", strings.Repeat("Måste jag mingla? ", n+2), "signatur", coffee), http.StatusOK, words.SentTitle)
	}
	h.wants(anna.post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee), http.StatusConflict, words.Many, tied("fraga"), "Jag står helst vid kaffet.</textarea>")

	h.db.MustExec(`update subscribers set state = 'blocked'`)
	h.wants(anna.post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee), http.StatusForbidden, words.Unreachable, `<a href="/anmalan">`+words.Confirm, "kaffet.</textarea>")
}

// What is kept as evidence is what stood beside the button.
func TestAQuestionIsEvidence(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.reader("anna@example.se")
	shown := map[string]string{"asked": anna.get("/fraga-redaktionen").body}
	anna.post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee)
	link := h.proposed(course.Proposal{})
	page := anna.get(link)
	shown["confirmed"] = page.body
	anna.post(link, "val", "ja", "text", h.shown(page))
	shown["withdrawn"] = anna.get(link).body
	anna.post(link, "val", "bort")
	for event, page := range shown {
		wording := h.one(`select text from consents join wordings on hash = wording where purpose = 'question' and event = $1`, event)
		for _, line := range strings.Split(wording, "\n") {
			if !strings.Contains(html.UnescapeString(page), line) {
				t.Errorf("kept as evidence of %s but not shown: %q", event, line)
			}
		}
		if !strings.Contains(page, "<button") || !strings.Contains(wording, map[string]string{"asked": "Skicka frågan", "confirmed": "Ja, publicera den", "withdrawn": "Ta bort frågan och svaret"}[event]) {
			t.Errorf("the evidence of %s lacks the button: %q", event, wording)
		}
		if got := h.one(`select host(ip) from consents where purpose = 'question' and event = $1`, event); got != "127.0.0.0" {
			t.Errorf("evidence of %s from %s, want the peer's address, truncated", event, got)
		}
	}
}

// Programs that look through mail open every link: nothing changes, nothing is kept.
func TestLookingAtAQuestionChangesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.reader("anna@example.se")
	anna.post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee)
	link := h.proposed(course.Proposal{})
	text := h.shown(anna.get(link))
	look := func() {
		t.Helper()
		before := h.everything()
		for _, path := range []string{link, link + "?val=ja&text=" + text, link + "?val=nej", link + "?val=bort", "/fragor", "/fraga-redaktionen?fraga=" + url.QueryEscape(mingle) + "&signatur=Anna"} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				page := anna.do(method, path, "", "")
				h.wants(page, http.StatusOK)
				if strings.HasPrefix(path, link) {
					if got := page.header.Get("Cache-Control") + " " + page.header.Get("X-Robots-Tag") + " " + page.header.Get("Referrer-Policy"); got != "no-store noindex strict-origin" {
						t.Errorf("%s: %q", path, got)
					}
				}
			}
		}
		h.wants(anna.post(link), http.StatusOK)
		h.wants(anna.post(link, "val", "kanske"), http.StatusOK)
		h.unchanged(before, "looking")
	}
	look()
	anna.post(link, "val", "ja", "text", text)
	look()
	anna.post(link, "val", "nej")
	look()
}

// Pressed twice, or pressed after all is over, the buttons answer kindly.
func TestButtonsCanBePressedAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna, words := h.reader("anna@example.se"), h.library.Pages.Questions
	anna.post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee)
	link := h.proposed(course.Proposal{})
	text := h.shown(anna.get(link))
	h.wants(anna.post(link, "val", "ja", "text", text), http.StatusSeeOther)
	before := h.everything()
	h.wants(anna.post(link, "val", "ja", "text", text), http.StatusSeeOther)
	h.unchanged(before, "a second yes")
	h.wants(anna.post(link, "val", "nej"), http.StatusSeeOther)
	before = h.everything()
	for _, choice := range []string{"nej", "ja", "bort"} {
		h.wants(anna.post(link, "val", choice, "text", text), http.StatusSeeOther)
		h.wants(anna.get(link), http.StatusOK, words.WithdrawnTitle, words.AskAgain)
	}
	h.unchanged(before, "buttons of a withdrawn question")
}

func TestAYesToAnOlderWordingIsAskedForAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna, words := h.reader("anna@example.se"), h.library.Pages.Questions
	anna.post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee)
	link := h.proposed(course.Proposal{})
	old := h.shown(anna.get(link))
	h.proposed(course.Proposal{Wording: mingleNow, Anew: true})
	before := h.everything()
	page := anna.post(link, "val", "ja", "text", old)
	h.wants(page, http.StatusConflict, words.Reworded, "Min chef säger det.", words.Approve)
	h.unchanged(before, "a yes to an older wording")
	h.lacks(anna.get(link), words.Reworded)
	h.wants(anna.post(link, "val", "ja", "text", h.shown(page)), http.StatusSeeOther)
}

func TestADeclinedQuestionsPageHoldsTheReplyOnly(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna, words := h.reader("anna@example.se"), h.library.Pages.Questions
	anna.post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee)
	if _, err := h.store.Decline(t.Context(), h.clock(), h.one(`select id from questions`), "Ring **1177** i stället."); err != nil {
		t.Fatal(err)
	}
	page := h.browser().get(h.questionLink("question-declined:%"))
	h.wants(page, http.StatusOK, words.DeclinedTitle, "Ring <strong>1177</strong> i stället.", words.AskAgain)
	h.lacks(page, "mingla", coffee, "<form")
}

func TestAProposalThatNobodyAnswersLapses(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna, words := h.reader("anna@example.se"), h.library.Pages.Questions
	anna.post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee)
	link := h.proposed(course.Proposal{})
	text := h.shown(anna.get(link))
	h.later(course.ProposalLife)
	page := anna.get(link)
	h.wants(page, http.StatusOK, words.LapsedTitle)
	h.lacks(page, "mingla", coffee, "<form")
	h.wants(anna.post(link, "val", "ja", "text", text), http.StatusSeeOther)
	h.lacks(h.browser().get("/fragor"), "mingla")
}

func TestForgedQuestionLinksAreUnknown(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna, words := h.reader("anna@example.se"), h.library.Pages.Questions
	anna.post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee)
	link := h.proposed(course.Proposal{})
	before := h.everything()
	for _, path := range []string{"/min-fraga/x", link[:len(link)-3] + "aaa", strings.Replace(h.confirmLink("anna@example.se"), "bekrafta", "min-fraga", 1)} {
		h.wants(anna.get(path), http.StatusNotFound, words.UnknownTitle)
		for _, choice := range []string{"ja", "nej", "bort"} {
			h.wants(anna.post(path, "val", choice), http.StatusNotFound, words.UnknownTitle)
		}
	}
	h.wants(anna.get("/fragor/maste-jag-mingla"), http.StatusNotFound)
	h.wants(anna.get("/fragor/"+h.one(`select id from questions`)), http.StatusNotFound)
	h.unchanged(before, "forged links")
}

// Whatever a reader types is text on every page that shows it.
func TestHostileQuestionsAreInert(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.reader("anna@example.se")
	for n, payload := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</textarea><script>alert(1)</script>`, `</title><svg onload=alert(1)>`,
		`{{.Publisher}} {{template "form"}}`, `[klicka](javascript:alert(1))`, `'-alert(1)-'`, `<!-- <b>fet`,
	} {
		signature := payload
		if len(signature) > course.SignatureLength {
			signature = payload[:course.SignatureLength]
		}
		inert := func(page reply) {
			t.Helper()
			for _, live := range []string{"<script", "<img", "<svg", "<b>", `href="javascript`, "Förlaget AB}", "alert(1)>"} {
				h.lacks(page, live)
			}
		}
		if strings.Contains(signature, "//") {
			signature = coffee
		}
		inert(anna.post("/fraga-redaktionen", "fraga", payload[:min(len(payload), 19)], "signatur", payload)) // shown again
		h.wants(anna.post("/fraga-redaktionen", "fraga", payload+" och mer än tjugo tecken", "signatur", signature), http.StatusOK, h.library.Pages.Questions.SentTitle)
		link := h.proposed(course.Proposal{Title: payload})
		page := anna.get(link)
		h.wants(page, http.StatusOK, html.EscapeString(signature)[:3])
		inert(page)
		h.wants(anna.post(link, "val", "ja", "text", h.shown(page)), http.StatusSeeOther)
		inert(anna.get(link))
		inert(anna.get("/fragor"))
		slug := h.one(`select slug from questions where number = $1`, n+1)
		page = anna.get("/fragor/" + slug)
		inert(page)
		h.wants(page, http.StatusOK, "och mer än tjugo tecken")
	}
	for _, secret := range []string{"alert", "tjugo", coffee, "anna@"} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// An editor's Markdown that the rules do not allow stands on no page.
func TestAnAnswerIsHeldToTheRules(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.reader("anna@example.se")
	anna.post("/fraga-redaktionen", "fraga", mingle, "signatur", coffee)
	link := h.proposed(course.Proposal{Answer: "[klicka](javascript:alert(1)) <script>alert(1)</script>"})
	anna.post(link, "val", "ja", "text", h.shown(anna.get(link)))
	page := anna.get("/fragor/maste-jag-mingla")
	h.wants(page, http.StatusInternalServerError, h.library.Pages.Problem.BrokenTitle)
	h.lacks(page, "alert", "javascript")
}

// The newest stands first.
func TestAnswersAreInOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.reader("anna@example.se")
	for _, title := range []string{"Den äldsta", "Den yngsta"} {
		anna.post("/fraga-redaktionen", "fraga", title+" frågan av alla som ställs", "signatur", coffee)
		link := h.proposed(course.Proposal{Title: title})
		h.later(time.Hour)
		anna.post(link, "val", "ja", "text", h.shown(anna.get(link)))
	}
	page := h.browser().get("/fragor").body
	if strings.Index(page, "Den yngsta") > strings.Index(page, "Den äldsta") {
		t.Errorf("the oldest stands first:\n%s", page)
	}
}
