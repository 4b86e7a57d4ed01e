package course

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Dossier is everything held about a person, for their right of access
// (GDPR art. 15).
type Dossier struct {
	Profile
	Consents []Consent  `json:"consents"`
	Attempts []Attempt  `json:"attempts"`
	Requests []Request  `json:"requests"`
	Evidence []Evidence `json:"returned_mail"`
	Sessions []Session  `json:"sessions"`
	AskedAt  []string   `json:"confirm_letters_asked_for"`
	LoginAt  []string   `json:"login_letters_asked_for"`
	Waiting  []Waiting  `json:"sign_ups_waiting"`
	Logins   []AskedIn  `json:"logins"`
	Before   []Consent  `json:"agreed_to_before_erasure"` // by whoever had the address then

	Questions []Question `json:"questions"`
}

// Waiting is a sign-up, or a request to be let in, that was not carried out yet.
type Waiting struct {
	At                time.Time `json:"at" db:"at"`
	Email             string    `json:"email" db:"email"`
	Login             bool      `json:"login" db:"login"`
	Newsletter        bool      `json:"newsletter" db:"newsletter"`
	Article           string    `json:"article" db:"article"`
	Form              string    `json:"form" db:"form"`
	IP                string    `json:"ip" db:"ip"`
	Access            string    `json:"wording" db:"access"`
	NewsletterWording string    `json:"newsletter_wording" db:"newsletter_wording"`
	Browser           string    `json:"browser" db:"browser"` // hash
	Fault             string    `json:"fault" db:"fault"`
}

// AskedIn is a browser's request to be let in.
type AskedIn struct {
	At      time.Time  `json:"at" db:"at"`
	Browser string     `json:"browser" db:"browser"` // hash
	Article string     `json:"article" db:"article"`
	Tries   int        `json:"codes_typed" db:"tries"`
	UsedAt  *time.Time `json:"used_at" db:"used_at"`
}

// Consent is one piece of evidence of what was agreed to or withdrawn.
type Consent struct {
	Purpose string    `json:"purpose" db:"purpose"`
	Event   string    `json:"event" db:"event"`
	At      time.Time `json:"at" db:"at"`
	Method  string    `json:"method" db:"method"`
	Wording string    `json:"wording" db:"wording"`
	Form    string    `json:"form" db:"form"`
	Article string    `json:"article" db:"article"`
	IP      string    `json:"ip" db:"ip"`
}

// Attempt is one try at a delivery.
type Attempt struct {
	Letter   string     `json:"letter" db:"letter"`
	Copy     int        `json:"copy" db:"copy"`
	Attempt  int        `json:"attempt" db:"attempt"`
	MarkedAt *time.Time `json:"marked_at" db:"marked_at"`
	EndedAt  time.Time  `json:"ended_at" db:"ended_at"`
	Outcome  string     `json:"outcome" db:"outcome"`
	Relay    string     `json:"relay" db:"relay"`
	Stage    string     `json:"stage" db:"stage"`
	Code     int        `json:"code" db:"code"`
	Enhanced string     `json:"enhanced" db:"enhanced"`
	Reply    string     `json:"reply" db:"reply"`
}

// Request is a letter that was asked for outside the course's own pace.
type Request struct {
	Letter      string    `json:"letter" db:"letter"`
	Copy        int       `json:"copy" db:"copy"`
	Reason      string    `json:"reason" db:"reason"`
	RequestedAt time.Time `json:"requested_at" db:"requested_at"`
}

// Evidence is a mail that came back, as it came, as long as it is kept.
type Evidence struct {
	Letter string    `json:"letter" db:"letter"`
	At     time.Time `json:"at" db:"at"`
	Raw    Octets    `json:"raw" db:"raw"`
}

// Octets are told as the text that they are, or else in base64.
type Octets []byte

// MarshalJSON loses no octet.
func (o Octets) MarshalJSON() ([]byte, error) {
	if utf8.Valid(o) {
		return json.Marshal(string(o))
	}
	return json.Marshal(map[string][]byte{"base64": o})
}

