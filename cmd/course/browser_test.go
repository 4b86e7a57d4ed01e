package main

import (
	"context"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A browser is a Chromium with nothing remembered.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func openBrowser(t *testing.T, scripts bool) *browser {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		missing(t, "chromium")
	}
	dir := t.TempDir()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(dir), chromedp.WindowSize(390, 844))
	ctx, cancel := chromedp.NewExecAllocator(inTime(t), options...)
	t.Cleanup(cancel)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
	b := &browser{t, ctx}
	b.check(err)
	return b
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

// link finds the letter's link to a page, in the letter as a mail program has it.
func (b *browser) link(page string) string {
	b.t.Helper()
	frame, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector("iframe").src`))
	b.check(err)
	answer, err := http.Get(frame)
	b.check(err)
	defer answer.Body.Close()
	letter, err := io.ReadAll(answer.Body)
	b.check(err)
	_, rest, found := strings.Cut(string(letter), `href="http://`)
	for found && !strings.Contains(rest[:strings.IndexByte(rest, '"')], page) {
		_, rest, found = strings.Cut(rest, `href="http://`)
	}
	if !found {
		b.t.Fatalf("the letter has no link to %s", page)
	}
	return "http://" + rest[:strings.IndexByte(rest, '"')]
}
