package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A real Postfix takes everything, finds that one reader does not exist, and
// pipes its notice into course bounce, as the help tells operators to set it up.
// That reader, and nobody else, is not written to again.
func TestARealPostfixSendsAnUnknownUserBack(t *testing.T) {
	h := newHouse(t, nil)
	h.program = shipped(t)
	h.env = append(h.env, "COURSE_FROM=Åtta brev <brev@exempel.se>", "COURSE_BOUNCE_DOMAIN=studs.exempel.se")
	h.env = append(h.env, "SMTP_URL=smtp://"+h.startPostfix("exempel.se", "studs.exempel.se")+"?tls=none")
	h.people("anna@annan.example", "finns-inte@exempel.se", "root@exempel.se", "bo@tredje.example")

	if got, want := h.course("send", "--week", "1", "--yes"), "week 1: 4 accepted, 0 deferred, 0 rejected\n"; got != want {
		t.Errorf("send said %q, want %q", got, want)
	}
	const suppressed = `select count(*) from addresses join subscribers on id = subscriber_id where suppressed = 'bounce'`
	until(t, "the bounce has come back", func() bool { return h.count(suppressed) > 0 })
	if n := h.count(suppressed + ` and email = 'finns-inte@exempel.se'`); n != 1 || h.count(suppressed) != 1 {
		t.Errorf("%d addresses are suppressed, want the unknown one alone", h.count(suppressed))
	}
	if got := h.course("send", "--week", "2", "--early", "--yes"); !strings.HasPrefix(got, "week 2: 3 accepted") {
		t.Errorf("week 2: send said %q, want 3 accepted", got)
	}
}

// startPostfix runs a Postfix of the test's own on loopback, and returns where it
// listens. It delivers to the accounts of this machine under one domain, pipes
// what is for the bounce domain into course bounce, and throws the rest away.
func (h *house) startPostfix(local, bounces string) (addr string) {
	h.t.Helper()
	daemons, libraries := h.findPostfix()
	dir := h.t.TempDir()
	for _, open := range []string{dir, filepath.Dir(dir), filepath.Dir(h.program)} {
		h.must(os.Chmod(open, 0o755)) // Postfix runs its parts under several accounts
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	addr = free.Addr().String()
	free.Close()

	h.write(dir+"/bounce", 0o755, "#!/bin/sh\n"+exports(h.settings())+fmt.Sprintf("exec '%s' bounce --recipient \"$1\"\n", h.program))
	h.write(dir+"/master.cf", 0o644, addr+" inet n - n - - smtpd\n"+postfixServices+
		fmt.Sprintf("bounce-pipe unix - n n - - pipe flags=DRh user=%s argv=%s/bounce ${recipient}\n", h.databaseOwner(), dir))
	h.write(dir+"/main.cf", 0o644, strings.Join([]string{
		"compatibility_level = 3.6",
		"daemon_directory = " + daemons,
		"shlib_directory = " + libraries,
		"import_environment = MAIL_CONFIG TZ LANG=C LD_LIBRARY_PATH=" + libraries,
		"queue_directory = " + dir + "/queue",
		"data_directory = " + dir + "/data",
		"maillog_file = " + dir + "/log",
		"maillog_file_prefixes = " + dir,
		"mail_owner = www-data", // accounts that every Debian has
		"setgid_group = mail",
		"inet_interfaces = 127.0.0.1",
		"inet_protocols = ipv4",
		"myhostname = relay." + local,
		"mydestination = " + local,
		"local_recipient_maps =", // find out later who is unknown
		"mailbox_command = /bin/true",
		"alias_maps =",
		"alias_database =",
		"default_transport = discard",
		"transport_maps = inline:{ {" + bounces + "=bounce-pipe:} }",
	}, "\n")+"\n")
	h.layOutQueue(dir)

	master := exec.Command(daemons+"/master", "-d", "-c", dir)
	master.Env = []string{"PATH=" + os.Getenv("PATH"), "LD_LIBRARY_PATH=" + libraries}
	p := begin(h.t, master)
	h.t.Cleanup(func() {
		p.stop(syscall.SIGTERM)
		if log, err := os.ReadFile(dir + "/log"); err == nil && h.t.Failed() {
			h.t.Logf("Postfix said:\n%s", log)
		}
	})
	until(h.t, "Postfix listens", func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return addr
}

const postfixServices = `cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`

// findPostfix finds its programs and libraries where tools/postfix.sh sees to them.
func (h *house) findPostfix() (daemons, libraries string) {
	h.t.Helper()
	if os.Geteuid() != 0 {
		missing(h.t, "root, which Postfix is started by,")
	}
	at, err := exec.CommandContext(inTime(h.t), "sh", "../../tools/postfix.sh").Output()
	if err != nil {
		missing(h.t, "postfix")
	}
	for _, root := range []string{filepath.Dir(strings.TrimSpace(string(at))), "/"} {
		libraries = filepath.Join(root, "usr/lib/postfix")
		daemons = libraries + "/sbin"
		if _, err := os.Stat(daemons + "/master"); err == nil {
			return daemons, libraries
		}
	}
	missing(h.t, "postfix")
	return "", ""
}

// layOutQueue makes the directories that a package would have made.
func (h *house) layOutQueue(dir string) {
	h.t.Helper()
	owner, err := user.Lookup("www-data")
	h.must(err)
	uid, _ := strconv.Atoi(owner.Uid)
	h.must(os.Mkdir(dir+"/queue", 0o755))
	h.must(os.Mkdir(dir+"/queue/pid", 0o755))
	for _, name := range []string{"data", "queue/active", "queue/bounce", "queue/corrupt", "queue/defer", "queue/deferred", "queue/flush",
		"queue/hold", "queue/incoming", "queue/private", "queue/public", "queue/saved", "queue/trace", "queue/maildrop"} {
		h.must(os.Mkdir(filepath.Join(dir, name), 0o755))
		h.must(os.Chown(filepath.Join(dir, name), uid, -1))
	}
}

// databaseOwner is whose socket the tests' Postgres listens on.
func (h *house) databaseOwner() string {
	h.t.Helper()
	u, err := url.Parse(h.dsn)
	h.must(err)
	info, err := os.Stat(u.Query().Get("host"))
	h.must(err)
	owner, err := user.LookupId(fmt.Sprint(info.Sys().(*syscall.Stat_t).Uid))
	h.must(err)
	return owner.Username
}

// exports are settings as a shell reads them.
func exports(settings []string) string {
	var b strings.Builder
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		fmt.Fprintf(&b, "export %s='%s'\n", name, value)
	}
	return b.String()
}

func (h *house) write(file string, mode os.FileMode, text string) {
	h.t.Helper()
	h.must(os.WriteFile(file, []byte(text), mode))
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}
