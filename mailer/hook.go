package mailer

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	lasting   bool   // the provider says that trying again is no use,
	noMailbox bool   // that the address is the reason,
	aboutUs   bool   // or that we are
	status    string // where an enhanced code may stand
	code      int    // SMTP reply code; 0 if it stands in the text
	text      string // what the receiving server said
}

// failed puts the verdict into an enhanced code (RFC 3463): a mailbox that the provider
// would try again has not failed for good, whatever the receiving server's words.
func (m mishap) failed(about Return) Return {
	about = m.told(Failed, about)
	switch e := about.Enhanced; {
	case strings.HasPrefix(e, "5.7."):
	case m.aboutUs:
		about.Enhanced = "5.7.0"
	case !m.lasting && e == "":
		about.Enhanced = "4.0.0"
	case !m.lasting:
		about.Enhanced = "4" + e[1:]
	case m.noMailbox && (e == "" || isVague(e)):
		about.Enhanced = "5.1.1"
	case e == "":
		about.Enhanced = "5.0.0"
	}
	return about
}

// delayed is a delivery that the provider is still trying.
func (m mishap) delayed(about Return) Return { return m.told(Delayed, about) }

func (m mishap) told(kind ReturnKind, about Return) Return {
	about.Enhanced = moreSpecific(enhancedIn(m.status), enhancedIn(m.text))
	about.Code = cmp.Or(m.code, firstCode(m.text))
	return noted(kind, about, m.text)
}

// noted is any event, with what is said of it.
func noted(kind ReturnKind, about Return, text string) Return {
	about.Kind, about.Diagnostic = kind, shorten(text)
	return about
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
