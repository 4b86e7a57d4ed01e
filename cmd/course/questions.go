package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"fortsatt/course"
	"fortsatt/lessons"
)

type questionsListCommand struct {
	All  bool `help:"Also those that are published, declined or withdrawn."`
	JSON bool `help:"Print them as JSON."`
}

// Run lists questions, the oldest first. Who asked is nobody's business here.
func (cmd questionsListCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	list, err := p.store.Questions(a.ctx, time.Now(), cmd.All)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return writeJSON(a.stdout, list)
	}
	for i, q := range list {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		fmt.Fprintf(a.stdout, "%s  %s\n", q.ID, p.standing(q))
		writeQuestion(a.stdout, q)
	}
	return nil
}

// standing says where a question has come.
func (p *parts) standing(q course.Question) string {
	switch {
	case q.Lapsed:
		return fmt.Sprintf("no word from the asker in %d days, stays unpublished; proposed %s", int(course.ProposalLife.Hours()/24), p.moment(*q.ProposedAt))
	case q.State == "proposed":
		return "waits for the asker's word; proposed " + p.moment(*q.ProposedAt)
	case q.State == "published":
		return fmt.Sprintf("published %s at %s/fragor/%s", p.moment(*q.PublishedAt), p.BaseURL, q.Slug)
	case q.State == "asked":
		return "waits for an answer; asked " + p.moment(q.AskedAt)
	}
	return q.State + " " + p.moment(*q.ClosedAt)
}

// writeQuestion shows a question as far as its words are kept: as it is to be
// published, or as it was asked.
func writeQuestion(w io.Writer, q course.Question) {
	text := q.Wording
	if text == "" {
		text = q.Text
	}
	for _, part := range []string{q.Title, text, q.Signature} {
		for line := range strings.Lines(part) {
			fmt.Fprintln(w, strings.TrimRight("    "+line, " \n"))
		}
	}
}

type questionsAnswerCommand struct {
	ID      string `arg:"" help:"A question, as course questions list names it."`
	File    string `required:"" placeholder:"FILE" help:"The answer, in Markdown."`
	Wording string `placeholder:"FILE" help:"The question as it is to be published, without what could point anybody out; as it was asked, if left out."`
	Title   string `placeholder:"TEXT" help:"Heading and address of the page; the question's first sentence, if left out."`
	Anew    bool   `help:"In place of an earlier proposal that the asker has not approved."`
	Yes     bool   `help:"Do not ask."`
}

// Run proposes an answer: the asker is shown the wording, and nothing is published
// before there is a yes.
func (cmd questionsAnswerCommand) Run(a *app) error {
	answer, err := readAnswer(cmd.File)
	if err != nil {
		return err
	}
	proposal := course.Proposal{Title: cmd.Title, Answer: answer, Anew: cmd.Anew}
	if cmd.Wording != "" {
		if proposal.Wording, err = readSmall(cmd.Wording); err != nil {
			return err
		}
	}
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	q, err := p.store.Question(a.ctx, time.Now(), cmd.ID)
	if err != nil {
		return questionRefused(err)
	}
	if !cmd.Yes && a.interactive() {
		writeQuestion(a.stderr, proposal.Of(q))
		if !a.confirm("Show this to the asker, to be published with the answer?") {
			return failure{exitFailed, errors.New("nothing was done"), ""}
		}
	}
	q, err = p.store.Propose(a.ctx, time.Now(), cmd.ID, proposal)
	if err != nil {
		return questionRefused(err)
	}
	fmt.Fprintf(a.stdout, "%s: %q goes to the asker by letter; it is published at %s/fragor/%s once approved, within %d days\n",
		q.ID, q.Title, p.BaseURL, q.Slug, int(course.ProposalLife.Hours()/24))
	return nil
}

type questionsDeclineCommand struct {
	ID   string `arg:"" help:"A question, as course questions list names it."`
	File string `required:"" placeholder:"FILE" help:"A kind reply for the asker alone, in Markdown."`
	Yes  bool   `help:"Do not ask."`
}

// Run closes a question with a reply to its asker. The question's words are deleted.
func (cmd questionsDeclineCommand) Run(a *app) error {
	reply, err := readAnswer(cmd.File)
	if err != nil {
		return err
	}
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	q, err := p.store.Question(a.ctx, time.Now(), cmd.ID)
	if err != nil {
		return questionRefused(err)
	}
	if !cmd.Yes && a.interactive() {
		writeQuestion(a.stderr, q)
		if !a.confirm("Decline this, and delete it?") {
			return failure{exitFailed, errors.New("nothing was done"), ""}
		}
	}
	told, err := p.store.Decline(a.ctx, time.Now(), cmd.ID, reply)
	if err != nil {
		return questionRefused(err)
	}
	if !told {
		fmt.Fprintf(a.stdout, "%s: declined; the asker cannot be written to, and is not told\n", q.ID)
		return nil
	}
	fmt.Fprintf(a.stdout, "%s: declined; a letter leads the asker to the reply\n", q.ID)
	return nil
}

// readAnswer reads an editor's Markdown, and holds it to the rules of pages.
func readAnswer(file string) (string, error) {
	source, err := readSmall(file)
	if err != nil {
		return "", err
	}
	_, err = lessons.Answer(file, source)
	return source, err
}

// smallFile is the most octets of what an editor writes to one reader.
const smallFile = 64 << 10

func readSmall(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", usage(err, "")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, smallFile+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > smallFile:
		return "", fmt.Errorf("%s: over %d kB", file, smallFile>>10)
	case len(bytes.TrimSpace(text)) == 0:
		return "", fmt.Errorf("%s: there is no text", file)
	}
	return string(text), nil
}

// questionRefused adds how to mend what is refused.
func questionRefused(err error) error {
	for _, r := range []struct {
		is   error
		hint string
	}{
		{course.ErrNoQuestion, "course questions list"},
		{course.ErrProposed, "to show the asker another wording in its place: --anew"},
		{course.ErrQuestionClosed, "course questions list --all"},
		{course.ErrReaderGone, "course questions decline closes it"},
	} {
		if errors.Is(err, r.is) {
			return failure{exitFailed, err, r.hint}
		}
	}
	return err
}
