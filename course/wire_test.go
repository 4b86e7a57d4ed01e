package course

import (
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
)

// A spliced is a wire to the database that can be cut.
type spliced struct {
	dsn      string
	listener net.Listener
	mu       sync.Mutex
	ends     []net.Conn
}

// splice returns a wire to the database at dsn.
func splice(t *testing.T, dsn string) *spliced {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	network, address := "tcp", u.Host
	query := u.Query()
	if socket := query.Get("host"); socket != "" {
		network, address = "unix", filepath.Join(socket, ".s.PGSQL."+query.Get("port"))
	} else if u.Port() == "" {
		address = net.JoinHostPort(u.Host, "5432")
	}
	w := &spliced{}
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	query.Del("host")
	query.Del("port")
	u.Host, u.RawQuery = w.listener.Addr().String(), query.Encode()
	w.dsn = u.String()
	t.Cleanup(w.cut)
	go w.serve(network, address)
	return w
}

func (w *spliced) serve(network, address string) {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial(network, address)
		if err != nil {
			near.Close()
			continue
		}
		w.mu.Lock()
		w.ends = append(w.ends, near, far)
		w.mu.Unlock()
		go io.Copy(near, far)
		go io.Copy(far, near)
	}
}

// cut ends the wire: what runs over it breaks, and nobody gets through again.
func (w *spliced) cut() {
	w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, end := range w.ends {
		end.Close()
	}
}
