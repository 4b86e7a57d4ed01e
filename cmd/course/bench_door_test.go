package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkDoor measures what readers meet, the site and its form, against what
// limits it, side by side in one run: `make bench`.
func BenchmarkDoor(b *testing.B) {
	y := openYard(b)
	defer y.print(os.Stdout)
	b.Run("signups", y.signUps)
	b.Run("pages", y.pageViews)
	b.Run("neutral", y.neutral)
}

const (
	knocking = 8 // connections at the door
	wall     = "/artiklar/maste-jag-mingla"
)

// signUps is goal 7's first half: the form, posted by eight who do nothing else,
// beside eight that only run one statement which writes as much.
func (y *yard) signUps(b *testing.B) {
	n := setting(b, "BENCH_SIGNUPS", 20_000)
	var limits, rates, tails []float64
	for range rounds {
		limits = append(limits, y.pgbench(b))
		d := y.openDoor(b)
		took := d.knock(b, n, knocking, d.signUp)
		rates, tails = append(rates, took.rate), append(tails, took.percentile(.99).Seconds()*1000)
		d.close(b)
	}
	y.atLeast(7, "sign-ups/s over HTTP, 8 connections : one statement by pgbench", median(rates), median(limits), .45)
	y.atMost(7, "ms for 99 % of them", median(tails), 12)
}

// pageViews is its second half: a locked article, to strangers.
func (y *yard) pageViews(b *testing.B) {
	d := y.openDoor(b)
	defer d.close(b)
	var rates []float64
	for range rounds {
		rates = append(rates, d.knock(b, 30_000, knocking, func(int) string { return d.get(wall) }).rate)
	}
	y.atLeast(7, "pages/s, 8 connections", median(rates), 5000, 1)
}

// neutral compares how long the form's answer takes for addresses of which
// different things are known: nobody must be able to tell.
func (y *yard) neutral(b *testing.B) {
	d := y.openDoor(b)
	defer d.close(b)
	d.people("active@kontor.example")
	d.course("suppressions", "add", "suppressed@kontor.example", "--reason", "complaint")
	worker := d.through(smtpSink(b), 4).start("worker")
	worker.says(`msg="worker: started"`)
	defer worker.stop(syscall.SIGTERM)
	d.knock(b, 1, 1, func(int) string { return d.post("pending@kontor.example", 0) })

	const each = 2000
	kinds := []string{"unknown", "pending", "active", "suppressed"}
	took := map[string][]time.Duration{}
	c := d.dial(b)
	defer c.Close()
	for i := range each * len(kinds) {
		kind := kinds[i%len(kinds)]
		email := kind + "@kontor.example"
		if kind == "unknown" {
			email = fmt.Sprintf("unknown%d@kontor.example", i)
		}
		took[kind] = append(took[kind], c.ask(b, d.post(email, i)))
	}
	var medians []float64
	for _, kind := range kinds {
		slices.Sort(took[kind])
		m := took[kind][each/2]
		medians = append(medians, float64(m))
		y.note("answer to an %s address: median %v", kind, m)
	}
	y.atMost(7, "slowest : quickest median of four kinds of address", slices.Max(medians)/slices.Min(medians), 1.05)
}

