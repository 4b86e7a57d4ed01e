package worker_test

import (
	"testing"

	"fortsatt/worker"
)

// Every seventh statement that touches a letter fails as if it had met another:
// a deadlock, or a serialization failure. Through planning, claiming, marking and
// recording, two weeks' letters go out all the same, once each.
func TestRow22DeadlocksAndSerializationFailures(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.crowd(16)
	st.exec(`create sequence tries`)
	st.exec(`create function clash() returns trigger language plpgsql as $$
		declare try int := nextval('tries');
		begin
			if try % 14 = 7 then raise exception 'deadlock' using errcode = '40P01'; end if;
			if try % 14 = 0 then raise exception 'serialization failure' using errcode = '40001'; end if;
			return null;
		end $$`)
	for _, table := range []string{"deliveries", "attempts", "enrolments", "workers"} {
		st.exec(`create trigger clash before insert or update on ` + table + ` for each statement execute function clash()`)
	}
	store := st.store(st.dsn)
	st.starts(st.worker(func(o *worker.Options) { o.Connections, o.Store = 4, store }, relay))
	for week := 1; week <= 2; week++ {
		st.clock.set(at("2026-11-03 08:00").AddDate(0, 0, 7*(week-1)))
		st.until("all have the week's letter", func() bool {
			st.clock.wake()
			return st.states()["accepted"] == 16*week
		})
	}
	if n := st.count(`select last_value from tries`); n < 28 {
		t.Errorf("only %d statements were tried, so not both failed", n)
	}
	for week := 1; week <= 2; week++ {
		if n := st.count(`select count(distinct subscriber_id) from deliveries where letter = $1`, lesson(week).Letter); n != 16 {
			t.Errorf("week %d was planned for %d readers, want 16", week, n)
		}
	}
	st.exec(`drop function clash cascade`)
}
