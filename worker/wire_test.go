package worker_test

import (
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
)

// A wire leads to the database and can be cut and mended; or it breaks by
// itself, each time with an answer on the way that never arrives.
type wire struct {
	dsn              string
	network, address string // of the database
	mu               sync.Mutex
	ends             map[net.Conn]bool
	isCut            bool
	answers, every   int           // every so many answers, one is lost
	stalls           func() bool   // nil, or whether answers must wait
	flows            chan struct{} // until this is closed
}

func splice(st *story) *wire {
	st.Helper()
	u, err := url.Parse(st.dsn)
	st.must(err)
	w := &wire{network: "tcp", address: u.Host, ends: map[net.Conn]bool{}}
	query := u.Query()
	if socket := query.Get("host"); socket != "" {
		w.network, w.address = "unix", filepath.Join(socket, ".s.PGSQL."+query.Get("port"))
	} else if u.Port() == "" {
		w.address = net.JoinHostPort(u.Host, "5432")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	st.must(err)
	query.Del("host")
	query.Del("port")
	u.Host, u.RawQuery = listener.Addr().String(), query.Encode()
	w.dsn = u.String()
	st.Cleanup(func() { listener.Close(); w.cut() })
	go w.serve(listener)
	return w
}

func (w *wire) serve(listener net.Listener) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial(w.network, w.address)
		if err != nil || !w.join(near, far) {
			near.Close()
			continue
		}
		go func() {
			io.Copy(far, near)
			far.Close()
		}()
		go w.answer(near, far)
	}
}

func (w *wire) join(near, far net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isCut {
		far.Close()
		return false
	}
	w.ends[near], w.ends[far] = true, true
	return true
}

// answer carries what the database says, until an answer is to be lost.
func (w *wire) answer(near, far net.Conn) {
	defer near.Close()
	defer far.Close()
	octets := make([]byte, 64<<10)
	for {
		n, err := far.Read(octets)
		if err != nil || w.loses() {
			return
		}
		w.wait()
		if _, err := near.Write(octets[:n]); err != nil {
			return
		}
	}
}

func (w *wire) loses() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers++
	return w.every > 0 && w.answers%w.every == 0
}

func (w *wire) loseEvery(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.every = n
}

// stallOnce keeps every answer back from when something is so, until flow is called.
func (w *wire) stallOnce(so func() bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stalls, w.flows = so, make(chan struct{})
}

func (w *wire) flow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stalls != nil {
		close(w.flows)
		w.stalls = nil
	}
}

func (w *wire) wait() {
	w.mu.Lock()
	stalls, flows := w.stalls, w.flows
	w.mu.Unlock()
	if stalls != nil && stalls() {
		<-flows
	}
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = true
	for end := range w.ends {
		end.Close()
	}
	clear(w.ends)
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = false
}
