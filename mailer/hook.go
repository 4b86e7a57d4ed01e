package mailer

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ReadHook reads what a provider posted about letters that it sent for us: one body, whose
// signature has been verified, and none or several events. Providers add events and fields
// as they please, so what is unknown is passed over; what is not JSON is an error.
//
// A letter is known by its envelope sender where the provider repeats that, or else by its
// Message-ID. Whether the address is to blame is the provider's verdict; the codes that the
// receiving server gave only say more precisely why. In doubt it is not.
func ReadHook(provider string, body []byte) ([]Return, error) {
	var read func([]byte) ([]Return, error)
	switch provider {
	case "ses":
		read = readSES
	case "postmark":
		read = readPostmark
	case "mailgun":
		read = readMailgun
	case "sendgrid":
		read = readSendGrid
	default:
		return nil, fmt.Errorf("read a hook: no provider is called %q", provider)
	}
	returns, err := read(body)
	if err != nil {
		return nil, fmt.Errorf("read a hook of %s: %w", provider, err)
	}
	return returns, nil
}

// parse takes what it can: a field of another type than documented is left empty.
func parse(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return nil
	}
	return err
}

// mishap is a failed delivery in a provider's words.
type mishap struct {
	lasting   bool     // the provider says that trying again is no use
	noMailbox bool     // and that the reason is the address
	code      int      // SMTP reply code, 0 if it stands in the texts
	codes     []string // where an enhanced code may stand, the likeliest first
	text      string   // for people
}

// failed puts the verdict into an enhanced code (RFC 3463): a mailbox that the provider
// would try again has not failed for good, whatever the receiving server's words.
func (m mishap) failed(about Return) Return {
	about.Kind = Failed
	about.Enhanced = mostSpecific(append(m.codes, m.text))
	switch {
	case m.lasting && m.noMailbox && general(about.Enhanced):
		about.Enhanced = "5.1.1"
	case m.lasting && about.Enhanced == "":
		about.Enhanced = "5.0.0"
	case !m.lasting && about.Enhanced == "":
		about.Enhanced = "4.0.0"
	case !m.lasting && (strings.HasPrefix(about.Enhanced, "5.1.") || strings.HasPrefix(about.Enhanced, "5.2.")):
		about.Enhanced = "4" + about.Enhanced[1:]
	}
	return m.said(about)
}

// delayed is a delivery that the provider is still trying.
func (m mishap) delayed(about Return) Return {
	about.Kind = Delayed
	about.Enhanced = mostSpecific(append(m.codes, m.text))
	return m.said(about)
}

func (m mishap) said(about Return) Return {
	about.Code, about.Diagnostic = m.code, diagnostic(m.text)
	if about.Code == 0 {
		about.Code = codeIn(m.text)
	}
	return about
}

// noted is an event that is no failure.
func noted(kind ReturnKind, about Return, text string) Return {
	about.Kind, about.Diagnostic = kind, diagnostic(text)
	return about
}

// An enhanced code stands alone: 5.1.1 is none in 10.5.1.1.
var (
	enhancedWithin = regexp.MustCompile(`(?:^|[\s:;,#(<\[-])([45]\.\d{1,3}\.\d{1,3})(?:$|[\s:;,)>\]-]|\.(?:\s|$))`)
	codeWithin     = regexp.MustCompile(`(?:^|[\s:;])([45]\d\d)(?:$|[\s-])`)
)

// mostSpecific is the first enhanced code that says something, or the first at all.
func mostSpecific(texts []string) (found string) {
	for _, text := range texts {
		match := enhancedWithin.FindStringSubmatch(text)
		if match == nil {
			continue
		}
		if !general(match[1]) {
			return match[1]
		}
		if found == "" {
			found = match[1]
		}
	}
	return found
}

// general says whether a code leaves open what was wrong (RFC 3463 §3.1).
func general(enhanced string) bool {
	return enhanced == "" || strings.HasSuffix(enhanced, ".0.0")
}

func codeIn(text string) int {
	match := codeWithin.FindStringSubmatch(text)
	if match == nil {
		return 0
	}
	code, _ := strconv.Atoi(match[1])
	return code
}

// diagnostic fits a text on the one line that people are shown.
func diagnostic(text string) string {
	line := []rune(oneLine(strings.Join(strings.Fields(text), " ")))
	return string(line[:min(len(line), 300)])
}

// envelopeTokens are the local parts of envelope senders.
func envelopeTokens(senders ...string) (tokens []string) {
	for _, sender := range senders {
		sender = strings.Trim(sender, " <>")
		if at := strings.LastIndexByte(sender, '@'); at > 0 {
			tokens = addOnce(tokens, strings.ToLower(sender[:at]))
		}
	}
	return tokens
}

func bareIDs(messageIDs ...string) (bare []string) {
	for _, id := range messageIDs {
		bare = addOnce(bare, strings.Trim(id, " <>"))
	}
	return bare
}

func addOnce(list []string, item string) []string {
	if item == "" || slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}
