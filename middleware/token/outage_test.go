package token

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestDownFromTheStartThenUp(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	p.tell("500", "")
	g := newGate(t, urlSettings(p)).patient()
	token := signed("p256", "ES256", "")
	wait := 0
	for i, seconds := range []int{5, 10, 20, 30, 30} {
		no := g.expect(t, token, "keys_unavailable")
		if no.Status != http.StatusServiceUnavailable || no.RetryAfter != seconds || no.Challenge != "" {
			t.Errorf("failure %d: status %d, Retry-After %d, challenge %q; want 503, %d and none",
				i+1, no.Status, no.RetryAfter, no.Challenge, seconds)
		}
		g.clock.advance(time.Duration(seconds)*time.Second - time.Nanosecond)
		if no := g.expect(t, token, "keys_unavailable"); no.RetryAfter != 1 {
			t.Errorf("failure %d: Retry-After %d at the end, want 1", i+1, no.RetryAfter)
		}
		if p.count() != i+1 {
			t.Fatalf("failure %d: %d calls", i+1, p.count())
		}
		g.clock.advance(time.Nanosecond)
		wait += seconds
	}
	p.tell("", "")
	g.expect(t, token, "")
}

func TestDownAfterWarmUp(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	g := newGate(t, urlSettings(p)).patient()
	token := signed("p256", "ES256", "")
	g.expect(t, token, "")
	p.tell("500", "")
	for i := 0; i < 23; i++ {
		g.clock.advance(time.Hour)
		g.expect(t, token, "")
		settle(g.Verifier)
	}
	g.clock.advance(time.Hour - time.Nanosecond)
	g.expect(t, token, "")
	settle(g.Verifier)
	g.clock.advance(time.Nanosecond) // keysMaxStale: also the remembered token is no longer good.
	g.expect(t, token, "keys_unavailable")
	g.clock.advance(lastBackoff)
	p.tell("", "")
	g.expect(t, token, "")
}

func TestAnswersThatBringNoKeys(t *testing.T) {
	k := theKeys()
	many := make([]map[string]any, maxKeys+1)
	for i := range many {
		many[i] = k.jwk("p256")
	}
	elsewhere := newProvider(t, k.set("p256"))
	for _, c := range []struct{ name, mode, body string }{
		{"404", "404", ""},
		{"500", "500", ""},
		{"201", "201", ""},
		{"204", "204", ""},
		{"1 MiB after the set", "long", ""},
		{"hangs", "hang", ""},
		{"hangs in the body", "hang in the body", ""},
		{"cut off", "cut off", ""},
		{"50 MiB", "huge", ""},
		{"redirect to another port", "redirect to " + elsewhere.server.URL + "/keys", ""},
		{"redirect to another scheme", "redirect to https://127.0.0.1/keys", ""},
		{"redirect to nowhere", "redirect to ", ""},
		{"four redirects", "redirects 4", ""},
		{"no JSON", "", "<html>"},
		{"JSON cut off", "", `{"keys":[`},
		{"JSON null", "", "null"},
		{"a list", "", "[]"},
		{"no keys", "", "{}"},
		{"keys is null", "", `{"keys":null}`},
		{"keys is an object", "", `{"keys":{}}`},
		{"an entry is a string", "", `{"keys":["x"]}`},
		{"empty set", "", `{"keys":[]}`},
		{"too many keys", "", jwks(many...)},
		{"secrets alone", "", k.set("secret")},
		{"encryption keys alone", "", jwks(k.jwk("p256", "use", "enc"))},
		{"PEM", "", k.pem("p256")},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := c.body
			if body == "" {
				body = k.set("p256")
			}
			p := newProvider(t, body)
			p.tell(c.mode, "")
			g := newGate(t, urlSettings(p))
			if c.mode != "hang" && c.mode != "hang in the body" {
				g.patient()
			}
			token := signed("p256", "ES256", "")
			g.expect(t, token, "keys_unavailable")

			// Nor does such an answer replace keys that there are.
			p.tell("", k.set("p256"))
			g.clock.advance(lastBackoff)
			g.ring.fetcher.timeout = fetchTimeout
			g.expect(t, token, "")
			p.tell(c.mode, body)
			if strings.HasPrefix(c.mode, "hang") {
				g.ring.fetcher.timeout = 50 * time.Millisecond
			}
			g.clock.advance(15 * time.Minute)
			g.expect(t, token, "")
			settle(g.Verifier)
			g.expect(t, token, "")
			if g.ring.failures != 1 {
				t.Errorf("%d failures are counted, want 1", g.ring.failures)
			}
		})
	}
	if elsewhere.count() != 0 {
		t.Error("the redirect to another port was followed")
	}
}

func TestThreeRedirectsAreFollowed(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	p.tell("redirects 3", "")
	g := newGate(t, urlSettings(p)).patient()
	g.expect(t, signed("p256", "ES256", ""), "")
	if p.count() != 4 {
		t.Errorf("%d calls, want 4", p.count())
	}
}

func TestUnusableKeysAmongGoodOnes(t *testing.T) {
	k := theKeys()
	private := k.jwk("p384")
	private["d"] = "AAAA"
	p := newProvider(t, jwks(
		k.jwk("secret"), k.jwk("p224"), k.jwk("rsa", "use", "enc"), private,
		map[string]any{"kty": "XYZ"}, map[string]any{}, map[string]any{"kty": 7}, k.jwk("p256b", "alg", "ES384"),
		k.jwk("p521", "x", "AAAA"), k.jwk("ed"), k.jwk("p256"),
	))
	g := newGate(t, urlSettings(p)).patient()
	g.expect(t, signed("p256", "ES256", ""), "")
	g.expect(t, signed("ed", "EdDSA", ""), "")
	for _, c := range [][2]string{{"p384", "ES384"}, {"p521", "ES512"}, {"rsa", "RS256"}, {"p256b", "ES256"}, {"secret", "HS256"}} {
		g.expect(t, signed(c[0], c[1], ""), "token_invalid")
	}
}

func TestFlappingProvider(t *testing.T) {
	k := theKeys()
	p := newProvider(t, k.set("p256"))
	g := newGate(t, urlSettings(p)).patient()
	g.expect(t, signed("p256", "ES256", ""), "")
	var done sync.WaitGroup
	for i := 0; i < 8; i++ {
		token := signed("p256", "ES256", fmt.Sprintf(`"jti":"%d"`, i))
		unknown := signed("p384", "ES384", fmt.Sprintf(`"jti":"%d"`, i))
		done.Add(1)
		go func() {
			defer done.Done()
			for round := 0; round < 50; round++ {
				if _, no := Check(g.Verifier, bearer(token)); no != nil {
					t.Errorf("refused: %s", no.Code)
				}
				if _, no := Check(g.Verifier, bearer(unknown)); no == nil || no.Code != "token_invalid" {
					t.Error("an unknown key is not refused")
				}
				mode := "500"
				if round%2 == 0 {
					mode = ""
				}
				p.tell(mode, "")
				g.clock.advance(time.Minute)
			}
		}()
	}
	done.Wait()
}
