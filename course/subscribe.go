package course

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// SignUp is what a person sent through the form.
type SignUp struct {
	Email             string     // as typed
	Newsletter        bool       // the box was ticked
	Article           string     // slug of the article whose wall it was, "" from the form alone
	Form              string     // path of the form, kept as evidence
	IP                netip.Addr // truncated before it is kept
	Access            string     // the exact wording shown, for reading and the confirm letter
	NewsletterWording string     // the exact wording of the box
}

// Subscribe keeps a sign-up until a worker carries it out. That is one statement,
// the same for every address, so that neither the answer nor its time tells
// whether the address was known. Errors: ErrAddress.
func (s *Store) Subscribe(ctx context.Context, now time.Time, in SignUp) error {
	address, err := ParseAddress(in.Email)
	if err != nil {
		return err
	}
	kept := asked{At: now, Email: address, Newsletter: in.Newsletter, Article: in.Article, Form: in.Form, IP: in.IP, Access: in.Access}
	if in.Newsletter {
		kept.NewsletterWording = in.NewsletterWording
	}
	return s.keepAsked(ctx, "subscribe", kept)
}

// LoginWish is a reader's request to be let in on a browser.
type LoginWish struct {
	Email   string     // as typed
	Browser string     // random, from that browser's cookie
	Article string     // slug of the article to go on with, "" for none
	IP      netip.Addr // truncated before it is kept, until a worker has carried it out
}

// AskLogin keeps a request to be let in, as Subscribe keeps a sign-up. Errors:
// ErrAddress.
func (s *Store) AskLogin(ctx context.Context, now time.Time, in LoginWish) error {
	address, err := ParseAddress(in.Email)
	if err != nil {
		return err
	}
	return s.keepAsked(ctx, "ask to log in", asked{At: now, Email: address, Article: in.Article, IP: in.IP, Browser: hashed(in.Browser)})
}

// asked is what a person asked for, on its way into the database.
type asked struct {
	At                        time.Time
	Email                     Address
	Newsletter                bool
	Article, Form             string
	IP                        netip.Addr
	Access, NewsletterWording string
	Browser                   []byte // hash; nil for a sign-up
}

// keepQuery is prepared, and writes nothing while it lacks a wording: those are a
// few long texts that stand there already, all but the first time.
const keepQuery = `
	insert into signups (at, email, login, newsletter, article, form, ip, access, newsletter_wording, browser)
	select cast($1 as timestamptz), cast($2 as text), cast($9 as bytea) is not null, cast($3 as boolean),
	       cast($4 as text), cast($5 as text), cast($6 as inet), $7, $8, $9
	where (cast($7 as bytea) is null or exists (select from wordings where hash = $7))
	and (cast($8 as bytea) is null or exists (select from wordings where hash = $8))`

var errWordings = errors.New("the wordings were not kept")

func (s *Store) keepAsked(ctx context.Context, doing string, a asked) error {
	kept, err := s.tryKeep(ctx, a)
	if err == nil && !kept {
		if err = s.keepWordings(ctx, a.Access, a.NewsletterWording); err == nil {
			kept, err = s.tryKeep(ctx, a)
		}
	}
	if err == nil && !kept {
		err = errWordings
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, away(err))
	}
	s.waker.wakeSoon()
	return nil
}

func (s *Store) tryKeep(ctx context.Context, a asked) (kept bool, err error) {
	statement, err := s.prepared(ctx, &s.keeping, keepQuery)
	if err != nil {
		return false, err
	}
	result, err := statement.ExecContext(ctx, a.At, string(a.Email), a.Newsletter, a.Article, a.Form, truncate(a.IP),
		wordingHash(a.Access), wordingHash(a.NewsletterWording), a.Browser)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// keepWordings stores texts under their hashes.
func (s *Store) keepWordings(ctx context.Context, texts ...string) error {
	for _, text := range texts {
		if text == "" {
			continue
		}
		if _, err := keepWording(ctx, s.db, text); err != nil {
			return err
		}
	}
	return nil
}

// hashed is how a random value that a browser holds is kept.
func hashed(random string) []byte {
	hash := sha256.Sum256([]byte(random))
	return hash[:]
}
