// Package relaytest is a mail relay on loopback whose every answer a test decides, and which
// remembers, octet for octet, what it took: the truth that a sender's own books are held
// against.
//
// Start with New, and with Action for what can go wrong. The relay is strict: commands in
// their order, no word before its turn, one recipient a letter, CRLF everywhere, and a letter
// whose connection closes before its dot has never been. It also reads what it takes, and a
// letter that no provider should be sent fails the test: see WithoutLint.
package relaytest

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Stage is a moment at which the relay speaks.
type Stage string

const (
	Connect  Stage = "connect" // the greeting
	Hello    Stage = "EHLO"
	StartTLS Stage = "STARTTLS"
	Auth     Stage = "AUTH" // the command, and each line of the dialogue after a 334
	Mail     Stage = "MAIL"
	Rcpt     Stage = "RCPT"
	Data     Stage = "DATA"
	Body     Stage = "body" // the first line of a letter has come; a Reply here is sent out of turn
	Dot      Stage = "dot"
	Reset    Stage = "RSET"
	Quit     Stage = "QUIT"
)

// An Event is what the relay is about to answer.
type Event struct {
	Stage    Stage
	Line     string // the command, without its line end
	From, To string // of the letter under way, as far as known
	Conn     int    // which connection, from 1
	N        int    // how many events of this Stage there have been on the server, from 1
}

// An Action is what the relay does about an Event. The zero Action is to go on as a relay
// does that has nothing to complain of.
type Action struct {
	Reply string          // one or more lines, sent as they are; the last CRLF may be left out
	Delay time.Duration   // before the reply
	Hold  <-chan struct{} // before the reply, until this is closed
	Drip  time.Duration   // between the octets of the reply
	Hang  bool            // never reply, and keep the connection open
	Drop  bool            // after the Reply, or with a reset instead of one, close the connection
}

// A Letter is one that the relay has taken.
type Letter struct {
	From, To string
	Bytes    []byte // as sent, without the doubling of dots
	Conn     int
}

// A Server is a running relay. It stops with its test.
type Server struct {
	behave   func(Event) Action
	listener net.Listener
	security security
	stopped  chan struct{}
	running  sync.WaitGroup
	stepwise atomic.Bool
	unread   atomic.Bool
	test     testing.TB

	script sync.Mutex // held while behave is asked, and for the counts
	events map[Stage]int

	mu       sync.Mutex
	open     map[net.Conn]bool
	conns    int
	accepted []Letter
	received []Letter
	changed  chan struct{} // closed, and made anew, with every change of the above
}

type security int

const (
	plain security = iota
	startTLS
	wholeTLS
)

// New starts a relay without TLS. behave, which may be nil, is asked one event at a time, so
// it may keep its state in plain variables; it must not wait.
func New(t testing.TB, behave func(Event) Action) *Server { return start(t, plain, behave) }

// NewStartTLS starts a relay that offers STARTTLS, with a certificate for 127.0.0.1 by Roots.
func NewStartTLS(t testing.TB, behave func(Event) Action) *Server { return start(t, startTLS, behave) }

// NewTLS starts a relay that speaks TLS from the first octet.
func NewTLS(t testing.TB, behave func(Event) Action) *Server { return start(t, wholeTLS, behave) }

func start(t testing.TB, security security, behave func(Event) Action) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start a relay: %v", err)
	}
	s := &Server{
		behave:   behave,
		listener: listener,
		security: security,
		test:     t,
		stopped:  make(chan struct{}),
		events:   map[Stage]int{},
		open:     map[net.Conn]bool{},
		changed:  make(chan struct{}),
	}
	s.running.Go(s.listen)
	t.Cleanup(s.stop)
	return s
}

// WithoutPipelining makes it a relay that does not offer PIPELINING, which it otherwise does,
// and that hangs up on whoever does not wait for each reply.
func (s *Server) WithoutPipelining() *Server {
	s.stepwise.Store(true)
	return s
}

// WithoutLint makes it a relay that takes whatever comes. Otherwise the test fails with every
// letter that mailer.LintForm has something against: this is how every letter of every test
// is held against the rules.
func (s *Server) WithoutLint() *Server {
	s.unread.Store(true)
	return s
}

// URL is the relay's address, as SMTP_URL takes it.
func (s *Server) URL() string {
	switch s.security {
	case plain:
		return "smtp://" + s.Addr() + "?tls=none"
	case wholeTLS:
		return "smtps://" + s.Addr()
	}
	return "smtp://" + s.Addr()
}

// Addr is the relay's host and port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Roots vouch for the relay's certificate.
func (s *Server) Roots() *x509.CertPool { return certificate().roots }

// Accepted are the letters whose dot was answered with a 2xx, in that order.
func (s *Server) Accepted() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.accepted)
}

// Received are the letters whose dot arrived and was not answered with a refusal, in the
// order of their dots: the accepted ones, and those whose sender never learnt of it.
func (s *Server) Received() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received)
}

// Wait returns once n letters have been accepted, or with the error of ctx.
func (s *Server) Wait(ctx context.Context, n int) error {
	return s.until(ctx, func() bool { return len(s.accepted) >= n })
}

// WaitIdle returns once no connection is open: nothing can arrive any more.
func (s *Server) WaitIdle(ctx context.Context) error {
	return s.until(ctx, func() bool { return len(s.open) == 0 })
}

func (s *Server) until(ctx context.Context, good func() bool) error {
	for {
		s.mu.Lock()
		done, changed := good(), s.changed
		s.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// change changes the books, and wakes those who wait.
func (s *Server) change(books func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	books()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) listen() {
	for {
		socket, err := s.listener.Accept()
		if err != nil {
			return
		}
		var number int
		s.change(func() {
			s.conns++
			number = s.conns
			s.open[socket] = true
		})
		s.running.Go(func() {
			s.serve(socket, number)
			socket.Close()
			s.change(func() { delete(s.open, socket) })
		})
	}
}

func (s *Server) serve(socket net.Conn, number int) {
	select {
	case <-s.stopped:
		return
	default:
	}
	c := &session{server: s, socket: socket, conn: socket, number: number}
	if s.security == wholeTLS {
		c.conn = tls.Server(socket, certificate().config)
	}
	c.in = bufio.NewReader(c.conn)
	c.serve()
}

func (s *Server) stop() {
	close(s.stopped)
	s.listener.Close()
	s.mu.Lock()
	for conn := range s.open {
		conn.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// ask counts an event and asks the script about it.
func (s *Server) ask(e Event) Action {
	s.script.Lock()
	defer s.script.Unlock()
	s.events[e.Stage]++
	e.N = s.events[e.Stage]
	if s.behave == nil {
		return Action{}
	}
	return s.behave(e)
}
