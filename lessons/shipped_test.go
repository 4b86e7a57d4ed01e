package lessons

import (
	"os"
	"slices"
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
	checkParts(t, l.Confirm.Render(Fields{AskedAt: "1 maj kl. 09.00", ConfirmURL: "https://brev.example/bekrafta/x", PrivacyURL: anna.PrivacyURL}))
	if l.Article("maste-jag-mingla") == nil {
		t.Error("the article Måste jag mingla? is not there")
	}
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
	if len(here.Courses) != len(embedded.Courses) || len(here.Articles) != len(embedded.Articles) {
		t.Errorf("embedded %d courses and %d articles, the folder has %d and %d", len(embedded.Courses), len(embedded.Articles), len(here.Courses), len(here.Articles))
	}
	if err := fstest.TestFS(Shipped(), "publisher.toml", "letters/layout.html", "atta-brev/course.toml"); err != nil {
		t.Error(err)
	}
}
