package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

const role = "fortsatt"

// A server is one directory:
//
//	data/      Postgres' own; data.new/ while it is being laid out
//	socket/    0700; elsewhere if its path would be too long
//	password   0600
//	log        what Postgres says
//	lock       held by the process that answers for the server
type server struct {
	dir, bin string
	settings []string // name=value, for postgres
	initArgs []string // for initdb
	who      account
}

func (s *server) path(name string) string { return filepath.Join(s.dir, name) }

// open makes the directory usable to the account that will run the server.
func (s *server) open() (err error) {
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return err
	}
	if s.who, err = accountFor(s.path("data"), s.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.dir), 0o755); err != nil {
		return err
	}
	if err := s.mkdir(s.dir); err != nil {
		return err
	}
	return s.who.reaches(s.dir)
}

// mkdir makes a directory that only the account may enter; one that exists is
// left as it is. It comes into being already handed over, since another process
// may be looking at the same moment.
func (s *server) mkdir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), ".fortsatt-") // 0700
	if err != nil {
		return err
	}
	err = s.who.own(fresh)
	if err == nil {
		err = os.Rename(fresh, dir)
	}
	if err == nil {
		return nil
	}
	os.Remove(fresh)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}

// create opens a file of the account's, and makes it where there is none. It
// follows no link: the account could have laid one for root to walk into.
func (s *server) create(name string, flag int) (*os.File, error) {
	file, err := os.OpenFile(s.path(name), flag|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := s.who.own(file.Name()); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// prepare finds the binaries that suit the data, and lays out the data where
// there is none.
func (s *server) prepare(ctx context.Context) (bin string, err error) {
	major, err := s.dataMajor()
	if err != nil {
		return "", err
	}
	if bin, err = find(places(s.bin), major, s.who); err != nil {
		return "", err
	}
	if major == "" {
		return bin, s.layOut(ctx, bin)
	}
	return bin, s.forgetStalePostmaster()
}

// dataMajor is the Postgres version that wrote the data, or empty if there is
// none.
func (s *server) dataMajor() (string, error) {
	if _, err := os.Stat(s.path("data")); errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	version, err := os.ReadFile(s.path("data/PG_VERSION"))
	if err != nil {
		return "", fmt.Errorf("not a Postgres data directory: %w", err)
	}
	return strings.TrimSpace(string(version)), nil
}

// layOut builds the data beside its place and moves it there when it is whole:
// an interrupted start leaves nothing that looks like data.
func (s *server) layOut(ctx context.Context, bin string) error {
	fresh := s.path("data.new")
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := s.mkdir(fresh); err != nil {
		return err
	}
	if err := s.choosePassword(); err != nil {
		return err
	}
	args := append([]string{
		"-D", fresh, "-U", role, "-E", "UTF8", "--locale=C",
		"--auth=scram-sha-256", "--pwfile=" + s.path("password"),
	}, s.initArgs...)
	cmd := s.command(ctx, filepath.Join(bin, "initdb"), args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb as %s: %w: %s", s.who.name, err, lastWords(out))
	}
	return os.Rename(fresh, s.path("data"))
}

func (s *server) choosePassword() error {
	file, err := s.create("password", os.O_WRONLY|os.O_TRUNC)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(rand.Text())
	return err
}

// command prepares a server program. The environment is cleared of what would
// steer Postgres: PGDATA, PGPORT, the locale.
func (s *server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TZ=UTC", "LC_ALL=C"}
	cmd.SysProcAttr = s.who.attributes()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}
