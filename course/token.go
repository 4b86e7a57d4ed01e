package course

import (
	"crypto/hmac"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Tokens in letters are derived, not stored: a purpose, a key id, the random
// ids of a delivery, and a keyed hash over them. A dump of the database cannot
// forge one, and one made for a purpose serves no other.
type purpose byte

const (
	toConfirm     purpose = 'c'
	toUnsubscribe purpose = 'u'
	toLogIn       purpose = 'l'
	toRead        purpose = 'q' // a question's own page
	toBounce      purpose = 'b' // the envelope sender
	toIdentify    purpose = 'm' // the Message-ID
)

// macLength is the octets of keyed hash in a token: 128 bits.
const macLength = 16

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// DeliveryKey names one delivery.
type DeliveryKey struct {
	SubscriberID int64 `db:"subscriber_id"`
	ID           int64 `db:"id"`
}

// token returns 55 characters of lower-case base32, fit for a URL and, being
// safe against case folding, for the local part of an address.
func (k keys) token(p purpose, d DeliveryKey) string {
	return k.rings[0].sign(p, d)
}

func (r ring) sign(p purpose, d DeliveryKey) string {
	b := []byte{byte(p), r.id}
	b = binary.BigEndian.AppendUint64(b, uint64(d.SubscriberID))
	b = binary.BigEndian.AppendUint64(b, uint64(d.ID))
	return encoding.EncodeToString(append(b, mac(r.token, b)[:macLength]...))
}

// open returns the delivery that a token names, or ErrToken. It compares the
// text, since several texts decode to the same octets.
func (k keys) open(p purpose, token string) (DeliveryKey, error) {
	token = strings.ToLower(token)
	b, err := encoding.DecodeString(token)
	if err != nil || len(b) != 2+8+8+macLength {
		return DeliveryKey{}, ErrToken
	}
	d := DeliveryKey{
		SubscriberID: int64(binary.BigEndian.Uint64(b[2:])),
		ID:           int64(binary.BigEndian.Uint64(b[10:])),
	}
	for _, ring := range k.rings {
		if hmac.Equal([]byte(token), []byte(ring.sign(p, d))) {
			return d, nil
		}
	}
	return DeliveryKey{}, ErrToken
}

// Tokens of a delivery, as its letter carries them.
func (s *Store) ConfirmToken(d DeliveryKey) string     { return s.keys.token(toConfirm, d) }
func (s *Store) UnsubscribeToken(d DeliveryKey) string { return s.keys.token(toUnsubscribe, d) }
func (s *Store) LoginToken(d DeliveryKey) string       { return s.keys.token(toLogIn, d) }
func (s *Store) QuestionToken(d DeliveryKey) string    { return s.keys.token(toRead, d) }
func (s *Store) BounceToken(d DeliveryKey) string      { return s.keys.token(toBounce, d) }
func (s *Store) MessageToken(d DeliveryKey) string     { return s.keys.token(toIdentify, d) }

// LoginCode is the code of a login letter, for a person whose mail is not in the
// browser to be signed in: six digits. It is worth little without that browser.
func (s *Store) LoginCode(d DeliveryKey) string { return s.keys.rings[0].code(d) }

func (r ring) code(d DeliveryKey) string {
	sum := mac(r.token, []byte("code"), binary.BigEndian.AppendUint64(nil, uint64(d.SubscriberID)), binary.BigEndian.AppendUint64(nil, uint64(d.ID)))
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(sum)%1_000_000)
}

// PassLife is how long an article stays open to a browser that has signed up
// and not yet confirmed.
const PassLife = 7 * 24 * time.Hour

// Pass returns the value of the cookie that opens one article until a moment.
// It holds these two and a keyed hash, and so is the same for every address.
func (s *Store) Pass(article string, until time.Time) string {
	plain := article + "." + strconv.FormatInt(until.Unix(), 10)
	return plain + "." + s.keys.rings[0].seal(plain)
}

// OpenPass returns the article that a pass opens at now.
func (s *Store) OpenPass(value string, now time.Time) (article string, ok bool) {
	cut := strings.LastIndexByte(value, '.')
	if cut < 0 {
		return "", false
	}
	plain, sum := value[:cut], value[cut+1:]
	article, expiry, _ := strings.Cut(plain, ".")
	until, err := strconv.ParseInt(expiry, 10, 64)
	if err != nil || now.Unix() >= until {
		return "", false
	}
	for _, ring := range s.keys.rings {
		if hmac.Equal([]byte(sum), []byte(ring.seal(plain))) {
			return article, true
		}
	}
	return "", false
}

func (r ring) seal(pass string) string {
	return encoding.EncodeToString(mac(r.pass, []byte(pass))[:macLength])
}

// FormStamp returns when a form was shown, for a hidden field of it: the moment
// and a keyed hash, and so the same for everybody.
func (s *Store) FormStamp(now time.Time) string {
	shown := strconv.FormatInt(now.UnixMilli(), 10)
	return shown + "." + s.keys.rings[0].stamp(shown)
}

// FormAge returns how long ago a form was shown. A stamp that is not ours is not ok.
func (s *Store) FormAge(stamp string, now time.Time) (age time.Duration, ok bool) {
	shown, sum, _ := strings.Cut(stamp, ".")
	at, err := strconv.ParseInt(shown, 10, 64)
	if err != nil {
		return 0, false
	}
	for _, ring := range s.keys.rings {
		if hmac.Equal([]byte(sum), []byte(ring.stamp(shown))) {
			return now.Sub(time.UnixMilli(at)), true
		}
	}
	return 0, false
}

// stamp differs from seal in what is hashed first, and no pass lacks a point: a
// stamp opens no article.
func (r ring) stamp(shown string) string {
	return encoding.EncodeToString(mac(r.pass, []byte("form "), []byte(shown))[:macLength])
}

// Links are the addresses that letters carry and the web answers.
type Links struct{ Base string }

func (l Links) Confirm(token string) string     { return l.Base + "/bekrafta/" + token }
func (l Links) Unsubscribe(token string) string { return l.Base + "/avsluta/" + token }
func (l Links) Login(token string) string       { return l.Base + "/logga-in/" + token }
func (l Links) Question(token string) string    { return l.Base + "/min-fraga/" + token }
func (l Links) Privacy() string                 { return l.Base + "/integritet" }

// Letter is where anybody may read a lesson, on the web.
func (l Links) Letter(course, lesson string) string {
	return l.Base + "/brev/" + course + "/" + lesson
}
