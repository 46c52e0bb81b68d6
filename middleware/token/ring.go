package token

import (
	"context"
	"crypto/sha256"
	"log"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// The times of fetching.
const (
	fetchTimeout    = 5 * time.Second  // For one fetch as a whole, and for a request that waits for it.
	unknownInterval = 30 * time.Second // Between fetches that tokens with unknown keys cause.
	fileInterval    = 10 * time.Second // Between looks at a file.
	firstBackoff    = 5 * time.Second  // After a failed fetch, then 10 s, 20 s and lastBackoff.
	lastBackoff     = 30 * time.Second
)

// ring holds the keys of one source and keeps them fresh. Verifiers that use the same source share it. It has no
// goroutine of its own: what is due is done when a request comes along, and a fetch ends after fetchTimeout.
type ring struct {
	origin   origin
	fetcher  *fetcher // nil: the keys are written in the configuration or in a file.
	ttl      time.Duration
	maxStale time.Duration
	now      func() time.Time

	// due is when the ring wants to be asked again even by requests whose token is remembered, in Unix nanoseconds.
	due atomic.Int64
	// generation counts the changes of the keys. What was verified under another generation is not trusted any more.
	generation atomic.Int64

	mu        sync.Mutex
	set       *keySet
	digest    [sha256.Size]byte // Of the text that the set was read from.
	loadedAt  time.Time         // When the set was last found to be right.
	failures  int               // Failed loads since the last good one.
	retryAt   time.Time         // No load before this.
	unknownAt time.Time         // When a token with an unknown key last caused a fetch.
	fetching  context.Context   // Done when the running fetch ends; nil when none runs.
}

// forever is until when keys from the configuration or from a file are good.
var forever = time.Unix(lastSecond, 0)

// keys returns the current keys and until when they may be used, or nil and when to try again. Keys are fetched again in
// the background of a request when their time is over. A request waits for the fetch when there are no keys, or when
// theirs was over long ago, as after a silent night: such keys may hold one that was withdrawn since. Once a fetch has
// failed, old keys serve without waiting.
func (r *ring) keys(ctx context.Context) (*keySet, time.Time) {
	if r.fetcher == nil {
		return r.local()
	}
	now := r.now()
	r.mu.Lock()
	fresh := r.loadedAt.Add(r.ttl)
	// Keys out of the future were fetched while the clock ran ahead: nobody knows how old they are.
	ahead := r.loadedAt.After(now)
	stale := r.set == nil || ahead || (r.failures == 0 && !now.Before(fresh.Add(r.ttl)))
	if r.set == nil || ahead || !now.Before(fresh) {
		r.start(now, stale)
	} else {
		r.due.Store(fresh.UnixNano())
	}
	set, until := r.usable(now)
	fetching := r.fetching
	r.mu.Unlock()
	if (set != nil && !stale) || fetching == nil {
		return set, until
	}
	return r.await(ctx, fetching)
}

// local is keys for a source that is not fetched.
func (r *ring) local() (*keySet, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look(r.now())
	if r.set == nil {
		return nil, r.retryAt
	}
	return r.set, forever
}

// refreshed is asked when a token names a key that is not in the set: it returns the keys after another fetch, or nil
// when no fetch is allowed yet. Requests that come while the fetch runs wait for it too; the others don't.
func (r *ring) refreshed(ctx context.Context) (*keySet, time.Time) {
	if r.fetcher == nil {
		return nil, time.Time{}
	}
	now := r.now()
	r.mu.Lock()
	since := now.Sub(r.unknownAt)
	if r.fetching == nil && (since >= unknownInterval || since < 0) {
		r.start(now, false)
		if r.fetching != nil {
			r.unknownAt = now
		}
	}
	fetching := r.fetching
	r.mu.Unlock()
	if fetching == nil {
		return nil, time.Time{}
	}
	return r.await(ctx, fetching)
}

// usable returns the keys and until when they may be used, or nil and when to try again. r.mu is held.
func (r *ring) usable(now time.Time) (*keySet, time.Time) {
	until := r.loadedAt.Add(r.maxStale)
	if r.set == nil || !now.Before(until) {
		return nil, r.retryAt
	}
	return r.set, until
}

// start begins a fetch unless one runs or the last one failed a moment ago. Until it ends the remembered tokens are good
// enough, unless the keys are stale. r.mu is held.
func (r *ring) start(now time.Time, stale bool) {
	// A wait longer than any is that of a clock which ran ahead.
	if r.fetching != nil || (now.Before(r.retryAt) && r.retryAt.Sub(now) <= lastBackoff) {
		return
	}
	if !stale {
		r.due.Store(now.Add(fetchTimeout).UnixNano())
	}
	fetching, done := context.WithCancel(context.Background())
	r.fetching = fetching
	go r.fetch(done)
}

// fetch runs in a goroutine, so that a client who goes away does not end it for the others that wait.
func (r *ring) fetch(done context.CancelFunc) {
	KeyFetches.Add(1)
	set, digest, fault := r.fetched()
	now := r.now()
	r.mu.Lock()
	if fault == "" {
		r.accept(set, digest, now)
		r.due.Store(now.Add(r.ttl).UnixNano())
	} else {
		KeyFetchFailures.Add(1)
		r.fail(fault, now)
	}
	r.fetching = nil
	r.mu.Unlock()
	done()
}

// fetched gets and reads a set. A panic would end the whole gateway here, where no request stands above it.
func (r *ring) fetched() (set *keySet, digest [sha256.Size]byte, fault string) {
	defer func() {
		if recover() != nil {
			fault = "reading the keys failed"
		}
	}()
	text, fault := r.fetcher.fetch()
	if fault != "" {
		return nil, [sha256.Size]byte{}, fault
	}
	set, fault = parseJWKS(text, jwksFetched)
	return set, sha256.Sum256([]byte(text)), fault
}

// await waits for a fetch, but not longer than it may take and not for a client that has gone, and returns the keys.
func (r *ring) await(ctx, fetching context.Context) (*keySet, time.Time) {
	// One context ends with whichever comes first: a select of the interpreter is not safe for concurrent use.
	waiting, end := context.WithTimeout(ctx, fetchTimeout)
	defer end()
	forget := context.AfterFunc(fetching, end)
	defer forget()
	<-waiting.Done()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.usable(r.now())
}

// look reads keys of the configuration once, and those of a file again when it is time to. r.mu is held.
func (r *ring) look(now time.Time) {
	if now.UnixNano() < r.due.Load() {
		return
	}
	text, fault := r.origin.value, ""
	r.due.Store(math.MaxInt64)
	if r.origin.file {
		text, fault = readFile(text)
		r.due.Store(now.Add(fileInterval).UnixNano())
	}
	digest := sha256.Sum256([]byte(text))
	set := r.set
	if fault == "" && (set == nil || digest != r.digest) {
		set, fault = r.origin.parse(text)
	}
	if fault == "" {
		r.accept(set, digest, now)
	} else {
		r.fail(fault, now)
	}
}

// accept replaces the keys. r.mu is held.
func (r *ring) accept(set *keySet, digest [sha256.Size]byte, now time.Time) {
	if r.failures > 0 {
		log.Printf("casegate: token.%s: the keys can be had again", r.origin.key)
	}
	r.failures = 0
	r.retryAt = time.Time{}
	r.loadedAt = now
	if r.set != nil && digest == r.digest {
		return
	}
	set.generation = r.generation.Add(1)
	r.set = set
	r.digest = digest
}

// fail keeps the keys that there are, logs the first failure of a series, and puts the next attempt off. r.mu is held.
func (r *ring) fail(fault string, now time.Time) {
	r.failures++
	if r.failures == 1 {
		log.Printf("casegate: token.%s: no new keys, the old ones (if any) are kept: %s", r.origin.key, fault)
	}
	wait := lastBackoff
	if r.fetcher == nil {
		wait = fileInterval
	} else if r.failures <= 3 {
		wait = firstBackoff << (r.failures - 1)
	}
	r.retryAt = now.Add(wait)
	r.due.Store(r.retryAt.UnixNano())
}
