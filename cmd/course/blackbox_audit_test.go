package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// settled waits until workers have brought every letter to its end.
func (b *box) settled() {
	b.t.Helper()
	b.counts(0, `select count(*) from deliveries where state not in ('accepted', 'rejected', 'cancelled', 'parked')`)
}

// rest stops the workers in good order; then nothing can arrive any more.
func (b *box) rest(all ...*process) {
	b.t.Helper()
	for _, p := range all {
		if code := p.stop(syscall.SIGTERM); code != 0 {
			b.t.Errorf("a worker exited with %d, want 0", code)
		}
	}
	if err := b.relay.WaitIdle(inTime(b.t)); err != nil {
		b.t.Fatal(err)
	}
}

// sentOnceBy lets workers finish what a killed one had not brought to its dot:
// everyone gets one copy.
func (b *box) sentOnceBy(workers ...*process) {
	b.t.Helper()
	b.settled()
	b.rest(workers...)
	if second := b.audit(1, connections); second != 0 {
		b.t.Errorf("%d second copies, and no dot was out", second)
	}
}

// sentTwiceBy lets workers finish after so many dots were out without a record.
func (b *box) sentTwiceBy(dots int, workers ...*process) {
	b.t.Helper()
	b.settled()
	b.rest(workers...)
	if second := b.audit(1, dots); second != dots {
		b.t.Errorf("%d second copies, want one for each of the %d dots without a record", second, dots)
	}
}

// A page is what the ledger says of one reader's letter.
type page struct {
	state, reason string
	sha256        []byte
	repeats       int // marks after an ending without a reply
	attempts      int
	silent        int // attempts without a reply
	repeated      int // attempts after one without a reply
	changed       int // attempts with other bytes
}

// leftToAHuman says that the letter was handed over twice, and its process killed
// twice before it heard the reply: nobody can know, so nobody sends it again.
func (p page) leftToAHuman() bool { return p.state == "parked" && p.silent == 2 }

// audit holds the books against the truth once everything is settled: everyone
// has the letter, but for those left to a human, nobody over two copies, and
// second copies only as many as connections were open in processes killed, each
// the same to the byte and accounted for. It returns how many second copies there
// were.
func (b *box) audit(killed, connections int) int {
	b.t.Helper()
	got := map[string][][]byte{}
	for _, letter := range b.relay.Received() {
		got[letter.To] = append(got[letter.To], letter.Bytes)
	}
	pages := b.pages()
	second, repeated, left := 0, 0, 0
	for _, email := range b.emails {
		copies := got[email]
		if pages[email].leftToAHuman() {
			left++
		}
		second += max(len(copies)-1, 0)
		repeated += pages[email].repeated
		b.auditReader(email, copies, pages[email])
	}
	if left > killed/10 { // it takes two kills, each at the same letter
		b.t.Errorf("%d letters are left to a human", left)
	}
	if len(got) > len(b.emails) || len(pages) != len(b.emails) {
		b.t.Errorf("%d addresses have letters, and the ledger has %d; want %d", len(got), len(pages), len(b.emails))
	}
	if second > killed*connections {
		b.t.Errorf("%d second copies, want at most %d: one for each connection that was lost", second, killed*connections)
	}
	s := b.books()
	if !s.balanced() || s.Deliveries["accepted"] != len(b.emails)-left {
		b.t.Errorf("the accounts are %v, want %d accepted", s.Deliveries, len(b.emails)-left)
	}
	if s.Resent != repeated || s.Resent < second {
		b.t.Errorf("status has %d as resent, the ledger %d marks repeated; the relay saw %d second copies", s.Resent, repeated, second)
	}
	b.t.Logf("%d letters, %d processes killed: %d second copies, %d resent, %d left to a human", len(b.emails), killed, second, s.Resent, left)
	return second
}

func (b *box) auditReader(email string, copies [][]byte, p page) {
	b.t.Helper()
	if len(copies) > 2 || !p.leftToAHuman() && (len(copies) == 0 || p.state != "accepted") {
		b.t.Errorf("%s has %d copies, and the ledger says %s %s; want 1, or 2 at most, accepted", email, len(copies), p.state, p.reason)
		return
	}
	for _, text := range copies {
		if sum := sha256.Sum256(text); !bytes.Equal(sum[:], p.sha256) {
			b.t.Errorf("%s: a copy is not of the bytes that were marked:\n%s", email, text)
		}
	}
	if p.changed > 0 {
		b.t.Errorf("%s: %d attempts were with other bytes", email, p.changed)
	}
	if extra := max(len(copies)-1, 0); p.attempts <= extra || p.repeats != p.repeated || p.repeated < extra {
		b.t.Errorf("%s has %d copies by %d attempts, %d of them repeats, %d as the letter itself has it", email, len(copies), p.attempts, p.repeated, p.repeats)
	}
}

// pages reads the ledger by reader. It is of one letter.
func (b *box) pages() map[string]page {
	b.t.Helper()
	db := b.open()
	defer db.Close()
	rows, err := db.QueryContext(inTime(b.t), `
		select s.email, d.state, coalesce(d.reason, ''), d.sha256, d.repeats,
		       greatest(count(a.attempt), case when d.state = 'accepted' and d.attempt = 1 then 1 else 0 end), -- a letter accepted at once has no further row
		       count(*) filter (where a.outcome = 'uncertain'),
		       count(*) filter (where exists (
		           select from attempts b
		           where b.subscriber_id = a.subscriber_id and b.delivery_id = a.delivery_id
		           and b.attempt < a.attempt and b.outcome = 'uncertain')),
		       count(*) filter (where a.sha256 <> d.sha256)
		from deliveries d
		join subscribers s on s.id = d.subscriber_id
		left join attempts a on a.subscriber_id = d.subscriber_id and a.delivery_id = d.id
		group by s.email, d.subscriber_id, d.id`)
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	pages := map[string]page{}
	for rows.Next() {
		var email string
		var p page
		if err := rows.Scan(&email, &p.state, &p.reason, &p.sha256, &p.repeats, &p.attempts, &p.silent, &p.repeated, &p.changed); err != nil {
			b.t.Fatal(err)
		}
		pages[email] = p
	}
	if err := rows.Err(); err != nil {
		b.t.Fatal(err)
	}
	return pages
}

// books is what course status tells of the letters.
type books struct {
	Deliveries map[string]int
	Resent     int
}

// balanced says whether each letter that was planned is in one state.
func (s books) balanced() bool {
	sum := 0
	for state, n := range s.Deliveries {
		if state != "planned" {
			sum += n
		}
	}
	return sum == s.Deliveries["planned"]
}

func (b *box) books() (s books) {
	b.t.Helper()
	if err := json.Unmarshal([]byte(b.course("status", "--json")), &s); err != nil {
		b.t.Fatal(err)
	}
	return s
}

// watchBooks checks the accounting identity again and again, until stopped. It
// looks over a database that is away for the moment.
func (b *box) watchBooks() (stop func()) {
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for looks := 1; ; looks++ {
			cmd := exec.Command(b.program, "status", "--json")
			cmd.Env = b.settings()
			var s books
			if out, err := cmd.Output(); err == nil && (json.Unmarshal(out, &s) != nil || !s.balanced() || s.Deliveries["planned"] != len(b.emails)) {
				b.t.Errorf("look %d: the accounts of %d letters do not add up: %v", looks, len(b.emails), s.Deliveries)
			}
			select {
			case <-done:
				return
			case <-time.After(300 * time.Millisecond):
			}
		}
	})
	return func() {
		close(done)
		watching.Wait()
	}
}
