package main

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// A sink takes every letter and remembers only whom it was to. It reads what is
// there, and answers all of it in one write, a fixed time later: as a relay does
// that is far away, which Postfix's sink cannot play.
type sink struct {
	listener net.Listener
	away     time.Duration

	mu          sync.Mutex
	letters     map[string]int // by recipient
	total       int
	bytes       int64
	first, last time.Time // of all envelopes, and of all dots
}

func openSink(t testing.TB, away time.Duration) *sink {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{listener: listener, away: away, letters: map[string]int{}}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *sink) addr() string { return s.listener.Addr().String() }

// size is how long a letter was on average.
func (s *sink) size() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return float64(s.bytes) / float64(s.total)
}

// rate is how many letters came a second, of which there must have been n.
func (s *sink) rate(b *testing.B, n int) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.total != n {
		b.Fatalf("the relay got %d letters, want %d", s.total, n)
	}
	return float64(n) / s.last.Sub(s.first).Seconds()
}

// eachOnce checks that every reader was sent one letter.
func (s *sink) eachOnce(b *testing.B, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range n {
		if got := s.letters[reader(i)]; got != 1 {
			b.Errorf("%s got %d letters, want 1", reader(i), got)
		}
	}
}

// answer is what is to be said, and when.
type answer struct {
	text string
	at   time.Time
}

func (s *sink) serve(conn net.Conn) {
	answers := make(chan answer, 100)
	defer close(answers)
	go func() {
		defer conn.Close()
		for a := range answers {
			time.Sleep(time.Until(a.at))
			if _, err := conn.Write([]byte(a.text)); err != nil {
				break
			}
		}
		for range answers { // nobody hears them
		}
	}()
	answers <- answer{"220 sink ESMTP\r\n", time.Now().Add(s.away)}
	d := &dialogue{sink: s}
	piece := make([]byte, 64<<10)
	for {
		n, err := conn.Read(piece)
		if text := d.take(piece[:n]); text != "" {
			answers <- answer{text, time.Now().Add(s.away)}
		}
		if err != nil {
			return
		}
	}
}

// A dialogue is what one connection has said so far.
type dialogue struct {
	*sink
	unread []byte
	to     string
	data   bool // a letter is under way
	length int  // of it
}

var dot = []byte("\r\n.\r\n")

// take reads a piece, however it was cut, and returns what is to be answered.
func (d *dialogue) take(piece []byte) string {
	d.unread = append(d.unread, piece...)
	var answers strings.Builder
	for {
		end, next := dot, (*dialogue).ended
		if !d.data {
			end, next = dot[:2], (*dialogue).command
		}
		at := bytes.Index(d.unread, end)
		if at < 0 {
			break
		}
		answers.WriteString(next(d, d.unread[:at]))
		d.unread = d.unread[at+len(end):]
	}
	if seen := len(d.unread) - len(dot); d.data && seen > 0 { // what cannot be part of a dot
		d.length += seen
		d.unread = d.unread[seen:]
	}
	d.unread = append([]byte(nil), d.unread...)
	return answers.String()
}

func (d *dialogue) ended(rest []byte) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.letters[d.to]++
	d.total++
	d.bytes += int64(d.length + len(rest) + len(dot))
	d.last = time.Now()
	d.data, d.length = false, 0
	return "250 2.0.0 Ok: queued as BENCH\r\n"
}

func (d *dialogue) command(line []byte) string {
	verb, argument, _ := strings.Cut(string(line), ":")
	switch strings.ToUpper(verb[:min(len(verb), 4)]) {
	case "EHLO":
		return "250-sink\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n"
	case "MAIL":
		d.begin()
	case "RCPT":
		_, address, _ := strings.Cut(argument, "<")
		d.to, _, _ = strings.Cut(address, ">")
	case "DATA":
		d.data = true
		return "354 Go ahead\r\n"
	case "QUIT":
		return "221 2.0.0 Bye\r\n"
	}
	return "250 2.0.0 Ok\r\n"
}

func (d *dialogue) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.first.IsZero() {
		d.first = time.Now()
	}
}

// Three letters in one breath are three, wherever the network cuts them, and a dot
// that is part of a line ends nothing.
func TestSinkCountsLettersHoweverTheyAreCut(t *testing.T) {
	t.Parallel()
	said := "MAIL FROM:<brev@example.se>\r\nRCPT TO:<anna@example.se>\r\nDATA\r\nHej.\r\n..\r\n.x\r\n\r\n.\r\n" +
		"MAIL FROM:<brev@example.se>\r\nRCPT TO:<bo@example.se>\r\nDATA\r\nHej då\r\n.\r\n" +
		"MAIL FROM:<brev@example.se>\r\nRCPT TO:<anna@example.se>\r\nDATA\r\nHej igen\r\n.\r\nQUIT\r\n"
	want := "250,250,354,250,250,250,354,250,250,250,354,250,221"
	for size := 1; size <= len(said); size++ {
		s := &sink{letters: map[string]int{}}
		d := &dialogue{sink: s}
		var codes []string
		for at := 0; at < len(said); at += size {
			for line := range strings.Lines(d.take([]byte(said[at:min(at+size, len(said))]))) {
				codes = append(codes, line[:3])
			}
		}
		if got := strings.Join(codes, ","); got != want {
			t.Errorf("in pieces of %d: answered %s, want %s", size, got, want)
		}
		if s.total != 3 || s.letters["anna@example.se"] != 2 || s.letters["bo@example.se"] != 1 {
			t.Errorf("in pieces of %d: %d letters, %v; want two to Anna and one to Bo", size, s.total, s.letters)
		}
		if want := int64(len("Hej.\r\n..\r\n.x\r\n\r\n.\r\n") + len("Hej då\r\n.\r\n") + len("Hej igen\r\n.\r\n")); s.bytes != want {
			t.Errorf("in pieces of %d: %d bytes, want %d", size, s.bytes, want)
		}
	}
}
