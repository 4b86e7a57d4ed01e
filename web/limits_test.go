package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// A crowd signs up through the house's proxy, each time with a new address.
type crowd struct {
	h *house
	n int
}

func (c *crowd) signUp(from string) reply {
	c.n++
	return c.post(from, "/anmalan", "epost", fmt.Sprintf("person%d@example.se", c.n), "artikel", "mingla", "vagg", "1")
}

func (c *crowd) post(from, path string, fields ...string) reply {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r, _ := http.NewRequest(http.MethodPost, c.h.server.URL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", from)
	answer := c.h.send(r)
	answer.header.Del("Date")
	return answer
}

// got is how many have been written down.
func (c *crowd) got(want int) {
	c.h.t.Helper()
	if got := c.h.one(`select count(*) from subscribers where email like 'person%'`); got != fmt.Sprint(want) {
		c.h.t.Fatalf("got %s sign-ups, want %d", got, want)
	}
}

func TestTenFromOneAddressThenOneAMinute(t *testing.T) {
	t.Parallel()
	h := open(t, trust("127.0.0.0/8"))
	c := &crowd{h: h}
	var tenth reply
	for range 10 {
		tenth = c.signUp("203.0.113.9")
	}
	c.got(10)
	before := h.everything()
	over := c.signUp("203.0.113.9")
	h.unchanged(before, "a sign-up over the limit")
	if over.status != http.StatusSeeOther || over.status != tenth.status || over.body != tenth.body || !sameHeader(over.header, tenth.header) {
		t.Errorf("over the limit the answer is\n%+v\nand within it\n%+v", over, tenth)
	}
	c.signUp("203.0.113.10")
	c.got(11)

	h.later(59 * time.Second)
	c.signUp("203.0.113.9")
	c.got(11)
	h.later(time.Second)
	c.signUp("203.0.113.9")
	c.signUp("203.0.113.9")
	c.got(12)
	h.later(time.Hour) // no more than ten have been saved up
	for range 12 {
		c.signUp("203.0.113.9")
	}
	c.got(22)
}

func TestFiftyFromOneNetworkThenFiveAMinute(t *testing.T) {
	t.Parallel()
	for _, network := range []struct{ name, within, beside string }{
		{"/24", "203.0.113.%d", "203.0.112.1"},
		{"/48", "2001:db8:1:%02x00::1", "2001:db8::1"},
		{"/24 as IPv6 writes it", "::ffff:198.51.100.%d", "198.51.101.1"},
	} {
		h := open(t, trust("127.0.0.0/8"))
		c := &crowd{h: h}
		for i := range 60 {
			c.signUp(fmt.Sprintf(network.within, i/6*25+1)) // in all parts of it
		}
		c.got(50)
		c.signUp(network.beside)
		c.got(51)
		h.later(11 * time.Second)
		c.signUp(fmt.Sprintf(network.within, 99))
		c.got(51)
		h.later(time.Second)
		c.signUp(fmt.Sprintf(network.within, 98))
		c.signUp(fmt.Sprintf(network.within, 97))
		c.got(52)
		if t.Failed() {
			t.Fatalf("in a network of %s", network.name)
		}
	}
}

// An office has one address, and one machine in it goes wild.
func TestAddressOverItsLimitTakesNothingFromItsNetwork(t *testing.T) {
	t.Parallel()
	h := open(t, trust("127.0.0.0/8"))
	c := &crowd{h: h}
	for range 70 {
		c.signUp("203.0.113.9")
	}
	for i := range 40 {
		c.signUp(fmt.Sprintf("203.0.113.%d", 10+i))
	}
	c.got(50)
}

func TestLoginSharesTheLimits(t *testing.T) {
	t.Parallel()
	h := open(t, trust("127.0.0.0/8"))
	h.start("anna@example.se") // from 127.0.0.1
	c := &crowd{h: h}
	for range 9 {
		c.signUp("203.0.113.9")
	}
	within := c.post("203.0.113.9", "/logga-in", "epost", "okand@example.se")
	before := h.everything()
	over := c.post("203.0.113.9", "/logga-in", "epost", "anna@example.se")
	h.unchanged(before, "asking to be let in, over the limit")
	if over.status != within.status || over.body != within.body || over.header.Get("Location") != within.header.Get("Location") ||
		len(over.header.Get("Set-Cookie")) != len(within.header.Get("Set-Cookie")) {
		t.Errorf("over the limit the answer is\n%+v\nand within it\n%+v", over, within)
	}
	c.signUp("203.0.113.9")
	c.got(9)
	c.post("203.0.113.10", "/logga-in", "epost", "anna@example.se")
	h.loginLink("anna@example.se")
}

// What asks for no letter costs nothing: a person who mistypes is let through.
func TestSlipsDoNotCount(t *testing.T) {
	t.Parallel()
	h := open(t, trust("127.0.0.0/8"))
	c := &crowd{h: h}
	for range 20 {
		c.post("203.0.113.9", "/anmalan", "epost", "anna@example")
		c.post("203.0.113.9", "/logga-in", "epost", "anna@example")
		c.post("203.0.113.9", "/anmalan", "epost", "bot@example.se", "meddelande", "Buy now")
		c.post("203.0.113.9", "/anmalan", "epost", "bot@example.se", "tid", h.store.FormStamp(h.clock()))
	}
	for range 11 {
		c.signUp("203.0.113.9")
	}
	c.got(10)
}

func TestMadeUpAddressesShareTheLimitOfTheirMaker(t *testing.T) {
	t.Parallel()
	h := open(t) // no proxy is trusted
	c := &crowd{h: h}
	for i := range 15 {
		c.signUp(fmt.Sprintf("203.0.%d.9", i))
	}
	c.got(10)
}

func TestAHundredAtOnceAreStillTen(t *testing.T) {
	t.Parallel()
	h := open(t)
	var crowd sync.WaitGroup
	for i := range 100 {
		crowd.Go(func() {
			answer, err := http.PostForm(h.server.URL+"/anmalan", url.Values{"epost": {fmt.Sprintf("person%d@example.se", i)}})
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Errorf("got status %d, want 200", answer.StatusCode)
			}
		})
	}
	crowd.Wait()
	if _, err := h.store.TakeSignUps(t.Context(), h.clock()); err != nil {
		t.Fatal(err)
	}
	if got := h.one(`select count(*) from subscribers`); got != "10" {
		t.Errorf("got %s sign-ups, want 10", got)
	}
}

// The log counts what was refused, once a minute, and names nobody.
func TestLogCountsWhatIsOverTheLimit(t *testing.T) {
	t.Parallel()
	h := open(t, trust("127.0.0.0/8"))
	c := &crowd{h: h}
	const line = "forms over the limit"
	for range 10 {
		c.signUp("203.0.113.9")
	}
	if strings.Contains(h.log.String(), line) {
		t.Error("the log tells of a limit that nobody is over")
	}
	for range 30 {
		c.signUp("203.0.113.9")
	}
	h.later(time.Minute)
	c.signUp("203.0.113.9")
	c.signUp("203.0.113.9")

	log := h.log.String()
	if n := strings.Count(log, line); n != 2 || !strings.Contains(log, "refused=1\n") || !strings.Contains(log, "refused=30\n") {
		t.Errorf("got %d lines, want one of 1 and a minute later one of 30:\n%s", n, log)
	}
	for _, secret := range []string{"203.0", "person", "COURSE_TRUSTED_PROXIES"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// A proxy that is not trusted makes one reader of all: the log says what to do.
func TestLogTellsOfAProxyThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := &crowd{h: h}
	for n := range 11 {
		c.signUp(fmt.Sprintf("203.0.113.%d", n))
	}
	if log := h.log.String(); strings.Count(log, "COURSE_TRUSTED_PROXIES") != 1 {
		t.Errorf("got %s, want one line that says what to set", log)
	}
}
