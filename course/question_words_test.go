package course

import (
	"errors"
	"strings"
	"testing"
)

func TestWhatCanBeAQuestion(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("å", QuestionLength)
	for typed, want := range map[string]string{
		"Måste jag mingla på alla mässor?":                          "Måste jag mingla på alla mässor?",
		"  Måste jag mingla?  \r\n\r\n\r\n\r\nJag orkar inte. \r\n": "Måste jag mingla?\n\nJag orkar inte.",
		"Måste jag\tmingla?\x00\x1b[31m Nej?":                       "Måste jag mingla?[31m Nej?",
		"Ma\u030aste jag mingla så här ofta?":                       "Måste jag mingla så här ofta?",
		"Måste jag \u202emingla\u202c så här ofta?":                 "Måste jag mingla så här ofta?",
		"Måste jag \xffmingla så här ofta?":                         "Måste jag mingla så här ofta?",
		"<script>alert(1)</script>?":                                "<script>alert(1)</script>?",
		"Nitton tecken är nä":                                       "",
		"Tjugo tecken räcker.":                                      "Tjugo tecken räcker.",
		strings.Repeat(" \n", 30) + "Kort.":                         "",
		long:                                                        long,
		long + "å":                                                  "",
		"":                                                          "",
	} {
		got, err := cleanQuestion(typed)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, ErrQuestionText) {
			t.Errorf("%.50q: %.50q, %v, want %.50q", typed, got, err, want)
		}
	}
}

func TestWhatCanBeASignature(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"Hellre kaffe än mingel":     "Hellre kaffe än mingel",
		"  Trött   i  receptionen ":  "Trött i receptionen",
		"Bo":                         "",
		"Åsa":                        "Åsa",
		strings.Repeat("å", 40):      strings.Repeat("å", 40),
		strings.Repeat("å", 41):      "",
		"anna@exempel.se":            "",
		"Läs på https://ond.example": "",
		"www.ond.example":            "",
		"Hellre\u202e kaffe":         "",
		"Hellre\x00kaffe":            "",
		"":                           "",
	} {
		got, err := cleanSignature(typed)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, ErrSignature) {
			t.Errorf("%q: %q, %v, want %q", typed, got, err, want)
		}
	}
}

func TestATitleWithoutOne(t *testing.T) {
	t.Parallel()
	for wording, want := range map[string]string{
		"Måste jag mingla? Jag orkar inte.":       "Måste jag mingla?",
		"Jag orkar inte mingla. Måste jag?":       "Jag orkar inte mingla",
		"Om att mingla\n\nMåste jag det varje år": "Om att mingla",
		"Jag har version 2.0 av planen. Och nu?":  "Jag har version 2.0 av planen",
		strings.Repeat("ordet ", 20):              strings.TrimSpace(strings.Repeat("ordet ", 13)) + "…",
		strings.Repeat("å", 90):                   strings.Repeat("å", 79) + "…",
	} {
		if got := firstSentence(wording); got != want {
			t.Errorf("%q: %q, want %q", wording, got, want)
		}
	}
	for typed, want := range map[string]string{
		" Måste  jag? ":         "Måste jag?",
		strings.Repeat("å", 80): strings.Repeat("å", 80),
		strings.Repeat("å", 81): "",
		"Måste\x07jag?":         "",
		" \n":                   "",
	} {
		got, err := cleanTitle(typed)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, ErrTitle) {
			t.Errorf("%q: %q, %v, want %q", typed, got, err, want)
		}
	}
}

func TestSlugs(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"Måste jag mingla?":           "maste-jag-mingla",
		"  ÅÄÖ: Idé & café -- 7 % … ": "aao-ide-cafe-7",
		"?!":                          "fraga",
		"日本語":                         "fraga",
		"../../etc/passwd":            "etc-passwd",
		strings.Repeat("ordet ", 20):  strings.TrimSuffix(strings.Repeat("ordet-", 10), "-"),
		strings.Repeat("o", 80):       strings.Repeat("o", 60),
	} {
		if got := slugOf(title); got != want {
			t.Errorf("%q: %q, want %q", title, got, want)
		}
	}
}
