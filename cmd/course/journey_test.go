package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"fortsatt/lessons"
)

const (
	second    = "artiklar/den-som-alltid-staller-upp"
	toCome    = "webbinarier/forsta-meddelandet"
	behind    = "Börja med den enklare"               // how the first article goes on behind the wall
	behindToo = "Den första gången var det snöoväder" // and the second
	programme = "Tio minuters tystnad, på riktigt"    // what only those who are in read of the webinar
	code      = `<strong[^>]*>(\d{6})</strong>`       // in a letter
	inView    = `(r => r.top >= 0 && r.top < innerHeight)(document.querySelector("#fortsatt").getBoundingClientRect())`
	goesOn    = `document.querySelector("#fortsatt").compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_FOLLOWING`
)

// ahead is a copy of the shipped texts in which a webinar is always to come.
func ahead(t *testing.T) (dir string, starts time.Time) {
	t.Helper()
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.CopyFS(dir, lessons.Shipped()); err != nil {
		t.Fatal(err)
	}
	day := time.Now().AddDate(0, 0, 30)
	starts = time.Date(day.Year(), day.Month(), day.Day(), 12, 10, 0, 0, stockholm)
	file := dir + "/webinars/forsta-meddelandet.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	moved := regexp.MustCompile(`(?m)^starts = .*$`).ReplaceAll(text, []byte(starts.Format(`starts = "2006-01-02 15:04"`)))
	if err := os.WriteFile(file, moved, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, starts
}

// reader goes the whole way, with JavaScript or without: from the locked
// article to the eighth letter, out again, and in on another device. No page or
// letter asks anything of anybody else, and there is no cookie before its time.
func (demo play) reader(t *testing.T, email string, scripts bool, starts time.Time) {
	b := openBrowser(t, scripts)
	demo.meetsTheWall(b, email)
	demo.confirms(b, email)
	demo.readsOn(b, starts)
	demo.takesTheCourse(b, email)
	b.holds("artikel", "session")

	phone := openBrowser(t, scripts)
	demo.comesBack(phone, b, email)
	phone.askedOnly(demo.site)
	b.askedOnly(demo.site, demo.inbox)
}

// meetsTheWall opens an article by signing up, and goes on at the next paragraph.
func (demo play) meetsTheWall(b *browser, email string) {
	b.t.Helper()
	b.open(demo.wall)
	b.lacks(behind)
	if n := b.count("input[type=email]"); n != 1 {
		b.t.Errorf("%d email fields at the wall, want 1", n)
	}
	b.holds()
	b.types("#epost", email)
	b.until(`Date.now() - parseInt(document.querySelector("[name=tid]").value) > 2000`) // a person is no quicker
	b.press(".wall button")
	b.sees("Artikeln är öppen, och ett brev är på väg")
	b.holds("artikel")
	demo.goesOn(b, demo.wall, behind)
	b.do(chromedp.KeyEvent("\t")) // who goes on by keyboard goes on from there
	if !b.is(goesOn) {
		b.t.Error("the focus is not at the next paragraph")
	}
	b.open(demo.site + second)
	b.lacks(behindToo) // the others wait for the letter
	b.askedOnly(demo.site)
}

// goesOn checks that an article is open, and in view where the wall was.
func (demo play) goesOn(b *browser, article, next string) {
	b.t.Helper()
	b.sees(next)
	b.at(article + "#fortsatt")
	if got := b.text("#fortsatt"); !strings.HasPrefix(got, next) {
		b.t.Errorf("the next paragraph begins %.40q, want %q", got, next)
	}
	if !b.is(inView) {
		b.t.Error("the next paragraph is out of sight")
	}
	if n := b.count("input[type=email]"); n != 0 {
		b.t.Errorf("%d email fields in an open article, want none", n)
	}
}

func (demo play) confirms(b *browser, email string) {
	b.t.Helper()
	b.open(demo.inbox + "?to=" + email)
	b.arrived(1)
	b.press("ol > li .subject")
	b.sees("Bekräfta din e-postadress")
	b.open(b.link("/bekrafta/"))
	b.sees("Var det inte du som anmälde adressen?")
	b.holds("artikel")
	b.press("button[value=kurs]")
	b.sees("Klart, adressen är bekräftad")
	b.holds("artikel", "session")
}

// readsOn follows the links: back to the article, to a second one, and to a
// webinar, which goes into the calendar.
func (demo play) readsOn(b *browser, starts time.Time) {
	b.t.Helper()
	b.press(".button[href^='/artiklar/']")
	demo.goesOn(b, demo.wall, behind)
	b.press(".onward a")
	b.sees("Att läsa nu")
	b.press("a[href='/" + second + "']")
	b.sees(behindToo)
	b.at(demo.site + second)
	if n := b.count("input[type=email], .note"); n != 0 {
		b.t.Errorf("%d forms or banners in the second article, want none", n)
	}
	b.press(".onward a")
	b.sees("Att läsa nu")
	b.press("a[href='/" + toCome + "']")
	b.sees(programme)
	file := b.downloads("a[href$='.ics']", "forsta-meddelandet.ics")
	for _, line := range []string{
		"BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:forsta-meddelandet@127.0.0.1", "SUMMARY:Första meddelandet",
		"DTSTART:" + starts.UTC().Format("20060102T150405Z"), "DTEND:" + starts.Add(40*time.Minute).UTC().Format("20060102T150405Z"),
		"END:VEVENT", "END:VCALENDAR",
	} {
		if !strings.Contains("\r\n"+file, "\r\n"+line+"\r\n") {
			b.t.Errorf("the calendar file lacks the line %q:\n%s", line, file)
		}
	}
}

// takesTheCourse gets eight letters, and leaves by the last.
func (demo play) takesTheCourse(b *browser, email string) {
	b.t.Helper()
	b.open(demo.inbox + "?to=" + email)
	b.arrived(9)
	want := []string{
		"Bekräfta din e-postadress", "Vem ringer du?", "Lyssna klart", "Frågan efter frågan", "Säga lite mer",
		"Omtanke när det är bråttom", "Att be om något", "Utan mingel", "Åt alla håll",
	}
	if got := b.subjects(); !slices.Equal(got, want) {
		b.t.Errorf("in the order of arrival, the letters are %q, want %q", got, want)
	}
	b.press("ol > li .subject") // the newest: letter 8
	b.sees("Åt alla håll")
	b.open(b.link("/avsluta/"))
	b.press("main form button")
	b.sees("Ångra")
	b.open(demo.wall)
	b.sees(behind) // who leaves the course keeps the articles
}

// comesBack is let in on a phone, by the code of a letter that is read in the
// first browser. There the letter's link opens nothing.
func (demo play) comesBack(phone, b *browser, email string) {
	b.t.Helper()
	phone.open(demo.site + second)
	phone.lacks(behindToo)
	phone.press("a[href^='/logga-in']")
	phone.sees("Skriv adressen som du har bekräftat.")
	phone.holds()
	phone.types("#epost", email)
	phone.press(".wall button")
	phone.sees("Koden i brevet")
	phone.holds("webblasare")

	b.open(demo.inbox + "?to=" + email)
	b.arrived(10)
	b.press("ol > li .subject")
	b.sees("Din länk till Åtta brev")
	typed := regexp.MustCompile(code).FindStringSubmatch(b.letter())
	if typed == nil {
		b.t.Fatalf("the letter has no code:\n%s", b.letter())
	}
	b.open(b.link("/logga-in/"))
	b.sees("Skriv koden där du började")
	if n := b.count("main form"); n != 0 {
		b.t.Error("another browser can be let in")
	}

	phone.types("#kod", typed[1])
	phone.press(".wall button")
	demo.goesOn(phone, demo.site+second, behindToo)
	phone.holds("session")
}
