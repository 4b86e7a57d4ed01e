package demo

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A test that needs a second process runs this binary again, as one of these.
// Each tells what it has on standard output and then stays until it is killed
// or its standard input ends.
var otherProcesses = map[string]func() (string, error){
	"server": func() (string, error) {
		p, err := start(context.Background(), fast(os.Getenv("DEMO_TEST_DIR")))
		if err != nil {
			return "", err
		}
		return p.DSN(), nil
	},
	"throwaway": func() (string, error) {
		dsn, _, err := startThrowaway(context.Background())
		return dsn, err
	},
}

func TestMain(m *testing.M) {
	if run := otherProcesses[os.Getenv("DEMO_TEST_AS")]; run != nil {
		said, err := run()
		fmt.Println(said, err)
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	Tests(m)
}

// another starts a second process and returns it with the DSN it tells.
func another(t *testing.T, as string, env ...string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, "DEMO_TEST_AS="+as)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	dsn, fault, _ := strings.Cut(strings.TrimSpace(line), " ")
	if err != nil || fault != "<nil>" {
		t.Fatalf("the process %s said %q, %v", as, line, err)
	}
	return cmd, dsn
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
}

func inTime(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func query(t *testing.T, dsn, question string) (answer string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(inTime(t), question).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return answer
}

func execute(t *testing.T, dsn, statement string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(inTime(t), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
