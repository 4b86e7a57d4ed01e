package mailer_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
)

func TestThreeLettersOnOneConnection(t *testing.T) {
	t.Parallel()
	var lines []string
	s := relaytest.New(t, func(e relaytest.Event) relaytest.Action {
		if e.Line != "" {
			lines = append(lines, e.Line)
		}
		return relaytest.Action{}
	})
	conn := dial(t, s, quick(s))
	if got := "smtp://" + conn.Relay().String() + "?tls=none"; got != s.URL() {
		t.Errorf("got relay %s, want %s", got, s.URL())
	}
	for i, want := range []string{"Q1-1", "Q1-2", "Q1-3"} {
		reply, err := send(t.Context(), conn, []string{anna, bo, "åsa@räksmörgås.example"[len("å"):]}[i])
		if err != nil || reply.Code != 250 || reply.Enhanced != "2.0.0" || reply.QueueID != want {
			t.Errorf("got %+v (%v), want 250 2.0.0 and queue id %s", reply, err, want)
		}
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	settle(t, s, 3, 3)
	want := "EHLO kurs.example.org"
	for _, to := range []string{anna, bo, "sa@xn--rksmrgs-5wao1o.example"} {
		want += "|MAIL FROM:<" + sender + ">|RCPT TO:<" + to + ">|DATA|."
	}
	if got := strings.Join(lines, "|"); got != want+"|QUIT" {
		t.Errorf("got\n%s\nwant\n%s", got, want+"|QUIT")
	}
}

func TestALetterArrivesAsItIs(t *testing.T) {
	t.Parallel()
	s := relaytest.New(t, nil).WithoutLint()
	conn := dial(t, s, quick(s))
	texts := []string{
		".\r\n", "..\r\n.\r\n..x\r\n", "a\r\n.\r\nMAIL FROM:<x@example.org>\r\n", "\r\n\r\n", "a\r\n\r\n.b\r\n",
		strings.Repeat(".0123456789\r\n", 20000),
	}
	lessonBytes, err := lesson().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	texts = append(texts, string(lessonBytes))
	for _, text := range texts {
		if _, err := sendText(t.Context(), conn, anna, text, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, got := range s.Accepted() {
		if string(got.Bytes) != texts[i] || got.From != sender || got.To != anna {
			t.Errorf("letter %d: got %d octets from %s to %s, want %d", i, len(got.Bytes), got.From, got.To, len(texts[i]))
		}
	}
	if n := len(s.Accepted()); n != len(texts) {
		t.Errorf("accepted %d letters, want %d", n, len(texts))
	}
}

var wrongEnvelopes = map[mailer.Envelope]mailer.Stage{
	{From: sender, To: "anna@example.net>\r\nRCPT TO:<bo@example.net"}: mailer.Rcpt,
	{From: sender, To: "anna@example.net> NOTIFY=NEVER"}:               mailer.Rcpt,
	{From: sender, To: "anna@example.net\nRCPT TO:<bo@example.net>"}:   mailer.Rcpt,
	{From: sender, To: "anna@example.net\rRSET"}:                       mailer.Rcpt,
	{From: sender, To: "anna\x00@example.net"}:                         mailer.Rcpt,
	{From: sender, To: "\"anna\r\n\"@example.net"}:                     mailer.Rcpt,
	{From: sender, To: "\"anna> NOTIFY=NEVER\"@example.net"}:           mailer.Rcpt,
	{From: sender + "> SIZE=1", To: anna}:                              mailer.Mail,
	{From: "kurs\x00@example.org", To: anna}:                           mailer.Mail,
	{From: sender, To: ""}:                                             mailer.Rcpt,
	{From: "kurs@example.org\r\nQUIT", To: anna}:                       mailer.Mail,
	{From: "", To: anna}:                                               mailer.Mail,
}

func TestCVE_2025_59937_WhatWouldBeInjectedIsNotOffered(t *testing.T) {
	t.Parallel()
	s := relaytest.New(t, nil)
	conn := dial(t, s, quick(s))
	for wrong, stage := range wrongEnvelopes {
		expect(t, conn.Offer(t.Context(), wrong), stage, 0, false)
	}
	if _, err := send(t.Context(), conn, bo); err != nil {
		t.Errorf("the session is spoilt: %v", err)
	}
	conn.Close()
	settle(t, s, 1, 1)
}

func TestCVE_2023_51764_WhatWouldBeSmuggledIsNotWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a\n.\r\n", "a\r.\r\n", "a\r\n.\r", "a\n\r\r\n", "a", "\n", ""} {
		s := relaytest.New(t, nil)
		err := write(t.Context(), dial(t, s, quick(s)), anna, text)
		expect(t, err, mailer.Data, 0, true)
		settle(t, s, 0, 0)
	}
}

// A letter whose dot was not sent must not arrive, however the session ends.
func TestALetterWithoutItsDotNeverArrives(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *mailer.Conn){
		"abort": func(_ *testing.T, c *mailer.Conn) { c.Abort() },
		"close": func(_ *testing.T, c *mailer.Conn) { c.Close() },
		"reset": func(t *testing.T, c *mailer.Conn) {
			expect(t, c.Reset(t.Context()), mailer.ResetMail, 0, true)
		},
		"offer another": func(t *testing.T, c *mailer.Conn) {
			expect(t, c.Offer(t.Context(), envelope(bo)), mailer.Mail, 0, true)
		},
		"write twice": func(t *testing.T, c *mailer.Conn) {
			expect(t, c.Write(t.Context(), []byte(letter)), mailer.Data, 0, true)
		},
		"abort, then dot": func(t *testing.T, c *mailer.Conn) {
			c.Abort()
			_, err := c.Dot(t.Context(), nil)
			expect(t, err, mailer.Data, 0, true)
		},
		"dot too late": func(t *testing.T, c *mailer.Conn) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := c.Dot(ctx, nil)
			expect(t, err, mailer.Data, 0, true)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want it to say that the context ended", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := relaytest.New(t, nil)
			conn := dial(t, s, quick(s))
			if err := write(t.Context(), conn, anna, letter); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			end(t, conn)
			if took := time.Since(start); took > 4*time.Second {
				t.Errorf("took %v: something was said in the middle of a letter, and an answer waited for", took)
			}
			settle(t, s, 0, 0)
		})
	}
}

// A relay that reads the end of a connection where a reset should be might take what came
// before it for the whole.
func TestAbortIsAReset(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	end := make(chan error, 1)
	go func() {
		socket, err := listener.Accept()
		if err == nil {
			defer socket.Close()
			io.WriteString(socket, "220 relay\r\n")
			bufio.NewReader(socket).ReadString('\n')
			io.WriteString(socket, "250 relay\r\n")
			_, err = socket.Read(make([]byte, 1))
		}
		end <- err
	}()
	o := mailer.Options{Hello: "kurs.example.org", Timeout: 20 * time.Second}
	conn, err := relayAt(t, "smtp://"+listener.Addr().String()+"?tls=none").Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	conn.Abort()
	if err := <-end; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the relay read %v, want a reset", err)
	}
}

func TestADotWithoutALetter(t *testing.T) {
	t.Parallel()
	for _, offered := range []bool{false, true} {
		s := relaytest.New(t, nil)
		conn := dial(t, s, quick(s))
		if offered {
			if err := conn.Offer(t.Context(), envelope(anna)); err != nil {
				t.Fatal(err)
			}
		}
		_, err := conn.Dot(t.Context(), nil)
		expect(t, err, mailer.Data, 0, true)
		settle(t, s, 0, 0)
	}
}
