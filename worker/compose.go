package worker

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fortsatt/course"
	"fortsatt/lessons"
	"fortsatt/mailer"
)

// letter is a delivery as it travels.
type letter struct {
	envelope mailer.Envelope
	bytes    []byte
}

// testMark opens the subject of a letter that an admin asked for as a test.
const testMark = "[Prov] "

// compose makes the bytes of a delivery, in a buffer that may hold an older one.
// The same row gives the same bytes: all that goes in is the row, the version it
// names, and the settings. A panic is the fault of this letter alone.
func (w *Worker) compose(ctx context.Context, c course.Claimed, buffer []byte) (composed letter, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("compose %s: panic: %v", c.Letter, fault)
		}
	}()
	text, err := w.texts.find(ctx, w.Store, c.Version)
	if err != nil {
		return letter{}, fmt.Errorf("compose %s: %w", c.Letter, err)
	}
	kind, isTest := strings.CutPrefix(c.Letter, "test:")
	kind, rest, _ := strings.Cut(kind, ":")
	m := mailer.Message{
		From: w.From, ReplyTo: w.ReplyTo, To: mail.Address{Address: c.Email},
		MessageID: w.Store.MessageToken(c.DeliveryKey) + "@" + domain(w.From.Address),
		Signer:    w.Signer,
		Postmark:  w.Postmark,
	}
	var fields lessons.Fields
	var zone *time.Location
	if kind == "lesson" {
		id, _, _ := strings.Cut(rest, "/")
		zone = w.zone(id)
		fields = w.lessonFields(c, id, text.Letter)
		m.List = &mailer.List{ID: id + "." + domain(w.From.Address), Name: w.title(id), Unsubscribe: fields.UnsubscribeURL}
	} else {
		zone = w.zone("")
		fields = w.serviceFields(c, kind, zone)
	}
	fields.PrivacyURL = w.Links.Privacy()
	filled := text.Fill(fields)
	m.Subject, m.Text, m.HTML = filled.Subject, filled.Text, filled.HTML
	if isTest {
		m.Subject = testMark + m.Subject
	}
	m.Date = c.DatedAt.In(zone)
	composed.envelope = mailer.Envelope{From: w.Store.BounceToken(c.DeliveryKey) + "@" + w.BounceDomain, To: c.Email}
	if composed.bytes, err = m.Append(buffer[:0]); err != nil {
		return letter{}, err
	}
	return composed, w.lint(composed, text, w.rules(m, composed.envelope, c, text), fields)
}

func (w *Worker) lessonFields(c course.Claimed, courseID string, text *lessons.Letter) lessons.Fields {
	return lessons.Fields{
		Name:           c.Name,
		NextDate:       w.nextDate(courseID, text, c.DatedAt),
		WebURL:         w.Links.Letter(courseID, text.ID),
		UnsubscribeURL: w.Links.Unsubscribe(w.Store.UnsubscribeToken(c.DeliveryKey)),
	}
}

// serviceFields are those of a letter that answers what a person did. A confirm or
// login letter greets nobody by name: anyone may have typed the address.
func (w *Worker) serviceFields(c course.Claimed, kind string, zone *time.Location) lessons.Fields {
	f := lessons.Fields{AskedAt: lessons.DateAndTime(c.PlannedAt.In(zone))}
	switch kind {
	case "confirm":
		f.ConfirmURL = w.Links.Confirm(w.Store.ConfirmToken(c.DeliveryKey))
	case "login":
		f.LoginURL = w.Links.Login(w.Store.LoginToken(c.DeliveryKey))
		f.Code = w.Store.LoginCode(c.DeliveryKey)
	default:
		f.Name = c.Name
		f.QuestionURL = w.Links.Question(w.Store.QuestionToken(c.DeliveryKey))
	}
	return f
}

// nextDate says when the letter after one dated at comes, "" after the last.
func (w *Worker) nextDate(courseID string, text *lessons.Letter, dated time.Time) string {
	c, ok := w.Store.Course(courseID)
	if !ok || text.Week >= text.Weeks {
		return ""
	}
	return lessons.Date(c.Rhythm.Next(dated).In(c.Rhythm.Zone))
}

// zone is where a course's readers are; UTC for one that is gone.
func (w *Worker) zone(courseID string) *time.Location {
	if c, ok := w.Store.Course(courseID); ok {
		return c.Rhythm.Zone
	}
	return time.UTC
}

// title is what a course is called; its id for one that is gone.
func (w *Worker) title(courseID string) string {
	if c, ok := w.Store.Course(courseID); ok {
		return c.Title
	}
	return courseID
}

func domain(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}

// A prepared letter is compiled, and what all its readers get is encoded for
// the wire.
type prepared = lessons.Prepared[mailer.Piece]

// A version is one that letters are made of.
type version struct {
	*prepared
	linted atomic.Bool // a letter of it was read in full, and is clean
}

// texts keeps versions ready, by their hash.
type texts struct {
	mu     sync.Mutex
	byHash map[string]*version
}

func (t *texts) find(ctx context.Context, store *course.Store, hash []byte) (*version, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if text, ok := t.byHash[string(hash)]; ok {
		return text, nil
	}
	stored, err := store.Version(ctx, hash)
	if err != nil {
		return nil, err
	}
	letter, err := lessons.Compile(stored.Source, stored.Layout)
	if err != nil {
		return nil, err
	}
	if t.byHash == nil {
		t.byHash = map[string]*version{}
	}
	text := &version{prepared: lessons.Prepare(letter, mailer.Encode)}
	t.byHash[string(hash)] = text
	return text, nil
}
