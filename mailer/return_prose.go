package mailer

import (
	"regexp"
	"slices"
	"strings"
)

// Where a copy of our letter begins, in mails that put it below what they say.
var copyBelow = regexp.MustCompile(`(?im)^(?:` +
	`[-=*_> ]{2,}[^\n]{0,80}(?:original message|unsent message|message header|copy of|returned message|undelivered message|message follows)[^\n]*` +
	`|[^\n]{0,80}(?:original|returned|undelivered|unsent) message (?:headers? )?(?:follows?|below|is attached)[^\n]*` +
	`|[^\n]{0,40}message headers?(?: follows?)?:[ \t]*` +
	`|[^\n]{0,60}copy of (?:the|your|this) (?:original )?(?:message|mail)(?: headers?)?[^\n]{0,30}` +
	`|(?:Received: from|Return-Path: <)[^\n]*` +
	`)$`)

// cutLetter takes what looks like a copy of our letter off the prose: our own words are no
// reason why it came back.
func (m *returned) cutLetter() {
	m.prose = strings.TrimLeft(m.prose, "\n")
	m.prose = m.prose[:min(len(m.prose), proseSize)]
	place := copyBelow.FindStringIndex(m.prose)
	if place == nil {
		return
	}
	below := m.prose[place[1]:]
	if line := m.prose[place[0]:place[1]]; strings.HasPrefix(line, "Re") {
		below = m.prose[place[0]:] // the line is the letter's own
	}
	if m.letter == nil {
		m.letter, _ = readFields([]byte(strings.TrimLeft(below, "\n \t")))
	}
	m.prose = m.prose[:place[0]]
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
			paragraphs = append(paragraphs, paragraph)
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
