package mailer

import (
	"regexp"
	"strconv"
	"strings"
)

// settle makes one code of what a report's Status says and what the server said. The two, and
// the words, often disagree. The more specific wins; and where one of them says that it is
// not the mailbox that is wrong, it is not: to a reader who still exists, it is worse not to
// be written to than it is for us to try once more.
func settle(status, diagnostic string) (code int, enhanced string) {
	code = firstCode(diagnostic)
	said := enhancedIn(diagnostic)
	enhanced = withMeaning(moreSpecific(status, said), meaning(diagnostic))
	if passing := code/100 == 4 || strings.HasPrefix(status, "4") || strings.HasPrefix(said, "4"); passing && enhanced != "" {
		enhanced = "4" + enhanced[1:]
	}
	return code, enhanced
}

func moreSpecific(status, said string) string {
	switch {
	case said == "" || isVague(said) && status != "" && !isVague(status):
		return status
	case status == "" || isVague(status):
		return said
	case namesMailbox(said):
		return status // which may agree
	}
	return said
}

// withMeaning lets words stand in for a missing or vague code, and take back a verdict on the
// mailbox.
func withMeaning(enhanced, meant string) string {
	switch {
	case meant == "":
		return enhanced
	case enhanced == "" || isVague(enhanced):
		return meant
	case enhanced == "5.1.2" && meant == "5.4.4": // the same, in two words
		return enhanced
	case namesMailbox(enhanced) && !namesMailbox(meant):
		return meant
	}
	return enhanced
}

// namesMailbox says whether a code is a verdict on the recipient's address: RFC 3463 §3.2
// without what is wrong with the sender's, and a mailbox that is closed.
func namesMailbox(enhanced string) bool {
	switch enhanced {
	case "5.1.7", "5.1.8":
		return false
	case "5.2.1":
		return true
	}
	return strings.HasPrefix(enhanced, "5.1.")
}

// isVague says whether a code says no more than that it failed.
func isVague(enhanced string) bool {
	switch enhanced[1:] {
	case ".0.0", ".1.0", ".2.0", ".5.0":
		return true
	}
	return false
}

var (
	enhancedInText = regexp.MustCompile(`[45]\.[0-7]\.\d{1,3}`)
	replyCode      = regexp.MustCompile(`(?i)(?:^|[:;<>"'(\[{] *|-- *|\b(?:said|error|code|status|reply|response) *)([45][0-7]\d)(?:[ \-#:.,)]|$)`)
)

// enhancedIn finds the most specific code in a text, of those that are no part of an IP
// address or of a version.
func enhancedIn(text string) (enhanced string) {
	for _, place := range enhancedInText.FindAllStringIndex(text, 20) {
		before, after := text[:place[0]], text[place[1]:]
		if strings.HasSuffix(before, ".") || endsInWord(before) || startsInWord(after) {
			continue
		}
		enhanced = moreSpecific(text[place[0]:place[1]], enhanced)
	}
	return enhanced
}

func endsInWord(text string) bool {
	return text != "" && isAlphanumeric(rune(text[len(text)-1]))
}

func startsInWord(text string) bool {
	text = strings.TrimPrefix(text, ".")
	return text != "" && isAlphanumeric(rune(text[0]))
}

// firstCode finds an SMTP reply code.
func firstCode(text string) int {
	found := replyCode.FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	code, _ := strconv.Atoi(found[1]) // three digits
	return code
}
