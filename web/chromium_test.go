package web_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"fortsatt/demo"
)

func TestMain(m *testing.M) {
	code := demo.RunTests(m)
	chromium.close()
	os.Exit(code)
}

// chromium is one browser for all tests of the package, started by the first
// that wants it. They use it one after another.
var chromium struct {
	sync.Mutex
	ctx   context.Context
	close func()
}

func init() { chromium.close = func() {} }

// A visitor is a person at a real browser: a window of their own, with nothing
// remembered, that tells what it asked for and what it complained about.
type visitor struct {
	t   *testing.T
	h   *house
	ctx context.Context

	mu      sync.Mutex
	heard   []string // what the console said, and dialogs
	outside []string // what was asked of other hosts
}

func (h *house) visitor(setUp ...chromedp.Action[chromedp.Void]) *visitor {
	t := h.t
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		missing(t, "chromium")
	}
	chromium.Lock()
	t.Cleanup(chromium.Unlock)
	if chromium.ctx == nil {
		startChromium(t)
	}
	v := &visitor{t: t, h: h}
	ctx, stop := context.WithTimeoutCause(chromium.ctx, 3*time.Minute, errors.New("the browser takes too long"))
	t.Cleanup(stop)
	ctx, shut := chromedp.NewContext(ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(v.listen))
	t.Cleanup(shut)
	v.ctx = ctx
	v.do(setUp...)
	return v
}

func startChromium(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "fortsatt-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(dir))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(ctx)
	chromium.close = func() {
		if err := chromedp.Cancel(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "close the browser:", err)
		}
		cancel()
		stop()
		os.RemoveAll(dir)
	}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	chromium.ctx = ctx
}

func (v *visitor) listen(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if url := e.Request.URL; !strings.HasPrefix(url, v.h.server.URL+"/") && !strings.HasPrefix(url, "data:") {
			v.outside = append(v.outside, url)
		}
	case *runtime.EventExceptionThrown:
		v.heard = append(v.heard, "exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		v.heard = append(v.heard, fmt.Sprintf("console.%s", e.Type))
	case *page.EventJavascriptDialogOpening:
		v.heard = append(v.heard, "dialog: "+e.Message)
	case *log.EventEntryAdded:
		if e.Entry.Source != log.EntrySourceNetwork { // a page answered with 404 is no fault of the page
			v.heard = append(v.heard, string(e.Entry.Source)+": "+e.Entry.Text)
		}
	}
}

// overheard returns what the browser complained about since it was last asked.
func (v *visitor) overheard() (heard, outside []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	heard, outside = v.heard, v.outside
	v.heard, v.outside = nil, nil
	return heard, outside
}

func (v *visitor) do(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	if err := chromedp.Do(v.ctx, steps...); err != nil {
		v.t.Fatal(err)
	}
}

func (v *visitor) open(path string) {
	v.t.Helper()
	v.do(chromedp.Navigate(v.h.server.URL + path))
}

// forget drops all cookies.
func (v *visitor) forget() {
	v.t.Helper()
	if _, err := chromedp.Call(v.ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		v.t.Fatal(err)
	}
}

// press clicks and waits for the page that follows.
func (v *visitor) press(selector string) {
	v.t.Helper()
	v.leads(chromedp.Click(chromedp.CSS(selector)))
}

// leads does something, as fast as a person can, and waits for the page that follows.
func (v *visitor) leads(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	v.h.later(5 * time.Second)
	if _, err := chromedp.RunResponse(v.ctx, steps...); err != nil {
		v.t.Fatal(err)
	}
}

func (v *visitor) types(selector, text string) {
	v.t.Helper()
	v.do(chromedp.SetValue(chromedp.CSS(selector), text))
}

// evaluate runs a script from outside the page, as its developer's tools do.
func evaluate[T any](v *visitor, script string) T {
	v.t.Helper()
	value, err := chromedp.Run(v.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		v.t.Fatalf("%.200s: %v", script, err)
	}
	return value
}

func (v *visitor) is(condition string) bool {
	v.t.Helper()
	return evaluate[bool](v, "Boolean("+condition+")")
}

// missing skips a test for want of a tool, but not where everything is required.
func missing(t *testing.T, tool string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing", tool)
	}
	t.Skipf("%s is missing", tool)
}
