package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The site waits for nobody for long, and reads nothing without an end; others
// are served meanwhile.
func TestCVE_2020_22249_SlowAndGreedyVisitors(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.env = append(h.env, "COURSE_LISTEN=127.0.0.1:0")
	at := h.start("web").says(`msg="web: serving" address=(\S+)`)[1]
	for range 200 { // who say half a word and stay
		conn, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		io.WriteString(conn, "GET / HTTP/1.1\r\nHo")
	}
	if answer, err := http.Get("http://" + at + "/healthz"); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("meanwhile healthz: %v, %v", answer, err)
	}
	const form = "POST /anmalan HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	for _, visitor := range []struct{ name, says, answer string }{
		{"half a header", "GET / HTTP/1.1\r\nHost: x\r\nX-", "400 408 "},
		{"no word", "", ""},
		{"a form that never comes", form + "Content-Length: 100\r\n\r\nepost=", "400 408 "},
		{"a form in pieces without an end", form + "Transfer-Encoding: chunked\r\n\r\n5\r\nepost\r\n", "400 408 "},
		{"a huge header", "GET / HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", "431 "},
		{"many headers", "GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: a\r\n", 10_000) + "\r\n", "431 "},
		{"a huge address", "GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", "431 414 "},
		{"a huge form", form + "Content-Length: 10000000000\r\n\r\n" + strings.Repeat("a", 128<<10), "413 "},
		{"two lengths", form + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nepost", "400 "},
		{"length and pieces", form + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", "200 400 422 "},
	} {
		t.Run(visitor.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", at)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(2 * time.Minute))
			go io.WriteString(conn, visitor.says)
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err, ok := err.(net.Error); ok && err.Timeout() {
				t.Fatal("the site goes on waiting")
			}
			if _, status, ok := strings.Cut(line, " "); ok && !strings.Contains(visitor.answer, status[:4]) {
				t.Errorf("got answer %q, want %s", line, visitor.answer)
			}
		})
	}
}
