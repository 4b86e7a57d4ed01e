package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// interactive says whether a person sits at both ends.
func (a *app) interactive() bool { return isTerminal(a.stdin) && isTerminal(a.stderr) }

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// confirm asks on a terminal; elsewhere, a command is its own confirmation.
// Ctrl-C means no.
func (a *app) confirm(question string) bool {
	if !a.interactive() {
		return true
	}
	fmt.Fprintf(a.stderr, "%s [y/N] ", question)
	typed := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.stdin).ReadString('\n') // what came before an end counts
		typed <- line
	}()
	select {
	case line := <-typed:
		answer := strings.ToLower(strings.TrimSpace(line))
		return answer == "y" || answer == "yes"
	case <-a.ctx.Done():
		fmt.Fprintln(a.stderr)
		return false
	}
}

// progress returns a bar to set, and a function that ends it; on a terminal only.
func (a *app) progress(total int, doing string) (set func(int), end func()) {
	if !a.interactive() || total == 0 {
		return func(int) {}, func() {}
	}
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(a.stderr),
		progressbar.OptionSetDescription(doing),
		progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish())
	return func(n int) { bar.Set(min(n, total)) }, func() { bar.Finish() }
}
