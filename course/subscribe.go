package course

import (
	"context"
	"crypto/sha256"
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

// hashed is how a random value that a browser holds is kept.
func hashed(random string) []byte {
	hash := sha256.Sum256([]byte(random))
	return hash[:]
}
