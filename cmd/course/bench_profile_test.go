package main

import (
	"context"
	"io"
	"runtime"
	"strings"
	"testing"
)

// BenchmarkWorker runs a worker in this process, so that -cpuprofile and
// -memprofile show the send path and nothing else: Postgres and Postfix's sink
// are processes of their own.
func BenchmarkWorker(b *testing.B) {
	y := openYard(b)
	n := setting(b, "BENCH_LETTERS", 20_000)
	h := y.queue(b, n).through(smtpSink(b), 10)
	for _, setting := range h.env {
		name, value, _ := strings.Cut(setting, "=")
		b.Setenv(name, value)
	}
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	h.course("resume")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ended := make(chan int)
	go func() { ended <- run(ctx, []string{"worker"}, nil, io.Discard, io.Discard) }()
	h.awaitEmpty()
	stop()
	if code := <-ended; code != exitFailed && code != exitDone {
		b.Fatalf("worker exited with %d", code)
	}
	runtime.ReadMemStats(&after)
	_, got := h.result()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(got.rate, "letters/s")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(n), "allocs/letter")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(n), "B/letter")
}
