package main

import (
	"bytes"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"fortsatt/demo"
)

// A platform runs the Procfile: release, then web and worker. Somebody signs up,
// and the confirm letter comes. Ctrl-C ends it all in good order.
func TestProcfile(t *testing.T) {
	t.Parallel()
	h := houseAt(t, demo.EmptyDatabase(t), nil)
	site := freeAddress(t)
	h.env = append(h.env, "COURSE_LISTEN="+site, "COURSE_BASE_URL=http://"+site)
	runner, home := procfileRunner(t), procfileHome(t)
	run := func(types string) *process {
		cmd := exec.Command(runner, "start", types)
		cmd.Dir, cmd.Env = home, h.settings()
		return begin(t, cmd)
	}

	release := run("release")
	release.says(`applied 00001_ledger.sql`)
	release.end()
	all := run("web,worker")
	all.says(`web: serving`)
	all.says(`worker: started`)
	if answer, err := http.Get("http://" + site + "/healthz"); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("healthz: %v, %v", answer, err)
	}
	answer, err := http.PostForm("http://"+site+"/anmalan", url.Values{"epost": {"anna@example.se"}})
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("sign-up: %v, %v", answer, err)
	}
	if err := h.relay.Wait(inTime(t), 1); err != nil {
		t.Fatal("no letter after the sign-up: ", err)
	}
	confirm := h.relay.Accepted()[0]
	if confirm.To != "anna@example.se" {
		t.Errorf("the letter went to %s", confirm.To)
	}
	link := regexp.MustCompile(`http://[^/\s"]+/bekrafta/[a-z0-9]+`).Find(unfolded(confirm.Bytes))
	if !strings.HasPrefix(string(link), "http://"+site+"/") {
		t.Errorf("the letter's link is %q, want one to %s", link, site)
	}
	if answer, err := http.Get(string(link)); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("the letter's link: %v, %v", answer, err)
	}

	group := -all.cmd.Process.Pid
	syscall.Kill(group, syscall.SIGINT) // as a terminal does
	all.says(`worker: stopped`)
	all.end()
	for ctx := inTime(t); syscall.Kill(group, 0) != syscall.ESRCH; { // the runner does not wait for all
		if ctx.Err() != nil {
			t.Fatal("processes stay behind")
		}
	}
	if n := h.count(`select count(*) from workers where stopped_at is null`); n != 0 {
		t.Errorf("%d workers did not sign off", n)
	}
	h.once([]string{"anna@example.se"})
}

// procfileRunner is the pinned one, which make node installs.
func procfileRunner(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"npm", "node", "make"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool)
		}
	}
	if said, err := exec.CommandContext(inTime(t), "make", "-C", root, "node").CombinedOutput(); err != nil {
		missing(t, "the Procfile runner: "+string(bytes.TrimSpace(said)))
	}
	return filepath.Join(root, "tools/node_modules/.bin/nf")
}

// procfileHome is a directory with the real Procfile, and this program in bin.
func procfileHome(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	procfile, err := os.ReadFile("../../Procfile")
	if err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("course")
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.WriteFile(dir+"/Procfile", procfile, 0o644),
		os.Mkdir(dir+"/bin", 0o755),
		os.Symlink(program, dir+"/bin/course"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// freeAddress is one on loopback on which nobody listens now.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// unfolded is a letter's text without the line ends of quoted-printable.
func unfolded(letter []byte) []byte {
	letter = bytes.ReplaceAll(letter, []byte("=\r\n"), nil)
	return bytes.ReplaceAll(letter, []byte("=3D"), []byte("="))
}
