package course

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// consent is one piece of evidence: what was said to what wording, when and how.
type consent struct {
	Purpose string
	Event   string
	Method  string
	Wording string
	Form    string
	Article string
	IP      netip.Addr
}

// write appends the evidence for every subscriber. What was asked again within
// confirmGap is asked once.
func (c consent) write(ctx context.Context, tx *sqlx.Tx, now time.Time, subscribers ...int64) error {
	wording, err := keepWording(ctx, tx, c.Wording)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		insert into consents (subscriber_id, purpose, event, at, method, wording, form, article, ip)
		select t.id, $2, $3, $4, $5, $6, $7, $8, $9
		from unnest(cast($1 as bigint[])) t(id)
		where $3 <> 'asked' or not exists (
			select from consents
			where subscriber_id = t.id and purpose = $2 and event = 'asked' and article = $8 and at > $10)`,
		pq.Array(subscribers), c.Purpose, c.Event, now, c.Method, wording, c.Form, c.Article, truncate(c.IP), now.Add(-confirmGap))
	return err
}

// keepWording stores a text under its hash. No text, no hash.
func keepWording(ctx context.Context, db sqlx.ExecerContext, text string) ([]byte, error) {
	hash := wordingHash(text)
	if hash == nil {
		return nil, nil
	}
	_, err := db.ExecContext(ctx, `insert into wordings (hash, text) values ($1, $2) on conflict do nothing`, hash, text)
	return hash, err
}

func wordingHash(text string) []byte {
	if text == "" {
		return nil
	}
	hash := sha256.Sum256([]byte(text))
	return hash[:]
}

// truncate keeps /24 of an IPv4 address and /48 of an IPv6 one, enough as
// evidence and too little to find a person by.
func truncate(ip netip.Addr) *string {
	if !ip.IsValid() {
		return nil
	}
	bits := 48
	if ip = ip.Unmap(); ip.Is4() {
		bits = 24
	}
	prefix, _ := ip.WithZone("").Prefix(bits) // errs only for more bits than there are
	text := prefix.String()
	return &text
}
