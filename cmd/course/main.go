// Command course runs Fortsätt: an email course behind a registration wall, and
// the commands of those who look after it.
//
// Start with run, which main and the tests share. commands.go is the whole
// command line on one screen; each command has a file of its own. config.go is
// the only reader of our settings in the environment, and open.go turns them into
// the parts that commands work with.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	_ "time/tzdata" // the course's zone must be known on every machine

	"github.com/alecthomas/kong"

	"fortsatt/course"
	"fortsatt/worker"
)

func main() {
	heedSilence()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// heedSilence bounds how long a connection to the database may take: one that is
// taken and never answered would hold a command for ever, Ctrl-C or not. lib/pq
// and libpq know the variable; a DSN's connect_timeout goes before it.
func heedSilence() {
	const name, seconds = "PGCONNECT_TIMEOUT", "10"
	if os.Getenv(name) == "" {
		os.Setenv(name, seconds)
	}
}

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitLater  = 75 // try again later: database or relay away (EX_TEMPFAIL of sysexits.h)
)

// app is what every command is given.
type app struct {
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *slog.Logger
}

// run carries one command out and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr, log: newLog(stderr, slog.LevelInfo)}
	left := -1 // the code that --help asks to leave with
	parser, err := kong.New(&commands{},
		kong.Name("course"),
		kong.Description("Fortsätt: an email course behind a registration wall.\n\nSettings come from the environment; `course config` shows them."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { left = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
	if err != nil {
		panic(err) // the grammar itself is wrong
	}
	command, err := parser.Parse(args)
	if left >= 0 {
		return left
	}
	if err != nil {
		return a.fail(usage(err, "course --help"))
	}
	return a.fail(command.Run(a))
}

func newLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// hush is for commands that tell at their end what happened: only what must
// not be lost is logged on the way.
func (a *app) hush() { a.log = newLog(a.stderr, slog.LevelError) }

// fail tells an error in one line, with a hint if there is one, and returns
// the exit code that it stands for.
func (a *app) fail(err error) int {
	if err == nil {
		return exitDone
	}
	f := a.explain(err)
	if f.err != nil {
		fmt.Fprintf(a.stderr, "course: %s\n", oneLine(f.err))
	}
	if f.hint != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", f.hint)
	}
	return f.code
}

// failure is an error that knows its exit code and how to mend it.
type failure struct {
	code int
	err  error // nil: all has been said
	hint string
}

func (f failure) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit %d", f.code)
	}
	return f.err.Error()
}

func (f failure) Unwrap() error { return f.err }

func usage(err error, hint string) error { return failure{exitUsage, err, hint} }

// explain finds the exit code and the hint of an error. Whatever goes wrong
// after we were told to stop, the database's own words for it too, is that.
func (a *app) explain(err error) failure {
	var f failure
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.Canceled), a.ctx.Err() != nil:
		return failure{exitFailed, errors.New("interrupted; what was begun is recorded, the rest is queued"), ""}
	case errors.Is(err, course.ErrAway):
		return failure{exitLater, err, "is Postgres running, and DATABASE_URL right?"}
	case errors.Is(err, worker.ErrRelayAway):
		return failure{exitLater, err, "nothing is lost: what was not sent is queued; look at SMTP_URL and the relay, then run it again"}
	case errors.Is(err, worker.ErrPutOff):
		return failure{exitLater, err, "nothing is lost: a worker sends the rest when there is room, or run it again then"}
	case errors.Is(err, course.ErrHeld):
		return failure{exitLater, err, "nothing is lost; course release, or course resume, lets it go"}
	case errors.Is(err, course.ErrSchema):
		return failure{exitFailed, err, "course migrate"}
	case errors.Is(err, course.ErrSecret):
		return failure{exitFailed, err, "set the secret that this database was made with; to change it, COURSE_SECRET=new,old"}
	case errors.Is(err, course.ErrNoWeek), errors.Is(err, course.ErrNoCourse), errors.Is(err, course.ErrAddress):
		return failure{exitUsage, err, ""}
	case errors.Is(err, course.ErrUnknown):
		return failure{exitFailed, err, "course subscribers list"}
	}
	return failure{exitFailed, err, ""}
}

// oneLine keeps an error on the one line that is promised.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
