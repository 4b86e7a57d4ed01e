package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What processes have used, as /proc tells (proc(5)).

const hundredth = 10 * time.Millisecond // Linux shows times in hundredths of a second

// stat is the line /proc/PID/stat after the program's name, which may hold
// spaces: [0] is the state, [1] the parent, [11] to [14] utime, stime and those
// of children that have ended. It is empty of a process that is gone.
func stat(pid int) []string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

func ticks(cells []string) (total time.Duration) {
	for _, cell := range cells {
		n, _ := strconv.Atoi(cell)
		total += time.Duration(n) * hundredth
	}
	return total
}

// cpuOf is the time that a living process has used.
func cpuOf(b *testing.B, pid int) time.Duration {
	cells := stat(pid)
	if len(cells) < 15 {
		b.Fatalf("process %d is gone", pid)
	}
	return ticks(cells[11:13])
}

// postgresCPU is the time that all processes of the server have used, those
// that have ended too.
func (y *yard) postgresCPU(b *testing.B) time.Duration {
	cells := stat(y.postmaster)
	if len(cells) < 15 {
		b.Fatal("the database server is gone")
	}
	total := ticks(cells[11:15])
	for _, pid := range children(y.postmaster) {
		if cells := stat(pid); len(cells) >= 15 {
			total += ticks(cells[11:13])
		}
	}
	return total
}

func children(parent int) (pids []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if cells := stat(pid); len(cells) > 1 && cells[1] == strconv.Itoa(parent) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// peakOf is the most memory that a living process has had, in bytes.
func peakOf(t testing.TB, pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kilobytes int64
	if _, err := fmt.Sscanf(rest, "%d kB", &kilobytes); err != nil {
		t.Fatalf("VmHWM of process %d: %v", pid, err)
	}
	return kilobytes << 10
}

// postmaster is the server's first process: it is told in the first line there.
func postmaster(b *testing.B, data string) int {
	text, err := os.ReadFile(data + "/postmaster.pid")
	if err != nil {
		b.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		b.Fatal(err)
	}
	return pid
}
