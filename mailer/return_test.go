package mailer_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"fortsatt/mailer"
)

// The letter that all samples are about.
const (
	returnedToken = "bqaaaaaaaaaaacwaaaaaaaaaaj6q7n2k5vhtw3zdlsx4eugmryifbpc"
	returnedID    = "mqaaaaaaaaaaacwaaaaaaaaaaj6r5t2@brev.example.org"
)

// A sample is one mail in testdata/returned, and what must be made of it.
type sample struct {
	Kind     string
	Enhanced string
	Code     int
	Tokens   []string
	Says     string // stands in the diagnostic
	name     string
	raw      []byte
}

func samples(t testing.TB) (all []sample) {
	t.Helper()
	expected := map[string]sample{}
	if _, err := toml.DecodeFile("testdata/returned/expected.toml", &expected); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/returned/*.eml")
	if err != nil || len(files) != len(expected) {
		t.Fatalf("got %d samples and %d expectations (%v)", len(files), len(expected), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		s, known := expected[name]
		if !known {
			t.Fatalf("nothing is expected of %s", name)
		}
		if s.raw, err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
		if s.name = name; s.Tokens == nil {
			s.Tokens = []string{returnedToken}
		}
		all = append(all, s)
	}
	return all
}

func TestReadReturn(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		for lineEnd, raw := range map[string][]byte{"LF": s.raw, "CRLF": []byte(strings.ReplaceAll(string(s.raw), "\n", "\r\n"))} {
			got := mailer.ReadReturn(raw)
			if got.Kind.String() != s.Kind || got.Enhanced != s.Enhanced || got.Code != s.Code {
				t.Errorf("%s, %s: got %v %q %d, want %s %q %d; it says %q",
					s.name, lineEnd, got.Kind, got.Enhanced, got.Code, s.Kind, s.Enhanced, s.Code, got.Diagnostic)
			}
			if !slices.Equal(got.Tokens, s.Tokens) {
				t.Errorf("%s, %s: got tokens %q, want %q", s.name, lineEnd, got.Tokens, s.Tokens)
			}
			if !strings.Contains(got.Diagnostic, s.Says) {
				t.Errorf("%s, %s: it says %q, want %q", s.name, lineEnd, got.Diagnostic, s.Says)
			}
			checkReturn(t, s.name, got)
		}
	}
}

// A report that holds our letter's Message-ID, or answers it, names the letter.
func TestReturnNamesTheLetter(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		got := mailer.ReadReturn(s.raw).MessageIDs
		if want := strings.Contains(string(s.raw), "<"+returnedID+">"); slices.Contains(got, returnedID) != want {
			t.Errorf("%s: got message ids %q, want ours %t", s.name, got, want)
		}
	}
}

// checkReturn is what holds for every mail that anybody may send.
func checkReturn(t *testing.T, name string, r mailer.Return) {
	t.Helper()
	if !utf8.ValidString(r.Diagnostic) || utf8.RuneCountInString(r.Diagnostic) > 300 || strings.ContainsFunc(r.Diagnostic, unicode.IsControl) {
		t.Errorf("%s: got diagnostic %q, want one line of at most 300 characters", name, r.Diagnostic)
	}
	if len(r.Tokens) > 20 {
		t.Errorf("%s: got %d tokens, want at most 20", name, len(r.Tokens))
	}
	seen := map[string]bool{}
	for _, token := range r.Tokens {
		if token == "" || len(token) > 64 || token != strings.ToLower(token) || seen[token] {
			t.Errorf("%s: got token %q among %q", name, token, r.Tokens)
		}
		seen[token] = true
	}
	if told := r.Kind == mailer.Failed || r.Kind == mailer.Delayed; !told && (r.Enhanced != "" || r.Code != 0) {
		t.Errorf("%s: got %v with %q %d, want no codes", name, r.Kind, r.Enhanced, r.Code)
	}
	if r.Enhanced != "" && r.Enhanced[0] != '4' && r.Enhanced[0] != '5' || r.Code != 0 && (r.Code < 400 || r.Code > 599) {
		t.Errorf("%s: got %q %d, want codes of failure", name, r.Enhanced, r.Code)
	}
}
