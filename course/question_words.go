package course

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// How long the parts of a question may be, in characters.
const (
	questionLeast   = 20
	QuestionLength  = 2000
	signatureLeast  = 3
	SignatureLength = 40
	titleLength     = 80
)

var manyEmptyLines = regexp.MustCompile(`\n{3,}`)

// cleanQuestion takes away what no reader sees: control characters, marks that
// turn text around, spaces at the ends of lines. Errors: ErrQuestionText.
func cleanQuestion(typed string) (string, error) {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n\n", "\t", " ").
		Replace(norm.NFC.String(strings.ToValidUTF8(typed, "")))
	text = strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return -1
		}
		return r
	}, text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	text = strings.TrimSpace(manyEmptyLines.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
	if n := utf8.RuneCountInString(text); n < questionLeast || n > QuestionLength {
		return "", ErrQuestionText
	}
	return text, nil
}

// cleanSignature refuses what CleanName does, and what is too short or too long.
// Errors: ErrSignature.
func cleanSignature(typed string) (string, error) {
	signature, err := CleanName(typed)
	n := utf8.RuneCountInString(signature)
	if err != nil || n < signatureLeast || n > SignatureLength || strings.ContainsFunc(signature, turns) {
		return "", ErrSignature
	}
	return signature, nil
}

func turns(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

// cleanTitle returns a title on one line. Errors: ErrTitle.
func cleanTitle(typed string) (string, error) {
	title := strings.Join(strings.Fields(norm.NFC.String(typed)), " ")
	if n := utf8.RuneCountInString(title); n == 0 || n > titleLength || !utf8.ValidString(title) || strings.ContainsFunc(title, unicode.IsControl) {
		return "", ErrTitle
	}
	return title, nil
}

var sentenceEnd = regexp.MustCompile(`[.?!…](\s|$)|\n`)

// firstSentence is cut between words where it is too long for a title.
func firstSentence(text string) string {
	if end := sentenceEnd.FindStringIndex(text); end != nil {
		text = text[:end[1]]
	}
	text = strings.TrimSuffix(strings.TrimSpace(text), ".")
	if utf8.RuneCountInString(text) <= titleLength {
		return text
	}
	short := string([]rune(text)[:titleLength-1])
	if space := strings.LastIndexByte(short, ' '); space > 0 {
		short = short[:space]
	}
	return strings.TrimRight(short, " ,;:–-") + "…"
}

var notInSlugs = regexp.MustCompile(`[^a-z0-9]+`)

const slugLength = 60

// slugOf writes a title as it can stand in an address: "Måste jag mingla?" as
// "maste-jag-mingla".
func slugOf(title string) string {
	bare := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(strings.ToLower(title)))
	slug := strings.Trim(notInSlugs.ReplaceAllString(bare, "-"), "-")
	if len(slug) > slugLength {
		slug = slug[:slugLength]
		if hyphen := strings.LastIndexByte(slug, '-'); hyphen > 0 {
			slug = slug[:hyphen]
		}
	}
	if slug == "" {
		return "fraga"
	}
	return slug
}
