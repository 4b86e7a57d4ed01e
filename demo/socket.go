package demo

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
)

// socketPathMax is what macOS allows for the path of a Unix socket, without the
// closing NUL; Linux allows a few more.
const socketPathMax = 103

const socketName = ".s.PGSQL.5432"

// dsn is put together from what lies on disk, so that every process comes to
// the same one. It is empty until the server has said where its socket is.
func (s *server) dsn() (string, error) {
	socket := s.pidFile().socket
	if socket == "" {
		return "", nil
	}
	password, err := os.ReadFile(s.path("password"))
	if err != nil {
		return "", err
	}
	query := url.Values{"host": {socket}, "port": {"5432"}, "sslmode": {"disable"}}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(role, string(password)),
		Path:     "/postgres",
		RawQuery: query.Encode(),
	}
	return u.String(), nil
}

// makeSocketDir chooses a short directory where the socket's path in ours would
// be too long.
func (s *server) makeSocketDir() (string, error) {
	dir := s.path("socket")
	if len(filepath.Join(dir, socketName)) <= socketPathMax {
		return dir, s.mkdir(dir)
	}
	dir, err := os.MkdirTemp("", "fortsatt-")
	if err != nil {
		return "", err
	}
	if len(filepath.Join(dir, socketName)) > socketPathMax {
		os.Remove(dir)
		return "", fmt.Errorf("the path of a socket in %s would be over %d bytes; set TMPDIR to a shorter one", dir, socketPathMax)
	}
	if err := s.who.own(dir); err != nil {
		return "", err
	}
	return dir, s.who.reaches(dir)
}

// removeSocketDir removes a directory that makeSocketDir chose elsewhere. The
// path may have been read from a file of the account's: remove only what is an
// empty directory, as it is once the server is gone.
func (s *server) removeSocketDir(dir string) error {
	if dir == "" || dir == s.path("socket") {
		return nil
	}
	if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}
