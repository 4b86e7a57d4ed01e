package worker_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// A read letter is one as a mail program sees it.
type readLetter struct {
	mail.Header
	subject, text, html string
}

func read(st *story, l relaytest.Letter) readLetter {
	st.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(l.Bytes))
	st.must(err)
	r := readLetter{Header: m.Header}
	r.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	st.must(err)
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	st.must(err)
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, part := range []*string{&r.text, &r.html} {
		p, err := parts.NextPart()
		st.must(err)
		text, err := io.ReadAll(p)
		st.must(err)
		*part = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	return r
}

func (r readLetter) wants(st *story, header map[string]string) {
	st.Helper()
	for name, want := range header {
		if got := strings.Join(r.Header[name], " and "); got != want {
			st.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

var (
	confirmLink     = regexp.MustCompile(`https://atta\.example/bekrafta/([a-z2-7]+)`)
	unsubscribeLink = regexp.MustCompile(`https://atta\.example/avsluta/([a-z2-7]+)`)
)

// link finds the one address of a kind in a text, and returns its token.
func link(st *story, form *regexp.Regexp, text string) string {
	st.Helper()
	found := form.FindAllStringSubmatch(text, -1)
	if len(found) == 0 {
		st.Fatalf("no link %s in:\n%s", form, text)
	}
	for _, f := range found {
		if f[1] != found[0][1] {
			st.Errorf("two links: %s and %s", found[0], f)
		}
	}
	return found[0][1]
}

// Anna signs up on a Thursday morning, confirms a minute later, and has letter
// 1 at once. The worker sleeps by the ledger's hints; each letter comes long
// before it would have looked by itself.
func TestFromSignUpToTheFirstLesson(t *testing.T) {
	st := begin(t, "2026-11-05 07:30")
	relay := st.relay(nil)
	hints, err := course.Listen(st.ctx, st.dsn)
	st.must(err)
	st.starts(st.worker(func(o *worker.Options) { o.Hints = hints }, relay))
	st.until("the worker runs", func() bool { return st.count(`select count(*) from workers`) == 1 })

	asked := time.Now()
	st.must(st.Subscribe(st.ctx, st.clock.Now(), course.SignUp{
		Email: "Anna@Exempel.SE", Article: "kop-billiga-piller", Form: "/artiklar/kop-billiga-piller",
		Access: "Orden vid knappen", Newsletter: true, NewsletterWording: "Orden vid rutan", IP: netip.MustParseAddr("192.0.2.77"),
	}))
	st.took(relay, 1)
	confirm := read(st, relay.Accepted()[0])
	confirm.wants(st, map[string]string{
		"From": "=?utf-8?q?=C3=85tta_brev?= <brev@atta.example>", "Reply-To": "Redaktionen <redaktion@atta.example>", "To": "<anna@exempel.se>",
		"Date": "Thu, 05 Nov 2026 07:30:00 +0100", "Auto-Submitted": "auto-generated",
		"List-Id": "", "List-Unsubscribe": "", "List-Unsubscribe-Post": "", "Precedence": "", "Sender": "", "Cc": "", "Bcc": "",
	})
	if confirm.subject != "Bekräfta din e-postadress" || !strings.Contains(confirm.text, "5 november kl. 07.30") {
		t.Errorf("subject %q, text:\n%s", confirm.subject, confirm.text)
	}
	for _, formed := range []string{"piller", "Orden vid", "192.0.2", "avsluta"} {
		if strings.Contains(confirm.subject+confirm.text+confirm.html, formed) {
			t.Errorf("the confirm letter has %q", formed)
		}
	}
	token := link(st, confirmLink, confirm.text+confirm.html)

	st.clock.set(at("2026-11-05 07:31"))
	_, err = st.Confirm(st.ctx, st.clock.Now(), token, course.Confirmation{Course: theCourse().ID})
	st.must(err)
	st.took(relay, 2)
	if d := time.Since(asked); d > 7*time.Second {
		t.Errorf("both letters took %s: by polling, not by hints", d)
	}
	first := read(st, relay.Accepted()[1])
	key := st.newest(anna).DeliveryKey
	unsubscribe := "https://atta.example/avsluta/" + st.UnsubscribeToken(key)
	first.wants(st, map[string]string{
		"To": "<anna@exempel.se>", "Subject": "Vem ringer du?", "Date": "Thu, 05 Nov 2026 07:31:00 +0100",
		"Message-Id": "<" + st.MessageToken(key) + "@atta.example>",
		"List-Id":    "=?utf-8?q?=C3=85tta_brev?= <atta-brev.atta.example>", "List-Unsubscribe": "<" + unsubscribe + ">",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Precedence": "bulk",
		"X-Auto-Response-Suppress": "OOF, AutoReply", "Auto-Submitted": "", "Cc": "", "Bcc": "",
	})
	if !strings.Contains(first.text, "Hej!\n") || !strings.Contains(first.text, "Nästa kommer tisdag 10 november.") {
		t.Errorf("text:\n%s", first.text)
	}
	leaving, err := st.Leaving(st.ctx, link(st, unsubscribeLink, first.text+first.html))
	if err != nil || leaving.List != "atta-brev" || leaving.Left {
		t.Errorf("her link to leave: %+v, %v", leaving, err)
	}
	for _, l := range relay.Accepted() {
		if local, _, _ := strings.Cut(l.From, "@"); len(local) > 64 {
			t.Errorf("the envelope sender %s is too long", l.From)
		}
	}
}

// Without hints, the tables alone wake the worker.
func TestAWorkerThatHearsNothingLooksByItself(t *testing.T) {
	st := begin(t, "2026-11-05 07:30")
	relay := st.relay(nil)
	st.starts(st.worker(func(o *worker.Options) { o.Hints = nil }, relay))
	st.until("the worker runs", func() bool { return st.count(`select count(*) from workers`) == 1 })
	st.readers(anna)
	st.took(relay, 1)
}

func TestNamesInLetters(t *testing.T) {
	st := begin(t, "2026-11-05 07:30")
	relay := st.relay(nil)
	for _, reader := range []struct{ email, name, text, html string }{
		{"a@exempel.se", "", "Hej!", "Hej!"},
		{"b@exempel.se", "Åsa", "Hej Åsa!", "Hej Åsa!"},
		{"c@exempel.se", "O'Neill <b>", "Hej O'Neill <b>!", "Hej O&#39;Neill &lt;b&gt;!"},
		{"d@exempel.se", "<script>alert(1)</script>", "Hej <script>alert(1)</script>!", "Hej &lt;script&gt;alert(1)&lt;/script&gt;!"},
		{"e@exempel.se", "{{.UnsubscribeURL}}", "Hej!", "Hej!"},
		{"f@exempel.se", "Eva\r\nBcc: x@y.se", "Hej!", "Hej!"},
	} {
		st.enrolled(st.clock.Now(), course.Person{Address: course.Address(reader.email), Name: reader.name})
		st.must(st.worker(nil, relay).Work(st.ctx, lesson(1), nil))
		got := letterTo(relay, reader.email)
		if len(got) != 1 {
			t.Fatalf("%q: %d letters", reader.name, len(got))
		}
		l := read(st, got[0])
		if !strings.Contains(l.text, reader.text+"\n") || !strings.Contains(l.html, reader.html) {
			t.Errorf("%q: want %q and %q, got\n%s\n%s", reader.name, reader.text, reader.html, l.text, l.html)
		}
		l.wants(st, map[string]string{"To": "<" + reader.email + ">", "Bcc": ""})
	}
}

// What an import knows of somebody who has not confirmed stays at home.
func TestAConfirmLetterHasNothingFromOthers(t *testing.T) {
	st := begin(t, "2026-11-05 07:30")
	relay := st.relay(nil)
	_, err := st.Import(st.ctx, st.clock.Now(), []course.Person{{Address: anna, Name: "Gratis Pengar"}}, course.ImportWish{Course: theCourse().ID})
	st.must(err)
	st.must(st.worker(nil, relay).Work(st.ctx, course.Scope{Letter: "confirm:1"}, nil))
	if raw := string(relay.Accepted()[0].Bytes); strings.Contains(raw, "Gratis") || strings.Contains(raw, "Pengar") {
		t.Errorf("the confirm letter has her name:\n%s", raw)
	}
}

// An admin's test letter says so, and is like the real one otherwise.
func TestATestLetterIsMarked(t *testing.T) {
	st := begin(t, "2026-11-05 07:30")
	relay := st.relay(nil)
	scope, err := st.PlanTest(st.ctx, st.clock.Now(), "", 8, "red@atta.example")
	st.must(err)
	st.must(st.worker(nil, relay).Work(st.ctx, scope, nil))
	l := read(st, relay.Accepted()[0])
	if want := "[Prov] " + theCourse().Lessons[7].Title; l.subject != want {
		t.Errorf("subject %q, want %q", l.subject, want)
	}
	l.wants(st, map[string]string{"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-Id": "=?utf-8?q?=C3=85tta_brev?= <atta-brev.atta.example>"})
}

// At 08:00 the relay defers Anna's letter at the dot; a quarter of an hour later
// it takes it. The two are the same, octet for octet, with the first one's Date.
func TestASecondAttemptIsTheSameLetter(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(whenever(relaytest.Dot, relaytest.Action{Reply: "451 4.3.0 come back later"}))
	st.readers(anna)
	st.starts(st.worker(nil, relay))
	st.becomes(anna, "deferred")
	st.passes(14*time.Minute + 59*time.Second)
	if st.newest(anna).State != "deferred" {
		t.Error("tried again before a quarter of an hour had passed")
	}
	relay.follows(nil)
	st.passes(time.Second)
	st.took(relay, 1)
	st.becomes(anna, "accepted")

	letter := relay.Accepted()[0]
	read(st, letter).wants(st, map[string]string{"Date": "Tue, 03 Nov 2026 08:00:00 +0100"})
	sum := sha256.Sum256(letter.Bytes)
	var sums [][]byte
	st.must(st.db.Select(&sums, `select sha256 from attempts order by attempt`))
	if len(sums) != 2 || !bytes.Equal(sums[0], sum[:]) || !bytes.Equal(sums[1], sum[:]) {
		t.Errorf("attempts with hashes %x, want %x twice", sums, sum)
	}
}
