package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"fortsatt/course"
	"fortsatt/demo"
	"fortsatt/mailer/relaytest"
)

// The product is tried from outside: this binary is also the command course,
// which the scripts in testdata and the tests here run as a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(suite{m}, map[string]func(){"course": main})
}

type suite struct{ *testing.M }

func (s suite) Run() int {
	defer func() { os.RemoveAll(build.dir) }()
	return demo.RunTests(s.M)
}

// A house is what one installation stands on: a database, a relay, settings.
type house struct {
	t       testing.TB
	program string // course
	dsn     string
	relay   *relaytest.Server
	env     []string
}

const secret = "a secret for tests of 32 characters or more"

// newHouse has a migrated database and a relay that behaves as it is told.
func newHouse(t testing.TB, behave func(relaytest.Event) relaytest.Action) *house {
	t.Helper()
	return houseAt(t, demo.Database(t, course.Migrate), behave)
}

func houseAt(t testing.TB, dsn string, behave func(relaytest.Event) relaytest.Action) *house {
	h := &house{t: t, program: "course", dsn: dsn, relay: relaytest.New(t, behave)}
	h.env = []string{
		"DATABASE_URL=" + dsn,
		"SMTP_URL=" + h.relay.URL(),
		"COURSE_SECRET=" + secret,
		"FIRST_SECRET=" + secret,
		"GORACE=atexit_sleep_ms=0",
	}
	return h
}

// settings are all that a process of the house gets to see of the environment.
func (h *house) settings(more ...string) []string {
	return append(append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "TMPDIR=" + os.TempDir()}, h.env...), more...)
}

// course runs a command that must succeed, and returns what it printed.
func (h *house) course(args ...string) string {
	h.t.Helper()
	cmd := exec.CommandContext(inTime(h.t), h.program, args...)
	cmd.Env = h.settings()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatalf("course %s: %v\n%s%s", strings.Join(args, " "), err, out, &stderr)
	}
	return string(out)
}

// people imports that many, with consent: letter 1 is queued and due at once.
func (h *house) people(emails ...string) {
	h.t.Helper()
	file := h.t.TempDir() + "/people.csv"
	if err := os.WriteFile(file, []byte(strings.Join(emails, "\n")+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.course("subscribers", "import", file, "--consent", "Signed up at the fair")
}

// count asks the database for a number.
func (h *house) count(query string) (n int) {
	h.t.Helper()
	db := h.open()
	defer db.Close()
	if err := db.QueryRowContext(inTime(h.t), query).Scan(&n); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (h *house) open() *sql.DB {
	h.t.Helper()
	db, err := sql.Open("postgres", h.dsn)
	if err != nil {
		h.t.Fatal(err)
	}
	return db
}

// once checks that each address was sent exactly one letter.
func (h *house) once(emails []string) {
	h.t.Helper()
	got := map[string]int{}
	for _, letter := range h.relay.Received() {
		got[letter.To]++
	}
	for _, email := range emails {
		if got[email] != 1 {
			h.t.Errorf("%s got %d letters, want 1", email, got[email])
		}
	}
	if len(got) != len(emails) {
		h.t.Errorf("%d addresses got letters, want %d", len(got), len(emails))
	}
}

// A process is a command that goes on until it is told to stop.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	said   *transcript
	exited chan struct{}
}

// start runs a command in a process group of its own, which is gone when the
// test ends.
func (h *house) start(args ...string) *process {
	h.t.Helper()
	cmd := exec.Command(h.program, args...)
	cmd.Env = h.settings()
	return begin(h.t, cmd)
}

func begin(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, said: newTranscript(), exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.said, p.said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-p.exited
		if t.Failed() {
			t.Logf("%s said:\n%s", strings.Join(cmd.Args, " "), p.said.text())
		}
	})
	return p
}

// stop signals a process and returns its exit code once it has ended.
func (p *process) stop(s syscall.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	return p.end()
}

func (p *process) end() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-inTime(p.t).Done():
		p.t.Fatalf("%s goes on", strings.Join(p.cmd.Args, " "))
	}
	return p.cmd.ProcessState.ExitCode()
}

// says waits for a line, and returns what its groups matched.
func (p *process) says(pattern string) []string {
	p.t.Helper()
	match := regexp.MustCompile(pattern)
	for {
		text, more := p.said.look()
		if found := match.FindStringSubmatch(text); found != nil {
			return found
		}
		select {
		case <-more:
		case <-p.exited:
			if text := p.said.text(); !match.MatchString(text) {
				p.t.Fatalf("%s ended without saying %q", strings.Join(p.cmd.Args, " "), pattern)
			}
		case <-inTime(p.t).Done():
			p.t.Fatalf("%s does not say %q", strings.Join(p.cmd.Args, " "), pattern)
		}
	}
}

// A transcript is what a process said so far.
type transcript struct {
	mu      sync.Mutex
	written bytes.Buffer
	more    chan struct{}
}

func newTranscript() *transcript { return &transcript{more: make(chan struct{})} }

func (s *transcript) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.more)
	s.more = make(chan struct{})
	return s.written.Write(b)
}

func (s *transcript) look() (string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written.String(), s.more
}

func (s *transcript) text() string {
	text, _ := s.look()
	return text
}

// inTime bounds what a test waits for: a failure, not a hang.
func inTime(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeoutCause(context.Background(), 3*time.Minute, errors.New("it takes too long"))
	t.Cleanup(cancel)
	return ctx
}

// missing skips a test for want of a tool, but not where everything is required.
func missing(t testing.TB, tool string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing", tool)
	}
	t.Skipf("%s is missing", tool)
}
