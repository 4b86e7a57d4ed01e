package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/demo"
	"fortsatt/mailer/relaytest"
)

// A box is a house on which faults are let loose: the program as it is shipped,
// a real Postgres, a relay that keeps the truth, and readers for whom letter 1
// is due. It ends with audit.
type box struct {
	*house
	emails []string
}

const (
	lease       = 2 * time.Second
	quarantine  = 3 * time.Second
	connections = 4 // of each worker
)

func newBox(t *testing.T, readers int, behave func(relaytest.Event) relaytest.Action) *box {
	t.Helper()
	return boxAt(t, demo.Database(t, course.Migrate), readers, behave)
}

func boxAt(t *testing.T, dsn string, readers int, behave func(relaytest.Event) relaytest.Action) *box {
	t.Helper()
	b := &box{house: houseAt(t, dsn, behave)}
	b.program = shipped(t)
	b.env = append(b.env, "COURSE_LEASE="+lease.String(), "COURSE_QUARANTINE="+quarantine.String(), fmt.Sprint("COURSE_SMTP_CONNECTIONS=", connections))
	for i := range readers {
		b.emails = append(b.emails, fmt.Sprintf("reader%d@kontor%d.example", i, i%7))
	}
	b.people(b.emails...)
	return b
}

var build struct {
	sync.Once
	dir string
	err error
}

// shipped is the program as make build makes it, built once for the black box:
// where it is killed must not depend on the race detector's pace.
func shipped(t testing.TB) string {
	t.Helper()
	build.Do(func() {
		if build.dir, build.err = os.MkdirTemp("", "fortsatt-box-"); build.err != nil {
			return
		}
		said, err := exec.Command("go", "build", "-o", filepath.Join(build.dir, "course"), ".").CombinedOutput()
		if err != nil {
			build.err = fmt.Errorf("go build: %w\n%s", err, said)
		}
	})
	if build.err != nil {
		t.Fatal(build.err)
	}
	return filepath.Join(build.dir, "course")
}

// worker starts a worker, with settings of its own.
func (b *box) worker(settings ...string) *process {
	b.t.Helper()
	cmd := exec.Command(b.program, "worker")
	cmd.Env = b.settings(settings...)
	return begin(b.t, cmd)
}

// workers starts that many.
func (b *box) workers(n int) []*process {
	b.t.Helper()
	var all []*process
	for range n {
		all = append(all, b.worker())
	}
	return all
}

// kill is kill -9: the process has no say in it.
func kill(all ...*process) {
	for _, p := range all {
		syscall.Kill(p.cmd.Process.Pid, syscall.SIGKILL)
	}
	for _, p := range all {
		<-p.exited
	}
}

// until asks again and again, for what only another process knows.
func until(t testing.TB, what string, happened func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	patience := time.Duration(soak(1)) * time.Minute
	deadline := time.Now().Add(patience)
	for !happened() {
		if time.Now().After(deadline) {
			t.Fatalf("%v have passed, and not yet: %s", patience, what)
		}
		<-tick.C
	}
}

// counts waits until the database gives that number.
func (b *box) counts(n int, query string) {
	b.t.Helper()
	until(b.t, fmt.Sprintf("%d for %s", n, query), func() bool { return b.count(query) == n })
}

// dice are random by a seed that is told; SEED throws them again.
func dice(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// soak multiplies a number in make soak.
func soak(n int) int {
	if os.Getenv("SOAK") != "" {
		return 10 * n
	}
	return n
}