// pgbench runs one statement that writes a person, what was agreed to and a
// letter, by eight clients, and returns how many a second.
func (y *yard) pgbench(b *testing.B) float64 {
	program, err := pgbenchProgram()
	if err != nil {
		b.Skip(err)
	}
	name := y.create(b, "template0")
	at := *y.server
	at.Path = "/" + name
	h := y.house(b, name)
	defer y.drop(b, h)
	db := h.open()
	defer db.Close()
	_, err = db.ExecContext(b.Context(), `
		create table people (id bigint generated always as identity primary key, email text not null unique, at timestamptz not null default now());
		create table agreed (person bigint not null, wording bytea not null, at timestamptz not null default now());
		create table letters (person bigint not null, letter text not null, due timestamptz not null default now(), primary key (person, letter))`)
	if err != nil {
		b.Fatal(err)
	}
	script := filepath.Join(b.TempDir(), "signup.sql")
	err = os.WriteFile(script, []byte(`with person as (insert into people (email) values (md5(random()::text) || '@kontor.example') returning id), yes as (insert into agreed (person, wording) select id, '\xdeadbeef' from person) insert into letters (person, letter) select id, 'confirm:1' from person;`), 0o600)
	if err != nil {
		b.Fatal(err)
	}
	said, err := exec.CommandContext(b.Context(), program, "-n", "-M", "prepared", "-c", strconv.Itoa(knocking), "-j", "2", "-T", "5", "-f", script, at.String()).CombinedOutput()
	tps := regexp.MustCompile(`tps = ([0-9.]+)`).FindSubmatch(said)
	if err != nil || tps == nil {
		b.Fatalf("pgbench: %v: %s", err, said)
	}
	rate, err := strconv.ParseFloat(string(tps[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return rate
}

// pgbenchProgram finds it on the path, or where Debian keeps it.
func pgbenchProgram() (string, error) {
	if found, err := exec.LookPath("pgbench"); err == nil {
		return found, nil
	}
	found, _ := filepath.Glob(filepath.Join("/usr/lib/postgresql", "*", "bin", "pgbench"))
	if dir := os.Getenv("COURSE_PG_BIN"); dir != "" {
		found = append(found, filepath.Join(dir, "pgbench"))
	}
	if len(found) == 0 {
		return "", fmt.Errorf("pgbench is not installed")
	}
	return found[len(found)-1], nil
}

// A door is a house whose site is open.
type door struct {
	*house
	y    *yard
	web  *process
	addr string
}

func (y *yard) openDoor(b *testing.B) *door {
	h := y.house(b, y.create(b, "template0"))
	h.course("migrate")
	addr := freeAddress(b)
	h = h.with("COURSE_LISTEN="+addr, "COURSE_BASE_URL=http://"+addr, "COURSE_TRUSTED_PROXIES=127.0.0.0/8")
	d := &door{house: h, y: y, addr: addr, web: h.start("web")}
	d.web.says(`msg="web: serving"`)
	return d
}

func (d *door) close(b *testing.B) {
	if code := d.web.stop(syscall.SIGTERM); code != 0 {
		b.Errorf("web exited with %d, want 0", code)
	}
	d.y.drop(b, d.house)
}

// A knocker is one connection that asks and waits for the answer.
type knocker struct {
	net.Conn
	r *bufio.Reader
}

func (d *door) dial(b *testing.B) *knocker {
	c, err := net.Dial("tcp", d.addr)
	if err != nil {
		b.Fatal(err)
	}
	return &knocker{c, bufio.NewReader(c)}
}

// ask returns how long the answer took; any but success is the end.
func (k *knocker) ask(b *testing.B, request string) time.Duration {
	began := time.Now()
	if _, err := io.WriteString(k, request); err != nil {
		b.Error(err)
		return 0
	}
	answer, err := http.ReadResponse(k.r, nil)
	if err != nil {
		b.Error(err)
		return 0
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if err != nil || answer.StatusCode >= 400 {
		b.Errorf("answer %d, %v", answer.StatusCode, err)
	}
	return time.Since(began)
}

type knocks struct {
	rate float64
	took []time.Duration // sorted
}

func (k knocks) percentile(p float64) time.Duration { return k.took[int(float64(len(k.took)-1)*p)] }

// knock asks n times, by so many connections.
func (d *door) knock(b *testing.B, n, connections int, request func(i int) string) knocks {
	took := make([]time.Duration, n)
	var all sync.WaitGroup
	began := time.Now()
	for c := range connections {
		k := d.dial(b)
		all.Go(func() {
			defer k.Close()
			for i := c; i < n; i += connections {
				took[i] = k.ask(b, request(i))
			}
		})
	}
	all.Wait()
	rate := float64(n) / time.Since(began).Seconds()
	if b.Failed() {
		b.FailNow()
	}
	slices.Sort(took)
	return knocks{rate, took}
}

func (d *door) get(path string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: " + d.addr + "\r\n\r\n"
}

func (d *door) signUp(i int) string { return d.post(reader(i), i) }

// post is the wall's form, from an address on the network of its own.
func (d *door) post(email string, i int) string {
	body := url.Values{"epost": {email}, "artikel": {filepath.Base(wall)}, "vagg": {"1"}}.Encode()
	return strings.Join([]string{
		"POST /anmalan HTTP/1.1", "Host: " + d.addr, "Origin: http://" + d.addr, "Sec-Fetch-Site: same-origin",
		fmt.Sprintf("X-Forwarded-For: 2001:%x:%x::1", 0xdb8+i>>16, i&0xffff),
		"Content-Type: application/x-www-form-urlencoded", "Content-Length: " + strconv.Itoa(len(body)), "", body,
	}, "\r\n")
}
