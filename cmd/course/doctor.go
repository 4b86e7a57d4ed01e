package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"fortsatt/lessons"
)

type doctorCommand struct {
	JSON bool `help:"Print it as JSON."`
}

// Run looks at all that letters and promises stand on, and changes nothing.
func (cmd doctorCommand) Run(a *app) error {
	c, err := readConfig()
	if err != nil {
		return err
	}
	d := &doctor{config: c, app: a, dns: dns{net.DefaultResolver}, now: time.Now, patience: 30 * time.Second}
	d.library, d.unreadable = readLibrary(c)
	d.keys, d.keyless = a.dkimKeys(c)
	health := checkup{Findings: d.examine(a.ctx, d.checks())}
	if err := a.ctx.Err(); err != nil {
		return err
	}
	health.count()
	if cmd.JSON {
		err = writeJSON(a.stdout, health)
	} else {
		health.tell(a.stdout)
	}
	if err == nil && health.Fail > 0 {
		return failure{exitFailed, nil, ""}
	}
	return err
}

// A doctor is what the checks look at, and with.
type doctor struct {
	config
	app        *app
	library    *lessons.Library // nil: unreadable says why
	unreadable error
	keys       []dkimKey
	keyless    error // why keys that are set cannot be used
	dns        dns
	roots      *x509.CertPool // who may vouch for a relay; nil: the system's
	now        func() time.Time
	patience   time.Duration // for one check
}

// A check looks at one thing, and at what follows from it.
type check func(context.Context) []finding

// checks is everything that is looked at, in the order in which it is told. DNS says
// nothing about a site on loopback, whose letters reach nobody else.
func (d *doctor) checks() []check {
	all := []check{d.settings, d.texts, d.zones, d.database}
	for _, relay := range d.relays {
		all = append(all, func(ctx context.Context) []finding { return d.relay(ctx, relay) })
	}
	switch {
	case d.laptop():
		return all
	case d.from.Address == "": // settings says so
		return append(all, d.promise)
	}
	return slices.Concat(all, []check{d.promise}, d.inDNS())
}

func (d *doctor) inDNS() []check {
	all := []check{d.spf}
	for _, key := range d.keys {
		all = append(all, func(ctx context.Context) []finding { return d.dkim(ctx, key) })
	}
	if len(d.keys) == 0 {
		all = append(all, d.unsigned)
	}
	return append(all, d.dmarc, d.mx)
}

// examine makes all checks at once, and tells them in order.
func (d *doctor) examine(ctx context.Context, checks []check) []finding {
	found := make([][]finding, len(checks))
	var all sync.WaitGroup
	for i, look := range checks {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, d.patience)
			defer cancel()
			found[i] = look(ctx)
		})
	}
	all.Wait()
	return slices.Concat(found...)
}

// A finding is what one check came to.
type finding struct {
	Check string  `json:"check"`
	State verdict `json:"state"`
	About string  `json:"about"` // what was looked at
	Found string  `json:"found"`
	Do    string  `json:"do,omitempty"` // what to do about it
}

// A verdict of a finding: ok; warn, letters go out but may fare badly, or it could not be
// looked at; fail, letters or promises will break.
type verdict string

const (
	isOK   verdict = "ok"
	isWarn verdict = "warn"
	isFail verdict = "fail"
)

// A subject is what a finding is about.
type subject struct{ check, about string }

func (s subject) ok(found string) finding { return finding{s.check, isOK, s.about, found, ""} }
func (s subject) warn(found, do string) finding {
	return finding{s.check, isWarn, s.about, found, do}
}
func (s subject) fail(found, do string) finding {
	return finding{s.check, isFail, s.about, found, do}
}

// A checkup is all findings, counted by their verdicts.
type checkup struct {
	OK       int       `json:"ok"`
	Warn     int       `json:"warn"`
	Fail     int       `json:"fail"`
	Findings []finding `json:"findings"`
}

func (c *checkup) count() {
	for _, f := range c.Findings {
		switch f.State {
		case isOK:
			c.OK++
		case isWarn:
			c.Warn++
		case isFail:
			c.Fail++
		}
	}
}

func (c *checkup) tell(w io.Writer) {
	for _, f := range c.Findings {
		fmt.Fprintf(w, "%-4s  %-10s  %s: %s\n", f.State, f.Check, f.About, f.Found)
		if f.Do != "" {
			fmt.Fprintf(w, "%-4s  %-10s  to do: %s\n", "", "", f.Do)
		}
	}
	fmt.Fprintf(w, "%d ok, %d warn, %d fail\n", c.OK, c.Warn, c.Fail)
}
