package course

import (
	"errors"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	purposes = []purpose{toConfirm, toUnsubscribe, toBounce, toIdentify}
	someKeys = keys{rings: ringsOf([]string{theSecret})}
	theirs   = DeliveryKey{SubscriberID: 7_212_345_678_901_234_567, ID: 42}
)

func TestATokenOpensForItsPurposeAlone(t *testing.T) {
	t.Parallel()
	for _, made := range purposes {
		token := someKeys.token(made, theirs)
		for _, asked := range purposes {
			got, err := someKeys.open(asked, token)
			if asked == made && (err != nil || got != theirs) {
				t.Errorf("%c opens as %v, %v, want %v", made, got, err, theirs)
			}
			if asked != made && !errors.Is(err, ErrToken) {
				t.Errorf("a token made for %c opens for %c: %v", made, asked, err)
			}
		}
	}
}

func TestATokenIsFitForAURLAndALocalPart(t *testing.T) {
	t.Parallel()
	fit := regexp.MustCompile(`^[a-z2-7]{1,64}$`) // RFC 5321 §4.5.3.1.1
	for _, d := range []DeliveryKey{theirs, {1, 1}, {math.MaxInt64, math.MaxInt64}} {
		for _, p := range purposes {
			if token := someKeys.token(p, d); !fit.MatchString(token) {
				t.Errorf("token %q of %d characters", token, len(token))
			}
		}
	}
}

// Some relays fold the case of local parts, or write them in upper case.
func TestATokenSurvivesCaseFolding(t *testing.T) {
	t.Parallel()
	token := someKeys.token(toBounce, theirs)
	if got, err := someKeys.open(toBounce, strings.ToUpper(token)); err != nil || got != theirs {
		t.Errorf("upper case opens as %v, %v", got, err)
	}
}

func TestNoChangedTokenOpens(t *testing.T) {
	t.Parallel()
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
	rapid.Check(t, func(t *rapid.T) {
		d := DeliveryKey{rapid.Int64Min(1).Draw(t, "subscriber"), rapid.Int64Min(1).Draw(t, "id")}
		p := rapid.SampledFrom(purposes).Draw(t, "purpose")
		token := someKeys.token(p, d)
		anywhere := rapid.IntRange(0, len(token)-2).Draw(t, "anywhere")
		for _, i := range []int{anywhere, len(token) - 1} {
			for _, c := range alphabet + "0189-=_.\n\r\x00" {
				if forged := token[:i] + string(c) + token[i+1:]; forged != token {
					if _, err := someKeys.open(p, forged); !errors.Is(err, ErrToken) {
						t.Fatalf("%q with character %d as %q opens: %v", token, i, c, err)
					}
				}
			}
		}
		for _, forged := range []string{"", token[1:], token[:len(token)-1], token + "a", "a" + token, token + "\n", token + "=", token + token, token[:20] + "\n" + token[20:]} {
			if _, err := someKeys.open(p, forged); !errors.Is(err, ErrToken) {
				t.Fatalf("%q opens as %q: %v", token, forged, err)
			}
		}
	})
}

func TestTokensOutliveAChangeOfSecret(t *testing.T) {
	t.Parallel()
	newer := "another secret of the tests, also long enough"
	old := someKeys.token(toUnsubscribe, theirs)
	rotated := keys{rings: ringsOf([]string{newer, theSecret})}
	if got, err := rotated.open(toUnsubscribe, old); err != nil || got != theirs {
		t.Errorf("an old link opens as %v, %v", got, err)
	}
	fresh := rotated.token(toUnsubscribe, theirs)
	if _, err := someKeys.open(toUnsubscribe, fresh); !errors.Is(err, ErrToken) {
		t.Errorf("what the new secret signed opens under the old one: %v", err)
	}
	if _, err := (keys{rings: ringsOf([]string{newer})}).open(toUnsubscribe, old); !errors.Is(err, ErrToken) {
		t.Errorf("an old link opens without the old secret: %v", err)
	}
}

