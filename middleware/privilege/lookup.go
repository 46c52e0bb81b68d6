package privilege

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/casegate/casegate/middleware/refusal"
)

const (
	// lookupTime bounds a look-up, waiting for another one's answer included.
	lookupTime = 5 * time.Second
	// maxOwners bounds the remembered owners of one Lookup.
	maxOwners = 10000
	// maxCaseKey is the longest name of a case that is remembered. Kibana's own ids have 36 characters.
	maxCaseKey = 512
)

// Case names a case.
type Case struct {
	// Space is the id of the space; `default` for the default one.
	Space string
	// ID is the case's id.
	ID string
	// Path is the escaped path of GET case as Kibana's router gets it, basePath included.
	Path string
}

// key names the case in the memory. The id of a space holds no slash.
func (c Case) key() string {
	return c.Space + "/" + c.ID
}

// Lookup asks Kibana for the owners of cases and remembers them. It is safe for concurrent use.
//
// What is remembered is which owner a case has (it never changes), and only from Kibana's 200. It is no permission:
// the caller's own privilege on that owner is judged each time, and Kibana authorises the upload itself. A refusal is
// never remembered, and is only shared with requests that carry the same credentials at the same time.
type Lookup struct {
	ttl  time.Duration
	now  func() time.Time
	half int // how many owners each generation holds

	lock chan bool // See package lane.
	// Two generations bound the memory without a search for the oldest entry: when young is full it becomes old, and
	// what was old is forgotten.
	young, old map[string]*memory
	flights    map[string]*flight
}

// memory is a remembered owner.
type memory struct {
	owner string
	until int64 // Unix nanoseconds.
}

// flight is a look-up under way. Its results may be read when under is done, which land brings about.
type flight struct {
	under context.Context
	land  context.CancelFunc
	owner string
	no    *refusal.Refusal
	// left tells that the client who asked went away before there was an answer.
	left bool
}

// result is what the flight found. Each request gets a refusal of its own, since it may add to it.
func (f *flight) result() (owner string, no *refusal.Refusal) {
	if f.no == nil {
		return f.owner, nil
	}
	own := *f.no
	return "", &own
}

// Counts of the process, for the metrics.
var (
	// Remembered counts the owners that Recall found.
	Remembered atomic.Int64

	shared  atomic.Int64
	found   atomic.Int64
	refused atomic.Int64
	failed  atomic.Int64
)

// Counts returns how often the owner of a case was asked for in this process, by where the answer came from:
// `remembered`, `shared` with a look-up under way, `found`, `refused` by Kibana, `failed`.
func Counts() map[string]int64 {
	return map[string]int64{
		"remembered": Remembered.Load(),
		"shared":     shared.Load(),
		"found":      found.Load(),
		"refused":    refused.Load(),
		"failed":     failed.Load(),
	}
}

// NewLookup makes a look-up that remembers owners for ttl; with 0 it remembers nothing.
func NewLookup(ttl time.Duration) *Lookup {
	return &Lookup{
		ttl:     ttl,
		now:     time.Now,
		half:    maxOwners / 2,
		lock:    make(chan bool, 1),
		young:   map[string]*memory{},
		flights: map[string]*flight{},
	}
}

// Owner returns the owner of the case: remembered, or asked from Kibana through next with the credentials of the
// upload. It returns within 5 s as long as next heeds the request's context; it does not return before next has, because
// what it handed to next must not be used any more afterwards. The request is not changed, and its body is not read.
func (l *Lookup) Owner(req *http.Request, c Case, next http.Handler) (owner string, no *refusal.Refusal) {
	if owner := recall(l, &c); owner != "" {
		return owner, nil
	}
	key := c.key()
	ctx, cancel := context.WithTimeout(req.Context(), lookupTime)
	defer cancel()
	ask := request(ctx, req, c)
	if ask == nil {
		return "", lookupFailed("the path of the case can't be unescaped")
	}
	flightKey := key + "\n" + credentials(ask)
	for {
		mine, theirs := l.board(flightKey)
		if mine != nil {
			l.fly(mine, key, flightKey, ask, next)
			return mine.result()
		}
		if !landed(ctx, theirs) {
			failed.Add(1)
			return "", lookupFailed("no answer came in time")
		}
		if theirs.left {
			// The client whose request asked went away; this one asks for itself.
			continue
		}
		shared.Add(1)
		return theirs.result()
	}
}

// landed waits for a flight, but not longer than ctx lasts. One context ends with whichever comes first: a select of the
// interpreter is not safe for concurrent use.
func landed(ctx context.Context, theirs *flight) bool {
	waiting, end := context.WithCancel(ctx)
	defer end()
	forget := context.AfterFunc(theirs.under, end)
	defer forget()
	<-waiting.Done()
	return theirs.under.Err() != nil
}

// Forget drops what is remembered of a case. The gate calls it when Kibana refuses an upload to the case with 401, 403
// or 404.
func (l *Lookup) Forget(c Case) {
	key := c.key()
	l.lock <- true
	delete(l.young, key)
	delete(l.old, key)
	<-l.lock
}

// board finds the flight of the key, or starts one, which is then the caller's to fly.
func (l *Lookup) board(key string) (mine, theirs *flight) {
	var started *flight
	l.lock <- true
	under := l.flights[key]
	if under == nil {
		started = &flight{}
		started.under, started.land = context.WithCancel(context.Background())
		l.flights[key] = started
	}
	<-l.lock
	return started, under
}

// fly asks Kibana and lands: what was found is remembered, and those who wait are woken, whatever happens.
func (l *Lookup) fly(mine *flight, key, flightKey string, ask *http.Request, next http.Handler) {
	mine.no = lookupFailed("the look-up broke off")
	defer l.land(mine, key, flightKey)
	// What next is handed it may change.
	again := withoutComments(ask)
	reply := send(ask, next)
	if reply.cut == tooLarge {
		reply = send(again, next)
	}
	mine.owner, mine.no = reply.judge()
	if mine.no == nil {
		found.Add(1)
	} else if mine.no.Code == codeFailed {
		failed.Add(1)
		mine.left = ask.Context().Err() == context.Canceled
	} else {
		refused.Add(1)
	}
}

// land ends a flight.
func (l *Lookup) land(mine *flight, key, flightKey string) {
	l.lock <- true
	delete(l.flights, flightKey)
	if mine.no == nil && l.ttl > 0 && len(key) <= maxCaseKey {
		if len(l.young) >= l.half {
			l.old = l.young
			l.young = map[string]*memory{}
		}
		l.young[key] = &memory{owner: mine.owner, until: l.now().Add(l.ttl).UnixNano()}
	}
	<-l.lock
	mine.land()
}
