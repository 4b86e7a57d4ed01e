package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wneessen/go-mail"
)

// What the send path is measured against.

// smtpSink starts Postfix's sink and returns its address. It goes with the
// measurement.
func smtpSink(b *testing.B) (addr string) {
	addr = freeAddress(b)
	var account []string
	if os.Geteuid() == 0 {
		account = []string{"-u", "nobody"} // it refuses to run as root
	}
	p := begin(b, exec.Command(postfix(b, "smtp-sink"), append(account, addr, "1024")...))
	for ctx := inTime(b); ; {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return addr
		}
		select {
		case <-p.exited:
			b.Fatalf("smtp-sink: %s", p.said.text())
		case <-ctx.Done():
			b.Fatal("smtp-sink does not answer")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// smtpSource sends letters as fast as Postfix's load generator can, and returns
// how many a second. It neither pipelines nor keeps books.
func smtpSource(b *testing.B, addr string, connections, n int) float64 {
	cmd := exec.CommandContext(b.Context(), postfix(b, "smtp-source"), "-d",
		"-s", strconv.Itoa(connections), "-l", strconv.Itoa(lessonSize), "-m", strconv.Itoa(n),
		"-f", "brev@example.se", "-t", "anna@example.se", addr)
	began := time.Now()
	if said, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("smtp-source: %v: %s", err, said)
	}
	return float64(n) / time.Since(began).Seconds()
}

func postfix(b *testing.B, program string) string {
	path, err := exec.LookPath(program)
	if err != nil {
		b.Fatalf("%s is missing: make bench sees to it", program)
	}
	return path
}

// goMail sends letters as go-mail is meant to be used: a message for each, and
// each through Send. It is for comparison, and so the one place outside mailer
// that imports go-mail.
func goMail(b *testing.B, addr string, connections, n int) {
	host, port, _ := net.SplitHostPort(addr)
	number, _ := strconv.Atoi(port)
	var next atomic.Int64
	var senders sync.WaitGroup
	for range connections {
		senders.Go(func() {
			client, err := mail.NewClient(host, mail.WithPort(number), mail.WithTLSPolicy(mail.NoTLS))
			if err == nil {
				err = client.DialWithContext(b.Context())
			}
			for err == nil && next.Add(1) <= int64(n) {
				err = client.Send(goMailLetter())
			}
			if err == nil {
				err = client.Close()
			}
			if err != nil {
				b.Error("go-mail: ", err)
			}
		})
	}
	senders.Wait()
}

// goMailText comes to lessonSize on the wire, once as it is and twice as HTML.
var goMailText = strings.Repeat(strings.Repeat("Den som lyssnar ", 4)+"\n", 96)

func goMailLetter() *mail.Msg {
	m := mail.NewMsg()
	m.From("brev@example.se")
	m.To("anna@example.se")
	m.Subject("Vem ringer du?")
	m.SetBodyString(mail.TypeTextPlain, goMailText)
	m.AddAlternativeString(mail.TypeTextHTML, fmt.Sprintf("<html><body><pre>%s%s</pre></body></html>", goMailText, goMailText))
	return m
}
