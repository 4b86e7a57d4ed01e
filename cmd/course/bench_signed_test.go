package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// signed is goal 2: letters with a signature (DKIM), beside a sender that does nothing
// but send, and beside signing and nothing else.
func (y *yard) signed(b *testing.B) {
	n := setting(b, "BENCH_LETTERS", 20_000)
	ed := y.key(b, "--ed25519")
	for _, c := range []struct {
		connections int
		wanted      float64
	}{{10, .60}, {20, .70}, {50, .80}} {
		var limits, ours []float64
		for range rounds {
			limits = append(limits, smtpSource(b, smtpSink(b), c.connections, n))
			ours = append(ours, y.send(b, y.queue(b, n).with(ed...), smtpSink(b), c.connections).rate)
		}
		y.atLeast(2, fmt.Sprintf("letters/s signed by Ed25519, %d connections : smtp-source", c.connections), median(ours), median(limits), c.wanted)
	}

	n = min(n, 4000) // it takes ten times as long
	key := y.key(b)
	var limits, ours []float64
	for range rounds {
		limits = append(limits, rawRSA(b, n))
		ours = append(ours, y.send(b, y.queue(b, n).with(key...), smtpSink(b), 10).rate)
	}
	y.atLeast(2, "letters/s signed by RSA-2048 : signing alone, on all processors", median(ours), median(limits), .75)
}

// key makes a key as an operator does, and returns the settings to sign by it.
func (y *yard) key(b *testing.B, kind ...string) (settings []string) {
	from := "COURSE_FROM=brev@example.se"
	h := (&house{t: b, program: y.program}).with(from)
	said := h.course(append([]string{"dkim", "keygen", "--out", b.TempDir()}, kind...)...)
	settings = append(inTheEnv.FindAllString(said, -1), from)
	if len(settings) != 4 {
		b.Fatalf("no settings in\n%s", said)
	}
	return settings
}

// rawRSA is how many signatures a second all processors make together.
func rawRSA(b *testing.B, n int) float64 {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256(nil)
	var made atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for made.Add(1) <= int64(n) {
				if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	return float64(n) / time.Since(began).Seconds()
}
