package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"
	"time"
)

// BenchmarkSendPath measures the send path against what limits it, side by side
// in one run, and prints a table: `make bench`. Each part can be run alone, as
// -bench SendPath/latency.
//
// Letters are sent by the program as it is shipped, from a Postgres that writes
// through to the disk. They are queued beforehand, and their senders started and
// held back: the time runs from the first letter to the last.
func BenchmarkSendPath(b *testing.B) {
	y := openYard(b)
	defer y.print(os.Stdout)
	y.warmUp(b)
	b.Run("relay", y.relay)
	b.Run("signed", y.signed)
	b.Run("memory", y.memory)
	b.Run("latency", y.latency)
	b.Run("workers", y.workers)
}

const (
	rounds     = 3     // of what is compared; medians count
	lessonSize = 20480 // on the wire
)

// setting is a size from the environment.
func setting(b *testing.B, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("%s=%s: want a number", name, text)
	}
	return n
}

// warmUp sends some letters whose time does not count, and looks whether a
// lesson is of the size that the limits are measured with.
func (y *yard) warmUp(b *testing.B) {
	sink := openSink(b, 0)
	y.send(b, y.queue(b, 2000), sink.addr(), 10)
	size := sink.size()
	if math.Abs(size-lessonSize) > lessonSize/20 {
		b.Fatalf("a lesson is %.0f bytes on the wire, want about %d", size, lessonSize)
	}
	y.note("a lesson is %.0f bytes on the wire; medians of %d rounds", size, rounds)
}

// relay is goals 1 and 3: the whole protocol beside a sender that does nothing
// else, both into Postfix's sink.
func (y *yard) relay(b *testing.B) {
	ten, twenty := y.beside(b, 10, .80), y.beside(b, 20, .90)
	y.atLeast(1, "slowest round of a worker : its smtp-source", min(ten.slowest, twenty.slowest), 1, .65)
	worker, postgres := median(ten.worker), median(ten.postgres)
	y.atMost(3, "µs of CPU per letter, worker and Postgres", float64((worker + postgres).Microseconds()), 100)
	y.note("CPU per letter: worker %d µs, Postgres %d µs", worker.Microseconds(), postgres.Microseconds())
}

// costs are what a worker's rounds took.
type costs struct {
	slowest          float64 // of a round's smtp-source
	worker, postgres []time.Duration
}

func (y *yard) beside(b *testing.B, connections int, wanted float64) costs {
	n := setting(b, "BENCH_LETTERS", 20_000)
	c := costs{slowest: math.Inf(1)}
	var limits, workers, commands []float64
	for range rounds {
		limit := smtpSource(b, smtpSink(b), connections, n)
		worker := y.send(b, y.queue(b, n), smtpSink(b), connections)
		command := y.sendByHand(b, y.queue(b, n), smtpSink(b), connections)
		limits, workers, commands = append(limits, limit), append(workers, worker.rate), append(commands, command)
		c.worker, c.postgres = append(c.worker, worker.worker), append(c.postgres, worker.postgres)
		c.slowest = min(c.slowest, worker.rate/limit)
	}
	y.atLeast(1, fmt.Sprintf("letters/s by a worker, %d connections : smtp-source", connections), median(workers), median(limits), wanted)
	y.atLeast(1, "the same by course send : smtp-source", median(commands), median(limits), .65)
	return c
}

// memory is goal 4: what a long queue costs the worker.
func (y *yard) memory(b *testing.B) {
	n := setting(b, "BENCH_QUEUED", 100_000)
	got := y.send(b, y.queue(b, n), smtpSink(b), 10)
	y.atMost(4, fmt.Sprintf("MiB at most, %d queued", n), float64(got.peak)/(1<<20), 64)
}

// latency is goal 5: a relay on the other side of 20 ms.
func (y *yard) latency(b *testing.B) {
	const connections, away = 50, 20 * time.Millisecond
	n := min(setting(b, "BENCH_LETTERS", 20_000), 4000)
	var limits, libraries, ours []float64
	for range rounds {
		sink := openSink(b, away)
		smtpSource(b, sink.addr(), connections, n)
		limits = append(limits, sink.rate(b, n))

		sink = openSink(b, away)
		goMail(b, sink.addr(), connections, n)
		libraries = append(libraries, sink.rate(b, n))

		sink = openSink(b, away)
		y.send(b, y.queue(b, n), sink.addr(), connections)
		ours = append(ours, sink.rate(b, n))
		sink.eachOnce(b, n)
	}
	y.atLeast(5, "letters/s, relay 20 ms away, 50 connections : smtp-source", median(ours), median(limits), 1.9)
	y.atLeast(5, "the same : go-mail's Send", median(ours), median(libraries), 3)
}

// workers is goal 10: several on one queue, with as many connections together.
func (y *yard) workers(b *testing.B) {
	const connections = 20
	n := setting(b, "BENCH_LETTERS", 20_000)
	rates := map[int][]float64{}
	for range rounds {
		for _, workers := range []int{1, 2, 4} {
			sink := openSink(b, 0)
			each := make([]int, workers)
			for i := range each {
				each[i] = connections / workers
			}
			y.send(b, y.queue(b, n), sink.addr(), each...)
			rates[workers] = append(rates[workers], sink.rate(b, n))
			sink.eachOnce(b, n)
		}
	}
	const noise = .03 // no slower, but for what two runs of the same differ by
	for _, workers := range []int{2, 4} {
		y.atLeast(10, fmt.Sprintf("letters/s, %d workers : one", workers), median(rates[workers]), median(rates[1]), 1-noise)
	}
}
