package token

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// maxShared bounds the verifiers, and the key rings, that are kept for sharing.
const maxShared = 64

// shared holds the verifiers of the process. It outlives reloads of the configuration, so that a reload fetches nothing
// again and forgets no verified token.
var shared = newRegistry(time.Now)

// registry shares verifiers between equal settings, and key rings between settings with the same source. Its entries
// are found by a digest, because settings hold secrets.
type registry struct {
	now       func() time.Time
	timeout   time.Duration // Of one fetch.
	mu        sync.Mutex
	verifiers map[[sha256.Size]byte]*Verifier
	rings     map[[sha256.Size]byte]*ring
}

func newRegistry(now func() time.Time) *registry {
	return &registry{
		now:       now,
		timeout:   fetchTimeout,
		verifiers: map[[sha256.Size]byte]*Verifier{},
		rings:     map[[sha256.Size]byte]*ring{},
	}
}

// verifier returns the verifier for the settings.
func (g *registry) verifier(s Settings) *Verifier {
	digest := digestOf(s)
	g.mu.Lock()
	defer g.mu.Unlock()
	if v := g.verifiers[digest]; v != nil {
		return v
	}
	if len(g.verifiers) >= maxShared {
		// Those in use keep working; they are only not found again. An operator who reloads that many different
		// settings does not notice.
		g.verifiers = map[[sha256.Size]byte]*Verifier{}
	}
	schemes := map[string]bool{}
	for _, scheme := range s.PassSchemes {
		schemes[strings.ToLower(scheme)] = true
	}
	audiences := map[string]bool{}
	for _, audience := range s.Audience {
		audiences[audience] = true
	}
	v := &Verifier{
		settings:    s,
		methods:     methods(s.Algorithms),
		audiences:   audiences,
		passSchemes: schemes,
		ring:        g.ring(s),
		cache:       newCache(),
		passedOn:    &Caller{PassedOn: true},
		now:         g.now,
	}
	if s.Cookie != "" {
		v.cookie = newCookieFinder(s.Cookie)
	}
	g.verifiers[digest] = v
	return v
}

// ring returns the key ring for the source of the settings. g.mu is held.
func (g *registry) ring(s Settings) *ring {
	source := Settings{
		JWKSURL: s.JWKSURL, JWKSFile: s.JWKSFile,
		PublicKey: s.PublicKey, PublicKeyFile: s.PublicKeyFile,
		Secret: s.Secret, SecretFile: s.SecretFile,
	}
	origins := s.origins()
	discovered := len(origins) == 0
	if discovered {
		source.Issuer = s.Issuer
	}
	if discovered || origins[0].url {
		source.CAFile = s.CAFile
		source.InsecureHTTP = s.InsecureHTTP
		source.KeysTTL = s.KeysTTL
		source.KeysMaxStale = s.KeysMaxStale
	}
	digest := digestOf(source)
	if r := g.rings[digest]; r != nil {
		return r
	}
	if len(g.rings) >= maxShared {
		g.rings = map[[sha256.Size]byte]*ring{}
	}
	r := &ring{ttl: s.KeysTTL, maxStale: s.KeysMaxStale, now: g.now}
	if discovered {
		r.origin = origin{key: "issuer", value: s.Issuer, form: formJWKS, url: true}
	} else {
		r.origin = origins[0]
	}
	if r.origin.url {
		r.fetcher = &fetcher{
			address: r.origin.value, discover: discovered, caFile: s.CAFile, insecureHTTP: s.InsecureHTTP, timeout: g.timeout,
		}
	}
	g.rings[digest] = r
	return r
}

// digestOf returns a digest of the settings.
func digestOf(s Settings) [sha256.Size]byte {
	// Settings are strings, lists of strings, numbers and booleans: they always marshal, and differently when they
	// differ.
	text, _ := json.Marshal(s)
	return sha256.Sum256(text)
}

// methods returns the signing methods of the algorithms, or all of them when none are named. Which of all can be used
// is then up to the type of the keys, of which a source has one family alone.
func methods(algorithms []string) map[string]jwt.SigningMethod {
	chosen := map[string]jwt.SigningMethod{}
	for _, name := range algorithms {
		chosen[name] = jwt.GetSigningMethod(name)
	}
	if len(chosen) > 0 {
		return chosen
	}
	for name := range algorithmFamilies {
		chosen[name] = jwt.GetSigningMethod(name)
	}
	return chosen
}
