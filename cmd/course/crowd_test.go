package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Somebody sets a program on the form: a thousand addresses from as many networks
// (ten thousand in a minute in make soak), while it is time for a lesson. Each gets
// the same answer. The lessons go out as ever, confirm letters no faster than the
// breaker lets them, and no address gets more than one; nobody's wish is lost.
func TestACrowdAtTheForm(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.program = shipped(t)
	crowd := soak(1000)
	var readers []string
	for i := range 300 {
		readers = append(readers, fmt.Sprintf("reader%d@kontor%d.example", i, i%7))
	}
	addr := freeAddress(t)
	h.env = append(h.env, "COURSE_LISTEN="+addr, "COURSE_BASE_URL=http://"+addr, "COURSE_TRUSTED_PROXIES=127.0.0.0/8")
	site := h.start("web")
	site.says(`msg="web: serving"`)
	sender := h.start("worker")
	sender.says(`msg="worker: started"`)

	began := time.Now()
	answers := h.crowd(addr, crowd, func(done int) {
		if done == crowd/2 {
			h.people(readers...)
		}
	})
	took := time.Since(began)
	if len(answers) != 1 || answers["303 /artiklar/maste-jag-mingla#fortsatt"] != crowd {
		t.Errorf("got answers %v, want one and the same to all %d", answers, crowd)
	}
	until(t, "all lessons are out", func() bool {
		return h.count(`select count(*) from deliveries where letter like 'lesson:%' and state = 'accepted'`) == len(readers)
	})
	until(t, "every wish is carried out or waits", func() bool {
		return h.count(`select count(*) from signups`)+h.count(`select count(*) from subscribers where state = 'pending'`) == crowd
	})

	confirms := map[string]int{}
	lessons := 0
	for _, letter := range h.relay.Received() {
		if strings.HasPrefix(letter.To, "crowd") {
			confirms[letter.To]++
		} else {
			lessons++
		}
	}
	if lessons != len(readers) {
		t.Errorf("%d lessons went out, want %d", lessons, len(readers))
	}
	for email, n := range confirms {
		if n > 1 {
			t.Errorf("%s got %d confirm letters, want one at most", email, n)
		}
	}
	const breaker = 100 // a minute
	if minutes := time.Since(began).Minutes() + 1; float64(len(confirms)) > breaker*minutes {
		t.Errorf("%d confirm letters in %.1f minutes, want %d a minute at most", len(confirms), minutes, breaker)
	}
	for name, p := range map[string]*process{"web": site, "worker": sender} {
		if _, err := os.Stat("/proc/self/status"); err != nil {
			t.Log("memory is read from /proc, which this system has not")
			break
		}
		if peak := peakOf(t, p.cmd.Process.Pid); peak > 64<<20 {
			t.Errorf("%s took %d MiB at its peak, want 64 at most", name, peak>>20)
		} else {
			t.Logf("%s took %d MiB at its peak", name, peak>>20)
		}
	}
	t.Logf("%d sign-ups in %.1f s (%.0f a minute), %d confirm letters", crowd, took.Seconds(), float64(crowd)/took.Minutes(), len(confirms))
	for _, p := range []*process{sender, site} {
		if code := p.stop(syscall.SIGTERM); code != 0 {
			t.Errorf("%v exited with %d, want 0", p.cmd.Args, code)
		}
	}
}

// crowd signs so many up at the wall, eight at a time, each from a network of its
// own, and counts the answers. In make soak it takes a minute.
func (h *house) crowd(addr string, n int, each func(done int)) map[string]int {
	h.t.Helper()
	pace := time.NewTicker(6 * time.Millisecond)
	defer pace.Stop()
	wishes, answers := make(chan int), make(chan string)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range wishes {
				answers <- knockAt(client, addr, i)
			}
		})
	}
	go func() {
		for i := range n {
			if os.Getenv("SOAK") != "" {
				<-pace.C
			}
			wishes <- i
		}
		close(wishes)
		all.Wait()
		close(answers)
	}()
	counts, done := map[string]int{}, 0
	for answer := range answers {
		counts[answer]++
		done++
		each(done)
	}
	return counts
}

// knockAt returns the status of an answer, and where it leads.
func knockAt(client *http.Client, addr string, i int) string {
	body := url.Values{"epost": {fmt.Sprintf("crowd%d@post%d.example", i, i%500)}, "artikel": {"maste-jag-mingla"}, "vagg": {"1"}}
	r, err := http.NewRequest(http.MethodPost, "http://"+addr+"/anmalan", strings.NewReader(body.Encode()))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("2001:%x:%x::1", 0xdb8+i>>16, i&0xffff))
	answer, err := client.Do(r)
	if err != nil {
		return err.Error()
	}
	answer.Body.Close()
	return strconv.Itoa(answer.StatusCode) + " " + answer.Header.Get("Location")
}
