package course

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// ReturnedMail is a mail that came back, as far as it could be understood.
type ReturnedMail struct {
	Via        string // the door that it came by: pipe, smtp, ses, postmark, mailgun, sendgrid
	Kind       ReturnedKind
	Enhanced   string   // RFC 3463, as 5.1.1; "" unknown
	Diagnostic string   // one line, for people
	Code       int      // SMTP reply code, 0 unknown
	Tokens     []string // what may be a letter's envelope token, tried in order
	MessageIDs []string // tried after them, where Trusted; without angle brackets
	Trusted    bool     // the door knows who told us
	Raw        []byte   // evidence
}

// ReturnedResult is what came of a ReturnedMail.
type ReturnedResult struct {
	Known      bool // it is about a letter of ours
	Delivery   DeliveryKey
	Judged     Judgement
	Suppressed bool // and so its reader is no longer written to
	Again      bool // it had been recorded before; nothing was done
}

// RecordBounce writes down what came back, and draws the consequences for the
// reader of the letter that it is about, and for nobody else. A token alone says
// which letter that is: whatever else such a mail says can be made up. Without a
// valid one nothing is known, and nothing changes. Mails may come in any order,
// and any number of times.
func (s *Store) RecordBounce(ctx context.Context, now time.Time, m ReturnedMail) (ReturnedResult, error) {
	var result ReturnedResult
	if len(s.lettersNamed(m)) == 0 {
		return result, nil
	}
	err := s.transact(ctx, "record a returned mail", func(tx *sqlx.Tx) (err error) {
		result, err = s.recordReturned(ctx, tx, now, m)
		return err
	})
	return result, err
}

// KnowsEnvelope says whether the local part of an address is a letter's
// envelope token, made with one of our secrets.
func (s *Store) KnowsEnvelope(localPart string) bool {
	_, err := s.keys.open(toBounce, localPart)
	return err == nil
}

// lettersNamed are the deliveries whose valid tokens a mail carries.
func (s *Store) lettersNamed(m ReturnedMail) (named []DeliveryKey) {
	for _, token := range m.Tokens {
		if d, err := s.keys.open(toBounce, token); err == nil {
			named = append(named, d)
		}
	}
	if !m.Trusted {
		return named
	}
	for _, id := range m.MessageIDs {
		token, _, _ := strings.Cut(id, "@")
		if d, err := s.keys.open(toIdentify, token); err == nil {
			named = append(named, d)
		}
	}
	return named
}

func (s *Store) recordReturned(ctx context.Context, tx *sqlx.Tx, now time.Time, m ReturnedMail) (ReturnedResult, error) {
	for _, d := range s.lettersNamed(m) {
		about, err := lookUpSent(ctx, tx, d)
		if errors.Is(err, ErrToken) {
			continue
		}
		if err != nil {
			return ReturnedResult{}, err
		}
		return about.returned(ctx, tx, now, m)
	}
	return ReturnedResult{}, nil
}

// sentLetter is a letter that something came back of. Its reader is locked.
type sentLetter struct {
	DeliveryKey
	Letter    string    `db:"letter"`
	SentAt    time.Time `db:"sent_at"`
	Reader    string    `db:"reader"`     // state
	VouchedAt time.Time `db:"vouched_at"` // what came before says nothing any more
}

// lookUpSent locks a letter's reader. Errors: ErrToken, if there is no such letter.
func lookUpSent(ctx context.Context, tx *sqlx.Tx, d DeliveryKey) (sentLetter, error) {
	if err := lockSubscriber(ctx, tx, d.SubscriberID); err != nil {
		return sentLetter{}, err
	}
	var found []sentLetter
	err := tx.SelectContext(ctx, &found, `
		select d.subscriber_id, d.id, d.letter, coalesce(d.marked_at, d.planned_at) as sent_at,
		       s.state as reader, coalesce(a.vouched_at, timestamptz 'epoch') as vouched_at
		from deliveries d
		join subscribers s on s.id = d.subscriber_id
		left join addresses a on a.subscriber_id = d.subscriber_id
		where d.subscriber_id = $1 and d.id = $2`, d.SubscriberID, d.ID)
	if err != nil || len(found) == 0 {
		return sentLetter{}, errors.Join(err, ErrToken)
	}
	return found[0], nil
}

// returned keeps a mail, once, and acts on it. Of somebody who was erased nothing
// is kept, and nothing follows.
func (l sentLetter) returned(ctx context.Context, tx *sqlx.Tx, now time.Time, m ReturnedMail) (ReturnedResult, error) {
	result := ReturnedResult{Known: true, Delivery: l.DeliveryKey, Judged: JudgeReturn(m.Kind, m.Enhanced, m.Code)}
	if l.Reader == "erased" {
		return result, nil
	}
	kept, err := l.keep(ctx, tx, now, m, result.Judged)
	if result.Again = !kept; err != nil || !kept {
		return result, err
	}
	if err := l.settle(ctx, tx, now); err != nil {
		return result, err
	}
	result.Suppressed, err = l.act(ctx, tx, now, result.Judged)
	return result, err
}

