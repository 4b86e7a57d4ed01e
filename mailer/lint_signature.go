package mailer

import "strings"

// signedFields are those that nobody may change, or add, on a letter's way.
var signedFields = []string{
	"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
	"Reply-To", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
}

// signature (E10) wants each signature to cover what matters, and one that every receiver
// understands (RFC 6376, RFC 8301). Whether it is true is for those who verify it.
func (l *look) signature() {
	if !l.Signed {
		return
	}
	understood := false
	for _, f := range l.fields {
		if !f.is("DKIM-Signature") {
			continue
		}
		value := f.unfolded()
		understood = understood || tag(value, "a") == "rsa-sha256"
		l.signatureOf(value)
	}
	if !understood {
		l.fail("no DKIM-Signature with a=rsa-sha256")
	}
}

func (l *look) signatureOf(value string) {
	switch algorithm := tag(value, "a"); {
	case tag(value, "v") != "1" || tag(value, "s") == "" || tag(value, "bh") == "" || tag(value, "b") == "":
		l.fail("DKIM-Signature is not whole")
	case algorithm != "rsa-sha256" && algorithm != "ed25519-sha256":
		l.fail("DKIM-Signature has a=%s", algorithm)
	case tag(value, "l") != "":
		l.fail("DKIM-Signature has l=: text could be added")
	}
	covered := strings.Split(tag(value, "h"), ":")
	for _, name := range signedFields {
		_, there := l.lookUp(name)
		times := 0
		for _, c := range covered {
			if strings.EqualFold(strings.TrimSpace(c), name) {
				times++
			}
		}
		switch {
		case there && times == 0:
			l.fail("DKIM-Signature does not cover %s", name)
		case name == "From" && times < 2:
			l.fail("DKIM-Signature covers From once: a second one could be added")
		}
	}
}

// tag is the value of one in a list (RFC 6376 §3.2), without blanks.
func tag(list, name string) string {
	for one := range strings.SplitSeq(list, ";") {
		key, value, _ := strings.Cut(one, "=")
		if strings.TrimSpace(key) == name {
			return strings.Join(strings.Fields(value), "")
		}
	}
	return ""
}
