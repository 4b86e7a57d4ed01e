package mailer_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
)

// BenchmarkLetters sends a letter of 20 KB over and over; the relay runs in the same process.
func BenchmarkLetters(b *testing.B) {
	text := []byte("Subject: Hej\r\n\r\n" + strings.Repeat(strings.Repeat("x", 74)+"\r\n", 270))
	for _, connections := range []int{1, 10} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			s := relaytest.New(b, nil)
			conns := make([]*mailer.Conn, connections)
			for i := range conns {
				conns[i] = dial(b, s, quick(s))
			}
			b.ResetTimer()
			var next atomic.Int64
			var senders sync.WaitGroup
			for _, conn := range conns {
				senders.Go(func() {
					for next.Add(1) <= int64(b.N) {
						if err := conn.Offer(b.Context(), sender, anna, text); err != nil {
							b.Error(err)
							return
						}
						if _, err := conn.Dot(b.Context()); err != nil {
							b.Error(err)
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

// BenchmarkBytes writes a lesson of 20 KB whose pieces are encoded already, but for the
// fields of one reader: her name, a date and two links, in both parts.
func BenchmarkBytes(b *testing.B) {
	m := lesson()
	passage := mailer.Encode(strings.Repeat(lessonHTML, 11))
	for b.Loop() {
		for _, part := range []*[]mailer.Piece{&m.Text, &m.HTML} {
			*part = []mailer.Piece{
				passage, mailer.Encode("Anna Åberg"), passage, mailer.Encode("tisdag 23 juni"), passage,
				mailer.Encode("https://example.org/avsluta/a2b3c4d5e6f7a2b3c4d5e6f7a2b3c4d5e6f7a2b3c4d5e6f7a2b3c4d"), passage,
				mailer.Encode("https://example.org/integritet"), passage,
			}
		}
		if _, err := m.Bytes(); err != nil {
			b.Fatal(err)
		}
	}
}
