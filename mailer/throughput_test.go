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

func BenchmarkBytes(b *testing.B) {
	m := lesson()
	m.HTML = strings.Repeat(m.HTML, 60)
	for b.Loop() {
		if _, err := m.Bytes(); err != nil {
			b.Fatal(err)
		}
	}
}
