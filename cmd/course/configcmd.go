package main

import (
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/kelseyhightower/envconfig"
)

type configCommand struct{}

// settingsFormat is envconfig's own table of settings, with its template language.
const settingsFormat = `{{range .}}{{usage_key .}}	{{usage_type .}}	{{usage_description .}}{{if usage_default .}} (default {{usage_default .}}){{end}}
{{end}}`

// Run shows the settings in force, and then what each means.
func (configCommand) Run(a *app) error {
	c, err := readConfig()
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, s := range c.shown() {
		fmt.Fprintf(table, "%s\t%s\n", s[0], s[1])
	}
	fmt.Fprintln(table)
	if err := envconfig.Usagef("course", &environment{}, table, settingsFormat); err != nil {
		return fmt.Errorf("list the settings: %w", err)
	}
	table.Flush()
	return nil
}

func (c config) shown() [][2]string {
	relays := make([]string, len(c.relays))
	for i, r := range c.relays {
		relays[i] = r.String()
	}
	lessons := c.Lessons
	if lessons == "" {
		lessons = "built in"
	}
	return [][2]string{
		{"site", c.BaseURL},
		{"listens on", c.Listen},
		{"database", masked(c.DatabaseURL)},
		{"relays", strings.Join(relays, ", ")},
		{"secret", fmt.Sprintf("%d set", len(c.secrets))},
		{"lessons", lessons},
		{"pace", c.Pace.String()},
		{"lease", c.Lease.String()},
	}
}

// masked shows where a database is, without its password.
func masked(dsn string) string {
	if dsn == "" {
		return "not set"
	}
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		return u.Redacted()
	}
	return "set"
}
