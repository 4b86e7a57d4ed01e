package course

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// SecretLength is the least number of characters of a secret.
const SecretLength = 32

// keys holds what is derived from COURSE_SECRET, and the key of the address
// hashes, which is random and lies wrapped in the database: so hashes survive
// a change of secret, and a dump alone tells nothing.
type keys struct {
	rings   []ring // one for each secret; the first signs, all verify
	address []byte
}

// ring is what one secret derives, once.
type ring struct {
	id          byte // names the secret, so that a token says which one made it
	token, pass []byte
}

func ringsOf(secrets []string) (rings []ring) {
	for _, secret := range secrets {
		rings = append(rings, ring{id: derive(secret, "key id")[0], token: derive(secret, "token"), pass: derive(secret, "pass")})
	}
	return rings
}

// derive returns a 256-bit key for one purpose (HKDF-SHA256, RFC 5869).
func derive(secret, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "fortsatt "+purpose, 32)
	if err != nil {
		panic(err) // only for a length that HKDF cannot give
	}
	return key
}

func mac(key []byte, data ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, d := range data {
		h.Write(d)
	}
	return h.Sum(nil)
}

// openKeys unwraps the address key with any of the secrets, and makes one in a
// new database. A key wrapped under an older secret is wrapped anew under the first.
func openKeys(ctx context.Context, db *sqlx.DB, secrets []string) (keys, error) {
	if len(secrets) == 0 {
		return keys{}, errors.New("open the database: a secret is needed")
	}
	wrapped, err := addressKey(ctx, db, secrets[0])
	if err != nil {
		return keys{}, fmt.Errorf("read the address key: %w", away(err))
	}
	for i, secret := range secrets {
		key, err := unwrap(secret, wrapped)
		if err != nil {
			continue
		}
		if i > 0 {
			err = rewrap(ctx, db, wrapped, wrap(secrets[0], key))
		}
		return keys{rings: ringsOf(secrets), address: key}, err
	}
	return keys{}, ErrSecret
}

func addressKey(ctx context.Context, db *sqlx.DB, secret string) (wrapped []byte, err error) {
	const read = `select address_key from installation`
	err = db.GetContext(ctx, &wrapped, read)
	if !errors.Is(err, sql.ErrNoRows) {
		return wrapped, err
	}
	key := make([]byte, 32)
	rand.Read(key)
	_, err = db.ExecContext(ctx, `
		insert into installation (id, address_key, created_at)
		values (1, $1, $2)
		on conflict do nothing`, wrap(secret, key), time.Now())
	if err != nil {
		return nil, err
	}
	return wrapped, db.GetContext(ctx, &wrapped, read)
}

func rewrap(ctx context.Context, db *sqlx.DB, from, to []byte) error {
	_, err := db.ExecContext(ctx, `update installation set address_key = $2 where address_key = $1`, from, to)
	if err != nil {
		return fmt.Errorf("wrap the address key anew: %w", away(err))
	}
	return nil
}

func wrap(secret string, key []byte) []byte {
	return sealer(secret).Seal(nil, nil, key, nil)
}

func unwrap(secret string, wrapped []byte) ([]byte, error) {
	return sealer(secret).Open(nil, nil, wrapped, nil)
}

func sealer(secret string) cipher.AEAD {
	block, err := aes.NewCipher(derive(secret, "wrap"))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// addressHash is how an address is known beyond its subscriber.
func (k keys) addressHash(a Address) []byte { return mac(k.address, []byte(a)) }

// randomID returns a positive random number. It stands in tokens, where a
// counted one would tell how many there are.
func randomID() int64 {
	var b [8]byte
	rand.Read(b[:])
	return int64(binary.BigEndian.Uint64(b[:])>>1) | 1
}
