package mailer

import (
	"slices"
	"strings"
)

// cutLetter takes what looks like a copy of our letter off the prose: our own words are no
// reason why it came back.
func (m *returned) cutLetter() {
	prose := strings.TrimLeft(m.prose, "\n")
	m.prose = prose[:min(len(prose), proseSize)]
	end := 0
	for line := range strings.Lines(m.prose) {
		start := end
		end += len(line)
		switch line = strings.ToLower(strings.TrimSpace(line)); {
		case strings.HasPrefix(line, "received: from"), strings.HasPrefix(line, "return-path: <"):
			m.foundLetter(m.prose[start:])
		case announcesCopy(line):
			m.foundLetter(m.prose[end:])
		default:
			continue
		}
		m.prose = m.prose[:start]
		return
	}
}

// announcesCopy says whether our letter stands below a line: one that says so, or that only
// names it, and is drawn as a rule.
func announcesCopy(line string) bool {
	rule := line != "" && strings.TrimLeft(line[:1], "-=*_>") == ""
	return len(line) <= 120 && (containsAny(line, copyBelow) || rule && containsAny(line, copyInRule))
}

var (
	copyBelow = []string{
		"message follows", "message headers follow", "message header follows", "original message below", "original message is attached",
		"message headers:", "copy of the message", "copy of your message", "copy of this message", "copy of the original message",
		"copy of the mail", "copy of your mail", "copy of the headers",
	}
	copyInRule = []string{"original message", "unsent message", "message header", "returned message", "undelivered message", "copy of"}
)

func (m *returned) foundLetter(text string) {
	if m.letter == nil {
		m.letter, _ = readFields([]byte(strings.TrimLeft(text, "\n \t")))
	}
}

// readProse reads what servers write to people.
func (m *returned) readProse() Return {
	reason := m.reason()
	r := Return{Kind: Failed, Diagnostic: reason}
	if m.saysDelayed() {
		r.Kind = Delayed
	}
	r.Code, r.Enhanced = settle("", reason)
	return r
}

// reason is the paragraph that says why: one with a code, or else with words we know, or else
// one with an address; what follows an address is about it.
func (m *returned) reason() string {
	var paragraphs []string
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(m.prose, "\n \n", "\n\n"), "\n\n") {
		if paragraph = collapse(paragraph); paragraph != "" && len(paragraphs) < returnedParts {
			paragraphs = append(paragraphs, paragraph[:min(len(paragraph), paragraphSize)])
		}
	}
	named := func(text string) bool { return strings.Contains(text, "@") }
	for _, says := range []func(string) bool{
		func(text string) bool { return firstCode(text) != 0 || enhancedIn(text) != "" },
		func(text string) bool { return named(text) && meaning(text) != "" },
		func(text string) bool { return meaning(text) != "" },
		named,
		func(string) bool { return true },
	} {
		if i := slices.IndexFunc(paragraphs, says); i >= 0 {
			return fromCode(paragraphs[i])
		}
	}
	return ""
}

// fromCode takes off what stands before the server's own words, where that is long.
func fromCode(paragraph string) string {
	place := replyCode.FindStringSubmatchIndex(paragraph)
	if place == nil || len(paragraph) <= 300 {
		return paragraph
	}
	return paragraph[place[2]:]
}

// collapse puts words on one line, with one blank between them.
func collapse(text string) string { return strings.Join(strings.Fields(text), " ") }
