package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"

	"fortsatt/course"
	"fortsatt/mailer"
	"fortsatt/web"
	"fortsatt/worker"
)

// environment is every setting, as read. The three with a name of their own
// are also read without the prefix COURSE_, as hosting platforms set them.
type environment struct {
	DatabaseURL     string        `envconfig:"DATABASE_URL" desc:"Postgres to use; also as DATABASE_URL"`
	DirectURL       string        `split_words:"true" desc:"the same, past a connection pooler"`
	SMTPURL         string        `envconfig:"SMTP_URL" desc:"relays, comma-separated: smtp://user:pass@host:587, smtps://…; also as SMTP_URL"`
	Port            string        `envconfig:"PORT" desc:"port to listen on, on all interfaces; also as PORT"`
	Listen          string        `desc:"address to listen on, as 127.0.0.1:8080"`
	BaseURL         string        `split_words:"true" desc:"where readers find the site"`
	Secret          string        `desc:"32 characters or more; new,old to change it: without the old one, links in letters that it signed no longer work"`
	From            string        `desc:"whom letters are from, as Åtta brev <brev@example.se>"`
	ReplyTo         string        `split_words:"true" desc:"where replies go, if not to the sender"`
	BounceDomain    string        `split_words:"true" desc:"domain of the envelope senders, if not the sender's"`
	DKIMKey         []string      `split_words:"true" desc:"files of the keys that sign letters (PEM), comma-separated; make one with: course dkim keygen"`
	DKIMSelector    []string      `split_words:"true" desc:"names under which they are published, in the same order"`
	DKIMDomain      string        `split_words:"true" desc:"domain that signs, if not the sender's; a domain above it will do"`
	SMTPConnections int           `split_words:"true" default:"4" desc:"connections to the relays"`
	Rate            float64       `desc:"letters a second at most; 0: no limit"`
	DomainRate      float64       `split_words:"true" desc:"letters a second to one recipient domain at most, by each worker; 0: no limit"`
	Warmup          string        `desc:"a daily ramp for a new sender, as 2026-12-01:50: 50 letters on that day, twice as many each day after, for two weeks"`
	Pace            time.Duration `desc:"how long a course week lasts, to try a course out; loopback only"`
	TrustedProxies  []string      `split_words:"true" desc:"networks whose X-Forwarded-For is believed, as 10.0.0.0/8"`
	Lease           time.Duration `default:"30s" desc:"how long a worker may be silent before others take over"`
	Quarantine      time.Duration `default:"15m" desc:"how long a letter without a reply waits before it is sent once more; over 10m but for a loopback relay"`
	Inbound         string        `desc:"address at which the worker takes returned mail in by SMTP, as 127.0.0.1:2526; off unless set"`
	HookSES         string        `split_words:"true" desc:"ARN of the SNS topic by which Amazon SES reports to /hooks/ses; off unless set, as the next three"`
	HookPostmark    string        `split_words:"true" desc:"user:password that Postmark sends to /hooks/postmark"`
	HookMailgun     string        `split_words:"true" desc:"HTTP webhook signing key of Mailgun, for /hooks/mailgun"`
	HookSendgrid    string        `split_words:"true" desc:"verification key of SendGrid's signed event webhook, for /hooks/sendgrid"`
	DataDir         string        `split_words:"true" desc:"directory of the private Postgres, used where DATABASE_URL is not set"`
	PGBin           string        `split_words:"true" desc:"directory of the Postgres server programs"`
	Lessons         string        `desc:"directory of texts to use instead of those built in"`
}

// config is the settings, checked.
type config struct {
	environment
	base    *url.URL
	secrets []string
	relays  []mailer.Relay
	from    mail.Address
	replyTo mail.Address
	proxies []netip.Prefix
	warmup  worker.Warmup
	hooks   web.Hooks
}

// readConfig reads the environment. An error names the setting, what is wrong
// with it and how to mend it.
func readConfig() (config, error) {
	var c config
	forgetEmpty()
	if err := envconfig.Process("course", &c.environment); err != nil {
		var parse *envconfig.ParseError
		if errors.As(err, &parse) {
			err = fmt.Errorf("%s=%s: not a %s", parse.KeyName, parse.Value, parse.TypeName)
		}
		return c, usage(err, "course config shows every setting")
	}
	for _, check := range []func() error{
		c.checkDatabase, c.checkListen, c.checkBase, c.checkSecret, c.checkRelays, c.checkSender, c.checkDKIM,
		c.checkTimes, c.checkPace, c.checkProxies, c.checkInbound, c.checkHooks,
	} {
		if err := check(); err != nil {
			return c, usage(err, "")
		}
	}
	return c, nil
}

