package mailer_test

import (
	"bytes"
	"flag"
	"net/mail"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/idna"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the golden letter")

func TestGoldenLetter(t *testing.T) {
	t.Parallel()
	const golden = "testdata/lesson.eml"
	got, err := lesson().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestALetterIsTheSameTwice(t *testing.T) {
	t.Parallel()
	first, err := lesson().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	second, _ := lesson().Bytes()
	if !bytes.Equal(first, second) {
		t.Error("the same Message gave different bytes")
	}
	other := lesson()
	other.MessageID = "another@example.org"
	third, _ := other.Bytes()
	if boundaryParameter.FindString(string(third)) == boundaryParameter.FindString(string(first)) {
		t.Error("two letters share a boundary")
	}
}

// One buffer serves letter after letter; what stands in it already stays.
func TestALetterIsAppended(t *testing.T) {
	t.Parallel()
	want, err := lesson().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	buffer := []byte("before")
	for range 2 {
		got, err := lesson().Append(buffer)
		if err != nil || string(got) != "before"+string(want) {
			t.Errorf("got %q (%v), want the letter behind what stood there", got, err)
		}
		buffer = got[:len("before")]
	}
}

func TestALessonCanBeLeftWithOneClick(t *testing.T) {
	t.Parallel()
	m := lesson()
	m.List.Unsubscribe = "https://example.org/avsluta/" + strings.Repeat("a", 200)
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\r\n <" + m.List.Unsubscribe + ">\r\n", // relays fold, but not what stands alone
		"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
		"\r\nPrecedence: bulk\r\n",
		"\r\nX-Auto-Response-Suppress: OOF, AutoReply\r\n",
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %q in\n%s", want, raw)
		}
	}
	if strings.Contains(string(raw), "Auto-Submitted") {
		t.Error("a lesson says that it is an automatic answer")
	}
}

func TestAConfirmLetterHasNoList(t *testing.T) {
	t.Parallel()
	m := lesson()
	m.List = nil
	m.ReplyTo = mail.Address{}
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(raw), "\r\n\r\n")
	names := fieldNames(head)
	want := map[string]int{
		"Date": 1, "From": 1, "To": 1, "Subject": 1, "Message-ID": 1,
		"Auto-Submitted": 1, "MIME-Version": 1, "Content-Type": 1,
	}
	for name := range names {
		if want[name] == 0 {
			t.Errorf("unwanted field %s", name)
		}
	}
	for name := range want {
		if names[name] == 0 {
			t.Errorf("no field %s", name)
		}
	}
}

func TestDomainsGoOutAsPunycode(t *testing.T) {
	t.Parallel()
	m := lesson()
	m.To.Address = "anna@Räksmörgås.example"
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	const want = "anna@xn--rksmrgs-5wao1o.example"
	if got := readStandard(t, raw).to.Address; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Whatever the domain, it goes out as IDNA has it, or not at all.
func TestDomainsAreIDNA(t *testing.T) {
	t.Parallel()
	profile := idna.New(idna.MapForLookup(), idna.CheckHyphens(false), idna.VerifyDNSLength(true))
	check := func(t rapid.TB, domain string) {
		want, wantErr := profile.ToASCII(domain)
		m := lesson()
		m.To = mail.Address{Address: "b@" + domain}
		raw, err := m.Bytes()
		if bad := wantErr != nil || len("b@"+want) > 254; bad != (err != nil) {
			t.Fatalf("%q: got error %v, want one: %t", domain, err, bad)
		}
		if err == nil && !strings.Contains(strings.ReplaceAll(string(raw), "\r\n ", " "), "To: <b@"+want+">\r\n") {
			t.Fatalf("%q: got\n%s\nwant %s", domain, raw, want)
		}
	}
	for _, domain := range []string{
		"", "a", "1.2.3", "a.b.", ".a", "a..b", "-a.b", "a-.b", "a-", "a.-", "a-b", "a--b.c", "a_b.c", "A.example",
		"xn--a.b", "xn--rksmrgs-5wao1o.example", strings.Repeat("a", 63) + ".b", strings.Repeat("a", 64) + ".b",
		strings.Repeat("a.", 125) + "b", strings.Repeat("a.", 125) + "bcd", strings.Repeat("a.", 126) + "bcd",
	} {
		check(t, domain)
	}
	domain := rapid.OneOf(rapid.StringMatching(`[a-z0-9.-]{1,70}`), rapid.StringMatching(`[a-zåäöß]{1,9}\.[A-Za-z]{2,5}`))
	rapid.Check(t, func(r *rapid.T) { check(r, domain.Draw(r, "domain")) })
}

func TestLineEndsAreMadeTheSame(t *testing.T) {
	t.Parallel()
	m := lesson()
	m.Text, m.HTML = pieces("ett\r\ntvå\rå\nfyra"), pieces("a\r\r\nb")
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got := readStandard(t, raw)
	if got.text != "ett\ntvå\nå\nfyra" || got.html != "a\n\nb" {
		t.Errorf("got %q and %q", got.text, got.html)
	}
}

// Postmark puts an envelope sender of its own in place of ours, and a Message-ID too unless
// it is told not to; only what it is given as metadata comes back in every report.
func TestPostmarkIsToldWhichLetterItIs(t *testing.T) {
	t.Parallel()
	m := lesson()
	m.Postmark = true
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	local, _, _ := strings.Cut(m.MessageID, "@")
	for _, field := range []string{"X-PM-KeepID: true", "X-PM-Metadata-id: " + local} {
		if !strings.Contains(string(raw), "\r\n"+field+"\r\n") {
			t.Errorf("no field %q", field)
		}
	}
	m.Postmark = false
	if raw, _ = m.Bytes(); strings.Contains(string(raw), "X-PM-") {
		t.Error("another relay is told it as well")
	}
}
