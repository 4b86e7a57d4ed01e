package worker

import (
	"context"
	"fmt"
	"strings"

	"fortsatt/course"
	"fortsatt/mailer"
)

// ReturnLimit is the most octets of a returned mail that are read.
const ReturnLimit = 1 << 20

// ReadReturn reads a mail that came back through a door: what it says, and whose it may be.
// The recipients of its envelope, where the door knows them, are believed before anything
// that it holds.
func ReadReturn(via string, raw []byte, recipients ...string) course.ReturnedMail {
	m := returned(via, mailer.ReadReturn(raw))
	var tokens []string
	for _, recipient := range recipients {
		tokens = append(tokens, localPart(recipient))
	}
	m.Tokens, m.Raw = append(tokens, m.Tokens...), raw
	return m
}

// readHook reads what a provider posted. A fault of ours in reading it concerns this body
// alone: it is kept with the error. One body of SendGrid's tells of many people, so it is
// no evidence to keep with each.
func readHook(provider string, body []byte) (mails []course.ReturnedMail, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("read a hook of %s: panic: %v", provider, fault)
		}
	}()
	returns, err := mailer.ReadHook(provider, body)
	for _, r := range returns {
		m := returned(provider, r)
		m.Trusted = true
		if provider != "sendgrid" {
			m.Raw = body
		}
		mails = append(mails, m)
	}
	return mails, err
}

var kinds = map[mailer.ReturnKind]course.ReturnedKind{
	mailer.Failed:    course.ReturnFailed,
	mailer.Delayed:   course.ReturnDelayed,
	mailer.Complaint: course.ReturnComplaint,
	mailer.OptOut:    course.ReturnOptOut,
	mailer.AutoReply: course.ReturnAutoReply,
	mailer.Unclear:   course.ReturnUnclear,
}

// returned puts it into course's words.
func returned(via string, r mailer.Return) course.ReturnedMail {
	return course.ReturnedMail{
		Via: via, Kind: kinds[r.Kind], Enhanced: r.Enhanced, Code: r.Code, Diagnostic: r.Diagnostic,
		Tokens: r.Tokens, MessageIDs: r.MessageIDs,
	}
}

// localPart is what stands before the @, without regard to case: an envelope sender of ours
// may have been folded on its way.
func localPart(address string) string {
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		address = address[:at]
	}
	return strings.ToLower(address)
}

// Told says what a returned mail has come to, in words that name nobody.
func Told(r course.ReturnedResult) string {
	switch {
	case !r.Known:
		return "of no letter of ours; nothing changes"
	case r.Again:
		return string(r.Judged) + ", known before"
	case r.Suppressed:
		return string(r.Judged) + "; the address is suppressed"
	}
	return string(r.Judged)
}

// takeHooks reads what the web has stored since. It is no reason to stop sending if that
// fails: what was stored waits for the next time.
func (w *Worker) takeHooks(ctx context.Context) {
	n, err := w.Store.TakeHooks(ctx, w.Now(), readHook)
	if err != nil && ctx.Err() == nil {
		w.Log.Warn("worker: reports of providers wait to be read", "error", err)
	}
	if n > 0 {
		w.Log.Info("worker: read reports of providers", "count", n)
	}
}
