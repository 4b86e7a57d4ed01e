package web

import (
	"container/list"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits on what one place may send through the forms that make letters. They
// stand in this process's memory: what must survive a restart, the limits of an
// address, stands in the database.
type limits struct {
	mu    sync.Mutex
	hosts buckets // an address each
	nets  buckets // a network each: /24, or /48 for IPv6

	log     *slog.Logger
	refused int       // since the last line in the log
	quiet   time.Time // no line before this
}

// fullAgain is how long an emptied bucket takes to fill, of either kind; after
// that it is as if it had never been.
const fullAgain = 10 * time.Minute

// A bucket takes about 320 octets, so that both kinds full are some 31 MB.
const mostBuckets = 50_000

func newLimits(log *slog.Logger) *limits {
	return &limits{
		hosts: buckets{burst: 10, most: mostBuckets},
		nets:  buckets{burst: 50, most: mostBuckets},
		log:   log,
	}
}

// allow says whether one more may come from there, and counts it. A host over
// its limit takes nothing from its neighbours'.
func (l *limits) allow(from netip.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hosts.take(network(from, 32, 128), now) && l.nets.take(network(from, 24, 48), now) {
		return true
	}
	l.tell(from, now)
	return false
}

// tell logs how many were refused, at most once a minute, and nobody's address. A
// proxy that is not trusted makes one of all readers: that must not stay unseen.
func (l *limits) tell(from netip.Addr, now time.Time) {
	l.refused++
	if now.Before(l.quiet) {
		return
	}
	log := l.log
	if from.IsLoopback() || from.IsPrivate() {
		log = log.With("hint", "they come by a machine of your own; if that is a proxy, set COURSE_TRUSTED_PROXIES")
	}
	log.Warn("forms over the limit of their network", "refused", l.refused)
	l.refused, l.quiet = 0, now.Add(time.Minute)
}

func network(ip netip.Addr, bits4, bits6 int) netip.Prefix {
	bits := bits6
	if ip.Is4() {
		bits = bits4
	}
	prefix, _ := ip.Prefix(bits) // none for no address: those share a bucket
	return prefix
}

// buckets are token buckets, at most so many: those that have been left alone
// longest go first, and all that are full again.
type buckets struct {
	burst, most int
	byKey       map[netip.Prefix]*list.Element
	used        list.List // of *bucket, latest first
}

type bucket struct {
	key  netip.Prefix
	left *rate.Limiter
	at   time.Time // when it was last used
}

func (b *buckets) take(key netip.Prefix, now time.Time) bool {
	b.tidy(now)
	element := b.byKey[key]
	if element == nil {
		element = b.add(key)
	}
	b.used.MoveToFront(element)
	found := element.Value.(*bucket)
	found.at = now
	return found.left.AllowN(now, 1)
}

func (b *buckets) add(key netip.Prefix) *list.Element {
	if b.byKey == nil {
		b.byKey = map[netip.Prefix]*list.Element{}
	}
	for len(b.byKey) >= b.most {
		b.drop(b.used.Back())
	}
	fill := rate.Every(fullAgain / time.Duration(b.burst))
	element := b.used.PushFront(&bucket{key: key, left: rate.NewLimiter(fill, b.burst)})
	b.byKey[key] = element
	return element
}

// tidy drops what is full again.
func (b *buckets) tidy(now time.Time) {
	for last := b.used.Back(); last != nil && now.Sub(last.Value.(*bucket).at) >= fullAgain; last = b.used.Back() {
		b.drop(last)
	}
}

func (b *buckets) drop(element *list.Element) {
	delete(b.byKey, element.Value.(*bucket).key)
	b.used.Remove(element)
}
