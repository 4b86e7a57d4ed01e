package lessons

import (
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestShippedTextsAreRight(t *testing.T) {
	t.Parallel()
	l, err := Load(Shipped())
	if err != nil {
		t.Fatal(err)
	}
	c := l.Course("atta-brev")
	if c == nil || len(c.Lessons) != 8 || c.Weekday != time.Tuesday || c.Hour != 8 {
		t.Fatalf("got %+v, want eight letters on Tuesdays at 8", c)
	}
	var ids []string
	for _, lesson := range c.Lessons {
		ids = append(ids, lesson.ID)
		f := anna
		if lesson.Week == 8 {
			f.NextDate = ""
		}
		checkParts(t, lesson.Render(f))
	}
	want := []string{"vem-ringer-du", "lyssna-klart", "fragan-efter-fragan", "saga-lite-mer", "omtanke-nar-det-ar-brattom", "att-be-om-nagot", "utan-mingel", "at-alla-hall"}
	if !slices.Equal(ids, want) {
		t.Errorf("lasting ids: got %q, want %q", ids, want)
	}
	for _, letter := range l.Letters {
		checkParts(t, letter.Render(serviceFields("https://brev.example")))
	}
}

// serviceFields are all that a service letter may hold.
func serviceFields(base string) Fields {
	return Fields{
		Name: "Anna", AskedAt: "1 maj kl. 09.00", PrivacyURL: base + "/integritet", ConfirmURL: base + "/bekrafta/abcdefgh",
		LoginURL: base + "/logga-in/abcdefgh", Code: "123456", QuestionURL: base + "/min-fraga/abcdefgh",
	}
}

// The library that the brief names, by the addresses that people will have saved.
func TestShippedArticlesAndWebinars(t *testing.T) {
	t.Parallel()
	l, err := Load(Shipped())
	if err != nil {
		t.Fatal(err)
	}
	wantArticles := []string{"maste-jag-mingla", "den-som-alltid-staller-upp", "det-som-inte-sags-pa-motet", "ensam-i-rollen-inte-i-yrket", "tyst-om-ratt-saker"}
	var got []string
	for _, a := range l.Articles {
		got = append(got, a.Slug)
		teaser, rest := len(wordsOf(shown(string(a.Teaser)))), len(wordsOf(shown(string(a.Rest))))
		if all := teaser + rest; all < 600 || all > 1200 {
			t.Errorf("%s has %d words, want 600 to 1,200", a.Slug, all)
		} else if low, high := all/225, all/165; a.Minutes < low || a.Minutes > high {
			t.Errorf("%s, %d words, is said to take %d minutes, want %d to %d", a.Slug, all, a.Minutes, low, high)
		}
		if teaser < 100 || teaser > rest {
			t.Errorf("%s: %d words before the wall and %d behind it, want enough to be caught by and more to read", a.Slug, teaser, rest)
		}
	}
	if !slices.Equal(got, wantArticles) {
		t.Errorf("got articles %q, newest first, want %q", got, wantArticles)
	}
	said, coming := l.Webinar("saga-nej-utan-att-stanga-dorren"), l.Webinar("forsta-meddelandet")
	if said == nil || coming == nil || len(l.Webinars) != 2 {
		t.Fatalf("got webinars %+v, want Första meddelandet and Säga nej utan att stänga dörren", l.Webinars)
	}
	if n := len(wordsOf(shown(string(said.Rest)))); !said.Transcript || n < 900 || n > 1400 {
		t.Errorf("Säga nej: transcript %v of %d words, want one of 900 to 1,400", said.Transcript, n)
	}
	if coming.Transcript || !coming.Starts.After(said.Starts) {
		t.Errorf("Första meddelandet: transcript %v, starts %v, want it to come", coming.Transcript, coming.Starts)
	}
}

// avoided are words that sell, cheer or make a currency of people. The one that
// names the course's subject may be explained once.
var avoided = regexp.MustCompile(`(?i)emotionellt kapital|hård valuta|i med- och motvind|öppna dörrar|\binsättning|\binvestera|\btillgång(ar|en|arna)?\b|strategisk|verktygslåd|\bresan?\b|utmana dig|grattis|emotionellt nätverk`)

func TestShippedTextsKeepTheTone(t *testing.T) {
	t.Parallel()
	var found []string
	err := fs.WalkDir(Shipped(), ".", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		source, err := fs.ReadFile(Shipped(), file)
		for _, word := range avoided.FindAllString(string(source), -1) {
			found = append(found, file+": "+word)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"atta-brev/01-vem-ringer-du.md: emotionellt nätverk"}; !slices.Equal(found, want) {
		t.Errorf("got %q, want only %q", found, want)
	}
}

// Whoever reads them: a name, none, and what people write instead of one; and at the
// addresses that a laptop and a public site have.
func TestShippedLettersAreLintClean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base   string
		texts  fs.FS
		advice []string
	}{
		{"https://attabrev.example", withPublisher(t), nil},
		{"http://127.0.0.1:8080", Shipped(), []string{"E15"}}, // nobody publishes what is tried out
	} {
		l, err := Load(c.texts)
		if err != nil {
			t.Fatal(err)
		}
		for _, letter := range append(slices.Clone(l.Course("atta-brev").Lessons), slices.Collect(maps.Values(l.Letters))...) {
			if letter.Readability.LIX >= 40 {
				t.Errorf("%s: LIX %d, want under 40: easy to read", letter.ID, letter.Readability.LIX)
			}
			for _, name := range []string{"Åsa", "O'Neill <b>", "", strings.Repeat("🌻", 60)} {
				f := serviceFields(c.base)
				if letter.Week > 0 {
					f = Fields{NextDate: "tisdag 3 mars", PrivacyURL: f.PrivacyURL, WebURL: c.base + "/brev/atta-brev/" + letter.ID, UnsubscribeURL: c.base + "/avsluta/abcdefgh"}
				}
				f.Name = name
				for _, found := range Lint(letter.Render(f), letter.Rules(c.base, "asa@post.example", f)) {
					if found.Fail || !slices.Contains(c.advice, found.Rule) {
						t.Errorf("%s at %s, to %q: %+v", letter.ID, c.base, name, found)
					}
				}
			}
		}
	}
}

// withPublisher is the shipped texts as somebody publishes them.
func withPublisher(t *testing.T) fs.FS {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, Shipped()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/publisher.toml", []byte(smallHouse["publisher.toml"]), 0o644); err != nil {
		t.Fatal(err)
	}
	return os.DirFS(dir)
}

// Every text and setting of this folder is embedded; one that the patterns
// miss would be there for COURSE_LESSONS, and not in the program.
func TestShippedIsThisFolder(t *testing.T) {
	t.Parallel()
	here, err := Load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := Load(Shipped())
	if err != nil {
		t.Fatal(err)
	}
	type count struct{ courses, articles, webinars int }
	has := count{len(here.Courses), len(here.Articles), len(here.Webinars)}
	if got := (count{len(embedded.Courses), len(embedded.Articles), len(embedded.Webinars)}); got != has {
		t.Errorf("embedded %+v, the folder has %+v", got, has)
	}
	if err := fstest.TestFS(Shipped(), "publisher.toml", "letters/layout.html", "atta-brev/course.toml"); err != nil {
		t.Error(err)
	}
}
