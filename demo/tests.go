package demo

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// tests is the server of this test binary, started by the first test that asks
// for a database.
var tests testServer

// Tests runs a package's tests and ends the process:
//
//	func TestMain(m *testing.M) { demo.Tests(m) }
//
// When it returns to the shell, the server that the tests used is gone.
func Tests(m *testing.M) { os.Exit(RunTests(m)) }

// RunTests is Tests for a TestMain that has something left to do: it returns
// the exit code.
func RunTests(m *testing.M) int {
	code := m.Run()
	if err := tests.close(); err != nil {
		fmt.Fprintln(os.Stderr, "demo: end of tests:", err)
		code = max(code, 1)
	}
	return code
}

// Database returns the DSN of a database that only this test uses, dropped when
// the test ends. It is a copy of a template on which migrate has run: once per
// test binary, so every caller in it passes the same migrate. That function must
// leave no connection open behind it.
//
// The server is a private one, thrown away with the test binary however it ends;
// or the one at DATABASE_URL, if that is set.
func Database(t testing.TB, migrate func(ctx context.Context, dsn string) error) string {
	t.Helper()
	return tests.use(t).clone(t, migrate)
}

// EmptyDatabase is a [Database] on which nothing has run.
func EmptyDatabase(t testing.TB) string {
	t.Helper()
	return tests.use(t).create(t, "template0")
}

type testServer struct {
	starting sync.Once
	started  error
	url      *url.URL
	admin    *sql.DB
	fileCopy string // how a database is cloned, for servers that must be told
	end      func() error

	migrating sync.Once
	migrated  error
	template  string
}

func (s *testServer) use(t testing.TB) *testServer {
	t.Helper()
	s.starting.Do(func() { s.started = s.open(t.Context()) })
	if s.started != nil {
		t.Fatal("a database for the tests: ", s.started)
	}
	return s
}

func (s *testServer) open(ctx context.Context) (err error) {
	dsn := os.Getenv("DATABASE_URL")
	if dsn == "" {
		if dsn, s.end, err = startThrowaway(ctx); err != nil {
			return err
		}
	}
	if s.url, err = url.Parse(dsn); err != nil || s.url.Scheme == "" {
		return errors.New("DATABASE_URL is not a URL (postgres://…)")
	}
	if s.admin, err = sql.Open("postgres", dsn); err != nil {
		return err
	}
	var version int
	if err := s.admin.QueryRowContext(ctx, "select current_setting('server_version_num')::int").Scan(&version); err != nil {
		return fmt.Errorf("ask the server for its version: %w", err)
	}
	if version >= 150000 { // before, there was no other way
		s.fileCopy = " strategy file_copy"
	}
	return nil
}

func (s *testServer) close() error {
	if s.admin == nil {
		return nil
	}
	var dropped error
	if s.template != "" {
		dropped = s.drop(s.template)
	}
	s.admin.Close()
	if s.end == nil {
		return dropped
	}
	return errors.Join(dropped, s.end())
}

func (s *testServer) clone(t testing.TB, migrate func(context.Context, string) error) string {
	t.Helper()
	s.migrating.Do(func() { s.migrated = s.makeTemplate(t.Context(), migrate) })
	if s.migrated != nil {
		t.Fatal("migrate the template database: ", s.migrated)
	}
	return s.create(t, s.template)
}

func (s *testServer) makeTemplate(ctx context.Context, migrate func(context.Context, string) error) error {
	name := newName()
	if _, err := s.admin.ExecContext(ctx, "create database "+name); err != nil {
		return err
	}
	s.template = name
	return migrate(ctx, s.dsn(name))
}

func (s *testServer) create(t testing.TB, template string) string {
	t.Helper()
	name := newName()
	if _, err := s.admin.ExecContext(t.Context(), "create database "+name+" template "+template+s.fileCopy); err != nil {
		t.Fatal("create a database for this test: ", err)
	}
	t.Cleanup(func() {
		if err := s.drop(name); err != nil {
			t.Error("drop this test's database: ", err)
		}
	})
	return s.dsn(name)
}

// drop throws out who is still connected.
func (s *testServer) drop(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err := s.admin.ExecContext(ctx, "drop database "+name+" with (force)")
	return err
}

func (s *testServer) dsn(name string) string {
	u := *s.url
	u.Path = "/" + name
	return u.String()
}

func newName() string { return "test_" + strings.ToLower(rand.Text()) }
