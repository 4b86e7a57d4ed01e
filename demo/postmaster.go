package demo

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// A pidFile is what the postmaster writes for others to find it.
type pidFile struct {
	pid    int
	socket string // directory
}

// pidFile reads data/postmaster.pid; it is empty where no server has written it.
// Line 1 is the process, line 5 the socket's directory.
func (s *server) pidFile() pidFile {
	text, err := os.ReadFile(s.path("data/postmaster.pid"))
	lines := strings.Split(string(text), "\n")
	if err != nil || len(lines) < 6 {
		return pidFile{}
	}
	pid, _ := strconv.Atoi(lines[0]) // 0 is no process
	return pidFile{pid: pid, socket: lines[4]}
}

// postmaster is the process that runs on the data now, or 0.
func (s *server) postmaster() int {
	pid := s.pidFile().pid
	if pid > 0 && alive(pid) && isPostgres(pid) {
		return pid
	}
	return 0
}

// forgetStalePostmaster removes the trace of a server that died with its
// machine or container, if its number belongs to another program by now:
// Postgres would refuse to start beside it.
func (s *server) forgetStalePostmaster() error {
	pid := s.pidFile().pid
	if pid > 0 && alive(pid) && !isPostgres(pid) {
		return os.Remove(s.path("data/postmaster.pid"))
	}
	return nil
}

func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func isPostgres(pid int) bool {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil { // no /proc on macOS
		name, _ = exec.Command("ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output()
	}
	return strings.Contains(string(name), "postgres")
}
