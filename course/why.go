package course

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Why tells in plain words whether a subscriber got a week's lesson, and if
// not, what it waits for. Errors: ErrNoCourse, ErrNoWeek, ErrAddress, ErrUnknown.
func (s *Store) Why(ctx context.Context, now time.Time, email, course string, week int) ([]string, error) {
	c, ok := s.Course(course)
	if !ok {
		return nil, fmt.Errorf("why %q: %w", course, ErrNoCourse)
	}
	letter := c.Letter(week)
	if letter == "" {
		return nil, fmt.Errorf("why week %d of %s, which has %d: %w", week, c.ID, len(c.Lessons), ErrNoWeek)
	}
	profile, err := s.Show(ctx, email)
	if err != nil {
		return nil, err
	}
	clock := clock{c.Rhythm.Zone}
	var lines []string
	for _, d := range profile.Deliveries {
		if d.Letter == letter {
			lines = append(lines, clock.tell(d, now))
		}
	}
	if len(lines) == 0 {
		lines = append(lines, clock.tellAbsence(profile, c, week))
	}
	return lines, nil
}

// clock writes moments as people in the course's zone read them.
type clock struct{ zone *time.Location }

func (c clock) at(t time.Time) string { return t.In(c.zone).Format("Mon 2 January 2006 15:04:05 MST") }

func (c clock) maybe(t *time.Time) string {
	if t == nil {
		return "an unknown time"
	}
	return c.at(*t)
}

// tell says what became of one delivery.
func (c clock) tell(d Delivery, now time.Time) string {
	line := c.outcome(d, now)
	if d.Copy > 0 {
		line = fmt.Sprintf("copy %d: %s", d.Copy+1, line)
	}
	if d.Attempts > 1 {
		line += fmt.Sprintf("; %d attempts", d.Attempts)
	}
	switch {
	case d.Repeats == 1:
		line += "; second copy after a lost connection"
	case d.Repeats > 1:
		line += fmt.Sprintf("; %d further copies after lost connections", d.Repeats)
	}
	for _, r := range d.Returned {
		line += c.tellReturned(r)
	}
	return line
}

// meanings of what came back, as people read them.
var meanings = map[Judgement]string{
	Hard: "there is no such mailbox", Soft: "not taken this time", Ours: "refused because of us, not of the reader",
	Complained: "the reader calls it spam", OptedOut: "the reader wants no more of these",
}

// tellReturned tells of one mail that came back. The words of a refusal have been
// told.
func (c clock) tellReturned(r Returned) string {
	what := meanings[r.Judged]
	switch {
	case r.Via == "relay" && r.Judged == Hard:
		return "; " + what
	case r.Via == "relay":
		return ""
	case r.Judged == Noted:
		what = "a note (" + string(r.Kind) + ")"
	}
	line := fmt.Sprintf("; came back on %s: %s", c.at(r.At), what)
	if r.Diagnostic != "" {
		line += fmt.Sprintf(" (%s)", r.Diagnostic)
	}
	return line
}

func (c clock) outcome(d Delivery, now time.Time) string {
	switch d.State {
	case "accepted":
		return fmt.Sprintf("accepted by the relay %s on %s%s", d.Relay, c.maybe(d.SettledAt), queueID(d.QueueID))
	case "rejected":
		return fmt.Sprintf("rejected by the relay %s on %s: %s", d.Relay, c.maybe(d.SettledAt), d.Reply)
	case "deferred":
		return fmt.Sprintf("put off by the relay %s (%s); tried again on %s", d.Relay, d.Reply, c.maybe(d.ReadyAt))
	case "cancelled":
		return fmt.Sprintf("cancelled on %s: %s", c.maybe(d.SettledAt), reasons[d.Reason])
	case "uncertain":
		return fmt.Sprintf("uncertain: handed to the relay %s on %s, and no reply came (%s); after the quarantine %s", d.Relay, c.maybe(d.MarkedAt), d.Reply, d.afterQuarantine())
	case "parked":
		return fmt.Sprintf("parked, waits for an admin: %s; see course deliveries list", d.Reason)
	case "queued":
		if d.Held {
			return "queued, and held: it goes out when an admin releases it"
		}
		if d.ReadyAt != nil && d.ReadyAt.After(now) {
			return fmt.Sprintf("queued, goes out on %s%s", c.at(*d.ReadyAt), because(d.Reason))
		}
		return fmt.Sprintf("queued since %s, waits for a worker", c.maybe(d.ReadyAt))
	}
	return "being sent at this moment"
}

// afterQuarantine says what EndQuarantine will decide.
func (d Delivery) afterQuarantine() string {
	switch {
	case strings.HasPrefix(d.Letter, "confirm:"), strings.HasPrefix(d.Letter, "login:"):
		return "it is cancelled"
	case d.Doubts > 1:
		return "it waits for an admin"
	}
	return "it is sent once more"
}

// reasons of a cancellation, as people read them.
var reasons = map[string]string{
	"left": "the reader left the course", "admin": "by an admin", "no reply": "the relay never answered, and the reader can ask for a new one",
	"suppressed": "the address must not be written to", "erased": "the reader was erased",
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

func queueID(id string) string {
	if id == "" {
		return ""
	}
	return ", queue id " + id
}

// tellAbsence says why there is no delivery.
func (c clock) tellAbsence(p Profile, course Course, week int) string {
	if p.Suppressed != nil && p.State == "blocked" {
		return fmt.Sprintf("not sent: the address is suppressed (%s)", *p.Suppressed)
	}
	if p.State == "pending" {
		return fmt.Sprintf("not sent: signed up on %s and has not confirmed the address", c.at(p.CreatedAt))
	}
	for _, e := range p.Enrolments {
		if e.Course == course.ID {
			return c.tellWait(e, course, week) + c.tellHolder(p, e, course)
		}
	}
	return "not sent: not in the course " + course.ID
}

func (c clock) tellWait(e Enrolment, course Course, week int) string {
	switch {
	case e.State == "left":
		return fmt.Sprintf("not sent: left the course on %s", c.maybe(e.EndedAt))
	case e.State == "finished":
		return fmt.Sprintf("not sent: finished the course on %s without it", c.maybe(e.EndedAt))
	case e.State == "paused":
		return "not sent: the enrolment is paused"
	case e.Position >= week:
		return fmt.Sprintf("not sent: the reader is past it, at week %d", e.Position)
	case e.Position == week-1:
		return fmt.Sprintf("not yet: due on %s", c.maybe(e.NextDueAt))
	}
	return fmt.Sprintf("not yet: week %d comes first, due on %s", e.Position+1, c.maybe(e.NextDueAt))
}

// tellHolder names the lesson that the next one waits for, if there is one.
func (c clock) tellHolder(p Profile, e Enrolment, course Course) string {
	if e.State != "active" {
		return ""
	}
	for _, d := range p.Deliveries {
		if week := course.Week(d.Letter); week > 0 && d.SettledAt == nil {
			return fmt.Sprintf("; waits for week %d, which is %s", week, d.State)
		}
	}
	return ""
}
