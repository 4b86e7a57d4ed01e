package course

import "strings"

// ReturnedKind is what sort of mail came back.
type ReturnedKind string

const (
	ReturnFailed    ReturnedKind = "failed"  // given up on (RFC 3464, Action: failed)
	ReturnDelayed   ReturnedKind = "delayed" // not given up on
	ReturnComplaint ReturnedKind = "complaint"
	ReturnOptOut    ReturnedKind = "opt-out" // a complaint that asks to be left off the list (RFC 5965)
	ReturnAutoReply ReturnedKind = "auto-reply"
	ReturnUnclear   ReturnedKind = "unclear"
)

// Judgement is what a returned mail means for the reader it was sent to.
type Judgement string

const (
	Hard       Judgement = "hard"      // there is no such mailbox: never write to it again
	Soft       Judgement = "soft"      // not now: too many in a row are as good as hard
	Ours       Judgement = "ours"      // about us, and none of the reader's doing
	Complained Judgement = "complaint" // the reader calls it spam
	OptedOut   Judgement = "opt-out"   // the reader wants no more of this list
	Noted      Judgement = "note"      // nothing follows from it
)

// JudgeReturn says what a returned mail means, or a refusal at RCPT; pure. code
// is the SMTP reply's, 0 if unknown.
//
// Only what says by its RFC 3463 status that the mailbox is not there is hard,
// since a false hard bounce costs a reader, and a missed one a few letters more.
// A status that contradicts its reply code is not believed.
func JudgeReturn(kind ReturnedKind, enhanced string, code int) Judgement {
	switch kind {
	case ReturnComplaint:
		return Complained
	case ReturnOptOut:
		return OptedOut
	case ReturnFailed:
	default:
		return Noted
	}
	switch {
	case aboutUs(enhanced):
		return Ours
	case mailboxGone[enhanced] && (code == 0 || code/100 == 5):
		return Hard
	}
	return Soft
}

// mailboxGone are the statuses that no waiting mends. Of 5.1.x they are those
// that name the recipient: 5.1.0 and 5.1.4 are said of too many other things, and
// 5.1.5 and 5.1.9 say that the address was right.
var mailboxGone = map[string]bool{
	"5.1.1":  true, // no such mailbox
	"5.1.2":  true, // no such domain
	"5.1.3":  true, // the address cannot be one
	"5.1.6":  true, // moved, nobody knows where
	"5.1.10": true, // the domain takes no mail (RFC 7505)
	"5.2.1":  true, // disabled
}

// aboutUs: policy and security are between the receiver and us, 5.1.7 and 5.1.8
// speak of the sender's address.
func aboutUs(enhanced string) bool {
	return strings.HasPrefix(enhanced, "5.7.") || enhanced == "5.1.7" || enhanced == "5.1.8"
}
