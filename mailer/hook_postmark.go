package mailer

import (
	"cmp"
	"maps"
	"slices"
)

// What Postmark posts about a bounce, a complaint, or a change of subscription.
// postmarkapp.com/developer/webhooks/bounce-webhook, …/spam-complaint-webhook,
// …/subscription-change-webhook; the types: postmarkapp.com/developer/api/bounce-api
type postmarkEvent struct {
	RecordType           string
	Type                 string
	Description, Details string
	Content              string            // the returned mail, if the hook is set to include it
	Metadata             map[string]string // what the letter's X-PM-Metadata-… fields held
	SuppressSending      bool
	SuppressionReason    string
	Origin               string
}

func readPostmark(body []byte) ([]Return, error) {
	var e postmarkEvent
	if err := parse(body, &e); err != nil {
		return nil, err
	}
	about := e.about()
	switch e.RecordType {
	case "SpamComplaint":
		return []Return{noted(Complaint, about, cmp.Or(e.Description, "complaint"))}, nil
	case "SubscriptionChange":
		if e.SuppressSending && e.SuppressionReason == "ManualSuppression" && e.Origin == "Recipient" {
			return []Return{noted(OptOut, about, "the reader has left by a link of Postmark's")}, nil
		}
	case "Bounce":
		return e.bounced(about), nil
	}
	return nil, nil
}

// about is which letter it is about. Postmark's MessageID is an id of its own; ours, and the
// envelope's token, stand in the returned mail or in the metadata.
func (e postmarkEvent) about() Return {
	mail := ReadReturn([]byte(e.Content))
	ids := mail.MessageIDs
	for _, key := range slices.Sorted(maps.Keys(e.Metadata)) {
		ids = append(ids, e.Metadata[key])
	}
	return Return{Tokens: mail.Tokens, MessageIDs: bareIDs(ids...)}
}

func (e postmarkEvent) bounced(about Return) []Return {
	m := mishap{lasting: true, text: cmp.Or(e.Details, e.Description)}
	switch e.Type {
	case "HardBounce":
		m.noMailbox = true
	case "BadEmailAddress":
		m.status = "5.1.3"
	case "Blocked", "SpamNotification", "VirusNotification", "DMARCPolicy":
		m.aboutUs = true
	case "SoftBounce", "DnsError", "Unknown":
		m.lasting = false
	case "Transient":
		return []Return{m.delayed(about)}
	case "SpamComplaint":
		return []Return{noted(Complaint, about, m.text)}
	case "Unsubscribe":
		return []Return{noted(OptOut, about, m.text)}
	case "AutoResponder":
		return []Return{noted(AutoReply, about, m.text)}
	default: // a change of address, a challenge, a test: nothing that we could act on
		return []Return{noted(Unclear, about, e.Type+": "+m.text)}
	}
	return []Return{m.failed(about)}
}
