package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func migrateReaders(ctx context.Context, dsn string) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "create table readers (name text)")
	return err
}

// anotherBinary is on the same server, as another test binary would be with
// DATABASE_URL: it has no template yet.
func anotherBinary(t *testing.T) *testServer {
	t.Helper()
	shared := tests.use(t)
	s := &testServer{url: shared.url, admin: shared.admin, fileCopy: shared.fileCopy}
	s.starting.Do(func() {})
	t.Cleanup(func() {
		if err := s.drop(s.template); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestEveryTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	annas := Database(t, migrateReaders)
	bertils := Database(t, migrateReaders)

	execute(t, annas, "insert into readers values ('Anna')")
	if got := query(t, bertils, "select count(*) from readers"); got != "0" {
		t.Errorf("%s readers in the other database, want 0", got)
	}
}

func TestTheMigrationsRunOnceForAllTests(t *testing.T) {
	t.Parallel()
	s := anotherBinary(t)
	var runs atomic.Int32
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			dsn := s.clone(t, func(ctx context.Context, dsn string) error {
				runs.Add(1)
				return migrateReaders(ctx, dsn)
			})
			query(t, dsn, "select count(*) from readers")
		})
	}
	all.Wait()
	if n := runs.Load(); n != 1 {
		t.Errorf("migrated %d times, want once", n)
	}
}

func TestAnEmptyDatabaseIsEmpty(t *testing.T) {
	t.Parallel()
	Database(t, migrateReaders)
	if got := query(t, EmptyDatabase(t), "select count(*) from pg_tables where schemaname = 'public'"); got != "0" {
		t.Errorf("%s tables, want 0", got)
	}
}

func TestADatabaseGoesWithItsTestAlsoWhenSomeoneIsStillConnected(t *testing.T) {
	t.Parallel()
	var dsn string
	t.Run("inner", func(t *testing.T) {
		dsn = EmptyDatabase(t)
		db, err := sql.Open("postgres", dsn)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Ping(); err != nil { // and the connection is never closed
			t.Fatal(err)
		}
	})
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	if got := query(t, EmptyDatabase(t), "select count(*) from pg_database where datname = '"+name+"'"); got != "0" {
		t.Errorf("database %s is still there", name)
	}
}

func TestAFailedMigrationFailsEveryTest(t *testing.T) {
	t.Parallel()
	s := anotherBinary(t)
	broken := errors.New("column week does not exist")
	for range 2 {
		said := failure(func(t testing.TB) {
			s.clone(t, func(context.Context, string) error { return broken })
		})
		if !strings.Contains(said, broken.Error()) {
			t.Errorf("the test failed with %q, want the migration's error", said)
		}
	}
}

func TestDatabaseURLIsUsedInstead(t *testing.T) {
	there := EmptyDatabase(t)
	t.Setenv("DATABASE_URL", there)
	var s testServer
	var dsn string
	t.Run("inner", func(t *testing.T) {
		dsn = s.use(t).clone(t, migrateReaders)
		if got, want := socketOf(t, dsn), socketOf(t, there); got != want {
			t.Errorf("the database is at %s, want %s", got, want)
		}
		query(t, dsn, "select count(*) from readers")
	})
	template := s.template
	if err := s.close(); err != nil {
		t.Fatal(err)
	}

	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	left := query(t, there, "select count(*) from pg_database where datname in ('"+template+"', '"+strings.TrimPrefix(u.Path, "/")+"')")
	if left != "0" {
		t.Errorf("%s databases left on the given server, want 0", left)
	}
}

func TestAThrowawayServerGoesWhenItsProcessIsKilled(t *testing.T) {
	t.Parallel()
	process, dsn := another(t, "throwaway")
	home := filepath.Dir(socketOf(t, dsn))
	pid := (&server{dir: home}).postmaster()
	if pid == 0 {
		t.Fatal("no server runs in ", home)
	}

	kill(t, process)

	if err := until(inTime(t), func() bool { return !alive(pid) }); err != nil {
		t.Errorf("process %d is still alive", pid)
	}
	if err := until(inTime(t), func() bool { _, err := os.Stat(filepath.Dir(home)); return errors.Is(err, os.ErrNotExist) }); err != nil {
		t.Errorf("%s is still there", filepath.Dir(home))
	}
}

func TestWhenTheTestsEndNothingIsLeft(t *testing.T) {
	t.Parallel()
	dir := filepath.Dir(reachable(t))
	run := exec.Command(os.Args[0], "-test.run=^TestAnEmptyDatabaseIsEmpty$")
	run.Env = append(os.Environ(), "DATABASE_URL=", "TMPDIR="+dir)
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// A recorder stands in for a test that is meant to fail.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return context.Background() }
func (r *recorder) Fatal(args ...any) {
	r.said = fmt.Sprint(args...)
	runtime.Goexit()
}

// failure runs a test that should fail and returns what it said.
func failure(test func(testing.TB)) string {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	return r.said
}
