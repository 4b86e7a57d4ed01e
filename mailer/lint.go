package mailer

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
	"time"
)

// A Finding is what the lint has against a letter. Its text may be logged: it names the place
// and the fault, and quotes nothing of the reader's.
type Finding struct {
	Rule string // "E08"
	Fail bool   // a letter with such a finding is never sent; otherwise it is advice
	Text string
}

func (f Finding) String() string { return f.Rule + ": " + f.Text }

// Rules are what a letter is meant to be. Where a field is zero, nothing is known of it, and
// what it would decide is not asked.
type Rules struct {
	Date      time.Time
	MessageID string // without angle brackets

	Domain         string // From's, as it travels
	To             string // the reader's address, as it travels
	EnvelopeSender string // where a bounce comes back to

	Bulk              bool   // a lesson or newsletter; otherwise a confirm or login letter
	ListID            string // of Bulk
	BaseURL           string // our site, which the way out is on
	VerifyUnsubscribe func(token string) bool

	Signed bool // a DKIM-Signature is expected

	Name  string                    // the reader's: what it holds is no slip of ours
	Known func(address string) bool // whether an address may stand in the text
}

// Lint holds a finished letter against the rules on its raw bytes, and names every one that
// it breaks. A letter whose lines are wrong (E01) is not read further.
func Lint(raw []byte, rules Rules) []Finding {
	return lint(raw, rules, true, func(r rule) bool { return true })
}

// LintHeaders is the part of Lint that costs little, for what varies between the letters of
// one version: it reads the header alone.
func LintHeaders(raw []byte, rules Rules) []Finding {
	return lint(raw, rules, false, func(r rule) bool { return !r.parts })
}

// LintForm is the part of Lint that any letter of ours must pass, whoever sends it: nothing
// but its envelope need be known.
func LintForm(raw []byte, e Envelope) []Finding {
	return lint(raw, Rules{To: e.To, EnvelopeSender: e.From}, true, func(r rule) bool { return r.form })
}

type rule struct {
	name  string
	parts bool // it needs the parts decoded
	form  bool // it needs no more than the envelope
	check func(*look)
}

// ruleTable has the rules by their names, after E01. Those on content have theirs in lessons;
// E09 and E11 need a server and a second letter, and are tests.
var ruleTable = []rule{
	{name: "E02", form: true, check: (*look).encodedWords},
	{name: "E03", form: true, check: (*look).fieldsOnce},
	{name: "E04", check: (*look).dateAndID},
	{name: "E05", form: true, check: (*look).from},
	{name: "E06", form: true, check: (*look).to},
	{name: "E06", parts: true, check: (*look).addressesInText},
	{name: "E07", form: true, check: (*look).subject},
	{name: "E07", form: true, parts: true, check: (*look).unexpanded},
	{name: "E08", check: (*look).list},
	{name: "E10", check: (*look).signature},
	{name: "E12", form: true, parts: true, check: (*look).alternatives},
	{name: "E13", parts: true, check: (*look).textAlone},
	{name: "E14", form: true, parts: true, check: (*look).size},
	{name: "E14", parts: true, check: (*look).wayOutShown},
	{name: "E21", check: (*look).automatic},
	{name: "E22", form: true, check: (*look).banner},
	{name: "E22", form: true, parts: true, check: (*look).inside},
}

// look is a letter under the lint's eyes.
type look struct {
	Rules
	head, body []byte
	fields     []field
	decoded    string // the subject
	parts      parts  // where they were asked for
	rule       string // that is being asked
	findings   []Finding
}

func lint(raw []byte, rules Rules, whole bool, asked func(rule) bool) []Finding {
	l := &look{Rules: rules, rule: "E01"}
	var found bool
	if l.head, l.body, found = bytes.Cut(raw, []byte("\r\n\r\n")); !found {
		l.fail("the header does not end")
		return l.findings
	}
	l.headLines()
	if whole {
		l.bodyLines()
	}
	if l.findings != nil {
		return l.findings
	}
	l.fields = splitFields(make([]field, 0, 20), string(l.head))
	if l.decoded = l.value("Subject"); strings.Contains(l.decoded, "=?") {
		l.decoded, _ = new(mime.WordDecoder).DecodeHeader(l.decoded) // E02 judges the words
	}
	if whole {
		l.parts = readParts(l.value("Content-Type"), l.body)
	}
	for _, r := range ruleTable {
		if asked(r) {
			l.rule = r.name
			r.check(l)
		}
	}
	return l.findings
}

func (l *look) fail(format string, args ...any) { l.find(true, format, args...) }
func (l *look) warn(format string, args ...any) { l.find(false, format, args...) }

func (l *look) find(fail bool, format string, args ...any) {
	l.findings = append(l.findings, Finding{Rule: l.rule, Fail: fail, Text: fmt.Sprintf(format, args...)})
}

// value is a field's, unfolded; "" where there is none.
func (l *look) value(name string) string {
	value, _ := l.lookUp(name)
	return value
}

func (l *look) lookUp(name string) (string, bool) {
	for _, f := range l.fields {
		if f.name == name {
			return f.value, true
		}
	}
	return "", false
}
