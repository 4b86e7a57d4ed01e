package mailer

import (
	"cmp"
	"encoding/json"
)

// What SendGrid posts: a list of these.
// www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
type sendGridEvent struct {
	Event          string
	SMTPID         string `json:"smtp-id"` // the letter's Message-ID
	Status         string // enhanced code
	Reason         string
	Response       string
	Type           string // of a bounce: bounce, blocked
	Classification string `json:"bounce_classification"`
}

func readSendGrid(body []byte) (returns []Return, err error) {
	var events []json.RawMessage
	if err := json.Unmarshal(body, &events); err != nil {
		return nil, err
	}
	for _, raw := range events {
		var e sendGridEvent
		if err := parse(raw, &e); err != nil {
			return nil, err
		}
		returns = append(returns, e.returns()...)
	}
	return returns, nil
}

func (e sendGridEvent) returns() []Return {
	about := Return{MessageIDs: bareIDs(e.SMTPID)}
	m := mishap{status: e.Status, text: cmp.Or(e.Reason, e.Response)}
	switch e.Event {
	case "bounce":
		return []Return{e.bounced(m, about)}
	case "deferred":
		return []Return{m.delayed(about)}
	case "dropped":
		return []Return{e.dropped(m, about)}
	case "spamreport":
		return []Return{noted(Complaint, about, "complaint")}
	case "unsubscribe", "group_unsubscribe":
		return []Return{noted(OptOut, about, "the reader has left by a link of SendGrid's")}
	}
	return nil
}

// bounced: what is blocked was refused for the moment, or for what it held.
func (e sendGridEvent) bounced(m mishap, about Return) Return {
	m.lasting = e.Type != "blocked"
	m.noMailbox = e.Classification == "Invalid Address"
	m.aboutUs = e.Classification == "Content" || e.Classification == "Reputation"
	return m.failed(about)
}

// dropped: SendGrid did not try, because of what happened before, or of what we asked for.
func (e sendGridEvent) dropped(m mishap, about Return) Return {
	m.lasting = true
	switch e.Reason {
	case "Unsubscribed Address":
		return noted(OptOut, about, e.Reason)
	case "Spam Reporting Address":
		return noted(Complaint, about, e.Reason)
	case "Invalid":
		m.noMailbox = true
	case "Bounced Address": // of whatever kind that bounce was
	default:
		m.aboutUs = true
	}
	return m.failed(about)
}
