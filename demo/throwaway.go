package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

//go:embed watchdog.sh
var watchdog string

// startThrowaway starts a fast server in a directory that goes with it. A watchdog holds the other end of a pipe: when this
// process closes it, or dies in whatever way, the watchdog ends the server and
// removes the directory.
func startThrowaway(ctx context.Context) (dsn string, end func() error, err error) {
	dir, err := os.MkdirTemp("", "fortsatt-test-")
	if err != nil {
		return "", nil, err
	}
	end, err = watch(dir)
	if err != nil {
		return "", nil, errors.Join(err, os.Remove(dir))
	}
	s := fast(filepath.Join(dir, "postgres"))
	if err := os.Chmod(dir, 0o711); err != nil { // open to the account that root lends the server
		return "", nil, errors.Join(err, end())
	}
	p, err := start(ctx, s)
	if err != nil {
		return "", nil, errors.Join(err, end())
	}
	return p.DSN(), end, nil
}

// fast is a server for data that nobody will miss.
func fast(dir string) *server {
	return &server{
		dir:      dir,
		bin:      os.Getenv("COURSE_PG_BIN"),
		initArgs: []string{"--no-sync"},
		settings: []string{
			"max_connections=200", "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"wal_level=minimal", "max_wal_senders=0", "checkpoint_timeout=1h", "jit=off",
		},
	}
}

// watch starts the watchdog, in a session of its own so that it survives what
// ends the tests. The function it returns lets the watchdog do its work and
// waits for it.
func watch(dir string) (func() error, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c", watchdog, "watchdog", dir)
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, fmt.Errorf("start the watchdog: %w", err)
	}
	return func() error {
		return errors.Join(w.Close(), cmd.Wait())
	}, nil
}
