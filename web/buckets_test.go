package web

import (
	"io"
	"log/slog"
	"net/netip"
	"testing"
	"time"
)

// Whoever has a whole network to send from fills no memory.
func TestBucketsAreBounded(t *testing.T) {
	t.Parallel()
	l := newLimits(slog.New(slog.NewTextHandler(io.Discard, nil)))
	now := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)
	ip := netip.MustParseAddr("2001:db8::")
	for i := range 3 * mostBuckets {
		a := ip.As16()
		a[3], a[4], a[5] = byte(i), byte(i>>8), byte(i>>16)
		l.allow(netip.AddrFrom16(a), now)
	}
	for name, b := range map[string]*buckets{"hosts": &l.hosts, "networks": &l.nets} {
		if len(b.byKey) != mostBuckets || b.used.Len() != mostBuckets {
			t.Errorf("%d %s are kept, in a list of %d, want %d", len(b.byKey), name, b.used.Len(), mostBuckets)
		}
	}
	l.allow(ip, now.Add(fullAgain))
	for name, b := range map[string]*buckets{"hosts": &l.hosts, "networks": &l.nets} {
		if len(b.byKey) != 1 || b.used.Len() != 1 {
			t.Errorf("ten minutes later %d %s are kept, in a list of %d, want 1", len(b.byKey), name, b.used.Len())
		}
	}
}

// Where there is no more room, what has been left alone longest is forgotten,
// and not what is being used.
func TestOldestBucketGoesFirst(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)
	b := buckets{burst: 2, most: 2}
	a, c, d := netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24")
	for _, step := range []struct {
		key  netip.Prefix
		want bool
	}{{a, true}, {a, true}, {c, true}, {c, true}, {a, false}, {d, true}, {a, false}, {c, true}, {a, false}} {
		now = now.Add(time.Second)
		if got := b.take(step.key, now); got != step.want {
			t.Errorf("at %s, %s: got %v, want %v", now.Format("05"), step.key, got, step.want)
		}
	}
}
