package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-message/mail"
	"github.com/rogpeppe/go-internal/testscript"

	"fortsatt/demo"
	"fortsatt/lessons"
	"fortsatt/mailer/relaytest"
)

// TestScripts plays the stories in testdata. Each has a migrated database and a
// relay of its own, and besides course these commands:
//
//	exits CODE COMMAND…     run it; on failure standard error keeps the promised form
//	letters N               the relay has accepted N letters in all
//	letter ADDRESS          the newest letter to an address, on standard output
//	relay ADDRESS REPLY     how the relay answers at that recipient; no REPLY: kindly
//	sql STATEMENT           the first column, a row a line, on standard output
//	days N                  that much time passes, for the ledger
//	json PATH VALUE         a value in the JSON that stands on standard output
//	texts DIRECTORY         a copy of the texts that the program brings along
//	bom FILE                a byte order mark, as spreadsheets write it before a file
//	empty-database          from here on, one on which nothing has run
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			s := &scene{replies: map[string]string{}}
			s.house = newHouse(e.T().(testing.TB), s.behave)
			e.Vars = append(e.Vars, s.env...)
			e.Setenv("DATABASE", s.dsn) // to come back to
			e.Values[sceneKey{}] = s
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "letters": on((*scene).letters), "letter": on((*scene).letter), "relay": on((*scene).relayReply),
			"sql": on((*scene).sql), "days": on((*scene).days), "json": jsonValue, "texts": texts, "bom": bom,
			"empty-database": on((*scene).emptyDatabase),
		},
	})
}

// A scene is a script's house, and how its relay answers.
type scene struct {
	*house
	mu      sync.Mutex
	replies map[string]string // by recipient
}

type sceneKey struct{}

func on(do func(*scene, *testscript.TestScript, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command knows no !")
		}
		do(ts.Value(sceneKey{}).(*scene), ts, args)
	}
}

func (s *scene) behave(e relaytest.Event) relaytest.Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Stage == relaytest.Rcpt {
		return relaytest.Action{Reply: s.replies[e.To]}
	}
	return relaytest.Action{}
}

func (s *scene) relayReply(ts *testscript.TestScript, args []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replies[args[0]] = strings.Join(args[1:], " ")
}

// exits runs a command that ends with the given code. What goes wrong is told
// on standard error, in lines that begin with the program's name, then a hint;
// nothing is ever coloured or drawn where nobody sits at a terminal.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit := new(exec.ExitError)
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s exited with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	if strings.ContainsAny(stdout+stderr, "\x1b\r") {
		ts.Fatalf("drawn, where there is no terminal: %q", stdout+stderr)
	}
	if strings.Contains(stdout+stderr, "hemligt") {
		ts.Fatalf("a password is shown")
	}
	for line := range strings.Lines(stderr) {
		if !strings.HasPrefix(line, "course: ") && !strings.HasPrefix(line, "hint: ") {
			ts.Fatalf("standard error says %q", line)
		}
	}
}

func (s *scene) letters(ts *testscript.TestScript, args []string) {
	if got := strconv.Itoa(len(s.relay.Accepted())); got != args[0] {
		ts.Fatalf("the relay has accepted %s letters, want %s", got, args[0])
	}
}

// letter shows what a mail program would: some headers, and the plain text.
func (s *scene) letter(ts *testscript.TestScript, args []string) {
	var newest *relaytest.Letter
	for _, l := range s.relay.Accepted() {
		if l.To == args[0] {
			newest = &l
		}
	}
	if newest == nil {
		ts.Fatalf("no letter to %s", args[0])
	}
	r, err := mail.CreateReader(bytes.NewReader(newest.Bytes))
	ts.Check(err)
	for _, key := range []string{"From", "To", "Subject", "List-Unsubscribe"} {
		value, err := r.Header.Text(key)
		ts.Check(err)
		fmt.Fprintf(ts.Stdout(), "%s: %s\n", key, value)
	}
	part, err := r.NextPart()
	ts.Check(err)
	text, err := io.ReadAll(part.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "\n%s", bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
}

func (s *scene) sql(ts *testscript.TestScript, args []string) {
	db := s.open()
	defer db.Close()
	rows, err := db.Query(args[0])
	ts.Check(err)
	defer rows.Close()
	fmt.Fprint(ts.Stdout()) // also of no rows
	for rows.Next() {
		var cell string
		ts.Check(rows.Scan(&cell))
		fmt.Fprintln(ts.Stdout(), cell)
	}
	ts.Check(rows.Err())
}

// days moves everything that has a time that much into the past.
func (s *scene) days(ts *testscript.TestScript, args []string) {
	db := s.open()
	defer db.Close()
	for _, shift := range []string{
		`update deliveries set planned_at = planned_at - t, due_at = due_at - t, ready_at = ready_at - t,
		 dated_at = dated_at - t, marked_at = marked_at - t, settled_at = settled_at - t from passed`,
		`update enrolments set next_due_at = next_due_at - t, started_at = started_at - t, ended_at = ended_at - t from passed`,
	} {
		_, err := db.Exec(`with passed as (select make_interval(days => $1) as t) `+shift, args[0])
		ts.Check(err)
	}
}

// jsonValue looks into what the last command printed: keys and indices, joined
// by dots; a list or an object compares by its length.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	var at any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &at))
	for key := range strings.SplitSeq(args[0], ".") {
		switch v := at.(type) {
		case map[string]any:
			found, ok := v[key]
			if !ok {
				ts.Fatalf("%s: there is no %s", args[0], key)
			}
			at = found
		case []any:
			i, err := strconv.Atoi(key)
			ts.Check(err)
			if i >= len(v) {
				ts.Fatalf("%s: there are only %d", args[0], len(v))
			}
			at = v[i]
		default:
			ts.Fatalf("%s: %v has no %s", args[0], at, key)
		}
	}
	got := fmt.Sprint(at)
	switch v := at.(type) {
	case []any:
		got = strconv.Itoa(len(v))
	case map[string]any:
		got = strconv.Itoa(len(v))
	}
	if (got == args[1]) == neg {
		ts.Fatalf("%s is %s, want %s (negated: %v)", args[0], got, args[1], neg)
	}
}

func texts(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.CopyFS(filepath.Join(ts.MkAbs("."), args[0]), lessons.Shipped()))
}

func bom(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("\ufeff"+ts.ReadFile(args[0])), 0o600))
}

func (s *scene) emptyDatabase(ts *testscript.TestScript, args []string) {
	s.dsn = demo.EmptyDatabase(s.t)
	ts.Setenv("DATABASE_URL", s.dsn)
}
