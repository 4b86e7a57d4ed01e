package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"fortsatt/course"
)

// oldestPostgres is the first version that is supported.
const oldestPostgres = 14

// How far apart this machine's clock and the database's may be: beyond the first, due times
// are off; beyond the second, the two cannot be trusted together.
const (
	clockWarn = 2 * time.Second
	clockFail = time.Minute
)

// database looks at the server, its settings and its clock.
func (d *doctor) database(ctx context.Context) []finding {
	if d.DatabaseURL == "" && d.DataDir == "" {
		return nil // settings has said so
	}
	dsn, release, err := d.app.database(d.config)
	if err != nil {
		return []finding{subject{"database", "private Postgres"}.fail(oneLine(err), "look at COURSE_DATA_DIR and COURSE_PG_BIN")}
	}
	defer release()
	about := masked(dsn)
	health, err := course.Examine(ctx, dsn, d.secrets, d.now)
	if err != nil {
		return []finding{subject{"database", about}.fail(oneLine(err), "is Postgres running, and DATABASE_URL right?")}
	}
	findings := []finding{
		judgeServer(subject{"database", about}, health),
		judgeSchema(subject{"tables", "the database"}, health),
		judgeDurability(subject{"durability", "the database"}, health.Settings),
		judgeIsolation(subject{"isolation", "the database"}, health.Settings.Isolation),
		judgeClock(subject{"clock", "this machine and the database"}, health.Behind),
	}
	if d.DirectURL != "" {
		return append(findings, d.direct(ctx))
	}
	return append(findings, judgePooler(subject{"pooler", "the database"}, dsn, health.Pooled))
}

func judgeServer(of subject, h course.Health) finding {
	version := fmt.Sprintf("Postgres %d.%d", h.Version/10000, h.Version%10000)
	switch {
	case h.Version/10000 < oldestPostgres:
		return of.fail(version, fmt.Sprintf("use Postgres %d or later", oldestPostgres))
	case h.ReadOnly:
		return of.fail(version+", read-only: a standby, or default_transaction_read_only", "let DATABASE_URL name the server that takes writes")
	}
	return of.ok(version)
}

func judgeSchema(of subject, h course.Health) finding {
	switch {
	case h.Schema != nil:
		return of.fail(oneLine(h.Schema), "course migrate")
	case h.Secret != nil:
		return of.fail(oneLine(h.Secret), "set the secret that this database was made with; to change it, COURSE_SECRET=new,old")
	}
	return of.ok("all migrations have run, and COURSE_SECRET fits")
}

// judgeDurability is about power cuts: a commit that is not on the disk takes a letter's
// mark with it, and the letter goes out twice.
func judgeDurability(of subject, s course.Durability) finding {
	var off []string
	for _, setting := range [][2]string{
		{"fsync", s.Fsync}, {"full_page_writes", s.FullPageWrites}, {"synchronous_commit", s.SynchronousCommit},
	} {
		if setting[1] == "off" {
			off = append(off, setting[0])
		}
	}
	if len(off) > 0 {
		return of.fail(strings.Join(off, ", ")+" off: after a power cut or a crash letters are lost or sent twice", "switch them on; what we promise of letters holds only then")
	}
	return of.ok("what is committed is on the disk (fsync, full_page_writes, synchronous_commit)")
}

func judgeIsolation(of subject, isolation string) finding {
	if isolation != "read committed" {
		return of.warn("default_transaction_isolation is "+isolation+": workers get in each other's way", "set it to read committed for our role: alter role … set default_transaction_isolation")
	}
	return of.ok(isolation)
}

func judgeClock(of subject, behind time.Duration) finding {
	found := fmt.Sprintf("%.1f s apart", behind.Abs().Seconds())
	const do = "let both keep their time with NTP (timedatectl, chronyc tracking)"
	switch {
	case behind.Abs() > clockFail:
		return of.fail(found, do)
	case behind.Abs() > clockWarn:
		return of.warn(found, do)
	}
	return of.ok(found)
}

// judgePooler guesses where there is no COURSE_DIRECT_URL: migrations' lock and LISTEN need
// a session of their own.
func judgePooler(of subject, dsn string, pooled bool) finding {
	const do = "set COURSE_DIRECT_URL to the server itself, past the pooler"
	switch {
	case pooled:
		return of.warn("a pooler shares one session of the server among several of ours", do)
	case portOf(dsn) == "6432":
		return of.warn("port 6432 is PgBouncer's: this may be a pooler", do)
	}
	return of.ok("none is seen")
}

// direct looks at what should be a way past the pooler.
func (d *doctor) direct(ctx context.Context) finding {
	of := subject{"pooler", masked(d.DirectURL)}
	health, err := course.Examine(ctx, d.DirectURL, nil, d.now)
	switch {
	case err != nil:
		return of.fail(oneLine(err), "look at COURSE_DIRECT_URL")
	case health.Pooled:
		return of.fail("COURSE_DIRECT_URL goes through a pooler too", "let it name the server itself")
	}
	return of.ok("COURSE_DIRECT_URL has sessions of its own")
}

// portOf reads the port out of either form of DSN.
func portOf(dsn string) string {
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		return cmp.Or(u.Port(), u.Query().Get("port"))
	}
	for pair := range strings.FieldsSeq(dsn) {
		if port, ok := strings.CutPrefix(pair, "port="); ok {
			return strings.Trim(port, "'")
		}
	}
	return ""
}
