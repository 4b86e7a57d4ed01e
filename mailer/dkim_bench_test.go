package mailer_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fortsatt/mailer"
)

// longLesson is 20 KB, and encoded already.
func longLesson() mailer.Message {
	m := lesson()
	m.Text, m.HTML = pieces(strings.Repeat(lessonText, 10)), pieces(strings.Repeat(lessonHTML, 55))
	return m
}

// BenchmarkSigned writes a letter of 20 KB; what each signature adds is the difference to
// the unsigned one.
func BenchmarkSigned(b *testing.B) {
	for name, some := range map[string][]mailer.Key{"nothing": nil, "ed25519": keys()[1:], "rsa": keys()[:1], "both": keys()} {
		b.Run(name, func(b *testing.B) {
			m := longLesson()
			if some != nil {
				m.Signer, _ = mailer.NewSigner("example.org", some...)
			}
			var buffer []byte
			b.ReportAllocs()
			defer reportCPU(b)()
			for b.Loop() {
				var err error
				if buffer, err = m.Append(buffer[:0]); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(buffer)))
		})
	}
}

// BenchmarkRSA is how much of what all processors can sign, and nothing else, comes out as
// signed letters.
func BenchmarkRSA(b *testing.B) {
	key := keys()[0].Private.(*rsa.PrivateKey)
	m := longLesson()
	m.Signer, _ = mailer.NewSigner("example.org", keys()[0])
	digest := sha256.Sum256(nil)
	var raw, letters time.Duration
	b.ResetTimer()
	for range rounds { // turn by turn, so that what else the machine does falls on both
		raw += onAll(b.N/rounds+1, func([]byte) ([]byte, error) {
			return rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		})
		letters += onAll(b.N/rounds+1, func(buffer []byte) ([]byte, error) { return m.Append(buffer[:0]) })
	}
	b.ReportMetric(100*raw.Seconds()/letters.Seconds(), "%-of-raw")
}

const rounds = 10

// onAll does something n times, on all processors at once, and says how long it took.
func onAll(n int, do func([]byte) ([]byte, error)) time.Duration {
	start := time.Now()
	var done atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			var buffer []byte
			for done.Add(1) <= int64(n) {
				var err error
				if buffer, err = do(buffer); err != nil {
					panic(err)
				}
			}
		})
	}
	all.Wait()
	return time.Since(start)
}
