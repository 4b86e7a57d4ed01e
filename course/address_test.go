package course

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	long := strings.Repeat
	for _, c := range []struct{ typed, want string }{ // "" is refused
		{"anna@exempel.se", "anna@exempel.se"},
		{"  Anna.Berg@Exempel.SE\t", "anna.berg@exempel.se"},
		{"anna@exempel.se\r\n", "anna@exempel.se"}, // pasted with its line's end
		{"anna+kurs@exempel.se", "anna+kurs@exempel.se"},
		{"o'brien@exempel.ie", "o'brien@exempel.ie"},
		{"anna@räksmörgås.se", "anna@xn--rksmrgs-5wao1o.se"},
		{"anna@RÄKSMÖRGÅS.SE", "anna@xn--rksmrgs-5wao1o.se"},
		{"anna@ra\u0308ksmo\u0308rga\u030as.se", "anna@xn--rksmrgs-5wao1o.se"}, // decomposed, as macOS types
		{"anna@xn--rksmrgs-5wao1o.se", "anna@xn--rksmrgs-5wao1o.se"},
		{"anna@exempel。se", "anna@exempel.se"}, // IDNA's other dot
		{"anna@localhost", "anna@localhost"},
		{long("a", 64) + "@exempel.se", long("a", 64) + "@exempel.se"},
		{"a@" + long("b", 63) + ".se", "a@" + long("b", 63) + ".se"},
		{"a@" + long(long("b", 61)+".", 4) + "xy.se", ""}, // 2 + 248 + 5 = 255
		{"a@" + long(long("b", 61)+".", 4) + "x.se", "a@" + long(long("b", 61)+".", 4) + "x.se"},

		{"", ""},
		{"@exempel.se", ""},
		{"anna", ""},
		{"anna@", ""},
		{"anna@exempel", ""}, // forgot .se
		{"anna@exempel.", ""},
		{"anna@exempel.se.", ""},
		{"anna@.se", ""},
		{"anna@exempel..se", ""},
		{"anna@@exempel.se", ""},
		{"anna@bo@exempel.se", ""},
		{".anna@exempel.se", ""},
		{"anna.@exempel.se", ""},
		{"an..na@exempel.se", ""},
		{"an na@exempel.se", ""},
		{"anna@exem pel.se", ""},
		{"Anna <anna@exempel.se>", ""},
		{"<anna@exempel.se>", ""},
		{`"anna"@exempel.se`, ""},
		{`"anna berg"@exempel.se`, ""},
		{`"a@b"@exempel.se`, ""},
		{`anna\@exempel.se`, ""},
		{"anna@exempel.se,bo@exempel.se", ""},
		{"anna@exempel.se;bo@exempel.se", ""},
		{"anna@exempel.se>", ""},
		{"anna(berg)@exempel.se", ""},
		{"anna\r\nBcc: bo@exempel.se", ""},
		{"anna@exempel.se\r\nRCPT TO:<bo@exempel.se>", ""},
		{"anna@exempel.se\nx", ""},
		{"an\x00na@exempel.se", ""},
		{"anna@exem\x00pel.se", ""},
		{"anna@exempel.se\x00", ""},
		{"anna\x7f@exempel.se", ""},
		{"ånna@exempel.se", ""}, // would need SMTPUTF8
		{"anna@[192.0.2.1]", ""},
		{"anna@[IPv6:2001:db8::1]", ""},
		{"anna@192.0.2.1", ""},
		{"anna@exempel.123", ""},
		{"anna@-exempel.se", ""},
		{"anna@exempel-.se", ""},
		{"anna@exem_pel.se", ""},
		{"anna@exempel.se/", ""},
		{"anna@xn--a.se", ""}, // no such punycode
		{"anna@" + long("b", 64) + ".se", ""},
		{long("a", 65) + "@exempel.se", ""},
		{"anna@\xff.se", ""},
		{"\xff@exempel.se", ""},
	} {
		got, err := ParseAddress(c.typed)
		if string(got) != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, ErrAddress) {
			t.Errorf("ParseAddress(%q) = %q, %v, want %q", c.typed, got, err, c.want)
		}
	}
}

// addressPromises holds what every address must keep that we take.
func addressPromises(t interface{ Fatalf(string, ...any) }, typed string) {
	a, err := ParseAddress(typed)
	if err != nil {
		if !errors.Is(err, ErrAddress) || a != "" {
			t.Fatalf("ParseAddress(%q) = %q, %v", typed, a, err)
		}
		return
	}
	if again, err := ParseAddress(string(a)); again != a || err != nil {
		t.Fatalf("ParseAddress(%q) = %q, but that gives %q, %v", typed, a, again, err)
	}
	if strings.Count(string(a), "@") != 1 || len(a) > 254 || strings.IndexByte(string(a), '@') > 64 {
		t.Fatalf("ParseAddress(%q) = %q: @ or length", typed, a)
	}
	for _, r := range string(a) {
		if r <= ' ' || r > unicode.MaxASCII || unicode.IsUpper(r) || unicode.IsControl(r) || strings.ContainsRune(`<>()[]\,;:"`, r) {
			t.Fatalf("ParseAddress(%q) = %q holds %q", typed, a, r)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{anna, " Anna@RÄK.se ", "a@b@c.se", "\"a b\"@c.se", "a\r\n@b.se", "x@xn--a.se", "K@K.se", "a@ß.se", "a@b。se"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) { addressPromises(t, typed) })
}

func TestEveryAddressWeTakeIsFitForTheWire(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"a", "B", "å", "ß", "K", "İ", ".", "-", "@", "_", "+", "'", " ", "\r\n", "\x00", "。", "xn--", "1", "se", "localhost", "\u200d", "\u0308", "\""})
		addressPromises(t, strings.Join(rapid.SliceOfN(piece, 1, 12).Draw(t, "pieces"), ""))
		addressPromises(t, rapid.String().Draw(t, "anything")+"@"+rapid.String().Draw(t, "where"))
	})
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed, want string
		ok          bool
	}{
		{"Anna", "Anna", true},
		{"", "", true},
		{"   ", "", true},
		{"  Anna   Berg ", "Anna Berg", true},
		{"A\u030asa", "Åsa", true}, // composed
		{"Anna-Karin O'Brien", "Anna-Karin O'Brien", true},
		{"Åsa & Bo <3", "Åsa & Bo <3", true}, // escaped where it is shown
		{strings.Repeat("å", NameLength), strings.Repeat("å", NameLength), true},
		{strings.Repeat("å", NameLength+1), "", false},
		{"Anna\nBcc: bo@exempel.se", "", false},
		{"Anna\rBerg", "", false},
		{"Anna\nBerg", "", false},
		{"Anna\tBerg", "", false},
		{"Anna\x00", "", false},
		{"Anna\x1b[31m", "", false},
		{"Anna\u0085Berg", "", false},
		{"Anna\u2028Berg", "", false},
		{"Anna\u2029Berg", "", false},
		{"anna@exempel.se", "", false},
		{"Vinn på https://ond.example", "", false},
		{"Vinn på //ond", "", false},
		{"Vinn på WWW.ond.example", "", false},
		{`Vinn\på`, "", false},
		{"Anna\xff", "", false},
	} {
		got, err := CleanName(c.typed)
		if got != c.want || (err == nil) != c.ok || err != nil && !errors.Is(err, ErrName) {
			t.Errorf("CleanName(%q) = %q, %v, want %q", c.typed, got, err, c.want)
		}
	}
}
