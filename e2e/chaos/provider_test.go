package chaos

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/casegate/casegate/e2e/harness"
)

// provider publishes one RSA key, or fails as it is told.
type provider struct {
	server  *http.Server
	address string
	fetches atomic.Int64
	mood    atomic.Value // "", "hang", "500" or "garbage".
	release chan struct{}

	mutex sync.Mutex
	key   *rsa.PrivateKey
	id    int
}

// newProvider makes a provider with a key, and starts it unless it is to be dead.
func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{release: make(chan struct{})}
	p.mood.Store("")
	p.rotate(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = listener.Addr().String()
	p.serve(listener)
	t.Cleanup(func() {
		close(p.release)
		p.die()
	})
	return p
}

func (p *provider) serve(listener net.Listener) {
	p.server = &http.Server{Handler: http.HandlerFunc(p.answer), ReadHeaderTimeout: patience}
	go func() { _ = p.server.Serve(listener) }()
}

// die closes the port.
func (p *provider) die() { _ = p.server.Close() }

// revive opens the same port again.
func (p *provider) revive(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	p.serve(listener)
}

// rotate withdraws the key and makes another one.
func (p *provider) rotate(t *testing.T) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.key = key
	p.id++
}

func (p *provider) answer(rw http.ResponseWriter, req *http.Request) {
	p.fetches.Add(1)
	switch p.mood.Load() {
	case "hang":
		select {
		case <-p.release:
		case <-req.Context().Done():
		}
		return
	case "500":
		rw.WriteHeader(http.StatusInternalServerError)
		return
	case "garbage":
		_, _ = rw.Write([]byte(`{"keys":[`))
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	encode := base64.RawURLEncoding.EncodeToString
	_ = json.NewEncoder(rw).Encode(map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": fmt.Sprint(p.id),
		"n": encode(p.key.N.Bytes()), "e": encode(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

// token signs the tests' claims with the provider's key. User makes it a token of its own.
func (p *provider) token(user string, over jwt.MapClaims) string {
	p.mutex.Lock()
	key, id := p.key, p.id
	p.mutex.Unlock()
	return signed(key, id, user, over)
}

func signed(key *rsa.PrivateKey, id int, user string, over jwt.MapClaims) string {
	claims := harness.Claims()
	claims["sub"] = user
	for name, value := range over {
		claims[name] = value
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = fmt.Sprint(id)
	text, err := token.SignedString(key)
	if err != nil {
		panic(err)
	}
	return text
}

func (p *provider) policy(mode, ttl string) map[string]any {
	policy := policyOf(mode, nil)
	policy["token"] = map[string]any{"issuer": harness.Issuer, "jwksUrl": "http://" + p.address + "/keys", "keysTtl": ttl}
	return policy
}

// uploadWith uploads a small parcel with a token.
func (b *book) uploadWith(client *http.Client, h host, token string) (*harness.Answer, error) {
	p := newParcel(3000, false)
	request := p.request(h, strings.NewReader(string(p.form)))
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := answerOf(client, request)
	b.note(p, answer, err)
	return answer, err
}

func providerFaults(t *testing.T, s *stand) string {
	return s.each(t, true, func(t *testing.T, h host, kibana *harness.Upstream) string {
		b := newBook()
		client := newClient(patience)
		t.Cleanup(client.CloseIdleConnections)
		moods := []string{"hang", "dead", "500", "garbage"}[:size(1, 4)]
		for _, mood := range moods {
			t.Run(h.name()+" "+mood+" from the beginning", func(t *testing.T) {
				p := newProvider(t)
				fail(p, mood)
				h.use(t, kibana.URL(), p.policy("hold", "1s"))
				noKeys(t, h, client, b, p)
				b.check(t, h, kibana)
				mend(t, p, mood)
				// What has failed is tried again after 5 s.
				if !within(20*time.Second, func() bool {
					answer, err := b.uploadWith(client, h, p.token("anna", nil))
					return err == nil && answer.Status == http.StatusOK
				}) {
					t.Error("uploads do not pass again")
				}
				b.check(t, h, kibana)
			})
		}
		t.Run(h.name()+" flaps while uploads run", func(t *testing.T) {
			flapping(t, h, kibana, client, b)
		})
		return b.String()
	})
}

func fail(p *provider, mood string) {
	if mood == "dead" {
		p.die()
		return
	}
	p.mood.Store(mood)
}

func mend(t *testing.T, p *provider, mood string) {
	t.Helper()
	if mood == "dead" {
		p.revive(t)
		return
	}
	p.mood.Store("")
}

// noKeys asks many times at once: each is refused, and soon.
func noKeys(t *testing.T, h host, client *http.Client, b *book, p *provider) {
	t.Helper()
	started := time.Now()
	var together sync.WaitGroup
	for i := range 10 {
		together.Go(func() {
			answer, err := b.uploadWith(client, h, p.token(fmt.Sprint("user", i), nil))
			if err != nil || answer.Code() != "keys_unavailable" || answer.Header.Get("Retry-After") == "" {
				t.Errorf("without keys: %s", told(answer, err))
			}
		})
	}
	together.Wait()
	if took := time.Since(started); took > 8*time.Second {
		t.Errorf("the refusals took %s", took)
	}
}

// flapping lets uploads run, each with a token of its own, while the provider goes through its moods. Forged tokens, signed
// by a key that the provider never had, are tried all the time.
func flapping(t *testing.T, h host, kibana *harness.Upstream, client *http.Client, b *book) {
	p := newProvider(t)
	h.use(t, kibana.URL(), p.policy("hold", "1s"))
	if answer, err := b.uploadWith(client, h, p.token("anna", nil)); err != nil || answer.Status != http.StatusOK {
		t.Fatalf("%s", told(answer, err))
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var clients sync.WaitGroup
	// A forged token may have to wait for a fetch that hangs; nobody else does.
	for _, forged := range []bool{false, true} {
		clients.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				token, want := p.token(fmt.Sprint("user", i), nil), ""
				if forged {
					token, want = signed(stranger, 1, "eve", nil), "token_invalid"
				}
				if answer, err := b.uploadWith(client, h, token); err != nil || answer.Code() != want || (want == "") != (answer.Status == http.StatusOK) {
					t.Errorf("with known keys, want %q: %s", want, told(answer, err))
					return
				}
			}
		})
	}
	for range size(1, 5) {
		for _, mood := range []string{"hang", "", "dead", "", "500", "", "garbage", ""}[:size(2, 8)] {
			// A mood lasts until the gate has met it, or a moment.
			before := p.fetches.Load()
			fail(p, mood)
			within(2*time.Second, func() bool { return p.fetches.Load() > before })
			mend(t, p, mood)
		}
	}
	close(done)
	clients.Wait()
	b.check(t, h, kibana)
}
