package web_test

import (
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"fortsatt/course"
	"fortsatt/lessons"
)

// What is behind a wall is in nothing that a stranger can get, however they ask.
// Whoever has confirmed gets all of it, at its own address.
func TestLockedTextIsNowhere(t *testing.T) {
	t.Parallel()
	h := open(t, named(site))
	real, err := lessons.Load(lessons.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	h.library.Articles = append(h.library.Articles, real.Articles...)
	own := slices.DeleteFunc(h.library.Webinars, func(w *lessons.Webinar) bool { return real.Webinar(w.Slug) != nil })
	h.library.Webinars = append(own, real.Webinars...)
	member := h.start("anna@example.se")
	locked := []string{meetingRoom}
	paths := []string{"/robots.txt", "/sitemap.xml", "/feed.xml", "/nyhetsbrev.xml", "/artiklar/", "/webbinarier/"}
	behind := func(path string, rest template.HTML) {
		locked = append(locked, sentences(string(rest))...)
		h.tells(member.get(path), rest)
		for _, guess := range []string{"", "/", ".html", ".md", ".txt", ".json", ".xml", ".ics", ".pdf", "/rest", "/amp", "?amp=1", "?vagg=1", "?pending=true", "?print=1", "?session=x", "?format=ics"} {
			paths = append(paths, path+guess)
		}
		paths = append(paths, strings.ToUpper(path), "/static"+path, "/lessons"+path+".md", "/anmalan?sida="+path, "/anmalan?vagg=1&artikel="+path[strings.LastIndex(path, "/")+1:])
	}
	for _, a := range h.library.Articles {
		behind("/artiklar/"+a.Slug, a.Rest)
	}
	for _, w := range h.library.Webinars {
		behind("/webbinarier/"+w.Slug, w.Rest)
		locked = append(locked, w.Place)
	}
	if len(locked) < 50 {
		t.Fatalf("only %d sentences are locked: are the shipped articles there?", len(locked))
	}
	paths = append(paths, slices.Sorted(maps.Keys(h.walk()))...)
	b := h.browser()
	for _, path := range paths {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			answer := b.do(method, path, "", "")
			shown := plain(answer.body)
			for _, sentence := range locked {
				if strings.Contains(shown, sentence) || strings.Contains(answer.body, sentence) {
					t.Errorf("%s %s tells a stranger %q", method, path, sentence)
				}
			}
		}
	}
	if got := b.cookies(); len(got) != 0 {
		t.Errorf("got cookies %v on the way, want none", got)
	}
}

// tells checks that a page holds a text, whole.
func (h *house) tells(page reply, text template.HTML) {
	h.t.Helper()
	h.wants(page, http.StatusOK)
	shown := plain(page.body)
	for _, sentence := range sentences(string(text)) {
		if !strings.Contains(shown, sentence) {
			h.t.Errorf("the page does not tell %q", sentence)
		}
	}
}

// Letters are for everybody, whole. What is a reader's own in a letter by mail
// is on no page.
func TestLettersAreOpenToAll(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, b := range []*browser{h.browser(), h.start("anna@example.se")} {
		for _, l := range h.library.Course("atta-brev").Lessons {
			page := b.get("/brev/atta-brev/" + l.ID)
			if len(sentences(string(l.Page()))) < 10 {
				t.Fatalf("letter %s is hardly there", l.ID)
			}
			h.tells(page, l.Page())
			h.lacks(page, "{{", "/avsluta/", "/bekrafta/", "anna@example.se", `type="email"`)
		}
	}
}

// Of what readers ask, others see what they agreed to, and nothing else: not
// what was cut, nor what waits, was declined, was taken back or never answered.
func TestWhatIsNotPublishedIsNowhere(t *testing.T) {
	t.Parallel()
	h := open(t, named(site))
	fates := []string{"forgotten", "asked", "proposed", "declined", "refused", "taken back", "published"}
	topics := []string{"limbo", "karaoke", "paintball", "curling", "bingo", "femkamp", "jodling"}
	for i, fate := range fates {
		h.asked(topics[i], fate)
	}
	unsaid := append([]string{"kvarnbolaget", "@kontoret.example"}, topics[:len(topics)-1]...)
	var paths []string
	for _, topic := range topics {
		for _, guess := range []string{"", "/", ".md", ".json", "?visa=alla", "/svar"} {
			paths = append(paths, "/fragor/maste-jag-pa-"+topic+"-nu"+guess)
		}
	}
	for _, id := range strings.Split(h.one(`select string_agg(id, ' ') from questions`), " ") {
		paths = append(paths, "/fragor/"+id, "/min-fraga/"+id, "/fragor?id="+id)
	}
	for who, b := range map[string]*browser{"a stranger": h.browser(), "a member": h.reader("anna@example.se")} {
		h.wants(b.get("/fragor"), http.StatusOK, "Måste jag på jodling nu?", "Trött på jodling")
		h.wants(b.get("/fragor/maste-jag-pa-jodling-nu"), http.StatusOK, "Måste jag på jodling nu?", "Trött på jodling", "Svaret om jodling är nej.")
		for path, page := range h.crawl(b, append(paths, "/", "/sitemap.xml", "/fraga-redaktionen", "/integritet")...) {
			for _, word := range unsaid {
				if strings.Contains(strings.ToLower(page.body), word) {
					t.Errorf("%s tells %s of %q", path, who, word)
				}
			}
		}
	}
}

// asked has somebody ask about a topic, and brings it about what becomes of it.
func (h *house) asked(topic, fate string) {
	h.t.Helper()
	email := topic + "@kontoret.example"
	b := h.reader(email)
	h.wants(b.post("/fraga-redaktionen", "fraga", "Måste jag på "+topic+" nu? Gun på Kvarnbolaget säger det.", "signatur", "Trött på "+topic), http.StatusOK, h.library.Pages.Questions.SentTitle)
	id := h.one(`select id from questions where strpos(text, $1) > 0`, topic)
	if fate == "asked" {
		return
	}
	answer := "Svaret om " + topic + " är nej."
	if fate == "declined" {
		if _, err := h.store.Decline(h.t.Context(), h.clock(), id, answer); err != nil {
			h.t.Fatal(err)
		}
		return
	}
	if _, err := h.store.Propose(h.t.Context(), h.clock(), id, course.Proposal{Wording: "Måste jag på " + topic + " nu?", Answer: answer}); err != nil {
		h.t.Fatal(err)
	}
	link := "/min-fraga/" + h.store.QuestionToken(h.delivery(email, "question-wording:%"))
	text := h.shown(b.get(link))
	presses := map[string][]string{"refused": {"nej"}, "taken back": {"ja", "bort"}, "published": {"ja"}}[fate]
	for _, button := range presses {
		h.wants(b.post(link, "val", button, "text", text), http.StatusSeeOther)
	}
	if fate == "forgotten" {
		h.later(course.ProposalLife)
	}
}

// sentences are those that stand in a text and are long enough to be its own.
func sentences(text string) (list []string) {
	for _, sentence := range regexp.MustCompile(`[.!?] `).Split(plain(text), -1) {
		if len(sentence) > 25 {
			list = append(list, strings.TrimRight(sentence, ".!? "))
		}
	}
	return list
}

// plain is a page without its elements, on one line.
func plain(text string) string {
	return strings.Join(strings.Fields(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(text, " "))), " ")
}
