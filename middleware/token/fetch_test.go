package token

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// discard takes what servers say about failed handshakes that are meant to fail.
var discard = log.New(io.Discard, "", 0)

// issuerSettings are settings that discover the keys from the provider.
func issuerSettings(p *provider) Settings {
	s := Default()
	s.Issuer = p.server.URL
	s.Audience = []string{testAudience}
	return s
}

// issued is a token of ada that the provider made.
func issued(p *provider, key, alg string) string {
	return theKeys().sign(key, alg, named(alg, key),
		`{"iss":"`+p.server.URL+`","aud":"kibana","sub":"ada","exp":1800864000}`)
}

func TestDiscovery(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	g := newGate(t, issuerSettings(p)).patient()
	g.expect(t, issued(p, "p256", "ES256"), "")
	g.expect(t, signed("p256", "ES256", ""), "token_invalid") // Of another issuer, under the same key.
	if p.count() != 2 {
		t.Errorf("%d calls, want 2: the document and the keys", p.count())
	}
}

func TestDiscoveryWithASlashAtTheEnd(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	p.document = `{"issuer":"` + p.server.URL + `/","jwks_uri":"` + p.server.URL + `/keys"}`
	s := issuerSettings(p)
	s.Issuer += "/"
	g := newGate(t, s).patient()
	g.expect(t, issued(p, "p256", "ES256"), "token_invalid")
	g.expect(t, theKeys().sign("p256", "ES256", named("ES256", "p256"),
		`{"iss":"`+s.Issuer+`","aud":"kibana","exp":1800864000}`), "")
}

