package mailer

import "strings"

// signedFields are those that nobody may change, or add, on a letter's way.
var signedFields = [...]string{
	"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
	"Reply-To", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
}

// signature (E10) wants each signature to cover what matters, and one that every receiver
// understands (RFC 6376, RFC 8301). Whether it is true is for those who verify it.
func (l *look) signature() {
	if !l.Signed {
		return
	}
	var any, understood bool
	for _, f := range l.fields {
		if f.name == "DKIM-Signature" {
			s := readSignature(f.value)
			any, understood = true, understood || s.a != "ed25519-sha256"
			l.signatureOf(s)
		}
	}
	switch {
	case !any:
		l.fail("no DKIM-Signature")
	case !understood:
		l.warn("no DKIM-Signature with a=rsa-sha256, the only one that all receivers know")
	}
}

func (l *look) signatureOf(s signatureTags) {
	switch {
	case s.v != "1" || s.s == "" || s.bh == "" || s.b == "":
		l.fail("DKIM-Signature is not whole")
	case s.a != "rsa-sha256" && s.a != "ed25519-sha256":
		l.fail("DKIM-Signature has a=%s", s.a)
	case s.l != "":
		l.fail("DKIM-Signature has l=: text could be added")
	}
	covered := s.covered()
	for i, name := range signedFields {
		times := covered[i]
		if _, there := l.lookUp(name); there && times == 0 {
			l.fail("DKIM-Signature does not cover %s", name)
		} else if name == "From" && times < 2 {
			l.fail("DKIM-Signature covers From once: a second one could be added")
		}
	}
}

// signatureTags are those of a DKIM-Signature that are asked about (RFC 6376 §3.5).
type signatureTags struct{ v, a, d, s, h, bh, b, l string }

func readSignature(list string) (s signatureTags) {
	for one := range strings.SplitSeq(list, ";") {
		name, value, _ := strings.Cut(one, "=")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "v":
			s.v = value
		case "a":
			s.a = value
		case "d":
			s.d = value
		case "s":
			s.s = value
		case "h":
			s.h = value
		case "bh":
			s.bh = value
		case "b":
			s.b = value
		case "l":
			s.l = value
		}
	}
	return s
}

// covered says how often each of signedFields is signed.
func (s signatureTags) covered() (times [len(signedFields)]int) {
	for name := range strings.SplitSeq(s.h, ":") {
		name = strings.TrimSpace(name)
		for i, field := range signedFields {
			if len(name) == len(field) && strings.EqualFold(name, field) {
				times[i]++
			}
		}
	}
	return times
}
