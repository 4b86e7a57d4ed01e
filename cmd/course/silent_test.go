package main

import (
	"net"
	"syscall"
	"testing"
)

// A database takes the connection and never says a word, as a balancer without a
// server behind it does. A command gives up, and a worker can still be stopped.
func TestADatabaseThatSaysNothing(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	h := newHouse(t, nil)
	h.program = shipped(t)
	h.env = append(h.env, "DATABASE_URL=postgres://course:course@"+silent.Addr().String()+"/course?sslmode=disable")

	status, worker := h.start("status"), h.start("worker")
	conn, err := silent.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if code := status.end(); code != exitLater {
		t.Errorf("status exited with %d, want %d", code, exitLater)
	}
	if code := worker.stop(syscall.SIGTERM); code != exitFailed && code != exitLater {
		t.Errorf("the worker exited with %d", code)
	}
}