// evidenceKept is of how many mails about one letter the raw text is kept: whoever
// has the letter can send any number.
const evidenceKept = 10

// keep says whether the mail is new.
func (l sentLetter) keep(ctx context.Context, tx *sqlx.Tx, now time.Time, m ReturnedMail, judged Judgement) (bool, error) {
	result, err := tx.ExecContext(ctx, `
		insert into returns (subscriber_id, delivery_id, hash, at, via, kind, judged, enhanced, code, diagnostic, raw)
		select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
		       case when (select count(*) from returns where subscriber_id = $1 and delivery_id = $2) < $11 then cast($12 as bytea) end
		on conflict do nothing`,
		l.SubscriberID, l.ID, m.hash(), now, m.Via, m.Kind, judged, storable(m.Enhanced), m.Code, storable(m.Diagnostic), evidenceKept, m.Raw)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// storable is what Postgres can hold of a stranger's text.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "")
}

// hash tells one mail about a letter from another.
func (m ReturnedMail) hash() []byte {
	said := sha256.New()
	fmt.Fprintf(said, "%q %q %d %q\n", m.Kind, m.Enhanced, m.Code, m.Diagnostic)
	said.Write(m.Raw)
	return said.Sum(nil)
}

// settle: only who was sent a letter knows its token, so a letter in doubt is in
// none any more. One that is being sent is left to its own record; if that never
// comes, EndQuarantine remembers.
func (l sentLetter) settle(ctx context.Context, tx *sqlx.Tx, now time.Time) error {
	result, err := tx.ExecContext(ctx, `
		update deliveries
		set state = 'accepted', settled_at = $3, ready_at = null, doubted_at = null, worker = null, reason = null, reply = $4
		where subscriber_id = $1 and id = $2
		and (state = 'uncertain' or doubts > 0 and state in ('queued', 'claimed', 'deferred', 'parked', 'cancelled'))`,
		l.SubscriberID, l.ID, now, cameBack)
	if err != nil {
		return err
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return nil
	}
	return wake(ctx, tx) // the next lesson may be due
}

// cameBack stands for the reply that was never heard.
const cameBack = "no reply was heard; a mail that came back proves that it was taken"

// act draws the consequences, and says whether the reader is no longer written to.
func (l sentLetter) act(ctx context.Context, tx *sqlx.Tx, now time.Time, judged Judgement) (suppressed bool, err error) {
	switch judged {
	case Hard:
		if !l.SentAt.Before(l.VouchedAt) {
			return suppress(ctx, tx, now, l.SubscriberID, "bounce")
		}
	case Soft:
		weeks, err := l.softWeeks(ctx, tx)
		if err == nil && weeks >= hopeless {
			return suppress(ctx, tx, now, l.SubscriberID, "bounce")
		}
		return false, err
	case Complained:
		if err := leaveAll(ctx, tx, now, l.SubscriberID, "complaint"); err != nil {
			return false, err
		}
		return suppress(ctx, tx, now, l.SubscriberID, "complaint")
	case OptedOut:
		return false, leaveList(ctx, tx, now, l.SubscriberID, list(l.Letter), "opt-out")
	}
	return false, nil
}

// hopeless is over how many weeks every letter must have come back softly before
// a mailbox counts as gone.
const hopeless = 5

// softWeeks counts the ISO weeks of the unbroken row of soft bounces that the
// letter's own stands in, by when the letters were sent: bounces come in any
// order. A letter that was taken and did not come back breaks the row.
func (l sentLetter) softWeeks(ctx context.Context, tx *sqlx.Tx) (weeks int, err error) {
	err = tx.GetContext(ctx, &weeks, `
		with letter as (
			select id, rank, state, coalesce(marked_at, settled_at) as sent_at, exists (
			           select from returns r
			           where r.subscriber_id = d.subscriber_id and r.delivery_id = d.id and r.judged = 'soft') as soft
			from deliveries d
			where subscriber_id = $1 and coalesce(marked_at, settled_at) >= $3
		), row as (
			select id, sent_at, soft, count(*) filter (where not soft) over (order by sent_at, rank, id) as number
			from letter
			where soft or state = 'accepted'
		)
		select count(distinct date_trunc('week', sent_at at time zone 'UTC'))
		from row
		where soft and number = (select number from row where id = $2)`, l.SubscriberID, l.ID, l.VouchedAt)
	return weeks, err
}
