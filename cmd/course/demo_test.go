package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
)

// A play is a demo that runs, with a week that lasts two seconds.
type play struct{ wall, inbox, export string }

// startDemo runs it on a directory of its own and checks at the end that it
// stops in good order. As root, Postgres runs as another user, to whom the
// directory must be open.
func startDemo(t *testing.T, env ...string) play {
	t.Helper()
	dir, err := os.MkdirTemp("", "fortsatt-demo-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("course", "demo", "--pace", "2s")
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "GORACE=atexit_sleep_ms=0",
		"COURSE_DATA_DIR=" + dir + "/data", "COURSE_PG_BIN=" + os.Getenv("COURSE_PG_BIN"),
	}, env...)
	p := begin(t, cmd)
	t.Cleanup(func() { // also after a failure: a demo that is killed leaves its Postgres behind
		if code := p.stop(syscall.SIGINT); code != 0 {
			t.Errorf("the demo exited with %d, want 0", code)
		}
	})
	said := p.says(`the wall +(\S+)\n +the inbox +(\S+)\n(?s:.*)export (.+)\n`)
	return play{wall: said[1], inbox: said[2], export: said[3]}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	_, port, _ := strings.Cut(freeAddress(t), ":")
	demo := startDemo(t, "PORT="+port)

	// It is for this machine alone, also where a platform's PORT is set.
	if want := "http://127.0.0.1:" + port + "/"; !strings.HasPrefix(demo.wall, want) {
		t.Errorf("the wall is at %s, want %s…", demo.wall, want)
	}
	t.Run("another terminal joins in", demo.joins)
	t.Run("in a browser", func(t *testing.T) {
		for email, scripts := range map[string]bool{"anna@example.se": true, "bo@example.se": false} {
			t.Run(email, func(t *testing.T) {
				t.Parallel()
				demo.reader(t, email, scripts)
			})
		}
	})
}

// What the demo says to export is enough for other commands.
func (demo play) joins(t *testing.T) {
	cmd := exec.CommandContext(inTime(t), "sh", "-c", "export "+demo.export+"\ncourse status --json")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "GORACE=atexit_sleep_ms=0"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("course status: %v", err)
	}
	var status struct {
		Deliveries map[string]int
		Courses    []struct{ Enrolments map[string]int }
	}
	if err := json.Unmarshal(out, &status); err != nil {
		t.Fatal(err)
	}
	if readers := status.Courses[0].Enrolments; readers["active"] == 0 || readers["active"]+readers["finished"] != len(cast) {
		t.Errorf("the invented readers are %v, want %d of them, some in the middle of the course", readers, len(cast))
	}
	if n := status.Deliveries["parked"]; n != 0 {
		t.Errorf("%d letters could not be written", n)
	}
}

// reader goes the whole way, with JavaScript or without: from the locked
// article to the eighth letter, and out again.
func (demo play) reader(t *testing.T, email string, scripts bool) {
	b := openBrowser(t, scripts)
	const behind = "Börja med den enklare" // how the article goes on behind the wall

	b.open(demo.wall)
	b.lacks(behind)
	if n := b.count("input[type=email]"); n != 1 {
		t.Errorf("%d email fields at the wall, want 1", n)
	}
	b.do(chromedp.SendKeys(chromedp.CSS("#epost"), email))
	b.until(`Date.now() - parseInt(document.querySelector("[name=tid]").value) > 2000`) // a person is no quicker
	b.do(chromedp.Click(chromedp.CSS(".wall button")))
	b.sees("Artikeln är öppen, och ett brev är på väg")
	b.sees(behind)
	if at, err := chromedp.Run(b.ctx, chromedp.Location()); err != nil || at != demo.wall+"#fortsatt" {
		t.Errorf("the browser is at %s, %v; want the next paragraph", at, err)
	}
	if next := b.text("#fortsatt"); !strings.HasPrefix(next, behind) {
		t.Errorf("the next paragraph begins %.40q, want %q", next, behind)
	}
	if !b.is(`(r => r.top >= 0 && r.top < innerHeight)(document.querySelector("#fortsatt").getBoundingClientRect())`) {
		t.Error("the next paragraph is out of sight")
	}
	b.do(chromedp.KeyEvent("\t")) // who goes on by keyboard goes on from there
	if !b.is(`document.querySelector("#fortsatt").compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_FOLLOWING`) {
		t.Error("the focus is not at the next paragraph")
	}

	inbox := demo.inbox + "?to=" + email
	b.open(inbox)
	b.arrived(1)
	b.do(chromedp.Click(chromedp.CSS("ol > li .subject")))
	b.sees("Bekräfta din e-postadress")
	b.open(b.link("/bekrafta/"))
	b.sees("Var det inte du som anmälde adressen?")
	b.do(chromedp.Click(chromedp.CSS("button[value=kurs]")))
	b.sees("Klart, adressen är bekräftad")

	b.open(inbox)
	b.arrived(9)
	want := []string{
		"Bekräfta din e-postadress", "Vem ringer du?", "Lyssna klart", "Frågan efter frågan", "Säga lite mer",
		"Omtanke när det är bråttom", "Att be om något", "Utan mingel", "Åt alla håll",
	}
	if got := b.subjects(); !slices.Equal(got, want) {
		t.Errorf("in the order of arrival, the letters are %q, want %q", got, want)
	}

	b.do(chromedp.Click(chromedp.CSS("ol > li .subject"))) // the newest: letter 8
	b.sees("Åt alla håll")
	b.open(b.link("/avsluta/"))
	b.do(chromedp.Click(chromedp.CSS("main form button")))
	b.sees("Ångra")
	b.open(demo.wall)
	b.sees(behind) // who leaves the course keeps the articles
}
