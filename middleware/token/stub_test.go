package token

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/casegate/casegate/middleware/refusal"
)

// clock is a clock that stands still until it is told to move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Unix(testNow, 0)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	c.at = c.at.Add(by)
	c.mu.Unlock()
}

// provider is an identity provider that counts its calls and behaves as it is told. Keys are at /keys, the discovery
// document is at /.well-known/openid-configuration.
type provider struct {
	server *httptest.Server

	mu       sync.Mutex
	mode     string // "" answers well.
	body     string // Of the keys.
	document string // Of discovery; "" is a right one.
	calls    int
	hold     chan struct{} // Each answer waits until it is closed; nil: none waits.
}

func newProvider(t *testing.T, body string) *provider {
	t.Helper()
	p := &provider{body: body}
	p.server = httptest.NewServer(p)
	t.Cleanup(p.server.Close)
	return p
}

func (p *provider) tell(mode, body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = mode
	if body != "" {
		p.body = body
	}
}

func (p *provider) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

// pause makes answers wait, and returns the function that lets them go.
func (p *provider) pause() (release func()) {
	hold := make(chan struct{})
	p.mu.Lock()
	p.hold = hold
	p.mu.Unlock()
	return func() {
		p.mu.Lock()
		p.hold = nil
		p.mu.Unlock()
		close(hold)
	}
}

func (p *provider) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	p.mu.Lock()
	mode, body, document, hold := p.mode, p.body, p.document, p.hold
	p.calls++
	p.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-req.Context().Done():
			return
		}
	}
	switch {
	case mode == "hang":
		<-req.Context().Done()
		return
	case mode == "hang in the body":
		rw.Header().Set("Content-Length", "1000")
		_, _ = rw.Write([]byte(`{"keys":`))
		rw.(http.Flusher).Flush()
		<-req.Context().Done()
		return
	case mode == "cut off":
		rw.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
	case mode == "huge":
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for i := 0; i < 50; i++ {
			if _, err := rw.Write(chunk); err != nil {
				return
			}
		}
	case strings.HasPrefix(mode, "redirects "):
		hops, _ := strconv.Atoi(strings.TrimPrefix(mode, "redirects "))
		hop, _ := strconv.Atoi(req.URL.Query().Get("hop"))
		if hop < hops {
			http.Redirect(rw, req, req.URL.Path+"?hop="+strconv.Itoa(hop+1), http.StatusFound)
			return
		}
	case strings.HasPrefix(mode, "redirect to "):
		http.Redirect(rw, req, strings.TrimPrefix(mode, "redirect to "), http.StatusFound)
		return
	case mode != "" && mode != "long":
		status, _ := strconv.Atoi(mode)
		rw.WriteHeader(status)
	}
	if req.URL.Path == "/.well-known/openid-configuration" {
		if document == "" {
			document = `{"issuer":"` + p.server.URL + `","jwks_uri":"` + p.server.URL + `/keys"}`
		}
		_, _ = rw.Write([]byte(document))
		return
	}
	_, _ = rw.Write([]byte(body))
	if mode == "long" {
		_, _ = rw.Write([]byte(strings.Repeat(" ", maxAnswer)))
	}
}

// gate is a verifier under test, with its clock.
type gate struct {
	*Verifier
	clock *clock
}

// newGate makes a verifier that shares nothing with other tests. A fetch that hangs is given up after 50 ms.
func newGate(t *testing.T, s Settings) *gate {
	t.Helper()
	c := newClock()
	registry := newRegistry(c.now)
	registry.timeout = 50 * time.Millisecond
	return &gate{Verifier: gateOf(t, registry, s), clock: c}
}

func gateOf(t *testing.T, registry *registry, s Settings) *Verifier {
	t.Helper()
	if faults := s.Faults(); len(faults) > 0 {
		t.Fatalf("the settings have faults: %q", faults)
	}
	v := registry.verifier(s)
	t.Cleanup(func() { settle(v) })
	return v
}

// patient gives fetches the time that a busy machine may need.
func (g *gate) patient() *gate {
	g.ring.fetcher.timeout = fetchTimeout
	return g
}

// settle waits until no fetch runs.
func settle(v *Verifier) {
	v.ring.mu.Lock()
	fetching := v.ring.fetching
	v.ring.mu.Unlock()
	if fetching != nil {
		<-fetching.Done()
	}
}

// urlSettings are settings with the provider's address of keys.
func urlSettings(p *provider) Settings {
	s := Default()
	s.Issuer = testIssuer
	s.Audience = []string{testAudience}
	s.JWKSURL = p.server.URL + "/keys"
	return s
}

// bearer is a request with a token.
func bearer(token string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, "/api/cases/1/files", nil)
	req.Header.Set("Authorization", "Bearer "+token)
	return req
}

// signed is a token of ada that is valid for ten days.
func signed(key, alg, more string) string {
	if more != "" {
		more = "," + more
	}
	return theKeys().sign(key, alg, named(alg, key),
		`{"iss":"https://id.example","aud":"kibana","sub":"ada","exp":1800864000`+more+`}`)
}

// expect checks a token and returns the refusal. want is the code, or "".
func (g *gate) expect(t *testing.T, token, want string) *refusal.Refusal {
	t.Helper()
	_, no := Check(g.Verifier, bearer(token))
	code := ""
	if no != nil {
		code = no.Code
	}
	if code != want {
		t.Fatalf("got %q, want %q", code, want)
	}
	return no
}
