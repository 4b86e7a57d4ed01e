package course

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/lib/pq"
)

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

// keepAsked returns when what was asked for is kept. It says the same whatever is
// known of the address, since nothing of it is looked at.
func (s *Store) keepAsked(ctx context.Context, doing string, a asked) error {
	if err := s.keeper.keep(ctx, a); err != nil {
		return fmt.Errorf("%s: %w", doing, away(err))
	}
	s.waker.wakeSoon()
	return nil
}

// A keeper keeps what many ask for at once by one statement: whoever comes while
// one is under way goes with the next, together with all who did.
type keeper struct {
	store func(context.Context, []asked) error

	mu      sync.Mutex
	waiting []asking
	busy    bool
}

type asking struct {
	asked
	done chan error // has room for one
}

const (
	keepAtOnce   = 100              // in one statement at most
	keepPatience = 10 * time.Second // with the database
)

// keep returns when it stands, or cannot be made to. What its asker no longer waits
// for is kept all the same.
func (k *keeper) keep(ctx context.Context, a asked) error {
	mine := asking{a, make(chan error, 1)}
	k.mu.Lock()
	k.waiting = append(k.waiting, mine)
	if !k.busy {
		k.busy = true
		go k.run()
	}
	k.mu.Unlock()
	select {
	case err := <-mine.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *keeper) run() {
	for group := k.next(); len(group) > 0; group = k.next() {
		k.keepGroup(group)
	}
}

// next takes those who wait; if there are none, the next to come starts anew.
func (k *keeper) next() []asking {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := min(len(k.waiting), keepAtOnce)
	group := k.waiting[:n:n]
	k.waiting = k.waiting[n:]
	k.busy = n > 0
	return group
}

// keepGroup tells each what became of it. What the database refuses for what it
// holds must not be the others' misfortune.
func (k *keeper) keepGroup(group []asking) {
	ctx, cancel := context.WithTimeout(context.Background(), keepPatience)
	defer cancel()
	all := make([]asked, len(group))
	for i, w := range group {
		all[i] = w.asked
	}
	err := k.store(ctx, all)
	alone := len(group) > 1 && isData(err)
	for _, w := range group {
		if alone {
			err = k.store(ctx, []asked{w.asked})
		}
		w.done <- err
	}
}

// isData says whether the database refused what it was given (class 22).
func isData(err error) bool {
	var refusal *pq.Error
	return errors.As(err, &refusal) && refusal.Code.Class() == "22"
}

// keepQuery is prepared, and writes nothing while it lacks a wording: those are a
// few long texts that stand there already, all but the first time.
const keepQuery = `
	with waiting as (
		select at, email, newsletter, article, form, ip, decode(access, 'hex') as access,
		       decode(newsletter_wording, 'hex') as newsletter_wording, decode(browser, 'hex') as browser
		from jsonb_to_recordset(cast($1 as jsonb)) as t(
			at timestamptz, email text, newsletter boolean, article text, form text, ip inet,
			access text, newsletter_wording text, browser text)
	), lacking as (
		select from (select access as hash from waiting union select newsletter_wording from waiting) w
		where hash is not null and not exists (select from wordings where wordings.hash = w.hash)
	)
	insert into signups (at, email, login, newsletter, article, form, ip, access, newsletter_wording, browser)
	select at, email, browser is not null, newsletter, article, form, ip, access, newsletter_wording, browser
	from waiting
	where not exists (select from lacking)`

var errWordings = errors.New("the wordings were not kept")

func (s *Store) keepTogether(ctx context.Context, group []asked) error {
	kept, err := s.tryKeep(ctx, group)
	if err == nil && !kept {
		if err = s.keepWordings(ctx, group); err == nil {
			kept, err = s.tryKeep(ctx, group)
		}
	}
	if err == nil && !kept {
		err = errWordings
	}
	return err
}

func (s *Store) tryKeep(ctx context.Context, group []asked) (kept bool, err error) {
	statement, err := s.prepared(ctx, &s.keeping, keepQuery)
	if err != nil {
		return false, err
	}
	rows, err := json.Marshal(group)
	if err != nil {
		return false, err
	}
	result, err := statement.ExecContext(ctx, string(rows))
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// MarshalJSON makes a row of it, as keepQuery reads it.
func (a asked) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		At         time.Time `json:"at"`
		Email      Address   `json:"email"`
		Newsletter bool      `json:"newsletter"`
		Article    string    `json:"article"`
		Form       string    `json:"form"`
		IP         *string   `json:"ip"`
		Access     *string   `json:"access"`
		Wording    *string   `json:"newsletter_wording"`
		Browser    *string   `json:"browser"`
	}{a.At, a.Email, a.Newsletter, a.Article, a.Form, truncate(a.IP), inHex(wordingHash(a.Access)), inHex(wordingHash(a.NewsletterWording)), inHex(a.Browser)})
}

// inHex is null for nothing.
func inHex(octets []byte) *string {
	if octets == nil {
		return nil
	}
	text := hex.EncodeToString(octets)
	return &text
}

// keepWordings stores a group's texts under their hashes.
func (s *Store) keepWordings(ctx context.Context, group []asked) error {
	stored := map[string]bool{"": true}
	for _, a := range group {
		for _, text := range []string{a.Access, a.NewsletterWording} {
			if stored[text] {
				continue
			}
			if _, err := keepWording(ctx, s.db, text); err != nil {
				return err
			}
			stored[text] = true
		}
	}
	return nil
}
