package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// Ten thousand people joined at the fair. Each gets letter 1 exactly once, and
// the accounting adds up.
func TestTenThousand(t *testing.T) {
	t.Parallel()
	const n = 10_000
	h := newHouse(t, nil)
	h.program = shipped(t) // its pace is tried too
	var emails []string
	for i := range n {
		emails = append(emails, fmt.Sprintf("reader%d@kontor%d.example", i, i%97))
	}

	began := time.Now()
	h.people(emails...)
	imported := time.Now()
	if got, want := h.course("send", "--week", "1"), fmt.Sprintf("week 1: %d accepted, 0 deferred, 0 rejected\n", n); got != want {
		t.Errorf("the first send said %q, want %q", got, want)
	}
	t.Logf("imported in %.1f s, sent in %.1f s", imported.Sub(began).Seconds(), time.Since(imported).Seconds())
	h.once(emails)
	h.balanced(n)

	if got, want := h.course("send", "--week", "1"), fmt.Sprintf("week 1: 0 accepted, 0 deferred, 0 rejected, %d already had it\n", n); got != want {
		t.Errorf("the second send said %q, want %q", got, want)
	}
	h.once(emails)
}

// balanced checks that so many letters were planned and accepted, and that what
// was planned is the sum of the states.
func (h *house) balanced(n int) {
	h.t.Helper()
	var status struct{ Deliveries map[string]int }
	if err := json.Unmarshal([]byte(h.course("status", "--json")), &status); err != nil {
		h.t.Fatal(err)
	}
	sum := 0
	for state, count := range status.Deliveries {
		if state != "planned" {
			sum += count
		}
	}
	if planned, accepted := status.Deliveries["planned"], status.Deliveries["accepted"]; planned != n || accepted != n || sum != n {
		h.t.Errorf("planned %d, accepted %d, all states %d; want %d each", planned, accepted, sum, n)
	}
}
