package worker

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fortsatt/course"
	"fortsatt/demo"
	"fortsatt/lessons"
)

// A desk is a worker that only composes: the first lesson of the shipped
// course, on a Tuesday at eight.
type desk struct {
	*Worker
	lesson *lessons.Letter
	row    course.Claimed
	rows   []course.Claimed // Anna's lessons, all of them, and her confirm letter
}

func atTheDesk(t testing.TB) desk {
	t.Helper()
	library, err := lessons.Load(Texts())
	if err != nil {
		t.Fatal(err)
	}
	store, err := course.Open(t.Context(), course.Options{
		DSN: demo.Database(t, course.Migrate), Secrets: []string{"a secret of the tests, 32 characters or more"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	versionOf := func(l *lessons.Letter) course.Version {
		source, layout := l.Source()
		return course.Version{Source: source, Layout: layout}
	}
	known := course.Course{ID: "atta-brev", Title: "Åtta brev", Rhythm: course.Rhythm{Zone: time.UTC, Weekday: time.Tuesday, Hour: 8}}
	for _, l := range library.Course(known.ID).Lessons {
		known.Lessons = append(known.Lessons, course.Lesson{ID: l.ID, Title: l.Title, Version: versionOf(l)})
	}
	letters := map[string]course.Version{}
	for kind, l := range library.Letters {
		letters[kind] = versionOf(l)
	}
	if err := store.Publish(t.Context(), letters, []course.Course{known}); err != nil {
		t.Fatal(err)
	}
	tuesday := time.Date(2026, time.November, 3, 8, 0, 0, 0, time.UTC)
	d := desk{
		Worker: New(Options{
			Store: store, From: mail.Address{Name: "Åtta brev", Address: "brev@atta.example"},
			ReplyTo: mail.Address{Address: "redaktion@atta.example"}, Links: course.Links{Base: "https://atta.example"},
			Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		}),
		lesson: library.Course(known.ID).Lessons[0],
		row: course.Claimed{
			DeliveryKey: course.DeliveryKey{SubscriberID: 1, ID: 7}, Letter: known.Letter(1), Version: known.Lessons[0].Version.Hash(),
			PlannedAt: tuesday, DatedAt: tuesday, Email: "anna@exempel.se", Name: "Anna",
		},
	}
	for week, lesson := range known.Lessons {
		row := d.row
		row.Letter, row.Version = known.Letter(week+1), lesson.Version.Hash()
		d.rows = append(d.rows, row)
	}
	for kind, v := range letters {
		row := d.row
		row.Letter, row.Version = kind+":1", v.Hash()
		d.rows = append(d.rows, row)
	}
	return d
}

// fields are what a row's reader should find in the lesson.
func (d desk) fields() lessons.Fields {
	return lessons.Fields{
		Name: d.row.Name, NextDate: "tisdag 10 november",
		WebURL:         "https://atta.example/brev/atta-brev/vem-ringer-du",
		UnsubscribeURL: d.Links.Unsubscribe(d.Store.UnsubscribeToken(d.row.DeliveryKey)), PrivacyURL: d.Links.Privacy(),
	}
}

// The first attempt, one after a restart, and many at once for people between:
// Anna's letter is the same, octet for octet.
func TestARowIsAlwaysTheSameLetter(t *testing.T) {
	t.Parallel()
	d := atTheDesk(t)
	first, err := d.compose(t.Context(), d.row, nil)
	if err != nil {
		t.Fatal(err)
	}
	restarted := New(d.Options)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			other := d.row
			other.ID, other.Name, other.Email = int64(100+i), strings.Repeat("🌻", i), "bo@exempel.se"
			letter, err := restarted.compose(context.Background(), other, nil)
			if err != nil || bytes.Equal(letter.bytes, first.bytes) {
				t.Errorf("reader %d: error %v, or Anna's letter", i, err)
			}
			again, err := restarted.compose(context.Background(), d.row, nil)
			if err != nil || !bytes.Equal(again.bytes, first.bytes) {
				t.Errorf("got error %v, or another letter than the first time:\n%s", err, again.bytes)
			}
		})
	}
	all.Wait()
}

// Whatever a reader is called, her program shows the letter as lessons renders
// it, and no line is wider than quoted-printable allows.
func TestALetterReadsAsItWasRendered(t *testing.T) {
	t.Parallel()
	d := atTheDesk(t)
	names := rapid.OneOf(
		rapid.SampledFrom([]string{
			"", "Anna", "Åsa ", "=", "=3D", "=\r\n", ".", "\n.\n", "Eva\r\nBcc: bo@exempel.se", "\r\n\r\n--=_", "a\tb", "An\x00na", "An\xffna",
			strings.Repeat("🌻", 60), strings.Repeat("🌻", 61), strings.Repeat("= ", 30), "<script>", "{{.Name}}", "\u2028",
		}),
		rapid.String(),
	)
	rapid.Check(t, func(r *rapid.T) {
		d.row.Name = names.Draw(r, "name")
		letter, err := d.compose(t.Context(), d.row, nil)
		if err != nil {
			r.Fatal(err)
		}
		_, body, _ := strings.Cut(string(letter.bytes), "\r\n\r\n")
		for _, line := range strings.Split(body, "\r\n") {
			if len(line) > 76 || strings.ContainsAny(line, "\r\n\x00") {
				r.Errorf("%d octets, or a bare line end or NUL, in %q", len(line), line)
			}
		}
		want := d.lesson.Render(d.fields())
		text, html := parts(t, letter.bytes)
		if text != want.Text || html != want.HTML {
			r.Errorf("got\n%q\n%q\nwant\n%q\n%q", text, html, want.Text, want.HTML)
		}
	})
}

func parts(t *testing.T, raw []byte) (text, html string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, boundary, _ := strings.Cut(m.Header.Get("Content-Type"), "boundary=")
	letter := multipart.NewReader(m.Body, strings.Trim(boundary, `"`))
	for _, part := range []*string{&text, &html} {
		p, err := letter.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		*part = strings.ReplaceAll(string(decoded), "\r\n", "\n")
	}
	return text, html
}

// BenchmarkCompose is all that a letter costs between the row and the wire.
func BenchmarkCompose(b *testing.B) {
	d := atTheDesk(b)
	var room []byte
	for b.Loop() {
		letter, err := d.compose(b.Context(), d.row, room)
		if err != nil {
			b.Fatal(err)
		}
		room = letter.bytes
		b.SetBytes(int64(len(letter.bytes)))
	}
}
