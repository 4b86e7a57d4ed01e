package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lib/pq"
)

// launch starts postgres itself, without pg_ctl between us and its exit.
func (s *server) launch(ctx context.Context, bin string) (*Postgres, error) {
	socket, err := s.makeSocketDir()
	if err != nil {
		return nil, err
	}
	log, err := s.create("log", os.O_RDWR|os.O_APPEND)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	before, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	args := []string{"-D", s.path("data"), "-k", socket, "-p", "5432", "-c", "listen_addresses="}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	cmd := s.command(context.Background(), filepath.Join(bin, "postgres"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start postgres as %s: %w", s.who.name, err)
	}
	exited := make(chan struct{})
	go func() {
		cmd.Wait()
		close(exited)
	}()
	p := &Postgres{server: s, lead: cmd.Process, exited: exited}
	if err := p.awaitReady(ctx); err != nil {
		p.lead.Signal(syscall.SIGQUIT)
		<-exited
		s.removeSocketDir(socket)
		said, _ := io.ReadAll(io.NewSectionReader(log, before, 1<<20))
		return nil, fmt.Errorf("%w; its log says: %s", err, lastWords(said))
	}
	return p, nil
}

// awaitReady returns when the server accepts connections, and stops waiting
// when it dies.
func (p *Postgres) awaitReady(ctx context.Context) error {
	var wrong error
	err := until(ctx, func() bool {
		if p.hasExited() {
			wrong = errors.New("postgres ended while it was starting")
			return true
		}
		if p.server.postmaster() == p.lead.Pid {
			p.dsn, wrong = p.server.knock(ctx)
		}
		return p.dsn != "" || wrong != nil
	})
	return errors.Join(wrong, err)
}

func (p *Postgres) hasExited() bool {
	if p.exited == nil {
		return p.server.postmaster() != p.lead.Pid
	}
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// lastWords is the last line that says why a program gave up, or its last line.
func lastWords(said []byte) string {
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	last := lines[len(lines)-1]
	for _, line := range lines {
		if strings.Contains(line, "FATAL: ") || strings.Contains(line, "PANIC: ") || strings.Contains(line, "error: ") {
			last = line
		}
	}
	return strings.TrimSpace(last)
}

// knock returns the DSN once the server accepts connections. A server that is
// starting or stopping gives no DSN and no error; one that turns us away is an
// error.
func (s *server) knock(ctx context.Context) (string, error) {
	dsn, err := s.dsn()
	if dsn == "" {
		return "", err
	}
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return "", err
	}
	defer db.Close()
	err = db.PingContext(ctx)
	var refused *pq.Error
	if errors.As(err, &refused) && refused.Code != "57P03" { // cannot_connect_now
		return "", fmt.Errorf("connect: %w", err)
	}
	if err != nil {
		return "", nil
	}
	return dsn, nil
}
