package mailer_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"fortsatt/mailer"
)

// An exchange is something said to a relay, word for word, and then what it says, in as many
// writes. It says nothing before it has heard all.
type exchange struct {
	hears string
	says  []string
}

const (
	hello    = "EHLO kurs.example.org\r\n"
	forBo    = "MAIL FROM:<" + sender + ">\r\nRCPT TO:<" + bo + ">\r\nDATA\r\n"
	forAnna  = "MAIL FROM:<" + sender + ">\r\nRCPT TO:<" + anna + ">\r\nDATA\r\n"
	end      = ".\r\n"
	mailOK   = "250 2.1.0 Ok\r\n"
	rcptOK   = "250 2.1.5 Ok\r\n"
	goOn     = "354 go on\r\n"
	accepted = "250 2.0.0 Ok: queued as Q1\r\n"
	quit     = "QUIT\r\n"
	bye      = "221 2.0.0 Bye\r\n"
)

// opening is the start of each session, up to where Anna's letter may be written.
func opening() []exchange {
	return []exchange{
		{"", []string{"220 relay\r\n"}},
		{hello, []string{"250-relay\r\n250 PIPELINING\r\n"}},
		{forAnna, []string{mailOK + rcptOK + goOn}},
	}
}

// A played relay has played its exchanges, and then hung up, or listened to the end.
type played struct {
	conn *mailer.Conn
	end  chan error // how the connection ended, with nil for an orderly end; buffered
}

// play connects to a relay of these exchanges. With hangUp it closes after the last.
func play(t testing.TB, exchanges []exchange, hangUp bool) played {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	p := played{end: make(chan error, 1)}
	go func() {
		socket, err := listener.Accept()
		if err == nil {
			socket.SetDeadline(time.Now().Add(20 * time.Second))
			err = follow(socket, exchanges, hangUp)
			socket.Close()
		}
		p.end <- err
	}()
	relay := relayAt(t, "smtp://"+listener.Addr().String()+"?tls=none")
	o := mailer.Options{Hello: "kurs.example.org", Timeout: 5 * time.Second, ReplyTimeout: 5 * time.Second}
	if p.conn, err = relay.Dial(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return p
}

var errOutOfScript = errors.New("the client said something else")

func follow(socket net.Conn, exchanges []exchange, hangUp bool) error {
	for _, e := range exchanges {
		heard := make([]byte, len(e.hears))
		if _, err := io.ReadFull(socket, heard); err != nil {
			return err
		}
		if string(heard) != e.hears {
			return errors.Join(errOutOfScript, errors.New(string(heard)))
		}
		for _, words := range e.says {
			if _, err := io.WriteString(socket, words); err != nil {
				return err
			}
		}
	}
	if hangUp {
		return nil
	}
	rest, err := io.ReadAll(socket)
	if len(rest) > 0 {
		return errors.Join(errOutOfScript, errors.New(string(rest)), err)
	}
	return err
}
