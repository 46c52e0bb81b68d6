// Package token turns a request's bearer token into verified claims.
//
// Signatures are verified by github.com/golang-jwt/jwt/v5; everything around them is stricter than a general library
// can be: the algorithm must belong to the family of the configured keys and fit the very key, exp is required, a JSON
// member that stands twice, an extension (crit, b64, zip, cty) or a token of another type is refused, and key material
// that a token brings along (jwk, jku, x5u, x5c) is never looked at.
//
// Keys come from the configuration, from files (looked at again every 10 s) or from an address (fetched at the first
// use, then in the background). A fetched set is taken as a whole: a key that it no longer holds is withdrawn at once.
// A set without any usable key, or an answer that is no set, counts as a failure and leaves the old keys in place until
// keysMaxStale.
package token

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"github.com/casegate/casegate/middleware/lane"
	"github.com/casegate/casegate/middleware/refusal"
	"github.com/golang-jwt/jwt/v5"
)

// maxToken is the longest token that is looked at, in bytes.
const maxToken = 8 << 10

// maxCredential is the longest Authorization header that is looked at, in bytes.
const maxCredential = maxToken + 64

// Caller is who sent a request.
type Caller struct {
	// User is the value of the user claim, or "" when the token has none.
	User string
	// Claims are the token's claims as encoding/json decodes them, numbers as json.Number. They must not be changed.
	Claims map[string]any
	// PassedOn says that the credential is of a scheme of passSchemes: nothing was verified, Kibana authenticates.
	PassedOn bool
}

// Verifier checks the tokens of requests. It is safe for concurrent use.
type Verifier struct {
	settings    Settings
	methods     map[string]jwt.SigningMethod // The accepted algorithms.
	audiences   map[string]bool
	passSchemes map[string]bool // In lower case.
	cookie      *cookieFinder   // nil: no cookie is looked at.
	ring        *ring
	cache       *cache
	passedOn    *Caller
	now         func() time.Time
}

// New returns the verifier for settings without faults. It fetches nothing and starts nothing. Equal settings get the
// same verifier, so that keys and remembered tokens survive a reload of the configuration.
func New(s Settings) *Verifier {
	return shared.verifier(s)
}

// Question is what a lane of Recall is asked.
type Question struct {
	// Verifier and Header, that of the request, are what it is asked about.
	Verifier *Verifier
	Header   http.Header
	Now      int64 // Unix nanoseconds.
	// Caller is the answer: nil when the request's token is not remembered.
	Caller *Caller
}

// Recall finds the callers whose tokens were verified a moment ago: that is the way of nearly every request. Requests with
// the same token get the same Caller as long as the token is remembered. Whoever asks counts the hits, in CacheHits.
func Recall(l *lane.Lane, q *Question) {
	defer lane.End(l)
	var (
		v      *Verifier
		c      *cache
		values []string
		digest [sha256.Size]byte
		entry  *remembered
		now    int64
	)
	for ; <-l.Go; l.Done <- true {
		q.Caller = nil
		v = q.Verifier
		values = q.Header["Authorization"]
		if len(values) != 1 || len(values[0]) > maxCredential {
			continue
		}
		digest = sha256.Sum256([]byte(values[0]))
		c = v.cache
		c.lock <- true
		entry = c.young[digest]
		if entry == nil {
			entry = c.old[digest]
		}
		<-c.lock
		if entry == nil {
			continue
		}
		now = q.Now
		// An end too far away is that of a clock which ran ahead when the token was verified.
		if now >= entry.until || entry.until-now > int64(maxRemembered) || now >= v.ring.due.Load() || entry.generation != v.ring.generation.Load() {
			continue
		}
		q.Caller = entry.caller
	}
}

// recall takes the step of Recall once, for a token that may have come in another way than in its header.
func recall(v *Verifier, credential string) *Caller {
	q := &Question{Verifier: v, Header: http.Header{"Authorization": {credential}}, Now: v.now().UnixNano()}
	once := lane.Once()
	Recall(once, q)
	lane.Result(once)
	if q.Caller != nil {
		CacheHits.Add(1)
	}
	return q.Caller
}

// Check says who sent the request, or why it is refused. It may wait for keys.
func Check(v *Verifier, req *http.Request) (*Caller, *refusal.Refusal) {
	return v.find(req, req.Header["Authorization"])
}

// find verifies the token of the request, if it has one.
func (v *Verifier) find(req *http.Request, values []string) (*Caller, *refusal.Refusal) {
	token, caller, no := v.credential(req, values)
	if token == "" {
		return caller, no
	}
	return v.verify(req.Context(), token)
}

// Strip applies forward: false to the headers that Kibana will receive: it removes the Authorization header and the
// token's cookie, unless the caller's credential is Kibana's own to check. Other cookies stay as they are.
func (v *Verifier) Strip(header http.Header, caller *Caller) {
	if v.settings.Forward || (caller != nil && caller.PassedOn) {
		return
	}
	header.Del("Authorization")
	if v.cookie != nil {
		v.cookie.strip(header)
	}
}

// credential finds the token of the request: either a token, or a caller that is passed on, or a refusal.
func (v *Verifier) credential(req *http.Request, values []string) (string, *Caller, *refusal.Refusal) {
	if len(values) > 1 {
		return "", nil, refuse("token_malformed", saySeveral)
	}
	if len(values) == 0 {
		if v.cookie == nil {
			return "", nil, missing()
		}
		token, no := v.cookie.find(req.Header)
		return token, nil, no
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	scheme = strings.ToLower(scheme)
	if scheme != "bearer" {
		if v.passSchemes[scheme] {
			return "", v.passedOn, nil
		}
		return "", nil, missing()
	}
	// RFC 9110, section 11.4: one or more blanks after the scheme.
	token = strings.TrimLeft(token, " ")
	if token == "" {
		return "", nil, missing()
	}
	return token, nil, nil
}
