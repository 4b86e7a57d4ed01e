package lessons

import (
	"io/fs"
	"os"
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
	checkParts(t, l.Letters["confirm"].Render(Fields{AskedAt: "1 maj kl. 09.00", ConfirmURL: "https://brev.example/bekrafta/x", PrivacyURL: anna.PrivacyURL}))
	if l.Article("maste-jag-mingla") == nil {
		t.Error("the article Måste jag mingla? is not there")
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
		for _, letter := range append(slices.Clone(l.Course("atta-brev").Lessons), l.Letters["confirm"]) {
			if letter.Readability.LIX >= 40 {
				t.Errorf("%s: LIX %d, want under 40: easy to read", letter.ID, letter.Readability.LIX)
			}
			for _, name := range []string{"Åsa", "O'Neill <b>", "", strings.Repeat("🌻", 60)} {
				f := Fields{
					Name: name, NextDate: "tisdag 3 mars", AskedAt: "1 maj kl. 09.00", PrivacyURL: c.base + "/integritet",
					WebURL: c.base + "/brev/atta-brev/" + letter.ID, UnsubscribeURL: c.base + "/avsluta/abcdefgh", ConfirmURL: c.base + "/bekrafta/abcdefgh",
				}
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
