package demo

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	inboxKeeps      = 2000
	letterBytes     = 5 << 20
	smtpPatience    = time.Minute
	letterReceivers = 100
)

// A Letter is what one SMTP transaction brought.
type Letter struct {
	From     string   // envelope sender
	To       []string // envelope recipients
	Received time.Time
	Raw      []byte // as it came, after dot-unstuffing
}

// An Inbox is an SMTP server (RFC 5321) that takes every letter, keeps the
// newest 2,000 in memory and delivers none; and a page that shows them. It asks
// nobody who they are: listen on loopback only.
type Inbox struct {
	smtp    *smtp.Server
	page    http.Handler
	closing sync.Once
	closed  chan struct{}

	mu      sync.Mutex
	letters []arrival
	count   int           // all that ever arrived
	changed chan struct{} // closed at the next arrival
}

// An arrival is a letter with what the list shows of it. Numbers count from 1
// and are never used again.
type arrival struct {
	Letter
	Number  int
	Subject string
}

// NewInbox makes an inbox; run its SMTP side with Serve, and its page as an
// http.Handler.
func NewInbox() *Inbox {
	in := &Inbox{changed: make(chan struct{}), closed: make(chan struct{})}
	in.page = in.routes()
	in.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{inbox: in}, nil
	}))
	in.smtp.Domain = "localhost"
	in.smtp.MaxMessageBytes = letterBytes
	in.smtp.MaxRecipients = letterReceivers
	in.smtp.ReadTimeout = smtpPatience
	in.smtp.WriteTimeout = smtpPatience
	in.smtp.EnableSMTPUTF8 = true
	return in
}

// Serve takes letters until Close, and then returns nil; also if that came first.
func (in *Inbox) Serve(l net.Listener) error {
	go func() {
		<-in.closed
		l.Close() // which the library does only if it served by then
	}()
	err := in.smtp.Serve(l)
	if errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

// Close stops taking letters; those that arrived can still be read.
func (in *Inbox) Close() error {
	var err error
	in.closing.Do(func() {
		err = in.smtp.Close()
		close(in.closed)
	})
	return err
}

// Letters returns what arrived, in order of arrival.
func (in *Inbox) Letters() []Letter {
	letters, _ := in.look()
	return letters
}

// Wait returns when enough says so of the letters that have arrived; it is asked
// now and after every arrival. With the context it gives up.
func (in *Inbox) Wait(ctx context.Context, enough func([]Letter) bool) error {
	for {
		letters, changed := in.look()
		if enough(letters) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (in *Inbox) look() ([]Letter, <-chan struct{}) {
	in.mu.Lock()
	defer in.mu.Unlock()
	letters := make([]Letter, len(in.letters))
	for i, a := range in.letters {
		letters[i] = a.Letter
	}
	return letters, in.changed
}

func (in *Inbox) keep(letter Letter) {
	subject := subjectOf(letter.Raw)

	in.mu.Lock()
	defer in.mu.Unlock()
	in.count++
	in.letters = append(in.letters, arrival{Letter: letter, Number: in.count, Subject: subject})
	if extra := len(in.letters) - inboxKeeps; extra > 0 {
		in.letters = slices.Delete(in.letters, 0, extra)
	}
	close(in.changed)
	in.changed = make(chan struct{})
}

// newestTo returns the letters to an address, or all of them if it is empty,
// newest first.
func (in *Inbox) newestTo(address string) []arrival {
	in.mu.Lock()
	defer in.mu.Unlock()
	var list []arrival
	for _, a := range slices.Backward(in.letters) {
		if address == "" || slices.ContainsFunc(a.To, func(to string) bool { return strings.EqualFold(to, address) }) {
			list = append(list, a)
		}
	}
	return list
}

func (in *Inbox) letter(number int) (arrival, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	i := slices.IndexFunc(in.letters, func(a arrival) bool { return a.Number == number })
	if i < 0 {
		return arrival{}, false
	}
	return in.letters[i], true
}

// A session is one SMTP connection.
type session struct {
	inbox *Inbox
	from  string
	to    []string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.inbox.keep(Letter{From: s.from, To: s.to, Received: time.Now(), Raw: raw})
	return nil
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }
