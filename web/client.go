package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// client returns the address that a request came from: the peer's, or, where
// the peer is a trusted proxy, the rightmost one in X-Forwarded-For that is not
// itself a trusted proxy's. What stands to the left of that, anyone can write.
func (s *site) client(r *http.Request) netip.Addr {
	client := parseIP(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !s.trusted(client) {
			break
		}
		before := parseIP(strings.TrimSpace(hop))
		if !before.IsValid() {
			break
		}
		client = before
	}
	return client
}

func (s *site) trusted(ip netip.Addr) bool {
	return slices.ContainsFunc(s.proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// parseIP reads an address with or without a port; the zero Addr means that it is neither.
func parseIP(text string) netip.Addr {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone("")
	}
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap().WithZone("")
}
