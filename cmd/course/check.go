package main

import (
	"fmt"
	"io"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"fortsatt/course"
	"fortsatt/lessons"
	"fortsatt/mailer"
)

type checkCommand struct {
	Course string `placeholder:"ID" help:"Only this course, and the letters that belong to none."`
	JSON   bool   `help:"Print it as JSON."`
}

// Run looks at every letter. It needs no database, and no relay.
func (cmd checkCommand) Run(a *app) error {
	c, err := readConfig()
	if err != nil {
		return err
	}
	library, err := readLibrary(c)
	found := &checked{parts: &parts{config: c, library: library}, Letters: []readable{}, Texts: []readable{}, Remarks: []remark{}}
	if wrong := lessons.Faults(err); wrong != nil {
		for _, f := range wrong {
			found.add(remark{File: f.File, Line: f.Line, Fail: true, Text: f.Problem})
		}
	} else if err != nil {
		return err
	} else if err := found.look(cmd.Course); err != nil {
		return err
	}
	return found.tell(a.stdout, cmd.JSON)
}

// A remark is a finding, where its editor finds it.
type remark struct {
	File string   `json:"file"`
	Also []string `json:"also,omitempty"` // other files of which the same is true as a whole
	Line int      `json:"line"`           // 0: the file as a whole
	Rule string   `json:"rule"`           // "" where the file cannot be read as a text at all
	Fail bool     `json:"fail"`
	Text string   `json:"text"`
}

func (r remark) String() string {
	place, level := r.File, "advice"
	switch {
	case r.Line > 0:
		place = fmt.Sprintf("%s:%d", r.File, r.Line)
	case len(r.Also) > 0:
		place = fmt.Sprintf("%s and %d more", r.File, len(r.Also))
	}
	if r.Fail {
		level = "fail"
	}
	return fmt.Sprintf("%s: %s: %s", place, strings.TrimSpace(level+" "+r.Rule), r.Text)
}

// readable is how easily a text is read.
type readable struct {
	File string `json:"file"`
	LIX  int    `json:"lix"`
	Says string `json:"says"`
}

// checked is what has been looked at, and found.
type checked struct {
	parts *parts
	from  mail.Address

	Letters []readable `json:"letters"`
	Texts   []readable `json:"texts"` // articles and webinars
	Remarks []remark   `json:"findings"`
	Fails   int        `json:"fails"`
	Advice  int        `json:"advice"`
}

