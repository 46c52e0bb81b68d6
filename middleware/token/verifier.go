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

// Check says who sent the request, or why it is refused. Requests with the same token get the same Caller as long as
// the token is remembered: that is the way of nearly every request, so it takes as few steps as possible.
func Check(v *Verifier, req *http.Request) (*Caller, *refusal.Refusal) {
	values := req.Header["Authorization"]
	if len(values) == 1 && len(values[0]) <= maxCredential {
		if caller := recall(v, sha256.Sum256([]byte(values[0]))); caller != nil {
			return caller, nil
		}
	}
	return v.find(req, values)
}

// recall returns the caller of a token that was verified a moment ago. It is a function, as Check is, because a method
// costs the interpreter several times as much.
func recall(v *Verifier, digest [sha256.Size]byte) *Caller {
	c := v.cache
	c.mu.Lock()
	entry := c.young[digest]
	if entry == nil {
		entry = c.old[digest]
	}
	c.mu.Unlock()
	if entry == nil {
		return nil
	}
	now := v.now().UnixNano()
	// An end too far away is that of a clock which ran ahead when the token was verified.
	if now >= entry.until || entry.until-now > int64(maxRemembered) || now >= v.ring.due.Load() || entry.generation != v.ring.generation.Load() {
		return nil
	}
	CacheHits.Add(1)
	return entry.caller
}

// find verifies the token of the request, which is not remembered, if it has one.
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
