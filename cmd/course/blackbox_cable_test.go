package main

import (
	"context"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// A cable is a connection, to a database or a relay, that can be cut and made
// deaf. It stands between one process and what that process talks to.
type cable struct {
	t     testing.TB
	proxy *toxiproxy.Proxy
}

// newCable leads to an address, through toxiproxy.
func newCable(t testing.TB, network, address string) *cable {
	t.Helper()
	if network == "unix" {
		address = bridge(t, address)
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	c := &cable{t: t, proxy: toxiproxy.NewProxy(server, t.Name(), "127.0.0.1:0", address)}
	c.mend()
	t.Cleanup(c.proxy.Stop)
	return c
}

// cut ends every connection and takes no new one.
func (c *cable) cut() { c.proxy.Stop() }

func (c *cable) mend() {
	c.t.Helper()
	if err := c.proxy.Start(); err != nil {
		c.t.Fatal(err)
	}
}

// deafen lets through what the process says, and loses every answer.
func (c *cable) deafen() {
	c.toxic(`{"name": "deaf", "type": "timeout", "stream": "downstream", "attributes": {"timeout": 0}}`)
}

// hear ends the deafness, and with it the connections that were deaf.
func (c *cable) hear() {
	c.t.Helper()
	if err := c.proxy.Toxics.RemoveToxic(context.Background(), "deaf"); err != nil {
		c.t.Error(err)
	}
}

// slow lets a thousand octets a second through, and keeps the rest to itself.
func (c *cable) slow() {
	c.toxic(`{"name": "slow", "type": "bandwidth", "stream": "upstream", "attributes": {"rate": 1}}`)
}

func (c *cable) toxic(what string) {
	c.t.Helper()
	if _, err := c.proxy.Toxics.AddToxicJson(strings.NewReader(what)); err != nil {
		c.t.Fatal(err)
	}
}

// databaseCable leads to the house's database; the setting makes a process use it.
func (h *house) databaseCable() (c *cable, setting string) {
	h.t.Helper()
	u, err := url.Parse(h.dsn)
	if err != nil {
		h.t.Fatal(err)
	}
	query := u.Query()
	if socket := query.Get("host"); socket != "" {
		c = newCable(h.t, "unix", socket+"/.s.PGSQL."+query.Get("port"))
	} else {
		c = newCable(h.t, "tcp", u.Host)
	}
	query.Del("host")
	query.Del("port")
	u.Host, u.RawQuery = c.proxy.Listen, query.Encode()
	return c, "DATABASE_URL=" + u.String()
}

// relayCable leads to the house's relay.
func (h *house) relayCable() (c *cable, setting string) {
	h.t.Helper()
	c = newCable(h.t, "tcp", h.relay.Addr())
	return c, "SMTP_URL=" + strings.Replace(h.relay.URL(), h.relay.Addr(), c.proxy.Listen, 1)
}

// bridge leads from loopback to a Unix socket, which toxiproxy cannot reach.
func bridge(t testing.TB, socket string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var ways sync.WaitGroup
	ways.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", socket)
			if err != nil {
				near.Close()
				continue
			}
			oneWay := func(to, from net.Conn) {
				io.Copy(to, from)
				to.Close()
				from.Close()
			}
			ways.Go(func() { oneWay(near, far) })
			ways.Go(func() { oneWay(far, near) })
		}
	})
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}