// look looks at every letter of a course, or of all, and at the service letters;
// at the library too, unless one course was asked for.
func (c *checked) look(id string) (err error) {
	if c.from, err = c.parts.sender(); err != nil {
		return err
	}
	known := courses(c.parts.library, c.parts.Pace)
	if id != "" {
		one, err := pick(known, id)
		if err != nil {
			return err
		}
		known = []course.Course{one}
	} else {
		c.library()
	}
	for _, one := range known {
		for _, l := range c.parts.library.Course(one.ID).Lessons {
			c.letter(one, l)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(c.parts.library.Letters)) {
		c.letter(known[0], c.parts.library.Letters[kind])
	}
	return nil
}

// library looks at what is read on the site only.
func (c *checked) library() {
	for _, a := range c.parts.library.Articles {
		c.text(a.File, a.Readability)
	}
	for _, w := range c.parts.library.Webinars {
		c.text(w.File, w.Readability)
	}
}

func (c *checked) text(file string, r lessons.Readability) {
	c.Texts = append(c.Texts, readable{file, r.LIX, r.Says()})
	if advice, hard := r.Finding(); hard {
		c.add(remark{File: file, Rule: advice.Rule, Text: advice.Text})
	}
}

// triedNames are readers of all kinds: those whose names break what is not escaped, and those
// without one.
var triedNames = []string{"Åsa", "O'Neill <b>", "", strings.Repeat("🌻", 60)}

func (c *checked) letter(of course.Course, l *lessons.Letter) {
	c.Letters = append(c.Letters, readable{l.File, l.Readability.LIX, l.Readability.Says()})
	if advice, hard := l.Readability.Finding(); hard {
		c.find(l, advice)
	}
	for _, name := range triedNames {
		m, fields := c.compose(of, l, name, time.Now())
		for _, f := range lessons.Lint(l.Render(fields), l.Rules(c.parts.BaseURL, m.To.Address, fields)) {
			c.find(l, f)
		}
		c.wire(l, m, name)
	}
}

// wire looks at the letter's bytes.
func (c *checked) wire(l *lessons.Letter, m mailer.Message, name string) {
	raw, err := m.Bytes()
	if err != nil {
		c.add(remark{File: l.File, Fail: true, Text: err.Error()})
		return
	}
	for _, f := range mailer.Lint(raw, c.rules(m, name)) {
		c.add(remark{File: l.File, Rule: f.Rule, Fail: f.Fail, Text: f.Text})
	}
}

// rules are what the worker would want of the letter's bytes. Signing is left to
// the worker, which has the key.
func (c *checked) rules(m mailer.Message, name string) mailer.Rules {
	r := mailer.Rules{
		Date: m.Date, MessageID: m.MessageID, To: m.To.Address, Name: name,
		Domain: m.MessageID[len(exampleToken)+1:], BaseURL: c.parts.BaseURL,
	}
	if m.List != nil {
		r.Bulk, r.ListID = true, m.List.ID
		r.VerifyUnsubscribe = func(token string) bool { return token == exampleToken }
	}
	return r
}

// exampleToken stands for the token that a delivery of one's own has.
var exampleToken = strings.Repeat("exempel", 8)[:55]

// compose makes of a letter what the worker would for a reader of that name.
func (c *checked) compose(of course.Course, l *lessons.Letter, name string, now time.Time) (mailer.Message, lessons.Fields) {
	host := c.from.Address[strings.LastIndexByte(c.from.Address, '@')+1:]
	links := course.Links{Base: c.parts.BaseURL}
	m := mailer.Message{
		From: c.from, ReplyTo: c.parts.replyTo, To: mail.Address{Address: "reader@example.org"},
		Date: now.In(of.Rhythm.Zone), MessageID: exampleToken + "@" + host,
	}
	f := lessons.Fields{Name: name, PrivacyURL: links.Privacy()}
	if l.Week == 0 {
		f.AskedAt = lessons.DateAndTime(m.Date)
		f.ConfirmURL, f.LoginURL, f.QuestionURL = links.Confirm(exampleToken), links.Login(exampleToken), links.Question(exampleToken)
		f.Code = "123456"
	} else {
		f.UnsubscribeURL, f.WebURL = links.Unsubscribe(exampleToken), links.Letter(of.ID, l.ID)
		m.List = &mailer.List{ID: of.ID + "." + host, Name: of.Title, Unsubscribe: f.UnsubscribeURL}
	}
	if l.Week < l.Weeks {
		f.NextDate = lessons.Date(of.Rhythm.Next(now).In(of.Rhythm.Zone))
	}
	filled := lessons.Prepare(l, mailer.Encode).Fill(f)
	m.Subject, m.Text, m.HTML = filled.Subject, filled.Text, filled.HTML
	return m, f
}

func (c *checked) find(l *lessons.Letter, f lessons.Finding) {
	file, line := l.Find(f.At)
	c.add(remark{File: file, Line: line, Rule: f.Rule, Fail: f.Fail, Text: f.Text})
}

// add tells once what is found for several readers, or in several letters.
func (c *checked) add(r remark) {
	for n := range c.Remarks {
		known := &c.Remarks[n]
		if known.Rule != r.Rule || known.Text != r.Text || known.Line != r.Line || r.Line > 0 && known.File != r.File {
			continue
		}
		if known.File != r.File && !slices.Contains(known.Also, r.File) {
			known.Also = append(known.Also, r.File)
		}
		return
	}
	c.Remarks = append(c.Remarks, r)
	if r.Fail {
		c.Fails++
	} else {
		c.Advice++
	}
}

func (c *checked) tell(w io.Writer, asJSON bool) (err error) {
	if asJSON {
		err = writeJSON(w, c)
	} else {
		c.print(w)
	}
	if err == nil && c.Fails > 0 {
		err = failure{exitFailed, nil, ""} // all has been said
	}
	return err
}

func (c *checked) print(w io.Writer) {
	for _, l := range slices.Concat(c.Letters, c.Texts) {
		fmt.Fprintf(w, "%s: LIX %d, %s\n", l.File, l.LIX, l.Says)
	}
	for _, r := range c.Remarks {
		fmt.Fprintln(w, r)
	}
	fmt.Fprintf(w, "letters: %d checked, %d fail, %d advice\n", len(c.Letters), c.Fails, c.Advice)
}
