package worker

import (
	"bytes"
	"fmt"

	"fortsatt/course"
	"fortsatt/lessons"
	"fortsatt/mailer"
)

// lint reads a letter before it is sent: in full before the first of its version, what it says
// and its bytes, and then the header, where letters differ. What must not travel is an error,
// with the rule's name.
func (w *Worker) lint(l letter, text *version, rules mailer.Rules, fields lessons.Fields) error {
	known := text.linted.Load()
	for _, f := range w.findings(l, text, rules, fields, known) {
		if f.Fail {
			return fmt.Errorf("lint %s", f)
		}
		if known {
			continue
		}
		// What is about the settings is found in every letter, and told of the first.
		if _, told := w.advised.LoadOrStore(f.String(), true); !told {
			w.Log.Warn("worker: advice on a letter", "letter", text.ID, "rule", f.Rule, "advice", f.Text)
		}
	}
	text.linted.Store(true)
	return nil
}

func (w *Worker) findings(l letter, text *version, rules mailer.Rules, fields lessons.Fields, known bool) []mailer.Finding {
	if known {
		return mailer.LintHeaders(l.bytes, rules)
	}
	findings := mailer.Lint(l.bytes, rules)
	for _, f := range lessons.Lint(text.Render(fields), text.Rules(w.Links.Base, rules.To, fields)) {
		findings = append(findings, mailer.Finding{Rule: f.Rule, Fail: f.Fail, Text: f.Text})
	}
	return findings
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
