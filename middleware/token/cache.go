package token

import (
	"crypto/sha256"
	"sync/atomic"
	"time"
)

// The limits of what is remembered of verified tokens.
const (
	maxRemembered = time.Minute
	halfCache     = 1024 // Tokens in each half.
)

// Counters of the process, for metrics.
var (
	// KeyFetches counts the attempts to fetch keys.
	KeyFetches atomic.Int64
	// KeyFetchFailures counts those that brought no keys.
	KeyFetchFailures atomic.Int64
	// CacheHits counts the requests whose token was remembered.
	CacheHits atomic.Int64
	// CacheMisses counts the requests whose token had to be verified.
	CacheMisses atomic.Int64
)

// remembered is a verified token.
type remembered struct {
	caller     *Caller
	generation int64 // Of the keys that it was verified with.
	until      int64 // Unix nanoseconds.
}

// cache remembers verified tokens by the SHA-256 of the header that carries them: it holds no token. It has two halves:
// when the young one is full it becomes the old one and the old one is forgotten. That bounds the cache without a loop,
// and only who holds thousands of good tokens can fill it.
type cache struct {
	lock  chan bool // See package lane.
	young map[[sha256.Size]byte]*remembered
	old   map[[sha256.Size]byte]*remembered
}

func newCache() *cache {
	return &cache{lock: make(chan bool, 1), young: map[[sha256.Size]byte]*remembered{}}
}

// put remembers a token.
func (c *cache) put(digest [sha256.Size]byte, entry *remembered) {
	c.lock <- true
	if len(c.young) >= halfCache {
		c.old = c.young
		c.young = map[[sha256.Size]byte]*remembered{}
	}
	c.young[digest] = entry
	<-c.lock
}
