package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// install makes a directory that looks like server binaries of a version. Tests
// that run them are not parallel: a program that has just been written cannot be
// run while a process forked in between still holds it open (ETXTBSY).
func install(t *testing.T, dir, version string, programs ...string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range programs {
		script := "#!/bin/sh\necho '" + name + " (PostgreSQL) " + version + "'\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheFirstCompletePlaceIsTaken(t *testing.T) {
	root := t.TempDir()
	empty, half, whole, later := root+"/empty", root+"/half", root+"/whole", root+"/later"
	install(t, half, "17.1", "postgres")
	install(t, whole, "16.4 (Debian 16.4-1)", "postgres", "initdb")
	install(t, later, "15.2", "postgres", "initdb")
	list := []place{{empty, "a"}, {half, "b"}, {whole, "c"}, {later, "d"}}

	for _, c := range []struct{ major, want string }{
		{"", whole},
		{"16", whole},
		{"15", later},
	} {
		got, err := find(list, c.major, account{})
		if err != nil || got != c.want {
			t.Errorf("for data of version %q: found %q, %v, want %q", c.major, got, err, c.want)
		}
	}

	_, err := find(list, "14", account{})
	if err == nil || !strings.Contains(err.Error(), "Postgres 16 in "+whole) || !strings.Contains(err.Error(), "Postgres 15 in "+later) {
		t.Errorf("for data of version 14: error %v, want both versions named", err)
	}
}

func TestWhereThereIsNoServerTheErrorNamesEveryPlaceAndTheWaysOut(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	_, err := find([]place{{root + "/one", "PATH"}, {root + "/two", "usual place"}}, "", account{})
	if err == nil {
		t.Fatal("found a server where there is none")
	}
	for _, want := range []string{
		root + "/one (PATH)", root + "/two (usual place)",
		"apt-get install postgresql", "COURSE_PG_BIN", "DATABASE_URL", "tools/postgres.sh",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %s", err, want)
		}
	}
}

func TestTheUsualPlacesAreLookedAtInOrder(t *testing.T) {
	home, path := t.TempDir(), t.TempDir()
	install(t, path, "17.1", "postgres", "initdb")
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("PATH", path)

	var dirs []string
	for _, p := range places("") {
		dirs = append(dirs, p.dir)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if dirs[0] != path {
		t.Errorf("looks first in %s, want PATH (%s)", dirs[0], path)
	}
	order := strings.Join(dirs, "\n")
	at := -1
	for _, want := range []string{path, "/usr/lib/postgresql/", "/usr/pgsql-", "/usr/local/pgsql/bin", "/opt/homebrew/", cache + "/fortsatt/postgres/bin", "/var/cache/fortsatt/postgres/bin"} {
		next := strings.Index(order, want)
		if next <= at {
			t.Errorf("%s stands at %d, want after %d in\n%s", want, next, at, order)
		}
		at = next
	}
}

func TestANamedDirectoryIsTheOnlyPlace(t *testing.T) {
	t.Parallel()
	named := t.TempDir()
	if got := places(named); len(got) != 1 || got[0].dir != named {
		t.Errorf("looks in %v, want only %s", got, named)
	}
	_, err := StartPostgres(inTime(t), reachable(t), named)
	if err == nil || !strings.Contains(err.Error(), named+" (COURSE_PG_BIN): no postgres") {
		t.Errorf("got error %v", err)
	}
}

func TestTheNewestVersionComesFirst(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, version := range []string{"9.6", "17", "15"} {
		install(t, filepath.Join(root, version, "bin"), version, "postgres", "initdb")
	}
	var got []string
	for _, p := range newestFirst(root + "/*/bin") {
		rel, err := filepath.Rel(root, p.dir)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rel)
	}
	if want := "17/bin 15/bin 9.6/bin"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestVersionsAreUnderstood(t *testing.T) {
	for said, want := range map[string]string{
		"15.18 (Debian 15.18-0+deb12u1)": "15",
		"17.10":                          "17",
		"18beta1":                        "18",
		"19devel":                        "19",
	} {
		dir := t.TempDir()
		install(t, dir, said, "postgres")
		if got, err := serverMajor(dir); err != nil || got != want {
			t.Errorf("%q: version %q, %v, want %s", said, got, err, want)
		}
	}
}
