package demo

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A place is a directory in which server binaries may lie, and the rule that
// led there.
type place struct {
	dir, rule string
}

// places lists where to look, best first. A directory that the caller names is
// the only place: to take another one silently would be to disobey.
func places(bin string) []place {
	if bin != "" {
		if abs, err := filepath.Abs(bin); err == nil {
			bin = abs
		}
		return []place{{bin, "COURSE_PG_BIN"}}
	}
	var list []place
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		list = append(list, place{strings.TrimSpace(string(out)), "pg_config --bindir"})
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		list = append(list, place{filepath.Dir(path), "PATH"})
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	} {
		list = append(list, newestFirst(pattern)...)
	}
	for _, cache := range caches() {
		list = append(list, place{filepath.Join(cache, "fortsatt", "postgres", "bin"), "unpacked copy"})
	}
	return list
}

// caches are the directories where tools/postgres.sh unpacks a server: the
// user's own, and for root one that the account behind the server can reach.
func caches() []string {
	shared := "/var/cache"
	own, err := os.UserCacheDir()
	if err != nil {
		return []string{shared}
	}
	return []string{own, shared}
}

// newestFirst expands a pattern with the highest version first, or returns the
// pattern itself, so that the list of places looked at stays complete.
func newestFirst(pattern string) []place {
	dirs, _ := filepath.Glob(pattern) // the patterns are ours and well formed
	if len(dirs) == 0 {
		return []place{{pattern, "usual place"}}
	}
	version := func(bin string) int { return number(filepath.Base(filepath.Dir(bin))) }
	slices.SortFunc(dirs, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
	var list []place
	for _, dir := range dirs {
		list = append(list, place{dir, "usual place"})
	}
	return list
}

var digits = regexp.MustCompile(`[0-9]+`)

// number is the first number in a text: the major version, where there is one.
func number(text string) int {
	n, _ := strconv.Atoi(digits.FindString(text)) // no number counts as 0
	return n
}

// find returns the first place that holds a server this account can run, of
// the given major version unless that is empty.
func find(list []place, major string, who account) (string, error) {
	var looked, others []string
	for _, p := range list {
		if err := holdsServer(p.dir, who); err != nil {
			looked = append(looked, fmt.Sprintf("  %s (%s): %v", p.dir, p.rule, err))
			continue
		}
		if major == "" {
			return p.dir, nil
		}
		version, err := serverMajor(p.dir)
		if err != nil {
			looked = append(looked, fmt.Sprintf("  %s (%s): %v", p.dir, p.rule, err))
			continue
		}
		if version == major {
			return p.dir, nil
		}
		others = append(others, fmt.Sprintf("Postgres %s in %s", version, p.dir))
	}
	if len(others) > 0 {
		return "", fmt.Errorf("the data is of Postgres %s, but found only %s; the data is untouched: "+
			"install Postgres %s, point COURSE_PG_BIN to it, or choose another data directory",
			major, strings.Join(others, ", "), major)
	}
	return "", fmt.Errorf("no server binaries (postgres and initdb together); looked in\n%s\n"+
		"install Postgres (on Debian: apt-get install postgresql; on macOS: brew install postgresql), "+
		"run tools/postgres.sh, point COURSE_PG_BIN to its bin directory, "+
		"or set DATABASE_URL to a running server", strings.Join(looked, "\n"))
}

func holdsServer(dir string, who account) error {
	for _, name := range []string{"postgres", "initdb"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode()&0o111 == 0 {
			return errors.New("no " + name)
		}
	}
	real, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
	if err != nil {
		return err
	}
	return who.reaches(filepath.Dir(real))
}

// serverMajor asks the binary: "postgres (PostgreSQL) 17.10 (Debian …)" is 17,
// and so are "17beta1" and "17devel".
func serverMajor(dir string) (string, error) {
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("asking postgres for its version: %w", err)
	}
	_, version, _ := strings.Cut(string(out), ") ")
	if n := number(version); n > 0 {
		return strconv.Itoa(n), nil
	}
	return "", fmt.Errorf("version not understood: %q", strings.TrimSpace(string(out)))
}
