package main

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	devtools "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// A browser is a Chromium with nothing remembered, which keeps a list of whom
// its pages ask for anything.
type browser struct {
	t    *testing.T
	ctx  context.Context
	kept string // directory of what is downloaded

	mu    sync.Mutex
	asked map[string]bool // by scheme, host and port
}

func openBrowser(t *testing.T, scripts bool) *browser {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		missing(t, "chromium")
	}
	b := &browser{t: t, kept: t.TempDir(), asked: map[string]bool{}}
	dir := t.TempDir()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(dir), chromedp.WindowSize(390, 844))
	ctx, cancel := chromedp.NewExecAllocator(inTime(t), options...)
	t.Cleanup(cancel)
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithListener(b.listen))
	t.Cleanup(closeTab)
	b.ctx = ctx
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
	b.check(err)
	_, err = chromedp.CallBrowser(ctx, devtools.SetDownloadBehavior, devtools.SetDownloadBehaviorParams{
		Behavior: devtools.SetDownloadBehaviorBehaviorAllow, DownloadPath: b.kept})
	b.check(err)
	return b
}

func (b *browser) listen(event any) {
	sent, ok := event.(*network.EventRequestWillBeSent)
	if !ok {
		return
	}
	to, err := url.Parse(sent.Request.URL)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err != nil:
		b.asked[sent.Request.URL] = true
	case to.Scheme != "data":
		b.asked[to.Scheme+"://"+to.Host+"/"] = true
	}
}

// askedOnly checks that no page so far wanted anything of anybody else.
func (b *browser) askedOnly(sites ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	slices.Sort(sites)
	if got := slices.Sorted(maps.Keys(b.asked)); !slices.Equal(got, sites) {
		b.t.Errorf("the browser asked %q, want %q", got, sites)
	}
}

// holds checks which cookies there are, of any site, and that no script and no
// other site can use them.
func (b *browser) holds(names ...string) {
	b.t.Helper()
	kept, err := chromedp.Call(b.ctx, storage.GetCookies, storage.GetCookiesParams{})
	b.check(err)
	var got []string
	for _, c := range kept.Cookies {
		got = append(got, c.Name)
		if !c.HTTPOnly || c.SameSite != network.CookieSameSiteLax {
			b.t.Errorf("cookie %s: HttpOnly is %t and SameSite %q", c.Name, c.HTTPOnly, c.SameSite)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, names) {
		b.t.Errorf("the browser holds the cookies %q, want %q", got, names)
	}
}

func (b *browser) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	b.check(chromedp.Do(b.ctx, steps...))
}

func (b *browser) open(page string) {
	b.t.Helper()
	b.do(chromedp.Navigate(page), chromedp.WaitReady(chromedp.CSS("main")))
}

func (b *browser) press(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

func (b *browser) types(selector, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// at checks where the browser is.
func (b *browser) at(want string) {
	b.t.Helper()
	if got, err := chromedp.Run(b.ctx, chromedp.Location()); err != nil || got != want {
		b.t.Errorf("the browser is at %s, %v; want %s", got, err, want)
	}
}

// downloads presses a link to a file, and returns the file as it was kept.
func (b *browser) downloads(selector, name string) string {
	b.t.Helper()
	b.press(selector)
	for {
		file, err := os.ReadFile(b.kept + "/" + name)
		if err == nil && len(file) > 0 {
			return string(file)
		}
		if b.ctx.Err() != nil {
			there, _ := os.ReadDir(b.kept)
			b.t.Fatalf("%s is not downloaded, but %v", name, there)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// sees waits until a text can be seen on the page.
func (b *browser) sees(text string) {
	b.t.Helper()
	patience, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(patience, chromedp.WaitVisible(chromedp.Search(`//main//*[contains(text(), "`+text+`")]`))); err != nil {
		b.t.Fatalf("waiting to see %q: %v; the page says:\n%s", text, err, b.text("main"))
	}
}

// lacks looks at what came over the wire, where anybody could read it.
func (b *browser) lacks(text string) {
	b.t.Helper()
	source, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.documentElement.outerHTML"))
	b.check(err)
	if strings.Contains(source, text) {
		b.t.Errorf("the page holds %q", text)
	}
}

func (b *browser) text(selector string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(selector)))
	b.check(err)
	return text
}

func (b *browser) count(selector string) int {
	b.t.Helper()
	n, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](`document.querySelectorAll("`+selector+`").length`))
	b.check(err)
	return n
}

// is evaluates a condition on the page, for which scripts need not be allowed.
func (b *browser) is(condition string) bool {
	b.t.Helper()
	yes, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+condition+")"))
	b.check(err)
	return yes
}

// until waits for a condition on the page.
func (b *browser) until(condition string) {
	b.t.Helper()
	for !b.is(condition) {
		time.Sleep(50 * time.Millisecond)
	}
}

// arrived waits for that many letters on the inbox page, which looks for new
// ones by itself.
func (b *browser) arrived(n int) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Nodes(chromedp.CSSAll("ol > li"), chromedp.AtLeast(n)))
	b.check(err)
	if got := b.count("ol > li"); got != n {
		b.t.Errorf("%d letters in the inbox, want %d: %q", got, n, b.subjects())
	}
}

// subjects are those of the inbox, oldest first.
func (b *browser) subjects() []string {
	b.t.Helper()
	list, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("ol > li .subject")].map(a => a.textContent).reverse()`))
	b.check(err)
	return list
}

// letter returns the letter on the page as a mail program has it.
func (b *browser) letter() string {
	b.t.Helper()
	frame, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector("iframe").src`))
	b.check(err)
	answer, err := http.Get(frame)
	b.check(err)
	defer answer.Body.Close()
	letter, err := io.ReadAll(answer.Body)
	b.check(err)
	return string(letter)
}

// link finds the letter's link to a page.
func (b *browser) link(page string) string {
	b.t.Helper()
	_, rest, found := strings.Cut(b.letter(), `href="http://`)
	for found && !strings.Contains(rest[:strings.IndexByte(rest, '"')], page) {
		_, rest, found = strings.Cut(rest, `href="http://`)
	}
	if !found {
		b.t.Fatalf("the letter has no link to %s", page)
	}
	return "http://" + rest[:strings.IndexByte(rest, '"')]
}
