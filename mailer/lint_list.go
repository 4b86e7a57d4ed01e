package mailer

import "strings"

// longestWayOut is the most octets of the one-click address. There are relays that break
// whatever is longer than 255, the field's name and brackets included.
const longestWayOut = 230

// list (E08) wants a letter that was subscribed to to name its list (RFC 2919) and to offer
// one way out, with one click (RFC 2369, RFC 8058); and any other letter to offer none.
func (l *look) list() {
	if !l.Bulk {
		for _, f := range l.fields {
			if f.begins("List-") {
				l.fail("%s, on a letter that nobody subscribes to", f.name)
			}
		}
		return
	}
	l.listID()
	if value, found := l.lookUp("List-Unsubscribe"); !found {
		l.fail("no List-Unsubscribe")
	} else if fault := l.wayOutFault(value); fault != "" {
		l.fail("List-Unsubscribe %s", fault)
	}
	if l.value("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		l.fail("no List-Unsubscribe-Post: List-Unsubscribe=One-Click")
	}
}

func (l *look) listID() {
	value, found := l.lookUp("List-Id")
	_, _, behind := splitNamed(value)
	id, ok := inBrackets(behind)
	switch {
	case !found:
		l.fail("no List-Id")
	case !ok || !isDotAtom(id) || !strings.Contains(id, "."):
		l.fail("List-Id is not of the form <name.domain>")
	case l.ListID != "" && id != l.ListID:
		l.fail("List-Id is %s, but the course's is %s", id, l.ListID)
	}
}

func (l *look) wayOutFault(value string) string {
	address, ok := inBrackets(value)
	if !ok {
		return "is not one address in angle brackets"
	}
	if err := checkLink(address); err != nil {
		return err.Error()
	}
	path, ours := strings.CutPrefix(address, l.BaseURL+"/")
	token := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case l.BaseURL != "" && !ours:
		return "is not on our site " + l.BaseURL
	case len(address) > longestWayOut:
		return "is so long that relays may break it"
	case strings.ContainsAny(address, "?#"):
		return "has more in it than an opaque token"
	case l.VerifyUnsubscribe != nil && !l.VerifyUnsubscribe(token):
		return "has a token that does not open for this reader and list"
	}
	return ""
}

// automatic (E21) wants other programs to be told what mail this is, so that vacation notices
// stay at home (RFC 3834 §5).
func (l *look) automatic() {
	want := [][2]string{{"Auto-Submitted", "auto-generated"}}
	if l.Bulk {
		want = [][2]string{{"Precedence", "bulk"}, {"X-Auto-Response-Suppress", "OOF, AutoReply"}}
	}
	for _, w := range want {
		if !strings.EqualFold(l.value(w[0]), w[1]) {
			l.warn("no %s: %s", w[0], w[1])
		}
	}
}

// banner (E22) wants nothing of the software or the house that a letter comes from: fields that
// we do not write have been put there by something.
func (l *look) banner() {
	for _, f := range l.fields {
		if f.name != "" && !ourFields[f.name] && !f.begins("List-") && !f.begins("Resent-") {
			l.fail("%s: a field that no reader needs", f.name)
		}
	}
}
