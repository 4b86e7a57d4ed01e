package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/mail"
	"os"
	"strings"
	"time"

	"fortsatt/course"
	"fortsatt/demo"
	"fortsatt/lessons"
	"fortsatt/worker"
)

// parts are what most commands work with: settings, texts and the store.
type parts struct {
	config
	library *lessons.Library
	store   *course.Store
	dsn     string
	release func()
}

// open reads the settings and the texts and connects to the database, in this
// order, so that what is wrong with files is told before anything is touched.
func (a *app) open() (*parts, error) {
	c, err := readConfig()
	if err != nil {
		return nil, err
	}
	p, err := prepare(c)
	if err != nil {
		return nil, err
	}
	return p, p.connect(a, nil)
}

func prepare(c config) (*parts, error) {
	library, err := readLibrary(c)
	if err != nil {
		return nil, err
	}
	p := &parts{config: c, library: library}
	return p, p.needSecret()
}

// connect opens the store, after readying the database if asked to.
func (p *parts) connect(a *app, ready func(context.Context, string) error) (err error) {
	if p.dsn, p.release, err = a.database(p.config); err != nil {
		return err
	}
	if ready != nil {
		err = ready(a.ctx, p.directDSN())
	}
	if err == nil {
		err = p.openStore(a)
	}
	if err != nil {
		p.release()
	}
	return err
}

func (p *parts) openStore(a *app) error {
	store, err := course.Open(a.ctx, course.Options{DSN: p.dsn, DirectDSN: p.directDSN(), Secrets: p.secrets})
	if err != nil {
		return err
	}
	p.store = store
	if err := store.Publish(a.ctx, serviceLetters(p.library), courses(p.library, p.Pace)); err != nil {
		store.Close()
		return err
	}
	return nil
}

// openLedger opens the store alone, for what needs neither texts nor relays.
func (a *app) openLedger() (*course.Store, func(), error) {
	c, err := readConfig()
	if err != nil {
		return nil, nil, err
	}
	if err := c.needSecret(); err != nil {
		return nil, nil, err
	}
	dsn, release, err := a.database(c)
	if err != nil {
		return nil, nil, err
	}
	store, err := course.Open(a.ctx, course.Options{DSN: dsn, Secrets: c.secrets})
	if err != nil {
		release()
		return nil, nil, err
	}
	return store, func() { store.Close(); release() }, nil
}

func (p *parts) close() {
	p.store.Close()
	p.release()
}

// database returns where the database is. Without DATABASE_URL only an explicit
// COURSE_DATA_DIR means the private Postgres: a forgotten setting must not
// start an empty database.
func (a *app) database(c config) (dsn string, release func(), err error) {
	if c.DatabaseURL != "" {
		return c.DatabaseURL, func() {}, nil
	}
	if c.DataDir == "" {
		return "", nil, usage(errors.New("DATABASE_URL is not set"), "export DATABASE_URL=postgres://user:password@host/name?sslmode=require, or try `course demo`")
	}
	dir, err := c.dataDir()
	if err != nil {
		return "", nil, err
	}
	postgres, err := demo.StartPostgres(a.ctx, dir, c.PGBin)
	if err != nil {
		return "", nil, err
	}
	return postgres.DSN(), func() {
		if err := postgres.Stop(); err != nil {
			a.log.Warn("course: stop the private Postgres", "error", err)
		}
	}, nil
}

// directDSN is for what needs a connection of its own, past a pooler.
func (p *parts) directDSN() string { return cmp.Or(p.DirectURL, p.dsn) }

// readLibrary loads the texts. A public site must say who is behind it.
func readLibrary(c config) (*lessons.Library, error) {
	var texts fs.FS = lessons.Shipped()
	if c.Lessons != "" {
		if info, err := os.Stat(c.Lessons); err != nil || !info.IsDir() {
			return nil, usage(fmt.Errorf("COURSE_LESSONS=%s: not a directory", c.Lessons), "")
		}
		dir, err := os.OpenRoot(c.Lessons) // a link in it that leads out of it is not followed
		if err != nil {
			return nil, usage(fmt.Errorf("COURSE_LESSONS: %w", err), "")
		}
		defer dir.Close()
		texts = dir.FS()
	}
	library, err := lessons.Load(texts)
	if err != nil {
		return nil, err
	}
	if missing := library.Publisher.Missing(); len(missing) > 0 && !c.laptop() {
		return nil, failure{exitFailed, fmt.Errorf("publisher.toml: %s is empty, and a public site must say who is behind it", strings.Join(missing, ", ")),
			"copy the lessons directory, fill in its publisher.toml, and point COURSE_LESSONS to it"}
	}
	return library, nil
}

// courses tells the ledger what the planner must know of the texts.
func courses(library *lessons.Library, pace time.Duration) []course.Course {
	var all []course.Course
	for _, c := range library.Courses {
		known := course.Course{ID: c.ID, Title: c.Title, Rhythm: course.Rhythm{Zone: c.Zone, Weekday: c.Weekday, Hour: c.Hour, Pace: pace}}
		for _, lesson := range c.Lessons {
			known.Lessons = append(known.Lessons, course.Lesson{ID: lesson.ID, Title: lesson.Title, Version: version(lesson)})
		}
		all = append(all, known)
	}
	return all
}

func serviceLetters(library *lessons.Library) map[string]course.Version {
	letters := map[string]course.Version{}
	for kind, l := range library.Letters {
		letters[kind] = version(l)
	}
	return letters
}

func version(l *lessons.Letter) course.Version {
	source, layout := l.Source()
	return course.Version{Source: source, Layout: layout}
}

// worker returns a worker with these parts.
func (p *parts) worker(a *app, hints <-chan struct{}) (*worker.Worker, error) {
	if len(p.relays) == 0 {
		return nil, usage(errors.New("SMTP_URL is not set"), "export SMTP_URL=smtp://user:password@host:587")
	}
	from, err := p.sender()
	if err != nil {
		return nil, err
	}
	signer, err := p.signer(a, from)
	if err != nil {
		return nil, err
	}
	return worker.New(worker.Options{
		Store: p.store, Relays: p.relays, Connections: p.SMTPConnections,
		From: from, ReplyTo: p.replyTo, BounceDomain: p.BounceDomain, Signer: signer, Postmark: p.HookPostmark != "",
		Links: course.Links{Base: p.BaseURL}, Rate: p.Rate, DomainRate: p.DomainRate, Warmup: p.warmup, Lease: p.Lease, Quarantine: p.Quarantine,
		Now: time.Now, Log: a.log, Hints: hints,
	}), nil
}

// sender is whom letters are from; a laptop may leave it out.
func (p *parts) sender() (mail.Address, error) {
	if p.from.Address != "" {
		return p.from, nil
	}
	if !p.laptop() {
		return mail.Address{}, usage(errors.New("COURSE_FROM is not set"), "export COURSE_FROM='Åtta brev <brev@example.se>'")
	}
	return mail.Address{Name: p.library.Pages.Site.Brand, Address: cmp.Or(p.library.Publisher.Email, "brev@localhost")}, nil
}
