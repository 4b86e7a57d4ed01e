package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"
)

// A sending is what it took to send a queue.
type sending struct {
	rate             float64       // letters a second, from the first mark to the last record
	worker, postgres time.Duration // CPU per letter
	peak             int64         // bytes of memory of the largest worker
}

// send empties a queue by workers, each with so many connections, all let go at
// the same moment.
func (y *yard) send(b *testing.B, h *house, relay string, connections ...int) sending {
	var workers []*process
	for _, n := range connections {
		w := h.through(relay, n).start("worker")
		w.says(`msg="worker: started"`)
		workers = append(workers, w)
	}
	cpu := func() (worker, postgres time.Duration) {
		for _, w := range workers {
			worker += cpuOf(b, w.cmd.Process.Pid)
		}
		return worker, y.postgresCPU(b)
	}
	workerBefore, postgresBefore := cpu()
	h.course("resume")
	h.awaitEmpty()
	workerAfter, postgresAfter := cpu()
	n, got := h.result()
	got.worker, got.postgres = (workerAfter-workerBefore)/time.Duration(n), (postgresAfter-postgresBefore)/time.Duration(n)
	for _, w := range workers {
		got.peak = max(got.peak, peakOf(b, w.cmd.Process.Pid))
		if code := w.stop(syscall.SIGTERM); code != 0 {
			b.Fatalf("worker exited with %d, want 0", code)
		}
	}
	y.drop(b, h)
	return got
}

// sendByHand empties a queue by course send, and returns letters a second.
func (y *yard) sendByHand(b *testing.B, h *house, relay string, connections int) float64 {
	h.course("resume")
	h = h.through(relay, connections)
	h.course("send", "--week", "1", "--yes")
	_, got := h.result()
	y.drop(b, h)
	return got.rate
}

// through is the same house, whose letters go by that relay.
func (h *house) through(relay string, connections int) *house {
	return h.with("SMTP_URL=smtp://"+relay+"?tls=none", fmt.Sprintf("COURSE_SMTP_CONNECTIONS=%d", connections))
}

// with is the same house, with more settings.
func (h *house) with(settings ...string) *house {
	more := *h
	more.env = append(slices.Clone(h.env), settings...)
	return &more
}

// patience is how long a queue may take.
const patience = 20 * time.Minute

// awaitEmpty returns when nothing waits or is under way any more. It asks
// seldom, and first what costs little, for it is measured too.
func (h *house) awaitEmpty() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	db := h.open()
	defer db.Close()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			h.t.Fatal("the queue does not empty")
		}
		if !h.exists(ctx, db, "ready_at is not null") && !h.exists(ctx, db, "state in ('claimed', 'sending')") {
			return
		}
	}
}

func (h *house) exists(ctx context.Context, db *sql.DB, which string) (yes bool) {
	h.t.Helper()
	if err := db.QueryRowContext(ctx, "select exists (select from deliveries where "+which+")").Scan(&yes); err != nil {
		h.t.Fatal(err)
	}
	return yes
}

// result is what the ledger says of a queue in which every letter must have
// been accepted.
func (h *house) result() (n int, got sending) {
	h.t.Helper()
	db := h.open()
	defer db.Close()
	var planned int
	var seconds float64
	err := db.QueryRowContext(h.t.Context(), `
		select count(*), count(*) filter (where state = 'accepted'), extract(epoch from max(settled_at) - min(marked_at))
		from deliveries`).Scan(&planned, &n, &seconds)
	if err != nil {
		h.t.Fatal(err)
	}
	if n != planned {
		h.t.Fatalf("%d of %d letters were accepted", n, planned)
	}
	return n, sending{rate: float64(n) / seconds}
}
