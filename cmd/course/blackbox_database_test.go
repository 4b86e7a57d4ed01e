package main

import (
	"os/exec"
	"testing"
	"time"

	"fortsatt/demo"
	"fortsatt/mailer/relaytest"
)

// midSend is a box whose worker is in the middle of it, its relay not fast.
func midSend(t *testing.T, settings func(*box) []string) (*box, *process) {
	t.Helper()
	b := newBox(t, 200, func(relaytest.Event) relaytest.Action {
		return relaytest.Action{Delay: 3 * time.Millisecond}
	})
	var own []string
	if settings != nil {
		own = settings(b)
	}
	worker := b.worker(own...)
	if err := b.relay.Wait(inTime(t), 20); err != nil {
		t.Fatal(err)
	}
	return b, worker
}

// The database is away for longer than the lease. What the relay said meanwhile
// is remembered, and nothing is sent twice.
func TestRow19And47DatabaseAwayForLong(t *testing.T) {
	t.Parallel()
	var database *cable
	b, worker := midSend(t, func(b *box) []string {
		cable, setting := b.databaseCable()
		database = cable
		return []string{setting}
	})
	database.cut()
	<-time.After(lease + 2*time.Second)
	had := len(b.relay.Received())
	<-time.After(time.Second)
	if n := len(b.relay.Received()); n != had || n == len(b.emails) {
		t.Errorf("letters go out while the database is away: %d, then %d", had, n)
	}
	database.mend()
	b.sentOnceBy(worker)
}

// Somebody ends the database's sessions, whatever they are doing.
func TestRow20SessionsTerminated(t *testing.T) {
	t.Parallel()
	b, worker := midSend(t, nil)
	random := dice(t)
	for range soak(20) {
		<-time.After(time.Duration(random.IntN(100)) * time.Millisecond)
		b.count(`
			select count(pg_terminate_backend(pid))
			from pg_stat_activity
			where datname = current_database() and pid <> pg_backend_pid() and random() < 0.5`)
	}
	b.sentOnceBy(worker)
}

// The database commits, and the connection is lost before it can say so: at a
// mark, and at a record.
func TestRow21CommittedButReportedAsFailed(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"sending", "accepted"} {
		t.Run(state, func(t *testing.T) {
			b := newBox(t, 20, nil)
			database, setting := b.databaseCable()
			lift := b.barrier(`update of state when (new.state = '` + state + `')`)
			worker := b.worker(setting, "COURSE_SMTP_CONNECTIONS=1")
			b.waits()
			database.deafen()
			lift()
			b.counts(1, `select least(count(*), 1) from deliveries where state = '`+state+`'`)
			database.hear()
			b.sentOnceBy(worker)
			if n := b.count(`select sum(attempt) from deliveries`); n != len(b.emails) {
				t.Errorf("%d attempts in the ledger, want %d", n, len(b.emails))
			}
		})
	}
}

// Statements are given up by the database, while another has locked the letters.
func TestRow23LockAndStatementTimeouts(t *testing.T) {
	t.Parallel()
	for _, timeout := range []string{"lock_timeout", "statement_timeout"} {
		t.Run(timeout, func(t *testing.T) {
			b := newBox(t, 100, func(e relaytest.Event) relaytest.Action {
				return relaytest.Action{Delay: 3 * time.Millisecond}
			})
			b.execute(`do $$ begin execute format('alter database %I set ` + timeout + ` = ''300ms''', current_database()); end $$`)
			worker := b.worker()
			if err := b.relay.Wait(inTime(t), 20); err != nil {
				t.Fatal(err)
			}
			letGo := b.lockLetters()
			worker.says("canceling statement due to")
			<-time.After(time.Second)
			letGo()
			b.sentOnceBy(worker)
		})
	}
}

// lockLetters gets hold of the table when those who use it have finished.
func (b *box) lockLetters() (letGo func()) {
	return b.holding(`set local lock_timeout = 0`, `set local statement_timeout = 0`, `lock table deliveries in access exclusive mode`)
}

