package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// startPatience bounds a start, recovery after a crash included.
const startPatience = time.Minute

// Postgres is a private server: on a Unix socket only, behind a password that
// lies beside the data.
type Postgres struct {
	dsn    string
	server *server
	lock   *os.File        // held by the process that answers for the server; nil once attached or stopped
	lead   *os.Process     // the postmaster; a handle, since numbers are used again
	exited <-chan struct{} // closed when our child is gone; nil for an adopted server
}

// StartPostgres makes sure that a server runs on the data in dir, which it
// creates where there is none, and returns when it accepts connections. The
// context bounds the start only.
//
// Who starts the server stops it. While it runs, another process that calls
// StartPostgres attaches to it; a server whose starter was killed is adopted by
// the next caller. As root the server runs as the owner of dir, else as
// postgres or nobody, and dir must be open to that account.
//
// bin names the directory of the server binaries and may be empty; then they
// are sought on PATH and in the usual places.
func StartPostgres(ctx context.Context, dir, bin string) (*Postgres, error) {
	p, err := start(ctx, &server{dir: dir, bin: bin})
	if err != nil {
		return nil, fmt.Errorf("private postgres in %s: %w", dir, err)
	}
	return p, nil
}

// DSN is the URL of the server's one database.
func (p *Postgres) DSN() string { return p.dsn }

// Stop shuts the server down if this process started or adopted it, in good
// order but without waiting for others to leave. Attached, it does nothing.
func (p *Postgres) Stop() error {
	if p.lock == nil {
		return nil
	}
	defer p.release()
	socket := p.server.pidFile().socket
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} { // fast, then immediate
		if err := p.lead.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stop postgres (process %d): %w", p.lead.Pid, err)
		}
		if p.goneWithin(20 * time.Second) {
			return p.server.removeSocketDir(socket)
		}
	}
	return fmt.Errorf("stop postgres (process %d): it does not end", p.lead.Pid)
}

func (p *Postgres) release() {
	p.lock.Close()
	p.lock = nil
}

func (p *Postgres) goneWithin(patience time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if p.exited == nil {
		return until(ctx, func() bool { return p.server.postmaster() != p.lead.Pid }) == nil
	}
	select {
	case <-p.exited:
		return true
	case <-ctx.Done():
		return false
	}
}

// start decides, under the lock that lasts as long as the server's owner,
// between starting, adopting and attaching.
func start(ctx context.Context, s *server) (*Postgres, error) {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if err := s.open(); err != nil {
		return nil, err
	}
	var p *Postgres
	var wrong error
	err := until(ctx, func() bool {
		p, wrong = s.takeOrAttach(ctx)
		return p != nil || wrong != nil
	})
	if err != nil {
		return nil, fmt.Errorf("another process holds it, and its server does not answer: %w", err)
	}
	return p, wrong
}

// takeOrAttach returns neither a server nor an error while the owner of the
// lock is still starting or stopping its server.
func (s *server) takeOrAttach(ctx context.Context) (*Postgres, error) {
	lock, err := s.tryLock()
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return s.attach(ctx)
	}
	p, err := s.take(ctx)
	if err != nil {
		lock.Close()
		return nil, err
	}
	p.lock = lock
	return p, nil
}

// attach joins a server that another process answers for.
func (s *server) attach(ctx context.Context) (*Postgres, error) {
	if s.postmaster() == 0 {
		return nil, nil
	}
	dsn, err := s.knock(ctx)
	if dsn == "" {
		return nil, err
	}
	return &Postgres{dsn: dsn, server: s}, nil
}

// take is for the holder of the lock: it adopts a server left by a process that
// was killed, or starts one.
func (s *server) take(ctx context.Context) (*Postgres, error) {
	if pid := s.postmaster(); pid != 0 {
		lead, err := os.FindProcess(pid)
		if err != nil {
			return nil, err
		}
		p := &Postgres{server: s, lead: lead}
		err = p.awaitReady(ctx)
		if err == nil || !p.hasExited() {
			return p, err
		}
	}
	bin, err := s.prepare(ctx)
	if err != nil {
		return nil, err
	}
	return s.launch(ctx, bin)
}

// until asks again and again, quickly, and gives up with the context.
func until(ctx context.Context, done func() bool) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// tryLock returns nil if another process holds the lock. The file is closed on
// exec, so the server does not inherit the lock, and a kill -9 frees it.
func (s *server) tryLock() (*os.File, error) {
	file, err := s.create("lock", os.O_RDWR)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, nil
	}
	file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, fmt.Errorf("lock %s: %w", filepath.Join(s.dir, "lock"), err)
}
