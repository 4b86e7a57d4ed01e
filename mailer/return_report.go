package mailer

import (
	"bytes"
	"cmp"
	"regexp"
	"strings"
)

// recipientGroups returns the groups of delivery status reports that say what became of a
// recipient (RFC 3464 §2.3). Only the field Action says it, and so a group without it is none;
// an empty line in the midst of a group, as some servers send, is passed over.
func recipientGroups(status string) (groups []fields) {
	var whole, next fields
	for rest := []byte(status); len(groups) < returnedParts; {
		rest = bytes.TrimLeft(rest, "\n")
		if len(rest) == 0 {
			break
		}
		before := len(rest)
		if next, rest = readFields(rest); len(rest) == before {
			break // no field any more
		}
		if next.has("Final-Recipient") || next.has("Original-Recipient") {
			groups, whole = withAction(groups, whole), nil
		}
		whole = append(whole, next...)
	}
	return withAction(groups, whole)
}

func withAction(groups []fields, group fields) []fields {
	if !group.has("Action") {
		return groups
	}
	return append(groups, group)
}

// readStatus makes one answer of the report on all recipients. A letter of ours has one, but
// that address may stand for several: then the worst is told.
func (m *returned) readStatus(groups []fields) (worst Return) {
	reason := m.reason()
	for i, group := range groups {
		if r := readGroup(group, reason); i == 0 || badness(r) > badness(worst) {
			worst = r
		}
	}
	return worst
}

func badness(r Return) int {
	switch {
	case r.Kind == Failed && namesMailbox(r.Enhanced):
		return 4
	case r.Kind == Failed && strings.HasPrefix(r.Enhanced, "5"):
		return 3
	case r.Kind == Failed:
		return 2
	case r.Kind == Delayed:
		return 1
	}
	return 0
}

// readGroup takes the words for people where the report has none of the server's.
func readGroup(group fields, reason string) Return {
	r := Return{Kind: kindOfAction(group.get("Action"))}
	r.Diagnostic = cmp.Or(withoutType(group.text("Diagnostic-Code")), reason, group.get("Status"))
	if r.Kind == Failed || r.Kind == Delayed {
		r.Code, r.Enhanced = settle(enhancedIn(group.get("Status")), r.Diagnostic)
	}
	return r
}

// kindOfAction follows RFC 3464 §2.3.3. That a letter was delivered, relayed or expanded is
// good news which nobody asked for.
func kindOfAction(action string) ReturnKind {
	action = strings.ToLower(action)
	switch {
	case strings.HasPrefix(action, "fail"):
		return Failed
	case strings.HasPrefix(action, "delayed"):
		return Delayed
	}
	return Unclear
}

var diagnosticType = regexp.MustCompile(`(?i)^[a-z][a-z0-9-]{1,20} *; *`)

// withoutType takes the "smtp;" off a Diagnostic-Code.
func withoutType(diagnostic string) string {
	return diagnostic[len(diagnosticType.FindString(diagnostic)):]
}

// readFeedback reads a feedback report. What is not abuse, as auth-failure (RFC 6591) or
// not-spam, is about us, or is no complaint.
func readFeedback(report fields) Return {
	r := Return{Diagnostic: "feedback: " + report.get("Feedback-Type")}
	switch strings.ToLower(report.get("Feedback-Type")) {
	case "abuse", "fraud":
		r.Kind = Complaint
	case "opt-out", "opt-out-list":
		r.Kind = OptOut
	}
	return r
}

// isMicrosoftComplaint knows the reports of Microsoft's Junk Mail Reporting Program, which
// have no form but the letter that is enclosed.
func (m *returned) isMicrosoftComplaint() bool {
	return m.letter.has("X-Hmxmroriginalrecipient") &&
		strings.HasPrefix(strings.ToLower(m.header.get("Subject")), "complaint about message")
}
