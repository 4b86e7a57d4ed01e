package demo

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// An Own is a server of one test's own, for what would disturb the other tests:
// to be ended under those who are connected to it, and started again.
type Own struct {
	t       testing.TB
	server  *server
	running *Postgres
}

// OwnServer starts a server that goes with its test. Unlike that of the other
// tests it keeps whatever was committed, however it is ended.
func OwnServer(t testing.TB) *Own {
	t.Helper()
	dir, err := os.MkdirTemp("", "fortsatt-own-")
	if err != nil {
		t.Fatal(err)
	}
	end, err := watch(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Error("remove this test's server: ", err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil { // open to the account that root lends the server
		t.Fatal(err)
	}
	o := &Own{t: t, server: fast(filepath.Join(dir, "postgres"))}
	o.server.settings = append(o.server.settings, "synchronous_commit=on")
	o.Start()
	return o
}

// DSN is the URL of the server's one database, the same after each start.
func (o *Own) DSN() string { return o.running.DSN() }

// Start returns when the server accepts connections, recovery included.
func (o *Own) Start() {
	o.t.Helper()
	running, err := start(context.Background(), o.server)
	if err != nil {
		o.t.Fatal("start this test's server: ", err)
	}
	if o.running != nil && running.DSN() != o.DSN() {
		o.t.Fatalf("the server is at %s now, and was at %s", running.DSN(), o.DSN())
	}
	o.running = running
}

// StopFast ends the server in good order, throwing out who is connected.
func (o *Own) StopFast() { o.t.Helper(); o.stop(syscall.SIGINT) }

// StopImmediate ends the server as a crash would.
func (o *Own) StopImmediate() { o.t.Helper(); o.stop(syscall.SIGQUIT) }

func (o *Own) stop(signal syscall.Signal) {
	o.t.Helper()
	defer o.running.release()
	if err := o.running.lead.Signal(signal); err != nil {
		o.t.Fatal("stop this test's server: ", err)
	}
	if !o.running.goneWithin(startPatience) {
		o.t.Fatal("this test's server does not end")
	}
}
