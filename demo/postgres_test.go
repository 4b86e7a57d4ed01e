package demo

import (
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/lib/pq"
	"golang.org/x/sys/unix"
)

// reachable is a directory for a server that does not exist yet, open also to
// the account that root lends it; t.TempDir is not.
func reachable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fortsatt-demo-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "pg")
}

// begin is StartPostgres without care for the data's life.
func begin(t *testing.T, dir string) *Postgres {
	t.Helper()
	p, err := start(inTime(t), fast(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func socketOf(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("host")
}

func TestAServerKeepsItsDataFromOneStartToTheNext(t *testing.T) {
	t.Parallel()
	dir := reachable(t)

	p, err := StartPostgres(inTime(t), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	execute(t, p.DSN(), "create table readers as select 'Åsa Öberg' as name")
	pid := p.lead.Pid
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Errorf("process %d is alive after Stop", pid)
	}

	again := begin(t, dir)
	if got := query(t, again.DSN(), "select name from readers"); got != "Åsa Öberg" {
		t.Errorf("after a second start the name is %q", got)
	}
}

func TestARunningServer(t *testing.T) {
	t.Parallel()
	dir := reachable(t)
	p := begin(t, dir)

	t.Run("is reached by this account only", func(t *testing.T) {
		for question, want := range map[string]string{
			"show listen_addresses":    "",
			"show server_encoding":     "UTF8",
			"show password_encryption": "scram-sha-256",
			"select datcollate from pg_database where datname = current_database()": "C",
		} {
			if got := query(t, p.DSN(), question); got != want {
				t.Errorf("%s: %q, want %q", question, got, want)
			}
		}
		for path, want := range map[string]os.FileMode{
			dir:                            0o700 | os.ModeDir,
			socketOf(t, p.DSN()):           0o700 | os.ModeDir,
			filepath.Join(dir, "password"): 0o600,
			filepath.Join(dir, "log"):      0o600,
		} {
			info, err := os.Stat(path)
			if err != nil {
				t.Error(err)
			} else if info.Mode() != want {
				t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
			}
		}
	})
	t.Run("is not ours to interrupt", func(t *testing.T) {
		session, err := unix.Getsid(p.lead.Pid)
		if err != nil {
			t.Fatal(err)
		}
		if session != p.lead.Pid {
			t.Errorf("the server is in session %d, so a Ctrl-C in our terminal would end it", session)
		}
	})
	t.Run("is joined by a second command", func(t *testing.T) {
		second := begin(t, dir)
		if second.DSN() != p.DSN() {
			t.Errorf("attached to %s, want %s", second.DSN(), p.DSN())
		}
		if err := second.Stop(); err != nil {
			t.Fatal(err)
		}
		if got := query(t, p.DSN(), "select 'here'"); got != "here" {
			t.Error("the server went when one who had attached stopped")
		}
	})
	t.Run("turns a wrong password away", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(dir, "password"), []byte("guessed"), 0o600); err != nil {
			t.Fatal(err)
		}

		_, err := StartPostgres(inTime(t), dir, "")
		var refused *pq.Error
		if !errors.As(err, &refused) || refused.Code != "28P01" { // invalid_password
			t.Errorf("got error %v, want a wrong password", err)
		}
	})
}

func TestDataAtRest(t *testing.T) {
	t.Parallel()
	dir := reachable(t)
	p := begin(t, dir)
	who := p.server.who
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}

	t.Run("is freed of a pid file that names another program", func(t *testing.T) {
		// The machine went down, and after the restart the number is sleep's.
		sleep := exec.Command("sleep", "600")
		sleep.SysProcAttr = who.attributes()
		sleep.Dir = dir
		if err := sleep.Start(); err != nil {
			t.Fatal(err)
		}
		defer sleep.Wait()
		defer sleep.Process.Kill()
		stale := strings.Join([]string{strconv.Itoa(sleep.Process.Pid), filepath.Join(dir, "data"), "1", "5432", filepath.Join(dir, "socket"), "", "0 0", "ready", ""}, "\n")
		path := filepath.Join(dir, "data/postmaster.pid")
		if err := os.WriteFile(path, []byte(stale), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := who.own(path); err != nil {
			t.Fatal(err)
		}

		again := begin(t, dir)
		if !alive(sleep.Process.Pid) {
			t.Error("the other program was killed")
		}
		if err := again.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Run("says why it cannot be started", func(t *testing.T) {
		settings, err := os.OpenFile(filepath.Join(dir, "data/postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer settings.Close()
		if _, err := settings.WriteString("max_connections = plenty\n"); err != nil {
			t.Fatal(err)
		}

		_, err = StartPostgres(inTime(t), dir, "")
		if err == nil || !strings.Contains(err.Error(), "FATAL:") || !strings.Contains(err.Error(), "contains errors") {
			t.Errorf("got error %v, want the log's fatal line", err)
		}
	})
	t.Run("of another major version is left alone", func(t *testing.T) {
		version := filepath.Join(dir, "data/PG_VERSION")
		if err := os.WriteFile(version, []byte("9\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		before := listing(t, dir)

		_, err := StartPostgres(inTime(t), dir, "")
		if err == nil || !strings.Contains(err.Error(), "the data is of Postgres 9") || !strings.Contains(err.Error(), "untouched") {
			t.Errorf("got error %v", err)
		}
		if after := listing(t, dir); after != before {
			t.Errorf("the data changed: before\n%s\nafter\n%s", before, after)
		}
	})
}

func TestOfManyWhoStartAtOnceOneOwnsTheServer(t *testing.T) {
	t.Parallel()
	dir := reachable(t)

	const commands = 5
	started := make([]*Postgres, commands)
	faults := make([]error, commands)
	var all sync.WaitGroup
	for i := range commands {
		all.Go(func() { started[i], faults[i] = start(inTime(t), fast(dir)) })
	}
	all.Wait()

	if err := errors.Join(faults...); err != nil {
		t.Error(err)
	}
	owners := 0
	for _, p := range started {
		if p == nil {
			continue
		}
		if p.lock != nil {
			owners++
			defer p.Stop()
		}
		query(t, p.DSN(), "select 'here'")
	}
	if owners != 1 {
		t.Errorf("%d of %d own the server, want 1", owners, commands)
	}
}

func TestAServerWhoseStarterWasKilledIsAdopted(t *testing.T) {
	t.Parallel()
	dir := reachable(t)
	starter, dsn := another(t, "server", "DEMO_TEST_DIR="+dir)
	before := query(t, dsn, "select pg_postmaster_start_time()")
	kill(t, starter)

	p := begin(t, dir)
	if after := query(t, p.DSN(), "select pg_postmaster_start_time()"); after != before {
		t.Errorf("the server was started anew (%s, before %s)", after, before)
	}
	pid := p.lead.Pid
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := (&server{dir: dir}).postmaster(); got != 0 {
		t.Errorf("process %d (adopted %d) is alive after Stop", got, pid)
	}
}

func TestAnInterruptedFirstStartLeavesNoTrace(t *testing.T) {
	t.Parallel()
	dir := reachable(t)
	for _, half := range []string{"data.new/base", "data.new/global"} {
		if err := os.MkdirAll(filepath.Join(dir, half), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if who, err := accountFor(); err != nil || who.own(dir) != nil {
		t.Fatal("hand over the directory: ", err)
	}

	p := begin(t, dir)
	if got := query(t, p.DSN(), "select 'here'"); got != "here" {
		t.Errorf("got %q", got)
	}
}

// listing is every file with its size and time.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(filepath.Join(dir, "data"), func(path string, info os.FileInfo, err error) error {
		if err == nil {
			b.WriteString(path + " " + strconv.FormatInt(info.Size(), 10) + " " + info.ModTime().String() + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAStartGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	dir := reachable(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := StartPostgres(ctx, dir, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want context.Canceled", err)
	}
	if pid := (&server{dir: dir}).postmaster(); pid != 0 {
		t.Errorf("process %d was left behind", pid)
	}
}

func TestALongPathGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(reachable(t), strings.Repeat("long/", 20))
	p := begin(t, dir)

	socket := socketOf(t, p.DSN())
	if n := len(filepath.Join(socket, socketName)); n > socketPathMax {
		t.Errorf("the socket's path is %d bytes", n)
	}
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("socket directory: %v, %v", info, err)
	}
	attached := begin(t, dir)
	if attached.DSN() != p.DSN() {
		t.Errorf("attached to %s, want %s", attached.DSN(), p.DSN())
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left behind (%v)", socket, err)
	}
}

func TestRootIsToldOfADirectoryThatItsAccountCannotEnter(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root lends the server another account")
	}
	closed := t.TempDir() // 0700 and root's
	_, err := StartPostgres(inTime(t), filepath.Join(closed, "pg"), "")
	if err == nil || !strings.Contains(err.Error(), "is closed to the account") {
		t.Errorf("got error %v", err)
	}
}
