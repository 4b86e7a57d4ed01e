package mailer

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
	"unicode"
)

// A Reply is a relay's answer (RFC 5321 §4.2). The zero Reply is no answer.
type Reply struct {
	Code     int    // 250
	Enhanced string // 5.1.1 (RFC 3463), where there is one of the code's own class
	Text     string // the rest, on one line, at most 500 characters
	QueueID  string // the relay's own name for an accepted letter, where we understand it
}

// String is the reply as one line, for people.
func (r Reply) String() string {
	if r.Code == 0 {
		return "no reply"
	}
	line := fmt.Sprint(r.Code)
	if r.Enhanced != "" {
		line += " " + r.Enhanced
	}
	return strings.TrimSpace(line + " " + r.Text)
}

// A Stage is how far a session, and in it a letter, had come.
type Stage int

const (
	Connect   Stage = iota // finding the relay and opening the connection
	Greeting               // waiting for its first line
	Hello                  // EHLO
	TLS                    // STARTTLS, the handshake and the certificate
	Auth                   // logging in
	Mail                   // MAIL FROM
	Rcpt                   // RCPT TO
	Data                   // DATA, and the text up to its end
	Dot                    // the end of the text has been sent
	ResetMail              // RSET
)

var stageNames = [...]string{"connect", "greeting", "hello", "tls", "auth", "mail", "rcpt", "data", "dot", "rset"}

func (s Stage) String() string { return stageNames[s] }

// An Error is how a step of a session ended; every error of Dial and of a Conn is one.
//
// With a Reply the relay has spoken, and Reply.Code is 400 to 599. Without one nothing was
// settled: before Dot the letter has not been taken; at Dot it may have been.
type Error struct {
	Stage Stage
	Reply Reply // zero if there was none
	Lost  bool  // the connection is gone, or cannot be trusted with another letter
	Err   error // what went wrong, where it was not the reply
}

func (e *Error) Error() string {
	if e.Reply.Code != 0 {
		return fmt.Sprintf("smtp %s: %s", e.Stage, e.Reply)
	}
	return fmt.Sprintf("smtp %s: %v", e.Stage, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// failure makes an Error of whatever go-mail returned. Only a refusal leaves the connection
// usable. An answer that fits no question, such as 250 to DATA, means that we and the relay
// no longer talk about the same thing; after 421 it hangs up (RFC 5321 §3.8).
func failure(stage Stage, err error) *Error {
	refusal, ok := errors.AsType[*textproto.Error](err)
	if !ok {
		return &Error{Stage: stage, Lost: true, Err: err}
	}
	if refusal.Code < 400 || refusal.Code > 599 {
		return &Error{Stage: stage, Lost: true, Err: fmt.Errorf("unexpected reply %d", refusal.Code)}
	}
	return &Error{Stage: stage, Reply: replyOf(refusal.Code, refusal.Msg), Lost: refusal.Code == 421}
}

var enhancedCode = regexp.MustCompile(`^([245])\.\d{1,3}\.\d{1,3}( |$)`)

// replyOf reads a reply whose lines stand in text, without their codes. The enhanced code
// opens every line of it (RFC 2034 §4).
func replyOf(code int, text string) Reply {
	r := Reply{Code: code}
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if found := enhancedCode.FindString(line); found != "" {
			line = strings.TrimSpace(line[len(found):])
			if r.Enhanced == "" && int(found[0]-'0') == code/100 {
				r.Enhanced = strings.TrimSpace(found)
			}
		}
		lines = append(lines, line)
	}
	r.Text = oneLine(strings.Join(lines, " "))
	if code/100 == 2 {
		r.QueueID = queueID(r.Text)
	}
	return r
}

func oneLine(text string) string {
	if isPrintable(text) && len(text) <= 500 {
		return strings.TrimSpace(text)
	}
	clean := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if runes := []rune(clean); len(runes) > 500 {
		clean = string(runes[:500])
	}
	return strings.TrimSpace(clean)
}

// queueIDs are what relays write after 250; the enhanced code has been taken off. A form is
// tried only where its words, in lower case, occur: that costs next to nothing.
var queueIDs = []struct {
	words string
	form  *regexp.Regexp
}{
	{"queued as ", regexp.MustCompile(`(?i)\bqueued as ([\w.-]+)`)},                // Postfix, Haraka, SendGrid
	{"id=", regexp.MustCompile(`(?i)\bid=([\w.-]+)`)},                              // Exim
	{" message accepted", regexp.MustCompile(`(?i)^([\w.-]+) message accepted\b`)}, // OpenSMTPD, Sendmail
	{"message queued (", regexp.MustCompile(`(?i)\bmessage queued \(([\w.-]+)\)`)}, // Haraka, older
	{" - gsmtp", regexp.MustCompile(`(?i)^ok:? +\d+ ([\w.-]+) - gsmtp`)},           // Google
	{" qp ", regexp.MustCompile(`(?i)^ok:? +\d+ qp (\d+)`)},                        // qmail
	{"internalid=", regexp.MustCompile(`(?i)\binternalid=([\w.-]+)`)},              // Exchange
	{"ok", regexp.MustCompile(`(?i)^ok:? +([0-9a-z]+(?:-[0-9a-z]+)+)`)},            // Amazon SES
}

func queueID(text string) string {
	lower := strings.ToLower(text)
	for _, known := range queueIDs {
		if !strings.Contains(lower, known.words) {
			continue
		}
		if found := known.form.FindStringSubmatch(text); found != nil {
			return found[1]
		}
	}
	return ""
}
