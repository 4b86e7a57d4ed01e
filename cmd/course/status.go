package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"fortsatt/course"
)

type statusCommand struct {
	JSON bool `help:"Print it as JSON."`
}

// Run shows the whole at one moment.
func (cmd statusCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	status, err := p.store.Status(a.ctx, time.Now())
	if err != nil {
		return err
	}
	if cmd.JSON {
		return writeJSON(a.stdout, status)
	}
	p.tellHolds(a.stdout, status)
	tellLetters(a.stdout, status)
	p.tellCourses(a.stdout, status)
	p.tellSignUps(a.stdout, status.SignUps)
	tellQuestions(a.stdout, status.Questions)
	tellReturned(a.stdout, status)
	p.tellWorkers(a.stdout, status)
	p.tellStuck(a.stdout, status)
	return nil
}

func (p *parts) tellHolds(w io.Writer, s course.Status) {
	for _, h := range s.Holds {
		way := "course release"
		if h.Scope == course.Pause {
			way = "course resume"
		}
		fmt.Fprintf(w, "HELD: %s since %s (%s); %s lets it go\n", h.Scope, p.moment(h.HeldAt), h.Reason, way)
	}
}

func tellLetters(w io.Writer, s course.Status) {
	fmt.Fprintf(w, "letters: %d planned", s.Deliveries["planned"])
	for _, state := range course.States {
		if n := s.Deliveries[state]; n > 0 {
			fmt.Fprintf(w, ", %d %s", n, state)
		}
	}
	if s.Resent > 0 {
		fmt.Fprintf(w, "; %d sent a second time after no reply", s.Resent)
	}
	fmt.Fprintln(w)
	if !s.Balanced() {
		fmt.Fprintln(w, "  THE COUNTS DO NOT ADD UP: planned differs from the sum of the states")
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, letter := range s.Letters {
		var parts []string
		for _, state := range course.States {
			if n := letter.States[state]; n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, state))
			}
		}
		fmt.Fprintf(table, "  %s\t%s\n", letter.Letter, strings.Join(parts, ", "))
	}
	table.Flush()
}

func (p *parts) tellCourses(w io.Writer, s course.Status) {
	fmt.Fprintf(w, "subscribers: %d active, %d pending, %d blocked\n", s.Subscribers["active"], s.Subscribers["pending"], s.Subscribers["blocked"])
	for _, c := range s.Courses {
		e := c.Enrolments
		fmt.Fprintf(w, "course %s: %d active, %d paused, %d finished, %d left\n", c.Course, e["active"], e["paused"], e["finished"], e["left"])
		for i, n := range c.NextWeek {
			if n > 0 {
				fmt.Fprintf(w, "  week %d comes next for %d\n", i+1, n)
			}
		}
	}
	if s.NextDueAt != nil {
		fmt.Fprintf(w, "next lesson due: %s\n", p.moment(*s.NextDueAt))
	}
}

// tellQuestions tells of what readers wait for an answer to.
func tellQuestions(w io.Writer, waiting int) {
	if waiting > 0 {
		fmt.Fprintf(w, "readers' questions: %d wait for an answer; see `course questions list`\n", waiting)
	}
}

// tellSignUps tells of what people asked for that was not carried out.
func (p *parts) tellSignUps(w io.Writer, s course.SignUpStatus) {
	if s.Since != nil {
		fmt.Fprintf(w, "SIGN-UPS ARE DELAYED since %s: %d wait; they run at ten times the usual, and letters go out no faster\n", p.moment(*s.Since), s.Delayed)
	} else if s.Waiting > 0 {
		fmt.Fprintf(w, "sign-ups: %d wait for a worker\n", s.Waiting)
	}
	if s.SetAside > 0 {
		fmt.Fprintf(w, "sign-ups: %d set aside, since they cannot be carried out; the worker's log says why\n", s.SetAside)
	}
}

// judgements are what came back, in the order in which an admin should look at it.
var judgements = []struct {
	judged course.Judgement
	words  string
}{
	{course.Complained, "called spam"}, {course.Ours, "refused because of us"}, {course.Hard, "bounced hard"},
	{course.Soft, "bounced softly"}, {course.OptedOut, "answered by opting out"}, {course.Noted, "answered with a note"},
}

// tellReturned tells what came back, and how many are not written to.
func tellReturned(w io.Writer, s course.Status) {
	var parts []string
	for _, j := range judgements {
		if n := s.Returned[string(j.judged)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, j.words))
		}
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "letters back in the last 7 days: %s\n", strings.Join(parts, ", "))
	}
	parts = nil
	for _, reason := range course.SuppressionReasons() {
		if n := s.Suppressed[reason]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, reason))
		}
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "suppressed addresses: %s\n", strings.Join(parts, ", "))
	}
}

func (p *parts) tellWorkers(w io.Writer, s course.Status) {
	if len(s.Workers) == 0 {
		fmt.Fprintln(w, "workers: none is running; start one with `course worker`")
		return
	}
	fmt.Fprintf(w, "workers: %d\n", len(s.Workers))
	for _, worker := range s.Workers {
		fmt.Fprintf(w, "  %s since %s, last heard of %.0f s ago\n", worker.Name, p.moment(worker.StartedAt), worker.Silent)
		if worker.Trouble != "" {
			fmt.Fprintf(w, "    relay in trouble: %s\n", worker.Trouble)
		}
	}
}

// advice says what to do about letters that wait.
var advice = map[string]string{
	"queued":    "no worker takes them: is one running, and does it reach a relay?",
	"deferred":  "the relay put them off; they are tried again by themselves",
	"uncertain": "handed over, and no reply came; lessons are sent once more after the quarantine",
	"parked":    "they wait for you: course deliveries list, then retry or cancel",
}

func (p *parts) tellStuck(w io.Writer, s course.Status) {
	if len(s.Stuck) == 0 {
		return
	}
	fmt.Fprintln(w, "waiting:")
	for _, group := range s.Stuck {
		fmt.Fprintf(w, "  %d %s since %s", group.Count, group.State, p.moment(group.Since))
		what := advice[group.State]
		if group.Reason != "" {
			fmt.Fprintf(w, " (%s)", group.Reason)
			if group.State == "queued" {
				what = "they go out by themselves, when there is room"
			}
		}
		fmt.Fprintf(w, ": %s\n", what)
	}
}
