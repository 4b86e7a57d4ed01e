package worker_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/worker"
)

// inbound opens a door for returned mail at a worker that runs, and returns its address.
func (st *story) inbound(change ...func(*worker.Options)) (address string, w *worker.Worker) {
	st.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	st.must(err)
	st.Cleanup(func() { listener.Close() })
	w = st.worker(func(o *worker.Options) {
		o.Inbound = listener
		for _, change := range change {
			change(o)
		}
	}, st.relay(nil))
	return listener.Addr().String(), w
}

// returnAddress is the envelope sender of somebody's newest letter.
func (st *story) returnAddress(email string) string {
	st.Helper()
	return st.BounceToken(st.newest(email).DeliveryKey) + "@studs.atta.example"
}

// dsn is what a mail server writes when there is no such mailbox (RFC 3464).
func dsn(to, reader string) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(`From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: %s
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="grans"

--grans
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--grans
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; %s
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user here

--grans--
`, to, reader), "\n", "\r\n"))
}

// suppressed are the addresses that nobody writes to any more.
func (st *story) suppressed() []string {
	st.Helper()
	emails := []string{}
	st.must(st.db.Select(&emails, `select email from subscribers where state = 'blocked' order by email`))
	return emails
}

// Anna's mailbox is gone. Her mail server says so to the worker's own door, where it is
// recorded before it is answered; Bo is none the worse.
func TestAMailComesBackBySMTP(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	door, w := st.inbound()
	st.readers(anna, bo)
	st.starts(w)
	st.becomes(anna, "accepted")
	st.becomes(bo, "accepted")
	to := st.returnAddress(anna)
	st.must(smtp.SendMail(door, nil, "", []string{strings.ToUpper(to)}, dsn(to, anna)))
	if got := st.suppressed(); !slices.Equal(got, []string{anna}) {
		t.Errorf("suppressed are %v, want Anna alone", got)
	}
	if n := st.count(`select count(*) from returns where via = 'smtp' and judged = 'hard' and raw is not null`); n != 1 {
		t.Errorf("%d hard bounces are recorded, want 1 with its evidence", n)
	}
	st.must(smtp.SendMail(door, nil, "", []string{to}, dsn(to, anna)))
	if n := st.count(`select count(*) from returns`); n != 1 {
		t.Errorf("%d bounces are recorded after the same came again, want 1", n)
	}
}

// The envelope is believed before what stands in the mail: a letter of Bo's may be named
// there, but it is Anna's that came back.
func TestTheEnvelopeIsBelievedFirst(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	door, w := st.inbound()
	st.readers(anna, bo)
	st.starts(w)
	st.becomes(bo, "accepted")
	st.must(smtp.SendMail(door, nil, "", []string{st.returnAddress(anna)}, dsn(st.returnAddress(bo), bo)))
	if got := st.suppressed(); !slices.Equal(got, []string{anna}) {
		t.Errorf("suppressed are %v, want Anna alone", got)
	}
}

// Two letters may come back in one mail, if a server thinks that they are one.
func TestAMailComesBackForTwo(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	door, w := st.inbound()
	st.readers(anna, bo, cilla)
	st.starts(w)
	st.becomes(bo, "accepted")
	st.must(smtp.SendMail(door, nil, "", []string{st.returnAddress(anna), st.returnAddress(bo)}, dsn("", "")))
	if got := st.suppressed(); !slices.Equal(got, []string{anna, bo}) {
		t.Errorf("suppressed are %v, want Anna and Bo", got)
	}
}

// No address is taken that we did not make, whoever asks; nothing is passed on.
func TestRow63ForgedRecipientsAreRefused(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	door, w := st.inbound()
	st.readers(anna)
	st.starts(w)
	st.becomes(anna, "accepted")
	key := st.newest(anna).DeliveryKey
	token := st.BounceToken(key)
	c := dial(st, door)
	st.must(c.Mail(""))
	for _, to := range []string{
		token + "@atta.example", token + "@studs.atta.example.org", token + "@xstuds.atta.example",
		token[:54] + "@studs.atta.example", token + "a@studs.atta.example", "a" + token[1:] + "@studs.atta.example",
		st.UnsubscribeToken(key) + "@studs.atta.example", st.MessageToken(key) + "@studs.atta.example",
		"postmaster@studs.atta.example", anna, "", token,
	} {
		err := c.Rcpt(to)
		if got := replyTo(err); got != 550 && !(got == 501 && !strings.Contains(to, "@")) {
			t.Errorf("%q: got %v, want 550", to, err)
		}
	}
	if _, err := c.Data(); replyTo(err) != 502 {
		t.Errorf("DATA for nobody: got %v, want 502", err)
	}
	if auth, _ := c.Extension("AUTH"); auth {
		t.Error("AUTH is offered")
	}
}

