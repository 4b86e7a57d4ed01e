package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"syscall"
	"testing"
)

// Two admins send week 1 at the same moment, beside a running worker and a
// site: still each reader gets it once, and both admins hear the same end.
func TestRow14And53TwoSendsBesideAWorker(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	var emails []string
	for i := range 400 {
		emails = append(emails, fmt.Sprintf("reader%d@example.se", i))
	}
	h.people(emails...)
	h.env = append(h.env, "COURSE_LISTEN=127.0.0.1:0")
	web := h.start("web")
	at := web.says(`msg="web: serving" address=(\S+)`)[1]

	worker := h.start("worker")
	eva, per := h.start("send", "--week", "1"), h.start("send", "--week", "1")
	for _, admin := range []*process{eva, per} {
		if code := admin.end(); code != 0 {
			t.Errorf("send exited with %d, want 0", code)
		}
		line := regexp.MustCompile(`^week 1: (\d+) accepted, 0 deferred, 0 rejected(, (\d+) already had it)?\n$`).FindStringSubmatch(admin.said.text())
		if line == nil {
			t.Fatalf("send said %q", admin.said.text())
		}
		accepted, _ := strconv.Atoi(line[1])
		already, _ := strconv.Atoi(line[3])
		if accepted+already < len(emails) {
			t.Errorf("send ended with %q, before everyone was settled", line[0])
		}
	}
	if answer, err := http.Get("http://" + at + "/healthz"); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("healthz: %v, %v", answer, err)
	}
	if code := worker.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("worker exited with %d, want 0", code)
	}
	if code := web.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("web exited with %d, want 0", code)
	}
	h.once(emails)
	h.balanced(len(emails))
}
