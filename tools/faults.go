// Faults prints the faults that delivery must survive, and beside each the
// tests that prove it: those whose names carry its number, as TestRow06… or,
// for several rows, TestRow30To33And45…. It fails if a row that is due has no
// test, or a test names a row that does not exist.
//
// Run it at the root of the repository.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rows are the faults, the first of them row 1.
var rows = []string{
	"killed while planning",
	"killed after claiming",
	"killed while rendering",
	"killed after RCPT",
	"killed in the middle of DATA",
	"killed between mark and dot",
	"killed between dot and 250",
	"killed after the 250, before the record",
	"killed while recovering, five times",
	"killed every 200 ms, for minutes",
	"SIGTERM: what is past 354 is finished, the rest released, in 30 s",
	"SIGTERM, then killed",
	"stopped for longer than the lease, then continued",
	"two workers, and sixteen",
	"the old binary beside the new one",
	"a panic in one render",
	"out of file descriptors",
	"database restarted in the middle of a batch, fast and immediate",
	"database away for long",
	"database connections ended at random",
	"a commit reported as failed that was done",
	"deadlocks and serialization failures",
	"lock and statement timeouts",
	"a migration while running, or killed half-way",
	"an old dump restored",
	"disk full",
	"a letter that kills its worker",
	"relay refuses for hours: no attempts burnt",
	"greeting 421 or 554",
	"4xx at each stage",
	"greylisting",
	"5xx at RCPT",
	"5.7.x: a verdict on us",
	"421 in the middle of a session",
	"250, then RSET or QUIT fails",
	"accepted, then the connection drops",
	"nine minutes of silence after the dot, then 250",
	"silence for ever",
	"tarpit",
	"connection reset in the middle of DATA",
	"malformed, endless and huge replies",
	"STARTTLS stripped, or commands injected",
	"bad certificate",
	"login fails",
	"letter too big",
	"DNS fails",
	"database there and relay away, and the reverse",
	"both changes of summer time",
	"the clock jumps",
	"no time zone data on the machine",
	"leap day and week 53",
	"down over the planned time: 4 hours, 40 hours, 3 weeks",
	"two admins at once",
	"the same command ten times, interrupted between",
	"pause, hold and release a hundred times during a send",
	"a lesson edited while it is being sent",
	"a template error for one reader, and for all",
	"unsubscribe while claimed, and between mark and dot",
	"one-click a thousand times in parallel",
	"erased in mid-send; a late bounce for who was erased",
	"bounce before our own record",
	"the same bounce a hundred times, out of order",
	"forged bounce",
	"notes about delay, vacation or lists are no bounces",
	"one address signing up twice in a millisecond",
	"a scanner opens every link",
	"confirm link used after it expired, after leaving",
	"signing up again after a bounce, complaint or erasure",
}

// later says with what the rows come due that are not yet.
var later = map[int]string{
	48: "the calendar", 50: "the calendar", 51: "the calendar", 52: "the calendar",
}

func main() {
	tests, err := provers(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
	if gaps := report(tests); len(gaps) > 0 {
		fmt.Fprintln(os.Stderr, "faults: no test for rows", strings.Join(gaps, ", "))
		os.Exit(1)
	}
}

// report prints the rows and returns those that are due and have no test.
func report(tests map[int][]string) (gaps []string) {
	for i, fault := range rows {
		row := i + 1
		proofs := slices.Sorted(slices.Values(tests[row]))
		switch with, isLater := later[row]; {
		case len(proofs) > 0:
		case isLater:
			proofs = []string{"(due with " + with + ")"}
		default:
			proofs = []string{"NO TEST"}
			gaps = append(gaps, strconv.Itoa(row))
		}
		fmt.Printf("%2d  %s\n", row, fault)
		for _, proof := range proofs {
			fmt.Println("      " + proof)
		}
	}
	return gaps
}

// provers finds the tests below a directory that are named after rows.
func provers(root string) (map[int][]string, error) {
	tests := map[int][]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && isForeign(entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		names, err := testsIn(path)
		if err != nil {
			return err
		}
		for _, name := range names {
			proved, err := rowsOf(name)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", path, name, err)
			}
			for _, row := range proved {
				tests[row] = append(tests[row], name+"  "+path)
			}
		}
		return nil
	})
	return tests, err
}

// isForeign says whether the go command, too, passes a directory by.
func isForeign(directory string) bool {
	return directory == "testdata" || directory == "node_modules" || strings.HasPrefix(directory, ".") || strings.HasPrefix(directory, "_")
}

func testsIn(path string) (names []string, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, declared := range file.Decls {
		if f, ok := declared.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "TestRow") {
			names = append(names, f.Name.Name)
		}
	}
	return names, nil
}

var (
	rowName  = regexp.MustCompile(`^TestRow(\d\d(?:To\d\d)?(?:And\d\d(?:To\d\d)?)*)(?:[^\d\p{Ll}]|$)`)
	rowRange = regexp.MustCompile(`(\d\d)(?:To(\d\d))?`)
)

// rowsOf reads the rows in a test's name.
func rowsOf(test string) (proved []int, err error) {
	named := rowName.FindStringSubmatch(test)
	if named == nil {
		return nil, fmt.Errorf("is not of the form TestRow06… or TestRow30To33And45…")
	}
	for _, found := range rowRange.FindAllStringSubmatch(named[1], -1) {
		first, _ := strconv.Atoi(found[1])
		last := first
		if found[2] != "" {
			last, _ = strconv.Atoi(found[2])
		}
		if first < 1 || last < first || last > len(rows) {
			return nil, fmt.Errorf("there are rows 1 to %d, and no %s", len(rows), found[0])
		}
		for row := first; row <= last; row++ {
			proved = append(proved, row)
		}
	}
	return proved, nil
}
