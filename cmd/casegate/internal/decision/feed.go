package decision

import "sync"

// Remembered is how many decisions a new reader gets at once.
const Remembered = 100

// waiting is how many decisions may wait for a slow reader; it misses what goes beyond.
const waiting = 64

// Feed hands every decision to everybody who reads it. It is safe for concurrent use and bounded: the last decisions are
// remembered, and a reader that does not keep up misses some instead of holding up the gate.
type Feed struct {
	mu      sync.Mutex
	recent  []Decision
	readers map[chan Decision]bool
}

// NewFeed makes an empty feed.
func NewFeed() *Feed {
	return &Feed{readers: map[chan Decision]bool{}}
}

// Publish adds a decision.
func (f *Feed) Publish(d Decision) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.recent) == Remembered {
		f.recent = append(f.recent[:0], f.recent[1:]...)
	}
	f.recent = append(f.recent, d)
	for reader := range f.readers {
		select {
		case reader <- d:
		default:
		}
	}
}

// Subscribe returns the remembered decisions, oldest first, and a channel of those to come. Call leave when done.
func (f *Feed) Subscribe() (recent []Decision, next <-chan Decision, leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	reader := make(chan Decision, waiting)
	f.readers[reader] = true
	leave = func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.readers, reader)
	}
	return append([]Decision(nil), f.recent...), reader, leave
}
