package worker

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fortsatt/course"
	"fortsatt/lessons"
	"fortsatt/mailer"
)

// strangeNames are such as the ledger can hold.
var strangeNames = []string{
	"", "Anna", "Åsa", "O'Neill <b>", strings.Repeat("🌻", 60), "null", "undefined", "%!s(MISSING)", "<no value>", "Ã¥sa",
	"\u202eannA\u202c", "فاطمة الزهراء", "שרה לוי", "名前 太郎", "=?utf-8?q?Bo?=", "Eva\r\nBcc: bo@exempel.se", "Bo, Anna; Eva: (x)",
	strings.Repeat("x", 60), "{{.Name}}", "https://exempel.se/", "--=_", "e\u0301lodie", "\u200b", "A\u00adB", "&amp; &lt;b&gt;",
}

// read has the whole of a row's letter linted.
func (d desk) read(t rapid.TB, row course.Claimed) {
	t.Helper()
	for _, text := range d.texts.byHash {
		text.linted.Store(false)
	}
	if _, err := d.compose(context.Background(), row, nil); err != nil {
		t.Errorf("%s to %q: %v", row.Letter, row.Name, err)
	}
}

// Every letter of ours is clean for everyone, and gives no cause for advice either.
func TestEveryLetterIsClean(t *testing.T) {
	t.Parallel()
	d := atTheDesk(t)
	var advice bytes.Buffer
	d.Log = slog.New(slog.NewTextHandler(&advice, nil))
	asTest := d.row
	asTest.Letter = "test:" + asTest.Letter
	for _, row := range append(d.rows, asTest) {
		for _, row.Name = range strangeNames {
			d.read(t, row)
		}
	}
	if advice.Len() > 0 {
		t.Errorf("advice:\n%s", &advice)
	}
}

// Her name stands in the subject too, and she may call herself what she likes.
func TestALetterIsCleanWhateverTheName(t *testing.T) {
	t.Parallel()
	d := atTheDesk(t)
	source, layout := d.lesson.Source()
	named := bytes.Replace(source, []byte(`subject = "Vem`), []byte(`subject = "{{if .Name}}{{.Name}}: {{end}}vem`), 1)
	letter, err := lessons.Compile(named, layout)
	if err != nil || bytes.Equal(named, source) {
		t.Fatalf("no name in the subject: %v", err)
	}
	d.texts.byHash = map[string]*version{"named": {prepared: lessons.Prepare(letter, mailer.Encode)}}
	d.row.Version = []byte("named")
	names := rapid.OneOf(rapid.SampledFrom(strangeNames), rapid.String(), rapid.StringOfN(rapid.Rune(), 0, 60, -1))
	rapid.Check(t, func(r *rapid.T) {
		d.row.Name = names.Draw(r, "name")
		d.read(r, d.row)
	})
}
