package mailer

import (
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"
)

// fieldsOnce (E03) wants each field at most once (RFC 5322 §3.6; RFC 2369 §3.4), and those that
// every letter needs there.
func (l *look) fieldsOnce() {
	for _, name := range []string{"Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type"} {
		if _, found := l.lookUp(name); !found {
			l.fail("no %s", name)
		}
	}
	for i, f := range l.fields {
		if f.name == "" {
			l.fail("a line in the header that is no field")
		}
		for _, before := range l.fields[:i] {
			if f.name == before.name && f.name != "DKIM-Signature" { // RFC 6376 §4.2: of these there may be several
				l.fail("a second %s", f.name)
			}
		}
	}
}

// dateAndID (E04) wants the date and the id that the letter was given, which a second copy has
// too (RFC 5322 §3.6.1, §3.6.4).
func (l *look) dateAndID() {
	if value, found := l.lookUp("Date"); found {
		l.date(value)
	}
	value, found := l.lookUp("Message-ID")
	if !found {
		return
	}
	id, ok := inBrackets(value)
	left, right, _ := strings.Cut(id, "@")
	switch {
	case !ok || !isDotAtom(left) || !isDotAtom(right):
		l.fail("Message-ID is not of the form <left@right>")
	case l.MessageID != "" && id != l.MessageID:
		l.fail("Message-ID is not the one that this letter was given")
	case l.Domain != "" && !Aligned(right, l.Domain):
		l.fail("Message-ID is at %s, not at our domain %s", right, l.Domain)
	}
}

func (l *look) date(value string) {
	var form [40]byte
	if !l.Date.IsZero() && value == string(l.Date.AppendFormat(form[:0], time.RFC1123Z)) {
		return
	}
	date, err := mail.ParseDate(value)
	switch {
	case err != nil:
		l.fail("Date is none")
	case !l.Date.IsZero() && !date.Equal(l.Date.Truncate(time.Second)):
		l.fail("Date is not the one that this letter was given")
	}
}

// from (E05) wants one sender on our domain, aligned with what vouches for it. Alignment is
// relaxed (RFC 7489 §3.1): the envelope sender's domain may be any of From's organisation, the
// signature's From's or one above it.
func (l *look) from() {
	value, found := l.lookUp("From")
	if !found {
		return
	}
	address, ok := onlyMailbox(value)
	if !ok {
		l.fail("From is not one mailbox")
		return
	}
	from := domainOf(address)
	if l.Domain != "" && !strings.EqualFold(from, l.Domain) {
		l.fail("From is at %s, not at our domain %s", from, l.Domain)
	}
	if l.EnvelopeSender != "" && !Aligned(domainOf(l.EnvelopeSender), from) {
		l.fail("the envelope sender is at %s, which is not aligned with From's %s", domainOf(l.EnvelopeSender), from)
	}
	for _, f := range l.fields {
		if f.name != "DKIM-Signature" {
			continue
		}
		if d := readSignature(f.value).d; !within(from, d) {
			l.fail("DKIM-Signature has d=%s, which is not aligned with From's %s", d, from)
		}
	}
}

// to (E06) wants the letter to be to one reader, and no other to be seen in it.
func (l *look) to() {
	for _, f := range l.fields {
		switch {
		case f.name == "To":
			address, ok := onlyMailbox(f.value)
			if !ok {
				l.fail("To is not one mailbox")
			} else if l.To != "" && !strings.EqualFold(address, l.To) {
				l.fail("To is not the one whom this letter goes to")
			}
		case f.name == "Cc", f.name == "Bcc", f.begins("Resent-"):
			l.fail("%s: a letter of ours has one recipient", f.name)
		case f.name == "Subject":
			l.strangers("Subject", l.decoded)
		case f.name == "From", f.name == "Reply-To", f.name == "Sender", f.name == "Message-ID", f.name == "DKIM-Signature":
		default:
			l.strangers(f.name, f.value)
		}
	}
}

const longestSubject = 150 // characters

// subject (E07) wants one that can be read, and nothing in it that was to be replaced.
func (l *look) subject() {
	if _, found := l.lookUp("Subject"); !found {
		return
	}
	text := l.decoded
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		l.fail("Subject is empty")
	case n > longestSubject:
		l.fail("Subject has %d characters, more than %d", n, longestSubject)
	case utf8.ValidString(text) && checkText(text) != nil:
		l.fail("Subject %v", checkText(text))
	}
	l.slips("Subject", text)
}

// onlyMailbox returns the address of a field that holds one mailbox (RFC 5322 §3.4), written
// as this package does: perhaps a name, and an address in angle brackets.
func onlyMailbox(value string) (address string, ok bool) {
	_, name, behind := splitNamed(value)
	address, ok = inBrackets(behind)
	local, domain, _ := strings.Cut(address, "@")
	return address, ok && !strings.ContainsAny(name, `,;:"()@`) && isDotAtom(local) && isDotAtom(domain)
}

// splitNamed parts what may begin with a name: a quoted string, bare or encoded words, and the
// brackets behind them.
func splitNamed(value string) (quoted, bare, behind string) {
	end := 0
	if strings.HasPrefix(value, `"`) {
		for end = 1; end < len(value) && value[end] != '"'; end++ {
			if value[end] == '\\' {
				end++
			}
		}
		end = min(end+1, len(value))
	}
	quoted, bare = value[:end], value[end:]
	if bracket := strings.IndexByte(bare, '<'); bracket >= 0 {
		bare, behind = bare[:bracket], bare[bracket:]
	}
	return quoted, bare, behind
}

func inBrackets(value string) (string, bool) {
	inside, opened := strings.CutPrefix(value, "<")
	inside, closed := strings.CutSuffix(inside, ">")
	return inside, opened && closed && !strings.ContainsAny(inside, "<> \t")
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// within says whether a domain is another, or under it. One without a dot has no others under
// it that are its own.
func within(domain, other string) bool {
	if len(domain) <= len(other) {
		return strings.EqualFold(domain, other)
	}
	cut := len(domain) - len(other)
	return strings.Contains(other, ".") && domain[cut-1] == '.' && strings.EqualFold(domain[cut:], other)
}

// Aligned says whether two domains belong to one organisation, as receivers see it: by the
// list of public suffixes (RFC 7489 §3.1.1, §3.2).
func Aligned(a, b string) bool { return organisation(a) == organisation(b) }

func organisation(domain string) string {
	domain = strings.ToLower(domain)
	if registered, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return registered
	}
	return domain
}
