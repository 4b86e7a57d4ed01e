package mailer

import (
	"cmp"
	"encoding/json"
)

// What Mailgun posts.
// documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads
type mailgunEvent struct {
	Event          string
	Severity       string // of a failure: permanent, temporary
	Reason         string // bounce, suppress-bounce, old, generic …
	DeliveryStatus struct {
		Code         json.Number // some events have it as text
		EnhancedCode string      `json:"enhanced-code"`
		BounceCode   string      `json:"bounce-code"`
		Message      string
		Description  string
	} `json:"delivery-status"`
	Reject   struct{ Reason, Description string }
	Envelope struct{ Sender string }
	Message  struct {
		Headers struct {
			MessageID string `json:"message-id"`
		}
	}
}

func readMailgun(body []byte) ([]Return, error) {
	var posted struct {
		Data mailgunEvent `json:"event-data"`
	}
	if err := parse(body, &posted); err != nil {
		return nil, err
	}
	e := posted.Data
	about := Return{Tokens: envelopeTokens(e.Envelope.Sender), MessageIDs: bareIDs(e.Message.Headers.MessageID)}
	switch e.Event {
	case "failed":
		return []Return{e.failed(about)}, nil
	case "rejected": // by Mailgun itself, before it tried: about us
		m := mishap{aboutUs: true, text: cmp.Or(e.Reject.Description, e.Reject.Reason)}
		return []Return{m.failed(about)}, nil
	case "complained":
		return []Return{noted(Complaint, about, "complaint")}, nil
	case "unsubscribed":
		return []Return{noted(OptOut, about, "the reader has left by a link of Mailgun's")}, nil
	}
	return nil, nil
}

// failed: a temporary failure is tried again by Mailgun, and is none yet. Codes of its own,
// as 605 for an address on its list of suppressions, are no SMTP replies.
func (e mailgunEvent) failed(about Return) Return {
	status := e.DeliveryStatus
	m := mishap{lasting: true, status: cmp.Or(status.EnhancedCode, status.BounceCode), text: cmp.Or(status.Message, status.Description, e.Reason)}
	if code, err := status.Code.Int64(); err == nil && code >= 400 && code < 600 {
		m.code = int(code)
	}
	if e.Severity == "temporary" {
		return m.delayed(about)
	}
	return m.failed(about)
}
