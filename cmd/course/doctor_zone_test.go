package main

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// A zone is what DNS knows: by "name TYPE", the records as people write them. The one
// record "away" is answered with SERVFAIL, "silent" not at all.
type zone map[string][]string

// with is the zone with other records in place of its own; none: the name goes.
func (z zone) with(changes zone) zone {
	changed := maps.Clone(z)
	for name, records := range changes {
		changed[name] = records
		if len(records) == 0 {
			delete(changed, name)
		}
	}
	return changed
}

// served is a resolver that asks a name server on loopback which knows the zone.
func (z zone) served(t testing.TB) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		question := make([]byte, 1500)
		for {
			n, who, err := server.ReadFrom(question)
			if err != nil {
				return
			}
			if reply := z.reply(t, question[:n]); reply != nil {
				server.WriteTo(reply, who)
			}
		}
	}()
	t.Cleanup(func() {
		server.Close()
		<-ended
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func (z zone) reply(t testing.TB, question []byte) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		t.Errorf("a question to DNS: %v", err)
		return nil
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	asked := m.Questions[0]
	name := strings.TrimSuffix(asked.Name.String(), ".")
	records := z[name+" "+strings.TrimPrefix(asked.Type.String(), "Type")]
	switch {
	case slices.Equal(records, []string{"silent"}):
		return nil
	case slices.Equal(records, []string{"away"}):
		m.RCode = dnsmessage.RCodeServerFailure
	case !z.knows(name):
		m.RCode = dnsmessage.RCodeNameError
	default:
		for _, record := range records {
			header := dnsmessage.ResourceHeader{Name: asked.Name, Type: asked.Type, Class: asked.Class, TTL: 60}
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: resource(asked.Type, record)})
		}
	}
	octets, err := m.Pack()
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return octets
}

func (z zone) knows(name string) bool {
	for key := range z {
		if strings.HasPrefix(key, name+" ") {
			return true
		}
	}
	return false
}

func resource(kind dnsmessage.Type, record string) dnsmessage.ResourceBody {
	switch kind {
	case dnsmessage.TypeA:
		return &dnsmessage.AResource{A: netip.MustParseAddr(record).As4()}
	case dnsmessage.TypeAAAA:
		return &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr(record).As16()}
	case dnsmessage.TypeMX:
		preference, host, _ := strings.Cut(record, " ")
		n, _ := strconv.ParseUint(preference, 10, 16)
		return &dnsmessage.MXResource{Pref: uint16(n), MX: dnsmessage.MustNewName(host)}
	}
	var strings255 []string // as a zone file must split them
	for len(record) > 255 {
		strings255, record = append(strings255, record[:255]), record[255:]
	}
	return &dnsmessage.TXTResource{TXT: append(strings255, record)}
}

// names writes down what is asked for.
type names struct {
	resolver
	mu  sync.Mutex
	all []string
}

func (n *names) note(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, name)
}

func (n *names) LookupTXT(ctx context.Context, name string) ([]string, error) {
	n.note(name)
	return n.resolver.LookupTXT(ctx, name)
}

func (n *names) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	n.note(name)
	return n.resolver.LookupMX(ctx, name)
}

func (n *names) LookupHost(ctx context.Context, name string) ([]string, error) {
	n.note(name)
	return n.resolver.LookupHost(ctx, name)
}
