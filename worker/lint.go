package worker

import (
	"bytes"
	"fmt"

	"fortsatt/course"
	"fortsatt/mailer"
)

// lint reads a letter before it is sent: in full before the first of its version, and then
// the header, where letters differ. What must not travel is an error, with the rule's name.
func (w *Worker) lint(l letter, text *version, rules mailer.Rules) error {
	findings := mailer.LintHeaders
	known := text.linted.Load()
	if !known {
		findings = mailer.Lint
	}
	for _, f := range findings(l.bytes, rules) {
		if f.Fail {
			return fmt.Errorf("lint %s", f)
		}
		if !known {
			w.Log.Warn("worker: advice on a letter", "letter", text.ID, "rule", f.Rule, "advice", f.Text)
		}
	}
	if !known {
		text.linted.Store(true)
	}
	return nil
}

// rules are what a letter is meant to be.
func (w *Worker) rules(m mailer.Message, e mailer.Envelope, c course.Claimed, text *version) mailer.Rules {
	r := mailer.Rules{
		Date: m.Date, MessageID: m.MessageID, To: c.Email, Name: c.Name,
		Domain: domain(w.From.Address), EnvelopeSender: e.From, BaseURL: w.Links.Base, Signed: w.Signer != nil,
		Known: func(address string) bool {
			source, layout := text.Source()
			return bytes.Contains(source, []byte(address)) || bytes.Contains(layout, []byte(address))
		},
	}
	if m.List != nil {
		r.Bulk, r.ListID = true, m.List.ID
		r.VerifyUnsubscribe = func(token string) bool { return token == w.Store.UnsubscribeToken(c.DeliveryKey) }
	}
	return r
}
