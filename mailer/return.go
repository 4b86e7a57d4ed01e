package mailer

// Return is what a mail that came back says, as far as it can be understood. It gives facts,
// not judgements: whose letter it is, and what follows, is for the caller to decide.
//
// A report can be forged by anybody. Only a token that the caller itself once made proves
// that the report is about one of its letters; addresses in the report prove nothing.
type Return struct {
	Kind       ReturnKind
	Enhanced   string   // RFC 3463, as 5.1.1; "" where it is unknown
	Code       int      // the reply of the server that refused; 0 where it is unknown
	Diagnostic string   // what happened, in one line for people, at most 300 characters
	Tokens     []string // where the mail came to: local parts, in lower case, at most 20, the likeliest first
	MessageIDs []string // of the letter it is about, where it says so; without angle brackets
}

// ReturnKind is what sort of mail came back.
type ReturnKind int

const (
	Unclear   ReturnKind = iota // nothing that says a letter's fate
	Failed                      // the letter was not delivered, and will not be
	Delayed                     // it is still under way
	Complaint                   // its reader called it abuse
	OptOut                      // its reader asked, through the mail provider, for no more
	AutoReply                   // a program answered for the reader: vacation, read receipt
)

var returnKinds = [...]string{"unclear", "failed", "delayed", "complaint", "opt-out", "auto-reply"}

func (k ReturnKind) String() string { return returnKinds[k] }

// ReadReturn reads a mail that came back to a letter's envelope sender: a delivery status
// notification (RFC 3464, RFC 6533), a feedback report (RFC 5965), a read receipt (RFC 8098),
// an automatic answer (RFC 3834), or what servers wrote before there were forms for it.
//
// It never fails: what it does not understand is Unclear. Of the mail it looks at 1 MB.
func ReadReturn(raw []byte) Return {
	m := openReturned(raw)
	r := m.read()
	r.Diagnostic = shorten(r.Diagnostic)
	r.Tokens = m.tokens()
	r.MessageIDs = m.messageIDs()
	return r
}

// read tries the forms that leave no doubt first.
func (m *returned) read() Return {
	switch {
	case m.feedback != nil:
		return readFeedback(m.feedback)
	case m.isMicrosoftComplaint():
		return Return{Kind: Complaint, Diagnostic: m.header.text("Subject")}
	}
	if groups := recipientGroups(m.status); len(groups) > 0 {
		return m.readStatus(groups)
	}
	switch {
	case m.receipt != nil:
		return Return{Kind: AutoReply, Diagnostic: m.header.text("Subject")}
	case m.isBounceOfKnownForm():
		return m.readProse()
	case m.isFromList():
		return Return{Diagnostic: m.header.text("Subject")}
	case m.isFromMailSystem() && m.speaksOfDelivery():
		return m.readProse()
	case m.isAutoReply():
		return Return{Kind: AutoReply, Diagnostic: m.header.text("Subject")}
	}
	return Return{Diagnostic: m.header.text("Subject")}
}

// shorten makes one line of at most 300 characters.
func shorten(text string) string {
	clean := []rune(oneLine(collapse(text)))
	return string(clean[:min(len(clean), 300)])
}