// Session is one browser's being signed in.
type Session struct {
	CreatedAt time.Time `json:"created_at" db:"created_at"`
	ExpiresAt time.Time `json:"expires_at" db:"expires_at"`
}

// Dossier collects everything held about an address. Errors: ErrAddress, ErrUnknown.
func (s *Store) Dossier(ctx context.Context, email string) (Dossier, error) {
	profile, err := s.Show(ctx, email)
	if err != nil {
		return Dossier{}, err
	}
	d := Dossier{Profile: profile, Consents: []Consent{}, Attempts: []Attempt{}, Requests: []Request{}, Evidence: []Evidence{}, Sessions: []Session{}, AskedAt: []string{}, LoginAt: []string{}, Waiting: []Waiting{}, Logins: []AskedIn{}, Before: []Consent{}, Questions: []Question{}}
	for _, part := range []struct {
		into  any
		query string
	}{
		{&d.Consents, `
			select purpose, event, at, method, coalesce(w.text, '') as wording, form, article, coalesce(text(ip), '') as ip
			from consents
			left join wordings w on w.hash = wording
			where subscriber_id = $1
			order by id`},
		{&d.Attempts, `
			select d.letter, d.copy, a.attempt, a.marked_at, a.ended_at, a.outcome, a.relay, a.stage, a.code, a.enhanced, a.reply
			from attempts a
			join deliveries d on d.subscriber_id = a.subscriber_id and d.id = a.delivery_id
			where a.subscriber_id = $1
			union all
			select letter, copy, attempt, marked_at, settled_at, state, relay, 'dot', 250, '', reply
			from deliveries d
			where subscriber_id = $1 and state = 'accepted' and not exists (
				select from attempts a
				where (a.subscriber_id, a.delivery_id, a.attempt) = (d.subscriber_id, d.id, d.attempt))
			order by ended_at, attempt`},
		{&d.Requests, `
			select letter, copy, reason, requested_at
			from requests
			where subscriber_id = $1
			order by requested_at, letter, copy`},
		{&d.Evidence, `
			select d.letter, r.at, r.raw
			from returns r
			join deliveries d on d.subscriber_id = r.subscriber_id and d.id = r.delivery_id
			where r.subscriber_id = $1 and r.raw is not null
			order by r.at, r.hash`},
		{&d.Sessions, `
			select created_at, expires_at
			from sessions
			where subscriber_id = $1
			order by created_at`},
		{&d.AskedAt, `
			select to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
			from addresses, unnest(asked_at) t
			where subscriber_id = $1
			order by t`},
		{&d.LoginAt, `
			select to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
			from addresses, unnest(login_asked_at) t
			where subscriber_id = $1
			order by t`},
		{&d.Waiting, `
			select at, email, login, newsletter, article, form, coalesce(text(ip), '') as ip,
			       coalesce((select text from wordings where hash = access), '') as access,
			       coalesce((select text from wordings where hash = newsletter_wording), '') as newsletter_wording,
			       coalesce(encode(browser, 'hex'), '') as browser, coalesce(fault, '') as fault
			from signups
			where email = (select email from subscribers where id = $1)
			order by signups.id`},
		{&d.Logins, `
			select at, encode(browser, 'hex') as browser, article, tries, used_at
			from logins
			where subscriber_id = $1
			order by at`},
		{&d.Questions, `
			select ` + questionColumns + `
			from questions q
			where subscriber_id = $1
			order by number`},
		{&d.Before, `
			select c.purpose, c.event, c.at, '' as method, coalesce(w.text, '') as wording, '' as form, '' as article, '' as ip
			from erased_consents c
			join addresses a on a.address_hash = c.address_hash
			left join wordings w on w.hash = c.wording
			where a.subscriber_id = $1
			order by c.id`},
	} {
		if err := s.db.SelectContext(ctx, part.into, part.query, profile.ID); err != nil {
			return d, fmt.Errorf("export %s: %w", email, away(err))
		}
	}
	return d, nil
}
