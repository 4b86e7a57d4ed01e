package worker

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"fortsatt/mailer"
)

// fleet is the relays that letters can go through. One in trouble is passed
// over until it has rested, longer each time.
type fleet struct {
	mu     sync.Mutex
	relays []berth
	turn   int
}

type berth struct {
	relay    mailer.Relay
	troubles int // in a row
	rejected int // letters in a row, for what they hold
	until    time.Time
	err      error
}

// How long a relay rests at first: one that hung up may have had its reasons,
// one that refuses us, or cannot be reached, will not think again so soon.
const (
	afterHangUp  = 200 * time.Millisecond
	afterRefusal = 5 * time.Second
	longestRest  = 5 * time.Minute
)

func newFleet(relays []mailer.Relay) *fleet {
	f := &fleet{}
	for _, r := range relays {
		f.relays = append(f.relays, berth{relay: r})
	}
	return f
}

// pick returns a relay that is not resting, each in its turn.
func (f *fleet) pick(now time.Time) (mailer.Relay, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range f.relays {
		b := &f.relays[f.turn]
		f.turn = (f.turn + 1) % len(f.relays)
		if !now.Before(b.until) {
			return b.relay, true
		}
	}
	return mailer.Relay{}, false
}

// failed sends a relay to rest, twice as long each time in a row. Several lines
// that fail on it together count once.
func (f *fleet) failed(relay mailer.Relay, now time.Time, first time.Duration, err error) (rest time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.berth(relay)
	if now.Before(b.until) {
		return b.until.Sub(now)
	}
	rest = min(first<<min(b.troubles, 12), longestRest)
	b.troubles++
	b.until, b.err = now.Add(rest), err
	return rest
}

// worked clears a relay's record.
func (f *fleet) worked(relay mailer.Relay) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.berth(relay)
	b.troubles, b.rejected, b.until, b.err = 0, 0, time.Time{}, nil
}

// suspect is how many letters in a row, to different readers, a relay may reject
// at DATA or after the dot before it is taken to mean us.
const suspect = 5

// rejected counts a letter that a relay refused for what it holds, and says
// whether that was one too many.
func (f *fleet) rejected(relay mailer.Relay) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.berth(relay)
	b.rejected = (b.rejected + 1) % suspect
	return b.rejected == 0
}

func (f *fleet) berth(relay mailer.Relay) *berth {
	for i := range f.relays {
		if f.relays[i].relay == relay {
			return &f.relays[i]
		}
	}
	panic("worker: a relay that is not of the fleet")
}

// rest returns how long it is until some relay may be tried; 0 if one may now.
func (f *fleet) rest(now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	least := longestRest
	for _, b := range f.relays {
		least = min(least, max(b.until.Sub(now), 0))
	}
	return least
}

// complaint is trouble in one line, "" for none.
func (f *fleet) complaint() string {
	if err := f.trouble(); err != nil {
		return strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return ""
}

// trouble says what is wrong with the relays that rest.
func (f *fleet) trouble() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var troubles []error
	for _, b := range f.relays {
		if b.err != nil {
			troubles = append(troubles, fmt.Errorf("%s: %w", b.relay, b.err))
		}
	}
	return errors.Join(troubles...)
}