// What is too large is refused for good, and the connection still serves.
func TestAReturnedMailOverOneMegabyte(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	door, w := st.inbound()
	st.readers(anna)
	st.starts(w)
	st.becomes(anna, "accepted")
	to := st.returnAddress(anna)
	line := strings.Repeat("x", 998) + "\r\n"
	c := dial(st, door)
	if err := send(c, to, append(dsn(to, anna), strings.Repeat(line, 1100)...)); replyTo(err) != 552 {
		t.Errorf("got %v, want 552", err)
	}
	if n := st.count(`select count(*) from returns`); n != 0 {
		t.Errorf("%d returns are recorded, want none", n)
	}
	st.must(c.Reset())
	st.must(send(c, to, append(dsn(to, anna), strings.Repeat(line, 900)...)))
	if got := st.suppressed(); !slices.Equal(got, []string{anna}) {
		t.Errorf("suppressed are %v, want Anna", got)
	}
}

// While the database is away, the sender keeps the mail and comes again.
func TestAReturnedMailWhileTheDatabaseIsAway(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	wire := splice(st)
	store := st.store(wire.dsn)
	door, w := st.inbound(func(o *worker.Options) { o.Store = store })
	st.readers(anna)
	st.starts(w)
	st.becomes(anna, "accepted")
	to := st.returnAddress(anna)
	c := dial(st, door)
	wire.cut()
	if err := send(c, to, dsn(to, anna)); replyTo(err) != 451 {
		t.Errorf("got %v, want 451", err)
	}
	if got := st.suppressed(); len(got) != 0 {
		t.Errorf("suppressed are %v, want nobody yet", got)
	}
	wire.mend()
	st.must(c.Reset())
	st.must(send(c, to, dsn(to, anna)))
	if got := st.suppressed(); !slices.Equal(got, []string{anna}) {
		t.Errorf("suppressed are %v, want Anna", got)
	}
}

// Of a mail that breaks off nothing is believed.
func TestAMailThatNeverEnds(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	door, w := st.inbound()
	w.Hurry(300*time.Millisecond, time.Minute)
	st.readers(anna)
	st.starts(w)
	st.becomes(anna, "accepted")
	to := st.returnAddress(anna)
	c := dial(st, door)
	st.must(c.Mail(""))
	st.must(c.Rcpt(to))
	body, err := c.Data()
	st.must(err)
	body.Write(dsn(to, anna)) // and no end
	if _, _, err := c.Text.ReadResponse(250); replyTo(err) != 451 && !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want 451", err)
	}
	if n := st.count(`select count(*) from returns`); n != 0 {
		t.Errorf("%d returns are recorded, want none", n)
	}
}

// The door of a domain with an å is known by what stands in envelopes.
func TestTheDoorOfAnInternationalDomain(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	door, w := st.inbound(func(o *worker.Options) { o.BounceDomain = "studs.åtta.example" })
	st.starts(w)
	token := st.BounceToken(course.DeliveryKey{SubscriberID: 1, ID: 2})
	c := dial(st, door)
	st.must(c.Mail(""))
	st.must(c.Rcpt(token + "@studs.xn--tta-tla.example"))
	if err := c.Rcpt(token + "@studs.atta.example"); replyTo(err) != 550 {
		t.Errorf("got %v, want 550", err)
	}
}

// visit connects and hears the greeting; what is read after that has half a minute.
func visit(st *story, door string) net.Conn {
	st.Helper()
	conn, err := net.Dial("tcp", door)
	st.must(err)
	st.Cleanup(func() { conn.Close() })
	st.must(conn.SetDeadline(time.Now().Add(30 * time.Second)))
	if greeting, err := bufio.NewReader(conn).ReadString('\n'); !strings.HasPrefix(greeting, "220 ") {
		st.Fatalf("greeted with %q, %v", greeting, err)
	}
	return conn
}

// dial is visit for one who speaks SMTP.
func dial(st *story, door string) *smtp.Client {
	st.Helper()
	conn, err := net.Dial("tcp", door)
	st.must(err)
	st.must(conn.SetDeadline(time.Now().Add(30 * time.Second)))
	c, err := smtp.NewClient(conn, "mx.example.net")
	st.must(err)
	st.Cleanup(func() { c.Close() })
	st.must(c.Hello("mx.example.net"))
	return c
}

// send sends one mail over a connection that stays.
func send(c *smtp.Client, to string, mail []byte) error {
	if err := c.Mail(""); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	body, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := body.Write(mail); err != nil {
		return err
	}
	return body.Close()
}

// replyTo is the code of a refusal; 0 for none.
func replyTo(err error) int {
	if refused, ok := errors.AsType[*textproto.Error](err); ok {
		return refused.Code
	}
	return 0
}
