package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
	"github.com/golang-jwt/jwt/v5"
)

// signer is a key of the stub.
type signer struct {
	id  string
	key *ecdsa.PrivateKey
}

func newSigner(t *testing.T, id string) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{id: id, key: key}
}

// token signs the harness's claims, naming the key as kid.
func (s *signer) token(t *testing.T, kid string) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, harness.Claims())
	token.Header["kid"] = kid
	text, err := token.SignedString(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// set is the JWK set with this key alone.
func (s *signer) set(t *testing.T) []byte {
	t.Helper()
	point, err := s.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	half := len(point) / 2
	encode := base64.RawURLEncoding.EncodeToString
	text, err := json.Marshal(map[string]any{"keys": []any{map[string]any{
		"kty": "EC", "crv": "P-256", "use": "sig", "kid": s.id, "x": encode(point[1 : half+1]), "y": encode(point[half+1:]),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// fetch is one request for the stub's keys.
type fetch struct {
	at   time.Time
	good bool
}

// stub serves keys, or does what its fault says.
type stub struct {
	URL string

	mu      sync.Mutex
	set     []byte
	fault   http.HandlerFunc // nil: the keys are served.
	flaps   bool             // Every other request is faulty.
	calm    bool             // With flaps: the next request is not.
	fetches []fetch
}

func startStub(t *testing.T, keys *signer) *stub {
	t.Helper()
	s := &stub{set: keys.set(t)}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

func (s *stub) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	fault, set := s.fault, s.set
	if s.flaps {
		if s.calm {
			fault = nil
		}
		s.calm = !s.calm
	}
	s.fetches = append(s.fetches, fetch{at: time.Now(), good: fault == nil})
	s.mu.Unlock()
	if fault != nil {
		fault(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	_, _ = w.Write(set)
}

// breaks switches a fault on, from the next request on.
func (s *stub) breaks(f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.flaps, s.calm = f.handler, f.flaps, false
}

// mend switches the fault off; from now on these keys are served.
func (s *stub) mend(t *testing.T, keys *signer) {
	t.Helper()
	set := keys.set(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.flaps, s.set = nil, false, set
}

// seen are the requests so far.
func (s *stub) seen() []fetch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]fetch(nil), s.fetches...)
}

// count is the number of the requests with this outcome.
func (s *stub) count(good bool) int {
	n := 0
	for _, f := range s.seen() {
		if f.good == good {
			n++
		}
	}
	return n
}

// fault is one way in which a provider can fail.
type fault struct {
	name    string
	handler http.HandlerFunc
	flaps   bool
}

// faults are those of the issue; elsewhere is another host that would serve the keys, and counts who asks.
func faults(elsewhere string) []fault {
	status := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	text := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	return []fault{
		{name: "status 500", handler: status},
		{name: "hang", handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{name: "garbage", handler: text("<html>\x00\xff this is no key set")},
		{name: "50 MiB", handler: huge(new(atomic.Int64))},
		{name: "redirect to another host", handler: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere, http.StatusFound)
		}},
		{name: "empty set", handler: text(`{"keys":[]}`)},
		{name: "flapping", handler: status, flaps: true},
	}
}

// huge answers with 50 MiB that begin like a key set, and counts what could be sent of it.
func huge(sent *atomic.Int64) http.HandlerFunc {
	const size = 50 << 20
	padding := []byte(strings.Repeat(" ", 64<<10))
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"keys":[`)
		for n := 0; n < size; n += len(padding) {
			if _, err := w.Write(padding); err != nil {
				return
			}
			sent.Add(int64(len(padding)))
		}
		_, _ = fmt.Fprint(w, `]}`)
	}
}

// sink is an upstream that takes every upload and counts them by host.
type sink struct {
	URL    string
	mu     sync.Mutex
	byHost map[string]int
}

func startSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{byHost: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		s.mu.Lock()
		s.byHost[r.Host]++
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"9","owner":"cases"}`)
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// requests is the number of all requests of a host, look-ups too.
func (s *sink) requests(host string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byHost[host]
}
