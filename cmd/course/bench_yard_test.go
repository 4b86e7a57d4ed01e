package main

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fortsatt/course"
	"fortsatt/demo"
	"fortsatt/lessons"
)

// A yard is what the measurements stand on: the program as it is shipped, a
// lesson of the right size, and a Postgres of its own.
type yard struct {
	table
	program    string
	texts      string
	server     *url.URL
	admin      *sql.DB
	postmaster int
	queues     map[int]string // databases to copy, by how many letters wait there
	databases  int            // made so far
}

func openYard(b *testing.B) *yard {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		b.Skip("CPU and memory are read from /proc, which this system has not")
	}
	dir, err := os.MkdirTemp("", "fortsatt-bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	b.Setenv("TMPDIR", dir) // for everything from here on, so that one sweep is enough
	y := &yard{program: shipped(b), texts: dir + "/texts", queues: map[int]string{}}
	y.writeLesson(b)
	y.startPostgres(b, dir)
	return y
}

// writeLesson makes letter 1 as long as the letters that the limits are
// measured with.
func (y *yard) writeLesson(b *testing.B) {
	if err := os.CopyFS(y.texts, lessons.Shipped()); err != nil {
		b.Fatal(err)
	}
	first, err := filepath.Glob(y.texts + "/*/01-*.md")
	if err != nil || len(first) != 1 {
		b.Fatalf("the first lesson: %v, %v", first, err)
	}
	text, err := os.ReadFile(first[0])
	if err != nil {
		b.Fatal(err)
	}
	settings, _, _ := strings.Cut(strings.TrimPrefix(string(text), "+++\n"), "+++\n")
	const paragraph = "Den som lyssnar ser inte ut att göra något, men det är då det händer. " +
		"Lägg märke till vem som väntar in svaret, och till vem du själv brukar vänta in.\n\n"
	body := "Hej{{if .Name}} {{.Name}}{{end}}!\n\n" + strings.Repeat(paragraph, 33) +
		"{{if .NextDate}}Nästa kommer {{.NextDate}}.{{end}}\n"
	if err := os.WriteFile(first[0], []byte("+++\n"+settings+"+++\n\n"+body), 0o600); err != nil {
		b.Fatal(err)
	}
}

// startPostgres starts a server that keeps its promises, unlike the one that
// tests use.
func (y *yard) startPostgres(b *testing.B, dir string) {
	if err := os.Chmod(dir, 0o711); err != nil { // open to the account that root lends the server
		b.Fatal(err)
	}
	postgres, err := demo.StartPostgres(b.Context(), dir+"/postgres", os.Getenv("COURSE_PG_BIN"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := postgres.Stop(); err != nil {
			b.Error(err)
		}
	})
	onInterrupt(b, func() { postgres.Stop(); os.RemoveAll(dir) })
	if y.server, err = url.Parse(postgres.DSN()); err != nil {
		b.Fatal(err)
	}
	if y.admin, err = sql.Open("postgres", postgres.DSN()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { y.admin.Close() })
	var settings string
	err = y.admin.QueryRow(`select concat_ws(' ', current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'))`).Scan(&settings)
	if err != nil || settings != "on on on" {
		b.Fatalf("fsync, synchronous_commit and full_page_writes are %q, want all on: %v", settings, err)
	}
	y.postmaster = postmaster(b, dir+"/postgres/data")
}

// onInterrupt leaves nothing behind on Ctrl-C, which ends a test binary without
// its clean-up.
func onInterrupt(b *testing.B, tidy func()) {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	over := make(chan struct{})
	b.Cleanup(func() { signal.Stop(interrupted); close(over) })
	go func() {
		select {
		case <-interrupted:
			tidy()
			for _, pid := range children(os.Getpid()) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
			os.Exit(130)
		case <-over:
		}
	}()
}

// queue is a house in which letter 1 waits for so many readers, and all sending
// is paused. Its database is a fresh copy of one that was filled once.
func (y *yard) queue(b *testing.B, n int) *house {
	if y.queues[n] == "" {
		y.queues[n] = y.fill(b, n)
	}
	return y.house(b, y.create(b, y.queues[n]))
}

func (y *yard) fill(b *testing.B, n int) (name string) {
	name = y.create(b, "template0")
	h := y.house(b, name)
	if err := course.Migrate(b.Context(), h.dsn); err != nil {
		b.Fatal(err)
	}
	h.course("pause")
	var rows []string
	for i := range n {
		rows = append(rows, fmt.Sprintf("%s,Anna Åberg %d", reader(i), i))
		if len(rows) == 50_000 || i == n-1 {
			h.people(rows...)
			rows = rows[:0]
		}
	}
	db := h.open()
	defer db.Close()
	// Else autovacuum would come upon it between two rounds.
	if _, err := db.ExecContext(b.Context(), "vacuum analyze"); err != nil {
		b.Fatal(err)
	}
	return name
}

// reader is the address of each.
func reader(i int) string { return fmt.Sprintf("reader%d@kontor%d.example", i, i%97) }

func (y *yard) create(b *testing.B, template string) (name string) {
	y.databases++
	name = fmt.Sprintf("bench_%d", y.databases)
	// A copy of the files ends in a checkpoint, so that none falls due while the
	// time runs for what was written before.
	if _, err := y.admin.ExecContext(b.Context(), "create database "+name+" template "+template+" strategy file_copy"); err != nil {
		b.Fatal(err)
	}
	return name
}

// drop leaves nothing for autovacuum to do while the next round runs.
func (y *yard) drop(b *testing.B, h *house) {
	at, err := url.Parse(h.dsn)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := y.admin.ExecContext(b.Context(), "drop database "+strings.TrimPrefix(at.Path, "/")+" with (force)"); err != nil {
		b.Error(err)
	}
}

func (y *yard) house(b *testing.B, database string) *house {
	at := *y.server
	at.Path = "/" + database
	h := &house{t: b, program: y.program, dsn: at.String()}
	h.env = []string{"DATABASE_URL=" + h.dsn, "COURSE_SECRET=" + secret, "COURSE_LESSONS=" + y.texts}
	return h
}