func TestDiscoveryDocumentsThatBringNoKeys(t *testing.T) {
	other := newProvider(t, theKeys().set("p256"))
	for _, c := range []struct{ name, document string }{
		{"another issuer", `{"issuer":"https://evil.example","jwks_uri":"KEYS"}`},
		{"issuer with a slash more", `{"issuer":"ISSUER/","jwks_uri":"KEYS"}`},
		{"no issuer", `{"jwks_uri":"KEYS"}`},
		{"issuer is a list", `{"issuer":["ISSUER"],"jwks_uri":"KEYS"}`},
		{"no jwks_uri", `{"issuer":"ISSUER"}`},
		{"jwks_uri is a number", `{"issuer":"ISSUER","jwks_uri":1}`},
		{"jwks_uri is relative", `{"issuer":"ISSUER","jwks_uri":"/keys"}`},
		{"jwks_uri without TLS", `{"issuer":"ISSUER","jwks_uri":"http://keys.example/keys"}`},
		{"jwks_uri is a file", `{"issuer":"ISSUER","jwks_uri":"file:///etc/passwd"}`},
		{"jwks_uri with a user", `{"issuer":"ISSUER","jwks_uri":"https://a:b@keys.example/keys"}`},
		{"jwks_uri with a user that would do", `{"issuer":"ISSUER","jwks_uri":"http://a:b@KEYHOST/keys"}`},
		{"no JSON", `<html>`},
		{"null", `null`},
		{"a list", `["ISSUER"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProvider(t, theKeys().set("p256"))
			document := strings.ReplaceAll(c.document, "ISSUER", p.server.URL)
			document = strings.ReplaceAll(document, "KEYHOST", strings.TrimPrefix(other.server.URL, "http://"))
			p.document = strings.ReplaceAll(document, "KEYS", other.server.URL+"/keys")
			g := newGate(t, issuerSettings(p)).patient()
			g.expect(t, issued(p, "p256", "ES256"), "keys_unavailable")
		})
	}
	if other.count() != 0 {
		t.Error("keys were fetched although the document is wrong")
	}
}

func TestDiscoveryMayNameAnotherHost(t *testing.T) {
	keys := newProvider(t, theKeys().set("p256"))
	p := newProvider(t, "")
	p.document = `{"issuer":"` + p.server.URL + `","jwks_uri":"` + keys.server.URL + `/keys"}`
	g := newGate(t, issuerSettings(p)).patient()
	g.expect(t, issued(p, "p256", "ES256"), "")
}

func TestKeysOfOneIssuerNeverVerifyTokensOfAnother(t *testing.T) {
	k := theKeys()
	a := newProvider(t, jwks(k.jwk("p256", "kid", "k")))
	b := newProvider(t, jwks(k.jwk("p256b", "kid", "k")))
	c := newClock()
	registry := newRegistry(c.now)
	gates := map[*provider]*gate{
		a: {Verifier: gateOf(t, registry, issuerSettings(a)), clock: c},
		b: {Verifier: gateOf(t, registry, issuerSettings(b)), clock: c},
	}
	by := func(key string, p *provider) string {
		return k.sign(key, "ES256", named("ES256", "k"), `{"iss":"`+p.server.URL+`","aud":"kibana","exp":1800864000}`)
	}
	for p, key := range map[*provider]string{a: "p256", b: "p256b"} {
		for q, g := range gates {
			want := "token_invalid"
			if p == q {
				want = ""
			}
			g.expect(t, by(key, p), want)
			if p != q {
				g.expect(t, by(key, q), "token_invalid") // The other's key under the name of this issuer.
			}
		}
	}
}

func TestCAFile(t *testing.T) {
	p := &provider{body: theKeys().set("p256")}
	p.server = httptest.NewUnstartedServer(p)
	p.server.Config.ErrorLog = discard
	p.server.StartTLS()
	t.Cleanup(p.server.Close)
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw}))
	path := filepath.Join(t.TempDir(), "ca.pem")
	write(t, path, authority)

	s := urlSettings(p)
	token := signed("p256", "ES256", "")
	newGate(t, s).patient().expect(t, token, "keys_unavailable") // Nobody vouches for the server.
	s.CAFile = path
	g := newGate(t, s).patient()
	g.expect(t, token, "")
	write(t, path, "gone")
	g.clock.advance(s.KeysTTL)
	g.expect(t, token, "")
	settle(g.Verifier)
	if p.count() != 1 || g.ring.failures != 1 {
		t.Errorf("%d calls and %d failures with a broken caFile, want 1 and 1", p.count(), g.ring.failures)
	}

	// A document that came over TLS must not lead to a plain service of this machine.
	plain := newProvider(t, p.body)
	p.document = `{"issuer":"` + p.server.URL + `","jwks_uri":"` + plain.server.URL + `/keys"}`
	write(t, path, authority)
	s = issuerSettings(p)
	s.CAFile = path
	newGate(t, s).patient().expect(t, issued(p, "p256", "ES256"), "keys_unavailable")
	if plain.count() != 0 {
		t.Error("the document led to a plain service of this machine")
	}
	s.InsecureHTTP = true
	newGate(t, s).patient().expect(t, issued(p, "p256", "ES256"), "")
}

func TestOtherAuthorityThanCAFile(t *testing.T) {
	p := &provider{body: theKeys().set("p256")}
	p.server = httptest.NewUnstartedServer(p)
	p.server.Config.ErrorLog = discard
	p.server.StartTLS()
	t.Cleanup(p.server.Close)
	path := filepath.Join(t.TempDir(), "ca.pem")
	write(t, path, selfSigned(t))
	s := urlSettings(p)
	s.CAFile = path
	newGate(t, s).patient().expect(t, signed("p256", "ES256", ""), "keys_unavailable")
}

func TestRedirectsStayWhereTheyAre(t *testing.T) {
	for _, c := range []struct {
		to string
		ok bool
	}{
		{"https://id.example/other", true},
		{"https://ID.example/other", true},
		{"http://id.example/other", false},
		{"https://id.example:8443/other", false},
		{"https://other.example/other", false},
		{"https://id.example.evil.example/other", false},
	} {
		first := httptest.NewRequest(http.MethodGet, "https://id.example/keys", nil)
		if err := follow(httptest.NewRequest(http.MethodGet, c.to, nil), []*http.Request{first}); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.to, err)
		}
	}
}

func TestFetchSendsNoSecrets(t *testing.T) {
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		header = req.Header
		_, _ = rw.Write([]byte(theKeys().set("p256")))
	}))
	t.Cleanup(server.Close)
	newGate(t, urlSettings(&provider{server: server})).patient().expect(t, signed("p256", "ES256", ""), "")
	for name := range header {
		switch name {
		case "Accept", "User-Agent", "Connection":
		default:
			t.Errorf("the fetch sends %s", name)
		}
	}
}

// selfSigned returns a certificate of nobody as PEM.
func selfSigned(t *testing.T) string {
	t.Helper()
	return block("CERTIFICATE", certificate(t, "p384").Raw)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// certificate makes a certificate for one of the test's keys, signed by itself.
func certificate(t *testing.T, key string) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(2*testNow, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, theKeys().public(key), theKeys().private[key])
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