// forgetEmpty makes COURSE_RATE= mean what leaving it out does, whatever the
// setting's type.
func forgetEmpty() {
	for _, setting := range os.Environ() {
		if name, value, _ := strings.Cut(setting, "="); value == "" && strings.HasPrefix(name, "COURSE_") {
			os.Unsetenv(name)
		}
	}
}

// checkDatabase says nothing of what stands there: a password may.
func (c *config) checkDatabase() error {
	for _, s := range []struct{ name, value string }{{"DATABASE_URL", c.DatabaseURL}, {"COURSE_DIRECT_URL", c.DirectURL}} {
		u, err := url.Parse(s.value)
		isURL := err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql")
		isPairs := !strings.Contains(s.value, "://") && strings.Contains(s.value, "=")
		if s.value != "" && !isURL && !isPairs {
			return fmt.Errorf("%s: want postgres://user:password@host/name?sslmode=require (write %% and / in a password as %%25 and %%2F)", s.name)
		}
	}
	return nil
}

func (c *config) checkListen() error {
	if c.Port != "" && !isPort(c.Port) {
		return fmt.Errorf("PORT=%s: want a port, as 8080", c.Port)
	}
	if c.Port != "" && c.Listen == "" {
		c.Listen = ":" + c.Port
	}
	c.Listen = cmp.Or(c.Listen, "127.0.0.1:8080")
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || !isPort(port) {
		return fmt.Errorf("COURSE_LISTEN=%s: want host:port, as 127.0.0.1:8080", c.Listen)
	}
	return nil
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

func (c *config) checkBase() error {
	if c.BaseURL == "" {
		_, port, _ := net.SplitHostPort(c.Listen)
		c.BaseURL = "http://127.0.0.1:" + port
	}
	var base *url.URL
	wire, err := mailer.WireURL(strings.TrimRight(c.BaseURL, "/"))
	if err == nil {
		base, err = url.Parse(wire)
	}
	if err == nil && base.User != nil {
		return errors.New("COURSE_BASE_URL: every reader sees it; leave user and password out")
	}
	if err != nil || base.Hostname() == "" || base.Path != "" || base.RawQuery != "" || base.Fragment != "" {
		return fmt.Errorf("COURSE_BASE_URL=%s: want scheme and host, as https://attabrev.example", c.BaseURL)
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !loopback(base.Hostname())) {
		return fmt.Errorf("COURSE_BASE_URL=%s: want https (http is for loopback only)", c.BaseURL)
	}
	c.base, c.BaseURL = base, base.String()
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// laptop says whether the site is only for whoever sits at this machine.
func (c *config) laptop() bool { return loopback(c.base.Hostname()) }

func (c *config) checkSecret() error {
	if c.Secret == "" {
		return nil // needSecret finds one, or says so
	}
	c.secrets = strings.Split(c.Secret, ",")
	for _, secret := range c.secrets {
		if len([]rune(secret)) < course.SecretLength {
			return fmt.Errorf("COURSE_SECRET: want %d characters or more; make one with: openssl rand -hex 32", course.SecretLength)
		}
	}
	return nil
}

func (c *config) checkRelays() error {
	if c.SMTPConnections < 1 {
		return fmt.Errorf("COURSE_SMTP_CONNECTIONS=%d: want 1 or more", c.SMTPConnections)
	}
	if c.SMTPURL == "" {
		return nil // whoever sends needs one
	}
	var err error
	c.relays, err = mailer.ParseRelays(c.SMTPURL) // its errors begin with SMTP_URL
	return err
}

func (c *config) checkSender() error {
	for _, s := range []struct {
		name, value string
		into        *mail.Address
	}{{"COURSE_FROM", c.From, &c.from}, {"COURSE_REPLY_TO", c.ReplyTo, &c.replyTo}} {
		if s.value == "" {
			continue
		}
		address, err := mail.ParseAddress(s.value)
		if err != nil {
			return fmt.Errorf("%s=%s: want an address, as Åtta brev <brev@example.se>", s.name, s.value)
		}
		if _, err := course.ParseAddress(address.Address); err != nil {
			return fmt.Errorf("%s=%s: %w", s.name, s.value, err)
		}
		*s.into = *address
	}
	if _, err := course.ParseAddress("brev@" + c.BounceDomain); c.BounceDomain != "" && err != nil {
		return fmt.Errorf("COURSE_BOUNCE_DOMAIN=%s: want a domain, as brev.example.se", c.BounceDomain)
	}
	if _, from, _ := strings.Cut(c.from.Address, "@"); from != "" && c.BounceDomain != "" && !mailer.Aligned(c.BounceDomain, from) {
		return fmt.Errorf("COURSE_BOUNCE_DOMAIN=%s: want one of the sender's, as studs.%s: receivers refuse letters that come from two sides (DMARC)", c.BounceDomain, from)
	}
	return nil
}

func (c *config) checkTimes() error {
	switch {
	case c.Pace < 0:
		return fmt.Errorf("COURSE_PACE=%s: want a duration, as 10s", c.Pace)
	case c.Pace > 0 && !c.laptop():
		return fmt.Errorf("COURSE_PACE=%s: only for a loopback COURSE_BASE_URL, and that is %s", c.Pace, c.BaseURL)
	case c.Lease < time.Second:
		return fmt.Errorf("COURSE_LEASE=%s: want a second or more", c.Lease)
	case c.Quarantine < replyWait && !c.loopbackRelays():
		return fmt.Errorf("COURSE_QUARANTINE=%s: want over %s, as long as a relay may take to reply (less is for loopback relays)", c.Quarantine, replyWait)
	}
	return nil
}

func (c *config) checkPace() error {
	for _, s := range []struct {
		name string
		rate float64
	}{{"COURSE_RATE", c.Rate}, {"COURSE_DOMAIN_RATE", c.DomainRate}} {
		if !(s.rate >= 0) { // nor NaN
			return fmt.Errorf("%s=%g: want letters a second, or 0 for no limit", s.name, s.rate)
		}
	}
	if c.Warmup == "" {
		return nil
	}
	day, letters, _ := strings.Cut(c.Warmup, ":")
	from, err := time.Parse(time.DateOnly, day)
	first, atoiErr := strconv.Atoi(letters)
	if err != nil || atoiErr != nil || first < 1 || first > mostAtFirst {
		return fmt.Errorf("COURSE_WARMUP=%s: want the first day and how many letters may go on it, as 2026-12-01:50", c.Warmup)
	}
	c.warmup = worker.Warmup{From: from, First: first}
	return nil
}

// mostAtFirst keeps a ramp's last day within what can be counted.
const mostAtFirst = 100_000

// replyWait is how long a relay may take to reply to the dot (RFC 5321 §4.5.3.2.6).
const replyWait = 10 * time.Minute

func (c *config) loopbackRelays() bool {
	for _, relay := range c.relays {
		if host, _, err := net.SplitHostPort(relay.String()); err != nil || !loopback(host) {
			return false
		}
	}
	return true
}

func (c *config) checkProxies() error {
	for _, text := range c.TrustedProxies {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if ip, ipErr := netip.ParseAddr(text); err != nil && ipErr == nil {
			prefix, err = ip.Prefix(ip.BitLen())
		}
		if err != nil {
			return fmt.Errorf("COURSE_TRUSTED_PROXIES: %q is no network; want as 10.0.0.0/8", text)
		}
		c.proxies = append(c.proxies, prefix)
	}
	return nil
}

// dataDir is where the demo and a private Postgres keep their files. Root's own
// home is closed to the user that Postgres runs as.
func (c *config) dataDir() (string, error) {
	if c.DataDir != "" {
		return filepath.Abs(c.DataDir)
	}
	if os.Geteuid() == 0 {
		return "/var/lib/fortsatt", nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usage(err, "set COURSE_DATA_DIR")
	}
	return filepath.Join(cmp.Or(os.Getenv("XDG_DATA_HOME"), filepath.Join(home, ".local", "share")), "fortsatt"), nil
}
