package scan

import (
	"context"
	"sync"
)

// buffers hold a chunk of a file with its length in front, and the empty chunk behind it.
var buffers = sync.Pool{New: newBuffer}

func newBuffer() any {
	buffer := make([]byte, headSize+chunkSize+headSize)
	return &buffer
}

// places hands out the right to scan to a bounded number of requests at once, in the order in which they asked. It is no
// channel, since a select of the interpreter is not safe for concurrent use.
type places struct {
	mu      sync.Mutex
	free    int
	waiting []chan bool
}

// take waits for a place, and says whether it got one before the context ended.
func (p *places) take(ctx context.Context) bool {
	p.mu.Lock()
	if p.free > 0 {
		p.free--
		p.mu.Unlock()
		return true
	}
	turn := make(chan bool, 1)
	p.waiting = append(p.waiting, turn)
	p.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { p.leave(turn) })
	defer stop()
	// The interpreter can't return what it receives in one statement.
	got := <-turn
	return got
}

// leave ends the waiting of a request whose time is up, unless its turn has come already.
func (p *places) leave(turn chan bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, one := range p.waiting {
		if one == turn {
			p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
			turn <- false
			return
		}
	}
}

// give hands a place to whoever has waited longest.
func (p *places) give() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.free++
		return
	}
	turn := p.waiting[0]
	p.waiting = p.waiting[1:]
	turn <- true
}
