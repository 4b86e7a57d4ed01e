package course

import (
	"context"
	"fmt"
	"time"
)

// Profile is what is held about one subscriber, as `subscribers show` tells it.
type Profile struct {
	ID           int64      `json:"-" db:"id"`
	Email        string     `json:"email" db:"email"`
	Name         string     `json:"name" db:"name"`
	Kind         string     `json:"kind" db:"kind"`
	State        string     `json:"state" db:"state"`
	Suppressed   *string    `json:"suppressed" db:"suppressed"`
	SuppressedAt *time.Time `json:"suppressed_at" db:"suppressed_at"`
	Newsletter   bool       `json:"newsletter" db:"newsletter"`
	CreatedAt    time.Time  `json:"created_at" db:"created_at"`
	ConfirmedAt  *time.Time `json:"confirmed_at" db:"confirmed_at"`
	VouchedAt    *time.Time `json:"vouched_at" db:"vouched_at"` // what bounced before counts no more

	Enrolments []Enrolment `json:"enrolments" db:"-"`
	Deliveries []Delivery  `json:"deliveries" db:"-"`
}

// Enrolment is a subscriber's place in a course.
type Enrolment struct {
	Course    string     `json:"course" db:"course"`
	State     string     `json:"state" db:"state"`
	Position  int        `json:"position" db:"position"` // lessons behind the reader
	NextDueAt *time.Time `json:"next_due_at" db:"next_due_at"`
	StartedAt time.Time  `json:"started_at" db:"started_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty" db:"ended_at"`
}

// Delivery is one letter to a subscriber and what became of it.
type Delivery struct {
	ID        int64      `json:"-" db:"id"`
	Letter    string     `json:"letter" db:"letter"`
	Copy      int        `json:"copy" db:"copy"`
	State     string     `json:"state" db:"state"`
	PlannedAt time.Time  `json:"planned_at" db:"planned_at"`
	DueAt     time.Time  `json:"due_at" db:"due_at"`
	ReadyAt   *time.Time `json:"ready_at,omitempty" db:"ready_at"`
	DatedAt   *time.Time `json:"dated_at,omitempty" db:"dated_at"`
	MarkedAt  *time.Time `json:"marked_at,omitempty" db:"marked_at"`
	SettledAt *time.Time `json:"settled_at" db:"settled_at"`
	Attempts  int        `json:"attempts" db:"attempt"`
	Doubts    int        `json:"doubts" db:"doubts"`   // copies whose reply was never heard
	Repeats   int        `json:"repeats" db:"repeats"` // copies sent because of that
	Relay     string     `json:"relay,omitempty" db:"relay"`
	QueueID   string     `json:"queue_id,omitempty" db:"queue_id"`
	Reply     string     `json:"reply,omitempty" db:"reply"`
	Reason    string     `json:"reason,omitempty" db:"reason"`
	Held      bool       `json:"held" db:"held"` // by a hold or a pause

	Returned []Returned `json:"returned,omitempty" db:"-"` // what came back of it
}

// Returned is a mail that came back of a letter, or its refusal by the relay.
type Returned struct {
	DeliveryID int64        `json:"-" db:"delivery_id"`
	At         time.Time    `json:"at" db:"at"`
	Via        string       `json:"via" db:"via"`
	Kind       ReturnedKind `json:"kind" db:"kind"`
	Judged     Judgement    `json:"judged" db:"judged"`
	Enhanced   string       `json:"enhanced" db:"enhanced"`
	Code       int          `json:"code" db:"code"`
	Diagnostic string       `json:"diagnostic" db:"diagnostic"`
}

// Show returns what is held about an address. Errors: ErrAddress, ErrUnknown.
func (s *Store) Show(ctx context.Context, email string) (Profile, error) {
	id, err := s.find(ctx, s.db, email)
	if err != nil {
		return Profile{}, fmt.Errorf("show %s: %w", email, away(err))
	}
	p := Profile{Enrolments: []Enrolment{}, Deliveries: []Delivery{}}
	err = s.db.GetContext(ctx, &p, `
		select s.id, coalesce(s.email, '') as email, s.name, s.kind, s.state, a.suppressed, a.suppressed_at, a.vouched_at, s.newsletter, s.created_at, s.confirmed_at
		from subscribers s
		left join addresses a on a.subscriber_id = s.id
		where s.id = $1`, id)
	if err == nil {
		err = s.db.SelectContext(ctx, &p.Enrolments, `
			select course, state, position, next_due_at, started_at, ended_at
			from enrolments
			where subscriber_id = $1
			order by course`, id)
	}
	if err == nil {
		err = s.db.SelectContext(ctx, &p.Deliveries, `
			select id, letter, copy, state, planned_at, due_at, nullif(ready_at, $2) as ready_at,
			       exists (select from holds where scope in ('everything', 'pause', letter)) as held, dated_at, marked_at, settled_at, attempt, doubts, repeats,
			       coalesce(relay, '') as relay, coalesce(queue_id, '') as queue_id,
			       coalesce(reply, '') as reply, coalesce(reason, '') as reason
			from deliveries
			where subscriber_id = $1
			order by due_at, planned_at, letter, copy`, id, atRest)
	}
	if err == nil {
		err = s.readReturns(ctx, &p)
	}
	if err != nil {
		return p, fmt.Errorf("show %s: %w", email, away(err))
	}
	for i, e := range p.Enrolments {
		if s.over(e) {
			p.Enrolments[i].NextDueAt = nil
		}
	}
	return p, nil
}

// readReturns puts what came back beside its letter.
func (s *Store) readReturns(ctx context.Context, p *Profile) error {
	var returns []Returned
	err := s.db.SelectContext(ctx, &returns, `
		select delivery_id, at, via, kind, judged, enhanced, code, diagnostic
		from returns
		where subscriber_id = $1
		order by at, hash`, p.ID)
	for _, r := range returns {
		for i := range p.Deliveries {
			if d := &p.Deliveries[i]; d.ID == r.DeliveryID {
				d.Returned = append(d.Returned, r)
			}
		}
	}
	return err
}

// over says whether nothing more comes from an enrolment by itself.
func (s *Store) over(e Enrolment) bool {
	c, ok := s.Course(e.Course)
	return e.State == "left" || e.State == "finished" || ok && e.Position >= len(c.Lessons)
}

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
	Raw    string    `json:"raw" db:"raw"`
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
	d := Dossier{Profile: profile, Consents: []Consent{}, Attempts: []Attempt{}, Requests: []Request{}, Evidence: []Evidence{}, Sessions: []Session{}, AskedAt: []string{}, LoginAt: []string{}, Waiting: []Waiting{}, Logins: []AskedIn{}, Questions: []Question{}}
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
	} {
		if err := s.db.SelectContext(ctx, part.into, part.query, profile.ID); err != nil {
			return d, fmt.Errorf("export %s: %w", email, away(err))
		}
	}
	return d, nil
}
