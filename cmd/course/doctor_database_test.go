package main

import (
	"os"
	"regexp"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/demo"
)

// databaseFound is what doctor finds at a database.
func databaseFound(t *testing.T, dsn string, set func(*doctor)) []finding {
	t.Helper()
	d := doctorOf(t, atta())
	d.app = &app{ctx: t.Context()}
	d.DatabaseURL, d.secrets = dsn, []string{secret}
	if set != nil {
		set(d)
	}
	return d.examine(t.Context(), []check{d.database})
}

// The tests' own server is fast because nobody will miss its data: doctor must say that it
// would lose letters.
func TestDoctorOnAServerWithoutFsync(t *testing.T) {
	t.Parallel()
	all := databaseFound(t, demo.Database(t, course.Migrate), nil)
	expectFinding(t, all, "durability", isFail, "fsync", "full_page_writes", "synchronous_commit")
	expectFinding(t, all, "database", isOK, "Postgres ")
	expectFinding(t, all, "tables", isOK)
	expectFinding(t, all, "isolation", isOK)
	expectFinding(t, all, "clock", isOK)
	expectFinding(t, all, "pooler", isOK)
}

// A private server, as demo and laptops have it, keeps what is committed; where nothing
// fails, the exit code says so.
func TestDoctorOnAPrivateServer(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "fortsatt-doctor-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // as root, Postgres runs as another user
		t.Fatal(err)
	}
	h := houseAt(t, "", nil)
	h.env = append(h.env, "COURSE_DATA_DIR="+dir+"/data", "COURSE_PG_BIN="+os.Getenv("COURSE_PG_BIN"))
	h.course("migrate")
	told := h.course("doctor")
	for _, want := range []string{`(?m)^ok +durability `, `(?m)^ok +tables `, `(?m)^[1-9]\d* ok, 0 warn, 0 fail$`} {
		if !regexp.MustCompile(want).MatchString(told) {
			t.Errorf("got\n%s\nwant %s", told, want)
		}
	}
	if n := len(h.relay.Received()); n > 0 {
		t.Errorf("the relay got %d letters", n)
	}
}

func TestDoctorOnWhatTheDatabaseLacks(t *testing.T) {
	t.Parallel()
	empty := demo.EmptyDatabase(t)
	expectFinding(t, databaseFound(t, empty, nil), "tables", isFail, "lacks tables", "course migrate")

	dsn := demo.Database(t, course.Migrate)
	store, err := course.Open(t.Context(), course.Options{DSN: dsn, Secrets: []string{secret}})
	if err != nil {
		t.Fatal(err)
	}
	store.Close()
	other := func(d *doctor) { d.secrets = []string{"hemligt: another secret than the database's"} }
	expectFinding(t, databaseFound(t, dsn, nil), "tables", isOK)
	expectFinding(t, databaseFound(t, dsn, other), "tables", isFail, "COURSE_SECRET", "new,old")

	expectFinding(t, databaseFound(t, dsn+"&default_transaction_isolation=serializable", nil), "isolation", isWarn, "serializable", "read committed")
	expectFinding(t, databaseFound(t, dsn+"&default_transaction_read_only=on", nil), "database", isFail, "read-only", "DATABASE_URL")
	expectFinding(t, databaseFound(t, "postgres://course:hemligt@127.0.0.1:1/course?sslmode=disable", nil), "database", isFail, "refused", "DATABASE_URL")
}

func TestDoctorOnClocks(t *testing.T) {
	t.Parallel()
	dsn := demo.EmptyDatabase(t)
	for off, want := range map[time.Duration]verdict{-time.Hour: isFail, -30 * time.Second: isWarn, 30 * time.Second: isWarn, time.Hour: isFail} {
		behind := func(d *doctor) { d.now = func() time.Time { return time.Now().Add(-off) } }
		expectFinding(t, databaseFound(t, dsn, behind), "clock", want, "s apart", "NTP")
	}
	for off, want := range map[time.Duration]verdict{
		-2 * time.Second: isOK, 2 * time.Second: isOK, 2001 * time.Millisecond: isWarn, -2001 * time.Millisecond: isWarn,
		time.Minute: isWarn, time.Minute + 1: isFail, -time.Minute - 1: isFail,
	} {
		if got := judgeClock(subject{}, off).State; got != want {
			t.Errorf("%s apart: got %s, want %s", off, got, want)
		}
	}
}

func TestDoctorOnSettingsThatLoseCommits(t *testing.T) {
	t.Parallel()
	for setting, s := range map[string]course.Durability{
		"fsync":              {Fsync: "off", FullPageWrites: "on", SynchronousCommit: "on"},
		"full_page_writes":   {Fsync: "on", FullPageWrites: "off", SynchronousCommit: "on"},
		"synchronous_commit": {Fsync: "on", FullPageWrites: "on", SynchronousCommit: "off"},
	} {
		expectFinding(t, []finding{judgeDurability(subject{"durability", "x"}, s)}, "durability", isFail, setting+" off")
	}
	for _, kept := range []string{"on", "local", "remote_write", "remote_apply"} { // each flushes here, at least
		s := course.Durability{Fsync: "on", FullPageWrites: "on", SynchronousCommit: kept}
		expectFinding(t, []finding{judgeDurability(subject{"durability", "x"}, s)}, "durability", isOK)
	}
}

func TestDoctorOnPostgresVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[int]verdict{130022: isFail, 140000: isOK, 150018: isOK, 180001: isOK} {
		if got := judgeServer(subject{}, course.Health{Version: version}).State; got != want {
			t.Errorf("%d: got %s, want %s", version, got, want)
		}
	}
}

func TestDoctorGuessesAPoolerByItsPort(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]verdict{
		"postgres://course@db.example:6432/course":         isWarn,
		"postgres:///course?host=/run/pgbouncer&port=6432": isWarn,
		"host=db.example port=6432 dbname=course":          isWarn,
		"host=db.example port='6432'":                      isWarn,
		"postgres://course:6432@db.example:5432/c6432":     isOK,
		"postgres://db.example/course":                     isOK,
		"host=db.example dbname=course":                    isOK,
	} {
		f := judgePooler(subject{"pooler", "x"}, dsn, false)
		expectFinding(t, []finding{f}, "pooler", want)
	}
}

// COURSE_DIRECT_URL is tried like DATABASE_URL.
func TestDoctorOnTheWayPastThePooler(t *testing.T) {
	t.Parallel()
	dsn := demo.EmptyDatabase(t)
	expectFinding(t, databaseFound(t, dsn, func(d *doctor) { d.DirectURL = dsn + "&application_name=direct" }), "pooler", isOK, "COURSE_DIRECT_URL")
	expectFinding(t, databaseFound(t, dsn, func(d *doctor) { d.DirectURL = "postgres://course@127.0.0.1:1/course?sslmode=disable" }),
		"pooler", isFail, "refused", "COURSE_DIRECT_URL")
}
