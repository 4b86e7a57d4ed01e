package main

import (
	"testing"
	"time"

	"fortsatt/mailer/relaytest"
)

// A worker dies while it plans week 2: nobody's is lost or planned twice.
func TestRow01KillWhilePlanning(t *testing.T) {
	t.Parallel()
	b := newBox(t, 20, nil)
	b.env = append(b.env, "COURSE_PACE=1h")
	b.course("send", "--week", "1")
	lift := b.barrier(`insert`)
	b.execute(
		`update deliveries set planned_at = planned_at - interval '1 day', due_at = due_at - interval '1 day', settled_at = settled_at - interval '1 day'`,
		`update enrolments set next_due_at = now() - interval '1 minute'`)
	for range 3 {
		planner := b.worker()
		b.waits()
		kill(planner)
		b.throwOut()
	}
	if n := b.count(`select count(*) from deliveries`); n != len(b.emails) {
		t.Errorf("half a plan is in the ledger: %d letters, want %d", n, len(b.emails))
	}
	lift()
	last := b.worker()
	b.counts(2*len(b.emails), `select count(*) from deliveries where state = 'accepted'`)
	b.rest(last)
	got := map[string]int{}
	for _, letter := range b.relay.Received() {
		got[letter.To]++
	}
	for _, email := range b.emails {
		if got[email] != 2 {
			t.Errorf("%s has %d letters, want weeks 1 and 2 once each", email, got[email])
		}
	}
	if s := b.books(); !s.balanced() || s.Deliveries["planned"] != 2*len(b.emails) {
		t.Errorf("the accounts are %v, want %d planned", s.Deliveries, 2*len(b.emails))
	}
}

// A worker dies at the greeting, with letters claimed, while another has
// nothing to do. Soon they are on their way again.
func TestRow02KillAfterClaim(t *testing.T) {
	t.Parallel()
	trap := newTrap(relaytest.Connect)
	b := newBox(t, 10, trap.behave)
	first := b.worker()
	b.counts(len(b.emails), `select count(*) from deliveries where state = 'claimed'`)
	other := b.worker()
	b.counts(2, `select count(*) from workers where stopped_at is null`)

	kill(first)
	close(trap.sprung)
	died := time.Now()
	if err := b.relay.Wait(inTime(t), len(b.emails)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(died); took > lease+5*time.Second {
		t.Errorf("claimed letters of a killed worker went out after %v, want within the lease of %v and 5 s", took, lease)
	}
	b.settled()
	b.rest(other)
	if second := b.audit(1, connections); second != 0 {
		t.Errorf("%d second copies, and no dot was out", second)
	}
}

// A worker dies while it reads the text of what it has claimed.
func TestRow03KillWhileRendering(t *testing.T) {
	t.Parallel()
	b := newBox(t, 10, nil)
	b.course("hold", "--everything")
	first := b.worker()
	b.counts(1, `select count(*) from workers`)
	letGo := b.holding(`lock table versions in access exclusive mode`)
	b.execute(`delete from holds`, `notify course_wake`)
	b.counts(len(b.emails), `select count(*) from deliveries where state = 'claimed'`)
	b.waits()
	kill(first)
	letGo()
	b.sentOnceBy(b.worker())
}

// A worker dies when the relay has heard for whom the letters are.
func TestRow04KillAfterRecipient(t *testing.T) {
	t.Parallel()
	trap := newTrap(relaytest.Rcpt)
	b := newBox(t, 20, trap.behave)
	first := b.worker()
	trap.await(t, connections)
	kill(first)
	close(trap.sprung)
	b.sentOnceBy(b.worker())
}

// A worker dies with half a letter on its way. The relay forgets the half.
func TestRow05KillInTheMiddleOfALetter(t *testing.T) {
	t.Parallel()
	trap := newTrap(relaytest.Body)
	b := newBox(t, 20, trap.behave)
	wire, setting := b.relayCable()
	wire.slow()
	first := b.worker(setting)
	trap.await(t, connections)
	kill(first)
	wire.cut() // and what the wire still held is lost
	close(trap.sprung)
	b.sentOnceBy(b.worker())
}

// A worker dies between the mark, which is committed, and the dot: the answer
// to the mark is lost. The letter is in doubt, and sent after the quarantine.
func TestRow06KillBetweenMarkAndDot(t *testing.T) {
	t.Parallel()
	b := newBox(t, 20, nil)
	database, setting := b.databaseCable()
	lift := b.barrier(`update of state when (new.state = 'sending')`)
	first := b.worker(setting, "COURSE_SMTP_CONNECTIONS=1")
	b.waits()
	database.deafen()
	lift()
	b.counts(1, `select count(*) from deliveries where state = 'sending'`)
	kill(first)
	if n := len(b.relay.Received()); n != 0 {
		t.Errorf("the relay has %d letters, and no mark was answered", n)
	}
	b.sentOnceBy(b.worker())
	if n := b.books().Resent; n != 1 {
		t.Errorf("%d letters are told as resent, want the one that was in doubt", n)
	}
}

// A worker dies with a dot out on each connection, before the reply: these
// letters, and no others, come twice.
func TestRow07KillBetweenDotAndReply(t *testing.T) {
	t.Parallel()
	trap := newTrap(relaytest.Dot)
	b := newBox(t, 20, trap.behave)
	first := b.worker()
	trap.await(t, connections)
	kill(first)
	close(trap.sprung)
	b.sentTwiceBy(connections, b.worker())
}

// A worker dies after the 250, which it cannot record: the database is away.
// It sends no further dot meanwhile.
func TestRow08KillBeforeTheRecord(t *testing.T) {
	t.Parallel()
	var database *cable
	b := newBox(t, 20, func(e relaytest.Event) relaytest.Action {
		if e.Stage == relaytest.Dot && e.N == 1 {
			database.cut()
		}
		return relaytest.Action{}
	})
	database, setting := b.databaseCable()
	first := b.worker(setting, "COURSE_SMTP_CONNECTIONS=1")
	if err := b.relay.Wait(inTime(t), 1); err != nil {
		t.Fatal(err)
	}
	<-time.After(time.Second)
	kill(first)
	if n := len(b.relay.Accepted()); n != 1 {
		t.Errorf("the relay accepted %d letters, want the one before the database went away", n)
	}
	b.sentTwiceBy(1, b.worker())
}

// Those who would recover from a death die of it themselves, five times.
func TestRow09KillDuringRecovery(t *testing.T) {
	t.Parallel()
	trap := newTrap(relaytest.Dot)
	b := newBox(t, 20, trap.behave)
	first := b.worker()
	trap.await(t, connections)
	kill(first)
	close(trap.sprung)
	lift := b.barrier(`update of state when (new.state = 'uncertain')`)
	for range 5 {
		next := b.worker()
		b.waits()
		kill(next)
		b.throwOut()
	}
	lift()
	b.sentTwiceBy(connections, b.worker())
}
