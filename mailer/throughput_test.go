package mailer_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fortsatt/mailer"
)

// BenchmarkLetters sends a letter of 20 KB over and over. The relay, in the same process, does
// next to nothing: what is measured is the session, and the system calls of both.
func BenchmarkLetters(b *testing.B) {
	text := []byte("Subject: Hej\r\n\r\n" + strings.Repeat(strings.Repeat("x", 74)+"\r\n", 270))
	next := envelope(anna)
	for _, connections := range []int{1, 10} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			relay := relayAt(b, "smtp://"+sink(b)+"?tls=none")
			conns := make([]*mailer.Conn, connections)
			for i := range conns {
				var err error
				if conns[i], err = relay.Dial(b.Context(), mailer.Options{Hello: "kurs.example.org"}); err != nil {
					b.Fatal(err)
				}
				b.Cleanup(conns[i].Abort)
			}
			b.ReportAllocs()
			b.ResetTimer()
			defer reportCPU(b)()
			var sent atomic.Int64
			var senders sync.WaitGroup
			for _, conn := range conns {
				senders.Go(func() {
					for sent.Add(1) <= int64(b.N) {
						offered := conn.Offer(b.Context(), next)
						written := conn.Write(b.Context(), text)
						if _, err := conn.Dot(b.Context(), &next); err != nil {
							b.Error(offered, written, err)
							return
						}
					}
				})
			}
			senders.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
		})
	}
}

// reportCPU reports the processor time of the whole process, which other work on the machine
// changes less than it does the time that passes.
func reportCPU(b *testing.B) func() {
	used := func() time.Duration {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	start := used()
	return func() { b.ReportMetric(float64(used()-start)/float64(b.N), "cpu-ns/op") }
}

// sink is a relay that says yes to everything, by how what it reads ends.
func sink(tb testing.TB) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go drain(conn)
		}
	}()
	return listener.Addr().String()
}

func drain(conn net.Conn) {
	defer conn.Close()
	io.WriteString(conn, "220 sink\r\n")
	const group = "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"
	buffer := make([]byte, 64<<10)
	for first := true; ; {
		n, err := conn.Read(buffer)
		switch said := buffer[:n]; {
		case err != nil:
			return
		case bytes.HasPrefix(said, []byte("EHLO")):
			io.WriteString(conn, "250-sink\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n")
		case bytes.HasSuffix(said, []byte("\r\nDATA\r\n")) && first:
			io.WriteString(conn, group)
			first = false
		case bytes.HasSuffix(said, []byte("\r\nDATA\r\n")):
			io.WriteString(conn, "250 2.0.0 Ok: queued as 4Xy1Zq2wV3z9\r\n"+group)
		}
	}
}

// BenchmarkBytes writes a lesson of 20 KB whose pieces are encoded already, but for the
// fields of one reader: her name, a date and two links, in both parts.
func BenchmarkBytes(b *testing.B) {
	b.ReportAllocs()
	m := lesson()
	passage := mailer.Encode(strings.Repeat(lessonHTML, 11))
	defer reportCPU(b)()
	var buffer []byte
	for b.Loop() {
		for _, part := range []*[]mailer.Piece{&m.Text, &m.HTML} {
			*part = []mailer.Piece{
				passage, mailer.Encode("Anna Åberg"), passage, mailer.Encode("tisdag 23 juni"), passage,
				mailer.Encode("https://example.org/avsluta/a2b3c4d5e6f7a2b3c4d5e6f7a2b3c4d5e6f7a2b3c4d5e6f7a2b3c4d"), passage,
				mailer.Encode("https://example.org/integritet"), passage,
			}
		}
		var err error
		if buffer, err = m.Append(buffer[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
