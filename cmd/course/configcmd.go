package main

import (
	"cmp"
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

// Run shows the settings in force, and then what each means: this also where
// one is wrong.
func (configCommand) Run(a *app) error {
	c, wrong := readConfig()
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	if wrong == nil {
		for _, s := range c.shown() {
			fmt.Fprintf(table, "%s\t%s\n", s[0], s[1])
		}
		fmt.Fprintln(table)
	}
	if err := envconfig.Usagef("course", &environment{}, table, settingsFormat); err != nil {
		return fmt.Errorf("list the settings: %w", err)
	}
	table.Flush()
	return wrong
}

func (c config) shown() [][2]string {
	relays := make([]string, len(c.relays))
	for i, r := range c.relays {
		relays[i] = r.String()
	}
	lessons := cmp.Or(c.Lessons, "built in")
	return [][2]string{
		{"site", c.BaseURL},
		{"listens on", c.Listen},
		{"database", masked(c.DatabaseURL)},
		{"relays", strings.Join(relays, ", ")},
		{"signs with", c.signsWith()},
		{"secret", fmt.Sprintf("%d set", len(c.secrets))},
		{"returned mail", cmp.Or(c.Inbound, "no listener")},
		{"hooks", cmp.Or(c.hooked(), "none")},
		{"lessons", lessons},
		{"pace", c.Pace.String()},
		{"lease", c.Lease.String()},
	}
}

// masked shows where a database is, without its password, which may stand
// among the parameters too.
func masked(dsn string) string {
	if dsn == "" {
		return "not set"
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return "set"
	}
	u.RawQuery = ""
	return u.Redacted()
}
