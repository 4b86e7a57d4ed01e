package mailer

import (
	"cmp"
	"strings"
)

// What Amazon SES tells by way of SNS: notifications, or events of a configuration set,
// which differ in the name of one field.
// docs.aws.amazon.com/ses/latest/dg/notification-contents.html and
// …/event-publishing-retrieving-sns-contents.html
type sesEvent struct {
	NotificationType string
	EventType        string
	Mail             struct {
		Source        string // the envelope sender
		Headers       []struct{ Name, Value string }
		CommonHeaders struct{ MessageID string }
	}
	Bounce struct {
		BounceType, BounceSubType string
		BouncedRecipients         []sesRecipient
	}
	Complaint struct {
		ComplaintFeedbackType string // RFC 5965
		ComplaintSubType      string
	}
	DeliveryDelay struct {
		DelayType         string
		DelayedRecipients []sesRecipient
	}
	Reject struct{ Reason string }
}

type sesRecipient struct{ Status, DiagnosticCode string }

// readSES reads an SNS message. Its text is JSON in JSON, or, when a topic is tried out, a
// sentence for people.
func readSES(body []byte) ([]Return, error) {
	var message struct{ Message string }
	if err := parse(body, &message); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(strings.TrimSpace(message.Message), "{") {
		return nil, nil
	}
	var event sesEvent
	if err := parse([]byte(message.Message), &event); err != nil {
		return nil, err
	}
	return event.returns(), nil
}

func (e sesEvent) returns() []Return {
	about := e.about()
	switch cmp.Or(e.EventType, e.NotificationType) {
	case "Bounce":
		return []Return{e.bounced(about)}
	case "Complaint":
		return []Return{e.complained(about)}
	case "DeliveryDelay":
		delay := e.DeliveryDelay
		return []Return{mishapOf(delay.DelayedRecipients, delay.DelayType).delayed(about)}
	case "Reject": // SES found a virus in the letter: our fault
		return []Return{mishap{aboutUs: true, text: e.Reject.Reason}.failed(about)}
	}
	return nil
}

// about is which letter it is about. SES gives letters an id of its own; ours stands among
// the headers, if the topic is set to include them.
func (e sesEvent) about() Return {
	ids := []string{e.Mail.CommonHeaders.MessageID}
	for _, h := range e.Mail.Headers {
		if strings.EqualFold(h.Name, "Message-ID") {
			ids = append(ids, h.Value)
		}
	}
	return Return{Tokens: envelopeTokens(e.Mail.Source), MessageIDs: bareIDs(ids...)}
}

func (e sesEvent) bounced(about Return) Return {
	if e.Bounce.BounceSubType == "UnsubscribedRecipient" {
		return noted(OptOut, about, "the reader has left a contact list of Amazon SES")
	}
	m := mishapOf(e.Bounce.BouncedRecipients, e.Bounce.BounceType+" "+e.Bounce.BounceSubType)
	m.lasting = e.Bounce.BounceType == "Permanent"
	m.noMailbox = e.Bounce.BounceSubType == "NoEmail"
	return m.failed(about)
}

// mishapOf takes the first recipient: our letters have one.
func mishapOf(recipients []sesRecipient, otherwise string) mishap {
	if len(recipients) == 0 {
		return mishap{text: otherwise}
	}
	r := recipients[0]
	return mishap{status: r.Status, text: cmp.Or(r.DiagnosticCode, otherwise)}
}

// complained tells complaints from the feedback that is none, or is about the sender's
// authentication. One without a type is a complaint: SES leaves it out where the
// receiver's loop has none.
func (e sesEvent) complained(about Return) Return {
	kind := e.Complaint.ComplaintFeedbackType
	switch kind {
	case "auth-failure", "not-spam", "virus":
		return noted(Unclear, about, "feedback: "+kind)
	}
	return noted(Complaint, about, "complaint: "+cmp.Or(kind, e.Complaint.ComplaintSubType, "no reason given"))
}
