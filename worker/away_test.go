package worker_test

import (
	"testing"
	"time"

	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

// The worker's connections to the database are ended, again and again, while it
// sends. It goes on, and leaves no letter lying in its hands.
func TestRow20ConnectionsToTheDatabaseAreEnded(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	store := st.store(st.dsn + "&application_name=worker")
	st.crowd(300)
	st.starts(st.worker(func(o *worker.Options) { o.Connections, o.Store = 4, store }, relay))
	for n := 20; n <= 280; n += 20 {
		st.took(relay, n)
		st.exec(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'worker' and datname = current_database()`)
	}
	st.until("all is recorded", func() bool { return st.states()["accepted"] == 300 })
}

// The wire to the database is cut in the middle of a send. Each connection ends
// the letter whose dot may go and then waits; when the database is back, what
// the relay said meanwhile is written down, and the rest is sent.
func TestTheDatabaseIsAway(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	answer := make(chan struct{})
	relay := st.relay(func(e relaytest.Event) (a relaytest.Action) {
		if e.Stage == relaytest.Dot && e.N > 100 && e.N <= 104 {
			a.Hold = answer
		}
		return a
	})
	wire := splice(st)
	st.crowd(300)
	store := st.store(wire.dsn)
	st.starts(st.worker(func(o *worker.Options) { o.Connections, o.Store = 4, store }, relay))
	st.until("four dots are out", func() bool { return relay.times(relaytest.Dot) == 104 })
	wire.cut()
	close(answer)
	st.took(relay, 104)
	st.until("the letters wait to be recorded", func() bool { return st.states()["sending"] == 4 })
	wire.mend()
	st.until("all is recorded", func() bool { return st.states()["accepted"] == 300 })
}

// The database is away when the worker starts, and comes.
func TestTheDatabaseComesLate(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	wire := splice(st)
	st.readers(anna)
	store := st.store(wire.dsn)
	wire.cut()
	st.starts(st.worker(func(o *worker.Options) { o.Store = store }, relay))
	time.AfterFunc(500*time.Millisecond, wire.mend)
	st.becomes(anna, "accepted")
}

// The ledger stumbles over an outcome for a reason of its own, twice. The relay
// has taken the letter, so that is not forgotten.
func TestAnOutcomeIsNotForgotten(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.exec(`create sequence tries`)
	st.exec(`create function stumble() returns trigger language plpgsql as $$
		begin
			if nextval('tries') < 3 then raise exception 'stumbled'; end if;
			return new;
		end $$`)
	st.exec(`create trigger stumble before insert on attempts for each row execute function stumble()`)
	st.readers(anna)
	st.starts(st.worker(nil, st.relay(nil)))
	st.becomes(anna, "accepted")
}