// Somebody migrates while letters go out: nothing happens to them.
func TestRow24MigratedDuringASend(t *testing.T) {
	t.Parallel()
	b, worker := midSend(t, nil)
	for range 3 {
		b.course("migrate")
	}
	b.sentOnceBy(worker)
}

// A migration is killed half-way, and run again.
func TestRow24MigrationKilledHalfWay(t *testing.T) {
	t.Parallel()
	b := &box{house: houseAt(t, demo.EmptyDatabase(t), nil)}
	b.program = shipped(t)
	letGo := b.holding(`create table holds ()`) // the same name: whoever comes next must wait
	migrate := b.start("migrate")
	b.waits()
	kill(migrate)
	letGo()
	b.throwOut()
	b.course("migrate")
	b.people("anna@example.se")
	b.emails = []string{"anna@example.se"}
	b.course("send", "--week", "1")
	b.audit(1, 0)
}

// An old dump is restored, two days after anybody was at work: nothing is sent
// until an admin says so.
func TestRow25OldDumpRestored(t *testing.T) {
	t.Parallel()
	dump, err := exec.LookPath("pg_dump")
	if err != nil {
		missing(t, "pg_dump")
	}
	psql, err := exec.LookPath("psql")
	if err != nil {
		missing(t, "psql")
	}
	b := newBox(t, 20, nil)
	b.course("hold", "--everything")
	old := b.worker()
	old.says("worker: started")
	b.counts(1, `select count(*) from workers`)
	b.rest(old)
	b.course("release", "--everything")
	b.execute(`update workers set heartbeat_at = heartbeat_at - interval '49 hours'`)

	file, restored := t.TempDir()+"/dump.sql", demo.EmptyDatabase(t)
	for _, args := range [][]string{{dump, "--dbname", b.dsn, "--no-owner", "--file", file}, {psql, "--dbname", restored, "--quiet", "--file", file}} {
		if out, err := exec.CommandContext(inTime(t), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
	}
	b.dsn = restored
	b.env = append(b.env, "DATABASE_URL="+restored)
	worker := b.worker()
	b.counts(1, `select count(*) from holds where scope = 'pause'`)
	b.counts(2, `select count(*) from workers`)
	other := b.worker() // the silence is over; the pause is not
	b.counts(3, `select count(*) from workers`)
	if n := len(b.relay.Received()); n != 0 {
		t.Errorf("%d letters went out from an old dump", n)
	}
	b.course("resume")
	b.sentOnceBy(worker, other)
}

// The disk is full for a while: the database takes no change.
func TestRow26DiskFull(t *testing.T) {
	t.Parallel()
	b, worker := midSend(t, nil)
	b.execute(`create function no_space() returns trigger language plpgsql as
		$$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`,
		`create trigger no_space before insert or update on deliveries execute function no_space()`)
	worker.says("No space left")
	<-time.After(2 * time.Second)
	b.execute(`drop trigger no_space on deliveries`)
	b.sentOnceBy(worker)
}

// A worker has hardly a file descriptor left. It sends what it can; nothing is
// lost or parked for want of one.
func TestRow17OutOfFileDescriptors(t *testing.T) {
	t.Parallel()
	b := newBox(t, 40, nil)
	cmd := exec.Command("sh", "-c", `ulimit -n 11; exec "$0" worker`, b.program)
	cmd.Env = b.settings()
	starved := begin(t, cmd)
	starved.says("too many open files")
	kill(starved)
	b.sentOnceBy(b.worker())
}

// The database is there, and the relay is not: no attempt is burnt.
func TestRow47RelayAway(t *testing.T) {
	t.Parallel()
	b := newBox(t, 40, nil)
	wire, setting := b.relayCable()
	wire.cut()
	worker := b.worker(setting)
	worker.says("connection refused|EOF|reset")
	wire.mend()
	b.sentOnceBy(worker)
	if n := b.count(`select count(*) from deliveries where attempt <> 1`); n != 0 {
		t.Errorf("%d letters were attempted more than once, and there was no relay", n)
	}
}
