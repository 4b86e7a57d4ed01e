package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"fortsatt/course"
	"fortsatt/demo"
	"fortsatt/mailer"
)

type demoCommand struct {
	Pace time.Duration `placeholder:"10s" help:"How long a course week lasts."`
}

// Run starts everything on loopback, in one process, and prints what to open.
func (cmd demoCommand) Run(a *app) error {
	c, err := readConfig()
	if err != nil {
		return err
	}
	if !c.laptop() {
		return usage(fmt.Errorf("demo: COURSE_BASE_URL is %s, and a demo runs on loopback only", c.BaseURL), "")
	}
	c.Pace = cmp.Or(cmd.Pace, c.Pace)
	s, err := a.openStage(c)
	if err != nil {
		return err
	}
	defer s.close()
	return s.run()
}

// stage is what a demo plays on.
type stage struct {
	*parts
	app        *app
	inbox      *demo.Inbox
	site, page net.Listener
	smtp       net.Listener
}

func (a *app) openStage(c config) (*stage, error) {
	s := &stage{app: a, inbox: demo.NewInbox()}
	var err error
	if s.site, err = listenNear(onLoopback(c.Listen)); err != nil {
		return nil, err
	}
	if s.page, err = listenNear("127.0.0.1:8025"); err != nil {
		return nil, err
	}
	if s.smtp, err = listenNear("127.0.0.1:2525"); err != nil {
		return nil, err
	}
	c.BaseURL = "http://" + s.site.Addr().String()
	c.SMTPURL = fmt.Sprintf("smtp://%s?tls=none", s.smtp.Addr())
	if c.relays, err = mailer.ParseRelays(c.SMTPURL); err != nil {
		return nil, err
	}
	if c.DataDir, err = c.dataDir(); err != nil { // a demo may use the usual place unasked
		return nil, err
	}
	if s.parts, err = prepare(c); err != nil {
		return nil, err
	}
	return s, s.connect(a, course.Migrate)
}

// onLoopback keeps the port only, unless the host is this machine's own: the
// inbox shows everyone's letters, and the site's links lead there.
func onLoopback(address string) string {
	host, port, _ := net.SplitHostPort(address)
	if !loopback(host) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// listenNear takes the wanted port, or any other if that one is in use.
func listenNear(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("demo: listen on %s: %w", address, err)
	}
	return listener, nil
}

// run plays until it is stopped.
func (s *stage) run() error {
	all, ctx := errgroup.WithContext(s.app.ctx)
	all.Go(func() error { return s.inbox.Serve(s.smtp) })
	context.AfterFunc(ctx, func() { s.inbox.Close() })
	if err := s.play(ctx); err != nil {
		return errors.Join(err, s.inbox.Close(), all.Wait())
	}
	hints, err := course.Listen(ctx, s.directDSN())
	if err != nil {
		return err
	}
	sender, err := s.worker(s.app, hints)
	if err != nil {
		return err
	}
	// A demo may sleep for days; a sign of life spares it the pause after a long silence.
	if err := sender.Work(ctx, course.Scope{Letter: "none"}, nil); err != nil {
		return err
	}
	all.Go(func() error { return sender.Run(ctx) })
	all.Go(func() error { return serve(ctx, s.site, s.parts.site(s.app)) })
	all.Go(func() error { return serve(ctx, s.page, http.Handler(s.inbox)) })
	s.announce()
	return all.Wait()
}

func (s *stage) announce() {
	article := ""
	if len(s.library.Articles) > 0 {
		article = "/artiklar/" + s.library.Articles[0].Slug
	}
	week := "letters come at the course's own weekday and hour; to watch them arrive: course demo --pace 10s"
	if s.Pace > 0 {
		week = fmt.Sprintf("a course week lasts %s", s.Pace)
	}
	fmt.Fprintf(s.app.stdout, strings.TrimLeft(`
Fortsätt runs on this machine, for you alone: %s.

  the wall    %s%s
  the inbox   http://%s/

In another terminal, other commands join in:

  export %s SMTP_URL='%s' COURSE_BASE_URL='%s'%s
  %s status

Stop it with Ctrl-C.
`, "\n"), week, s.BaseURL, article, s.page.Addr(), s.databaseSetting(), s.SMTPURL, s.BaseURL, paceSetting(s.Pace), os.Args[0])
}

// databaseSetting is how other commands find the demo's database.
func (s *stage) databaseSetting() string {
	if s.DatabaseURL == "" {
		return "COURSE_DATA_DIR=" + s.DataDir
	}
	return fmt.Sprintf("DATABASE_URL='%s'", s.dsn)
}

func paceSetting(pace time.Duration) string {
	if pace == 0 {
		return ""
	}
	return fmt.Sprintf(" COURSE_PACE=%s", pace)
}