func TestAPassOpensItsArticleUntilItExpires(t *testing.T) {
	t.Parallel()
	s := &Store{keys: someKeys}
	until := at("2026-11-10 12:00")
	pass := s.Pass("laget", until)
	for _, c := range []struct {
		what, value string
		now         time.Time
		opens       bool
	}{
		{"fresh", pass, until.Add(-PassLife), true},
		{"in its last second", pass, until.Add(-time.Second), true},
		{"expired", pass, until, false},
		{"for another article", strings.Replace(pass, "laget", "annat", 1), until.Add(-time.Hour), false},
		{"for a longer name", "x" + pass, until.Add(-time.Hour), false},
		{"prolonged", strings.Replace(pass, ".", ".9", 1), until.Add(-time.Hour), false},
		{"cut short", pass[:len(pass)-1], until.Add(-time.Hour), false},
		{"with another end", pass + "a", until.Add(-time.Hour), false},
		{"without a hash", pass[:strings.LastIndexByte(pass, '.')+1], until.Add(-time.Hour), false},
		{"empty", "", until.Add(-time.Hour), false},
		{"dots", "..", until.Add(-time.Hour), false},
	} {
		article, ok := s.OpenPass(c.value, c.now)
		if ok != c.opens || ok && article != "laget" || !ok && article != "" {
			t.Errorf("a pass %s (%q) opens %q, %v, want %v", c.what, c.value, article, ok, c.opens)
		}
	}
}

func TestAPassIsTheSameForEveryoneAndOutlivesAChangeOfSecret(t *testing.T) {
	t.Parallel()
	s := &Store{keys: someKeys}
	until := at("2026-11-10 12:00")
	if a, b := s.Pass("laget", until), s.Pass("laget", until); a != b {
		t.Errorf("passes %q and %q differ", a, b)
	}
	rotated := &Store{keys: keys{rings: ringsOf([]string{"another secret of the tests, also long enough", theSecret})}}
	if _, ok := rotated.OpenPass(s.Pass("laget", until), until.Add(-time.Hour)); !ok {
		t.Error("an old pass does not open under the new secret and the old")
	}
	if _, ok := s.OpenPass(rotated.Pass("laget", until), until.Add(-time.Hour)); ok {
		t.Error("a pass of another secret opens")
	}
}

func TestAStampTellsHowOldAFormIs(t *testing.T) {
	t.Parallel()
	s := &Store{keys: someKeys}
	shown := at("2026-11-10 12:00")
	stamp := s.FormStamp(shown)
	for _, c := range []struct {
		what, value string
		now         time.Time
		age         time.Duration
		ok          bool
	}{
		{"just shown", stamp, shown, 0, true},
		{"a breath old", stamp, shown.Add(1999 * time.Millisecond), 1999 * time.Millisecond, true},
		{"a day old", stamp, shown.Add(24 * time.Hour), 24 * time.Hour, true},
		{"from a clock that is ahead", stamp, shown.Add(-time.Second), -time.Second, true},
		{"made older", strings.Replace(stamp, "1", "0", 1), shown, 0, false},
		{"cut short", stamp[:len(stamp)-1], shown, 0, false},
		{"with another end", stamp + "a", shown, 0, false},
		{"without a hash", stamp[:strings.IndexByte(stamp, '.')+1], shown, 0, false},
		{"that is no number", "x." + stamp, shown, 0, false},
		{"empty", "", shown, 0, false},
	} {
		if age, ok := s.FormAge(c.value, c.now); age != c.age || ok != c.ok {
			t.Errorf("a stamp %s (%q): age %v, %v, want %v, %v", c.what, c.value, age, ok, c.age, c.ok)
		}
	}
	rotated := &Store{keys: keys{rings: ringsOf([]string{"another secret of the tests, also long enough", theSecret})}}
	if _, ok := rotated.FormAge(stamp, shown); !ok {
		t.Error("a form shown before a change of secret is not known after it")
	}
	if _, ok := s.FormAge(rotated.FormStamp(shown), shown); ok {
		t.Error("a stamp of another secret is taken for ours")
	}
}

// Both are a text and a keyed hash, and lie open in every browser.
func TestAStampIsNoPassAndAPassNoStamp(t *testing.T) {
	t.Parallel()
	s := &Store{keys: someKeys}
	now := at("2026-11-10 12:00")
	stamp := s.FormStamp(now)
	shown, sum, _ := strings.Cut(stamp, ".")
	for _, pass := range []string{stamp, "form." + stamp, "form ." + stamp, "form " + stamp, shown + ".9999999999." + sum} {
		if article, ok := s.OpenPass(pass, now); ok {
			t.Errorf("a stamp as %q opens %q", pass, article)
		}
	}
	if _, ok := s.FormAge(s.Pass(shown, now.Add(time.Hour)), now); ok {
		t.Error("a pass is taken for a stamp")
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	l := Links{Base: "https://exempel.se"}
	for got, want := range map[string]string{
		l.Confirm("abc"):     "https://exempel.se/bekrafta/abc",
		l.Unsubscribe("abc"): "https://exempel.se/avsluta/abc",
		l.Privacy():          "https://exempel.se/integritet",

		l.Letter("atta-brev", "vem-ringer-du"): "https://exempel.se/brev/atta-brev/vem-ringer-du",
	} {
		if got != want {
			t.Errorf("link %s, want %s", got, want)
		}
	}
}
