package lessons

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fields are what differs between two readers of one letter. Dates are written
// by [Date] and [DateAndTime].
type Fields struct {
	Name           string // may be empty
	NextDate       string // when the next letter comes, "tisdag 3 mars"; empty after the last
	UnsubscribeURL string
	PrivacyURL     string
	WebURL         string // lessons: the same text on the web, for anybody; the same for all readers
	AskedAt        string // service letters: "22 november kl. 14.05"
	ConfirmURL     string
	LoginURL       string
	Code           string // what stands in for the login link in another browser
	QuestionURL    string
}

func (f Fields) value(field string) string {
	switch field {
	case "Name":
		return f.Name
	case "NextDate":
		return f.NextDate
	case "UnsubscribeURL":
		return f.UnsubscribeURL
	case "WebURL":
		return f.WebURL
	case "PrivacyURL":
		return f.PrivacyURL
	case "AskedAt":
		return f.AskedAt
	case "ConfirmURL":
		return f.ConfirmURL
	case "LoginURL":
		return f.LoginURL
	case "Code":
		return f.Code
	case "QuestionURL":
		return f.QuestionURL
	}
	return ""
}

// own are the links that differ between readers.
func (f Fields) own() []string {
	return []string{f.UnsubscribeURL, f.ConfirmURL, f.LoginURL, f.QuestionURL}
}

// Rendered is a letter as one reader gets it.
type Rendered struct{ Subject, Text, HTML string }

// Render fills the letter's holes. The same fields give the same bytes.
func (l *Letter) Render(f Fields) Rendered {
	f = f.clean()
	return Rendered{
		Subject: join(l.subject, f, asIs),
		Text:    join(l.text, f, asIs),
		HTML:    join(l.html, f, html.EscapeString),
	}
}

func asIs(s string) string { return s }

func (f Fields) clean() Fields {
	return Fields{
		Name:           addressable(f.Name),
		NextDate:       oneLine(f.NextDate),
		UnsubscribeURL: oneLine(f.UnsubscribeURL),
		PrivacyURL:     oneLine(f.PrivacyURL),
		WebURL:         oneLine(f.WebURL),
		AskedAt:        oneLine(f.AskedAt),
		ConfirmURL:     oneLine(f.ConfirmURL),
		LoginURL:       oneLine(f.LoginURL),
		Code:           oneLine(f.Code),
		QuestionURL:    oneLine(f.QuestionURL),
	}
}

const longestName = 60

// Mail programs make a link of anything that looks like a domain.
var linkLike = regexp.MustCompile(`(?i)://|www\.|[\pL\d]\.\pL{2,}`)

// addressable returns the name to greet a reader by, and is the one place that
// decides so, whatever stands in the ledger. What cannot be a name (too long,
// with an address, a link, a line break or braces in it, or what the lint takes
// for a field without a value) is left out: a greeting without a name is always
// right, a stranger's text never, and no letter waits because of a name.
func addressable(name string) string {
	if strings.ContainsAny(name, "@{}%\n\r\v\f\u0085\u2028\u2029") {
		return ""
	}
	name = oneLine(name) // first, for what it takes away may have kept a link apart
	switch {
	case utf8.RuneCountInString(name) > longestName, unfilled.MatchString(name):
		return ""
	case strings.ContainsAny(name, "./") && linkLike.MatchString(name):
		return ""
	}
	return name
}

// oneLine removes line breaks, control characters and the marks that turn the
// direction of writing.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError {
			return -1
		}
		return r
	}, s))
}
