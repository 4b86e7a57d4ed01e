package worker

import (
	"sync"
	"time"
)

// brake remembers which letters were found held, so that those of them that are
// claimed already go back to the queue unannounced. The ledger stays the judge:
// it gives out no letter that is held, and marks none.
type brake struct {
	mu    sync.Mutex
	until map[string]time.Time // by letter
}

// memory is longer than letters lie claimed, and shorter than a release waits.
const memory = 2 * time.Second

func (b *brake) pull(letter string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until == nil {
		b.until = map[string]time.Time{}
	}
	b.until[letter] = time.Now().Add(memory)
}

func (b *brake) on(letter string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.until) > 0 && time.Now().Before(b.until[letter])
}
