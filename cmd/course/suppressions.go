package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"fortsatt/course"
)

type suppressionsListCommand struct {
	Reason string `placeholder:"REASON" help:"Only those suppressed for this: bounce, complaint, admin, unsubscribed or erased."`
	JSON   bool   `help:"Print them as JSON."`
}

// Run lists suppressed addresses. Of those that no subscriber has, only the
// beginning of a hash is known.
func (cmd suppressionsListCommand) Run(a *app) error {
	if reasons := course.SuppressionReasons(); cmd.Reason != "" && !slices.Contains(reasons, cmd.Reason) {
		return usage(fmt.Errorf("--reason %s: no such reason; there are %s", cmd.Reason, strings.Join(reasons, ", ")), "")
	}
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	list := []course.Suppressed{}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	err = p.store.ListSuppressed(a.ctx, cmd.Reason, func(s course.Suppressed) error {
		if cmd.JSON {
			list = append(list, s)
			return nil
		}
		_, err := fmt.Fprintf(table, "%s\t%s\t%s\n", cmp.Or(s.Email, s.Hash), s.Reason, p.moment(s.Since))
		return err
	})
	if err != nil {
		return err
	}
	if cmd.JSON {
		return writeJSON(a.stdout, list)
	}
	return table.Flush()
}

type suppressionsAddCommand struct {
	Address string `arg:"" help:"Whom to write to no more; it need not be a subscriber's."`
	Reason  string `required:"" enum:"admin,bounce,complaint,unsubscribed" placeholder:"REASON" help:"admin, bounce, complaint or unsubscribed; the last two also end every course and the newsletter."`
}

// wayBack says what lifts each kind of suppression.
var wayBack = map[string]string{
	"admin":        "course suppressions remove lifts it, and nothing else",
	"complaint":    "course suppressions remove lifts it, and nothing else",
	"bounce":       "signing up anew brings one confirm letter in 30 days, whose link lifts it",
	"unsubscribed": "imports pass it over; signing up anew lifts it",
}

// Run suppresses an address.
func (cmd suppressionsAddCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	stands, changed, err := p.store.Suppress(a.ctx, time.Now(), cmd.Address, cmd.Reason)
	if err != nil {
		return err
	}
	if !changed {
		fmt.Fprintf(a.stdout, "%s: suppressed already (%s), which stands; %s\n", cmd.Address, stands, wayBack[stands])
		return nil
	}
	fmt.Fprintf(a.stdout, "%s: suppressed (%s); %s\n", cmd.Address, stands, wayBack[stands])
	return nil
}

type suppressionsRemoveCommand struct {
	Address string `arg:"" help:"Whom to write to again."`
}

// Run lifts a suppression, and tells what that means.
func (cmd suppressionsRemoveCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	done, err := p.store.Unsuppress(a.ctx, time.Now(), cmd.Address)
	if err != nil {
		return err
	}
	if done.Was == "" {
		fmt.Fprintf(a.stdout, "%s is not suppressed, nothing was changed\n", cmd.Address)
		return nil
	}
	fmt.Fprintf(a.stdout, "%s: no longer suppressed (%s); %s\n", cmd.Address, done.Was, prospects(done))
	if done.State != "active" {
		return nil
	}
	return p.tellCoursesOf(a, done.Email)
}

// prospects says what an address that may be written to again will get.
func prospects(u course.Unsuppressed) string {
	switch {
	case u.Email == "":
		return "whoever has it can sign up, and be imported"
	case u.Stands != "":
		return "everything was ended, and stays so: " + wayBack[u.Stands]
	case u.State == "pending":
		return "nobody has confirmed it; signing up anew brings a confirm letter"
	}
	return "letters that were cancelled are not sent, courses go on"
}

// tellCoursesOf tells where somebody is in each of their courses.
func (p *parts) tellCoursesOf(a *app, email string) error {
	profile, err := p.store.Show(a.ctx, email)
	if err != nil {
		return err
	}
	for _, e := range profile.Enrolments {
		fmt.Fprintf(a.stdout, "course %s: %s\n", e.Course, place(p, e))
	}
	return nil
}
