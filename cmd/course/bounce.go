package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"fortsatt/course"
	"fortsatt/worker"
)

type bounceCommand struct {
	Recipient string `placeholder:"ADDRESS" help:"Whom the mail came back to, if the mail server says so; believed before what the mail holds."`
}

// Help shows how mail servers call it.
func (bounceCommand) Help() string {
	return `Letters leave from addresses of their own at COURSE_BOUNCE_DOMAIN. The server that takes mail for that domain hands each mail to this command. It exits with 0 when the mail is recorded, or tells of no letter of ours, and with 75 when the server is to keep it and try again. DATABASE_URL and COURSE_SECRET must be set; mail servers start commands with a bare environment, so let a script set them.

Postfix, in main.cf:

  relay_domains = brev.example.se
  transport_maps = inline:{brev.example.se=returned:}
  returned_destination_recipient_limit = 1

and in master.cf:

  returned unix - n n - 2 pipe
    flags=DR user=course argv=/usr/local/bin/course bounce --recipient=${recipient}

Postfix with an alias, in the virtual alias table and in /etc/aliases:

  @brev.example.se  returned@localhost

  returned: "|/usr/local/bin/course bounce"

Exim, a router and a transport:

  returned:
    driver = accept
    domains = brev.example.se
    transport = returned

  returned:
    driver = pipe
    user = course
    command = /usr/local/bin/course bounce
    headers_add = X-Original-To: $local_part@$domain

Without a mail server, the worker takes such mail in by itself: COURSE_INBOUND.`
}

// bounceTime is how long the database may take; then the mail server keeps the mail.
const bounceTime = 30 * time.Second

// Run records one mail. Whatever keeps it from that, a slip in the settings too, means
// "try again later": a mail server gives up what fails in any other way.
func (cmd bounceCommand) Run(a *app) error {
	result, err := cmd.record(a)
	if err != nil {
		kept := a.explain(err)
		kept.code = exitLater
		return kept
	}
	fmt.Fprintln(a.stdout, "a mail came back:", worker.Told(result))
	return nil
}

func (cmd bounceCommand) record(a *app) (result course.ReturnedResult, err error) {
	raw, err := readMail(a.stdin)
	if err != nil {
		return result, fmt.Errorf("read the mail: %w", err)
	}
	store, release, err := a.openLedger()
	if err != nil {
		return result, err
	}
	defer release()
	ctx, cancel := context.WithTimeout(a.ctx, bounceTime)
	defer cancel()
	var recipients []string
	if cmd.Recipient != "" {
		recipients = []string{cmd.Recipient}
	}
	return store.RecordBounce(ctx, time.Now(), worker.ReadReturn("pipe", raw, recipients...))
}

// readMail keeps what is read of a mail, and drops the rest of a huge one: whoever writes
// to us must not find the pipe closed.
func readMail(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, worker.ReturnLimit))
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	return raw, err
}
