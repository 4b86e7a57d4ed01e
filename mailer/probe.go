package mailer

import (
	"context"
	"crypto/tls"
	"strconv"
	"time"
)

// A Probe is what a session with a relay shows before any letter.
type Probe struct {
	TLS       string        // "TLS 1.3"; "" without
	LoggedIn  bool          // with the user and password of the address
	Pipelines bool          // RFC 2920
	Size      int64         // the largest letter that it takes (RFC 1870); 0 where it sets no limit
	RoundTrip time.Duration // of one command
}

// Probe opens a session as Dial does, asks the relay for nothing, and ends it. Its error is
// Dial's.
func (r Relay) Probe(ctx context.Context, o Options) (Probe, error) {
	c, err := r.Dial(ctx, o)
	if err != nil {
		return Probe{}, err
	}
	defer c.Close()
	p := Probe{TLS: c.tlsVersion(), LoggedIn: r.user != "", Pipelines: c.pipelines}
	if offered, limit := c.smtp.Extension("SIZE"); offered {
		p.Size, _ = strconv.ParseInt(limit, 10, 64) // SIZE alone says that there may be a limit
	}
	before := time.Now()
	if err := c.Reset(ctx); err != nil {
		return Probe{}, err
	}
	p.RoundTrip = time.Since(before)
	return p, nil
}

func (c *Conn) tlsVersion() string {
	if c.tls != nil {
		return tls.VersionName(c.tls.ConnectionState().Version)
	}
	if state, ok := c.smtp.TLSConnectionState(); ok {
		return tls.VersionName(state.Version)
	}
	return ""
}
