package mailer_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"fortsatt/mailer"
)

// Whatever anybody sends costs little. A megabyte should be read in 50 ms; the test allows twenty
// times that, because it does not have the machine to itself. It is not parallel, because it
// counts the memory of the whole process.
func TestCVE_2020_22249_ReturnsOfAMegabyteAreCheap(t *testing.T) {
	for name, raw := range nonsense() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := time.Now()
		r := mailer.ReadReturn(raw)
		took := time.Since(begin)
		runtime.ReadMemStats(&after)
		checkReturn(t, name, r)
		if took > time.Second {
			t.Errorf("%s: took %v, want less than a second", name, took)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
			t.Errorf("%s: used %d MB, want at most 16", name, used>>20)
		}
	}
}

func BenchmarkReadReturn(b *testing.B) {
	all := nonsense()
	for _, s := range samples(b)[:3] {
		all[s.name] = s.raw
	}
	for name, raw := range all {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mailer.ReadReturn(raw)
			}
		})
	}
}

// nonsense is 2 MB each of what is costly to readers that were not made for it.
func nonsense() map[string][]byte {
	const size = 2 << 20
	fill := func(start, more string) []byte {
		return append([]byte(start), bytes.Repeat([]byte(more), size/len(more))...)
	}
	report := "From: mailer-daemon@example.net\nSubject: failure notice\nContent-Type: multipart/report; boundary=b\n\n--b\n"
	status := report + "Content-Type: message/delivery-status\n\n"
	wordy := report + strings.Repeat("\n\na@b", 1000) + "\n--b\nContent-Type: message/delivery-status\n\n"
	return map[string][]byte{
		"zeros":             fill("", "\x00"),
		"empty lines":       fill("", "\n"),
		"empty parts":       fill(report, "\n--b\n"),
		"dashes":            fill(report, "--b"),
		"nested parts":      fill("", "Content-Type: multipart/mixed; boundary=b\n\n--b\n"),
		"deep parts":        deep(size),
		"field":             fill("To: ", "x"),
		"fields":            fill("", "To: a@b\n"),
		"folded field":      fill("To: a", "\n x"),
		"addresses":         fill("To: ", "<a+b=c@d>,"),
		"at signs":          fill("To: ", "@"),
		"status groups":     fill(status, "Final-Recipient: rfc822; a@b\nAction: failed\n\n"),
		"groups, no reason": fill(wordy, "Final-Recipient: rfc822; a@b\nAction: failed\n\n"),
		"status fields":     fill(status, "Action: failed\n"),
		"diagnostic":        fill(status+"Final-Recipient: rfc822; a\nAction: failed\nDiagnostic-Code: smtp; ", "550 5.1.1 "),
		"paragraphs":        fill("From: mailer-daemon\nSubject: failure notice\n\n", "a@b\n\n"),
		"codes":             fill("From: mailer-daemon\nSubject: failure notice\n\n", "1.5.1.1.5 4.4.4.4 "),
		"separators":        fill("From: mailer-daemon\nSubject: failure notice\n\n", "--- original - message\n"),
		"encoded subject":   fill("Subject: ", "=?utf-8?q?=C3=A5?= "),
		"base64":            fill("Content-Transfer-Encoding: base64\n\n", "QUFBQUFB"),
		"quoted":            fill("Content-Transfer-Encoding: quoted-printable\n\n", "=C3=A5"),
		"japanese":          fill("Content-Type: text/plain; charset=iso-2022-jp\n\n", "\x1b$B\x1b(B"),
		"markup":            fill("From: mailer-daemon\nSubject: failure notice\nContent-Type: text/html\n\n", "<p><!--<a b='"),
	}
}

// deep is parts within parts, each with a boundary of its own.
func deep(size int) []byte {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	b.WriteString(strings.Repeat("\n", size))
	return []byte(b.String())
}

// A report that stands too deep, or behind too many parts, or beyond the first megabyte, is
// not looked for.
func TestReturnsAreReadSoFar(t *testing.T) {
	t.Parallel()
	const report = "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; anna@example.net\nAction: failed\nStatus: 5.1.1\n"
	nested := func(levels int) (raw string) {
		for i := range levels {
			raw += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		return raw + report
	}
	after := func(parts int) string {
		return "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nHej\n", parts) + "--b\n" + report
	}
	behind := func(size int) string {
		return "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + strings.Repeat("x", size) + "\n--b\n" + report
	}
	for name, test := range map[string]struct {
		raw  string
		want mailer.ReturnKind
	}{
		"twenty levels": {nested(20), mailer.Failed}, "twenty-one levels": {nested(21), mailer.Unclear},
		"the 99th part": {after(98), mailer.Failed}, "the 101st part": {after(100), mailer.Unclear},
		"within a megabyte": {behind(1<<20 - 400), mailer.Failed}, "behind a megabyte": {behind(1 << 20), mailer.Unclear},
	} {
		if got := mailer.ReadReturn([]byte(test.raw)); got.Kind != test.want {
			t.Errorf("%s: got %v, want %v", name, got.Kind, test.want)
		}
	}
}

// Only twenty tokens are worth trying; the one that the mail came to stands first.
func TestReturnHasFewTokens(t *testing.T) {
	t.Parallel()
	raw := "To: " + strings.Repeat("x", 70) + "@example.org, "
	for i := range 50 {
		raw += fmt.Sprintf("b%d@example.org,\r\n\t", i)
	}
	raw += "z@example.org\r\nDelivered-To: " + strings.ToUpper(returnedToken) + "@brev.example.org\r\n\r\n"
	got := mailer.ReadReturn([]byte(raw)).Tokens
	if len(got) != 20 || got[0] != returnedToken || got[1] != "b0" || slices.Contains(got, strings.Repeat("x", 70)) {
		t.Errorf("got %q, want twenty, of which %s is the first and b0 the second", got, returnedToken)
	}
}

func FuzzReadReturn(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkReturn(t, "fuzz", mailer.ReadReturn(raw))
	})
}
