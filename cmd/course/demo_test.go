package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A play is a demo that runs, with a week that lasts two seconds.
type play struct{ site, wall, inbox, export string }

// startDemo runs it on a directory of its own and checks at the end that it
// stops in good order. As root, Postgres runs as another user, to whom the
// directory must be open.
func startDemo(t *testing.T, env ...string) play {
	t.Helper()
	dir, err := os.MkdirTemp("", "fortsatt-demo-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("course", "demo", "--pace", "2s")
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "GORACE=atexit_sleep_ms=0",
		"COURSE_DATA_DIR=" + dir + "/data", "COURSE_PG_BIN=" + os.Getenv("COURSE_PG_BIN"),
	}, env...)
	p := begin(t, cmd)
	t.Cleanup(func() { // also after a failure: a demo that is killed leaves its Postgres behind
		if code := p.stop(syscall.SIGINT); code != 0 {
			t.Errorf("the demo exited with %d, want 0", code)
		}
	})
	said := p.says(`the wall +(\S+)\n +the inbox +(\S+)\n(?s:.*)export (.+)\n`)
	if n := strings.Count(p.said.text(), `msg="worker: advice`); n > 1 {
		t.Errorf("the same advice is given %d times, want once", n)
	}
	site, _, _ := strings.Cut(said[1], "artiklar/")
	return play{site: site, wall: said[1], inbox: said[2], export: said[3]}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	_, port, _ := strings.Cut(freeAddress(t), ":")
	texts, starts := ahead(t)
	demo := startDemo(t, "PORT="+port, "COURSE_LESSONS="+texts)

	// It is for this machine alone, also where a platform's PORT is set.
	if want := "http://127.0.0.1:" + port + "/"; !strings.HasPrefix(demo.wall, want) {
		t.Errorf("the wall is at %s, want %s…", demo.wall, want)
	}
	t.Run("another terminal joins in", demo.joins)
	t.Run("in a browser", func(t *testing.T) {
		for email, scripts := range map[string]bool{"anna@example.se": true, "bo@example.se": false} {
			t.Run(email, func(t *testing.T) {
				t.Parallel()
				demo.reader(t, email, scripts, starts)
			})
		}
	})
}

// What the demo says to export is enough for other commands.
func (demo play) joins(t *testing.T) {
	cmd := exec.CommandContext(inTime(t), "sh", "-c", "export "+demo.export+"\ncourse status --json")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "GORACE=atexit_sleep_ms=0"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("course status: %v", err)
	}
	var status struct {
		Deliveries map[string]int
		Courses    []struct{ Enrolments map[string]int }
	}
	if err := json.Unmarshal(out, &status); err != nil {
		t.Fatal(err)
	}
	if readers := status.Courses[0].Enrolments; readers["active"] == 0 || readers["active"]+readers["finished"] != len(cast) {
		t.Errorf("the invented readers are %v, want %d of them, some in the middle of the course", readers, len(cast))
	}
	if n := status.Deliveries["parked"]; n != 0 {
		t.Errorf("%d letters could not be written", n)
	}
}
