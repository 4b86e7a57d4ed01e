package main

import (
	"net"
	"testing"
)

// A database takes the connection and never says a word, as a balancer without a
// server behind it does. Commands and workers give up, for whoever starts them to try again.
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
	for _, p := range []*process{status, worker} {
		if code := p.end(); code != exitLater {
			t.Errorf("%s exited with %d, want %d", p.cmd.Args[1], code, exitLater)
		}
	}
}
