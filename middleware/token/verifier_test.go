package token

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestTheSameTokenGivesTheSameCaller(t *testing.T) {
	k := theKeys()
	p := newProvider(t, k.set("p256"))
	s := urlSettings(p)
	s.Cookie = "t"
	g := newGate(t, s).patient()
	token := signed("p256", "ES256", "")
	first, _ := Check(g.Verifier, bearer(token))
	lower := bearer(token)
	lower.Header["Authorization"] = []string{"bearer  " + token}
	cookie := bearer(token)
	cookie.Header = http.Header{"Cookie": {"t=" + token}}
	for i, req := range []*http.Request{bearer(token), lower, cookie} {
		if again, _ := Check(g.Verifier, req); again != first {
			t.Errorf("request %d has another caller", i+1)
		}
	}
	if len(g.cache.young) != 1 {
		t.Errorf("%d entries for one token", len(g.cache.young))
	}
	g.clock.advance(30 * time.Second)
	g.expect(t, signed("p384", "ES384", ""), "token_invalid") // Fetches the same keys again.
	if again, _ := Check(g.Verifier, bearer(token)); again != first || p.count() != 2 {
		t.Errorf("another caller after the same keys came again, or %d calls", p.count())
	}
	p.tell("", k.set("p256", "p384"))
	g.clock.advance(s.KeysTTL)
	Check(g.Verifier, bearer(token))
	settle(g.Verifier)
	if again, no := Check(g.Verifier, bearer(token)); again == first || again == nil {
		t.Errorf("the caller outlives its keys, or is refused: %v", no)
	}
}

func TestTokensAreRememberedForAMinuteAtMost(t *testing.T) {
	s := testSettings(theKeys())
	g := newGate(t, s)
	hits, misses := CacheHits.Load(), CacheMisses.Load()
	token := signed("p256", "ES256", "")
	for _, advance := range []time.Duration{0, time.Minute - time.Nanosecond, time.Nanosecond, 0} {
		g.clock.advance(advance)
		g.expect(t, token, "")
	}
	if hits, misses = CacheHits.Load()-hits, CacheMisses.Load()-misses; hits != 2 || misses != 2 {
		t.Errorf("%d hits and %d misses, want 2 and 2", hits, misses)
	}
}

func TestARememberedTokenExpiresInTime(t *testing.T) {
	g := newGate(t, testSettings(theKeys()))
	token := theKeys().sign("p256", "ES256", named("ES256", "p256"), times(`"exp":1800000010`))
	g.expect(t, token, "")
	g.clock.advance(40*time.Second - time.Nanosecond) // exp and the leeway.
	g.expect(t, token, "")
	g.clock.advance(time.Nanosecond)
	g.expect(t, token, "token_expired")
}

func TestTheCacheIsBounded(t *testing.T) {
	s := testSettings(theKeys())
	s.PublicKey, s.Secret = "", testSecret
	g := newGate(t, s)
	for i := 0; i < 3*halfCache+10; i++ {
		g.expect(t, signed("secret", "HS256", fmt.Sprintf(`"jti":"%d"`, i)), "")
	}
	if len(g.cache.young) != 10 || len(g.cache.old) != halfCache {
		t.Errorf("%d and %d entries, want 10 and %d", len(g.cache.young), len(g.cache.old), halfCache)
	}
	hits := CacheHits.Load()
	g.expect(t, signed("secret", "HS256", fmt.Sprintf(`"jti":"%d"`, 3*halfCache-1)), "")
	if CacheHits.Load() != hits+1 {
		t.Error("a token of the old half is not remembered")
	}
}

func TestRefusedTokensAreNotRemembered(t *testing.T) {
	g := newGate(t, testSettings(theKeys()))
	for i := 0; i < 100; i++ {
		g.expect(t, signed("stranger", "ES256", fmt.Sprintf(`"jti":"%d"`, i)), "token_invalid")
	}
	if len(g.cache.young) != 0 {
		t.Errorf("%d entries", len(g.cache.young))
	}
}

func TestEqualSettingsShareAVerifier(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	registry := newRegistry(newClock().now)
	first := registry.verifier(urlSettings(p))
	if registry.verifier(urlSettings(p)) != first {
		t.Error("equal settings have two verifiers")
	}
	other := urlSettings(p)
	other.Audience = []string{"elsewhere"}
	second := registry.verifier(other)
	if second == first || second.cache == first.cache {
		t.Error("another audience has the same verifier or cache")
	}
	if second.ring != first.ring {
		t.Error("another audience has other keys")
	}
	for _, change := range []func(s *Settings){
		func(s *Settings) { s.JWKSURL += "2" },
		func(s *Settings) { s.CAFile = "ca.pem" },
		func(s *Settings) { s.InsecureHTTP = true },
		func(s *Settings) { s.KeysTTL = time.Minute },
		func(s *Settings) { s.KeysMaxStale = 25 * time.Hour },
	} {
		other := urlSettings(p)
		change(&other)
		if registry.verifier(other).ring == first.ring {
			t.Errorf("%+v has the same keys", other)
		}
	}
}

func TestTheRegistryIsBounded(t *testing.T) {
	registry := newRegistry(newClock().now)
	for i := 0; i < 3*maxShared; i++ {
		s := Default()
		s.Issuer = fmt.Sprintf("https://id%d.example", i)
		registry.verifier(s)
		if len(registry.verifiers) > maxShared || len(registry.rings) > maxShared {
			t.Fatalf("%d verifiers and %d rings", len(registry.verifiers), len(registry.rings))
		}
	}
}

func TestNewUsesTheRegistryOfTheProcess(t *testing.T) {
	s := testSettings(theKeys())
	if first := New(s); New(s) != first {
		t.Error("equal settings have two verifiers")
	}
}

func TestClaimsKeepLargeNumbers(t *testing.T) {
	g := newGate(t, testSettings(theKeys()))
	caller, no := Check(g.Verifier, bearer(signed("p256", "ES256", `"id":12345678901234567890,"groups":["a",7]`)))
	if no != nil {
		t.Fatalf("refused: %s", no.Code)
	}
	if caller.Claims["id"] != json.Number("12345678901234567890") {
		t.Errorf("id is %v", caller.Claims["id"])
	}
	if groups := caller.Claims["groups"]; !reflect.DeepEqual(groups, []any{"a", json.Number("7")}) {
		t.Errorf("groups is %v", groups)
	}
}

func TestPassedOn(t *testing.T) {
	s := testSettings(theKeys())
	s.PassSchemes = []string{"ApiKey"}
	g := newGate(t, s)
	req := bearer("")
	req.Header.Set("Authorization", "ApiKey abc")
	caller, no := Check(g.Verifier, req)
	if no != nil || !caller.PassedOn || caller.User != "" || caller.Claims != nil {
		t.Errorf("caller %+v, refusal %v", caller, no)
	}
	if caller, _ := Check(g.Verifier, bearer(signed("p256", "ES256", ""))); caller == nil || caller.PassedOn {
		t.Errorf("a verified caller is %+v", caller)
	}
}

func TestChallenges(t *testing.T) {
	g := newGate(t, testSettings(theKeys()))
	for _, c := range []struct{ name, value, challenge string }{
		{"no token", "", `Bearer realm="kibana"`},
		{"Basic", "Basic abc", `Bearer realm="kibana"`},
		{"malformed", "Bearer abc", `Bearer realm="kibana", error="invalid_token", error_description="` + sayShape + `"`},
		{"forged", "Bearer " + signed("stranger", "ES256", ""), `Bearer realm="kibana", error="invalid_token", error_description="` + saySignature + `"`},
	} {
		req := bearer("")
		req.Header.Set("Authorization", c.value)
		if _, no := Check(g.Verifier, req); no == nil || no.Challenge != c.challenge || no.Status != 401 || no.RetryAfter != 0 {
			t.Errorf("%s: %+v, want %s", c.name, no, c.challenge)
		}
	}
}

// TestWhatCallersAreTold holds the texts to RFC 6750, section 3: they stand in a quoted string of the challenge.
func TestWhatCallersAreTold(t *testing.T) {
	for _, say := range []string{
		sayMissing, saySeveral, sayCookies, sayLong, sayShape, sayEncrypted, sayHeader, sayExtension, sayType, sayAlgorithm,
		saySignature, sayClaims, sayDuplicate, sayTimes, sayNoExpiry, sayExpired, sayNotYet, sayIssuer, sayAudience, sayUser,
		sayNoKeys, sayCookieSize,
	} {
		for _, r := range say {
			if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
				t.Errorf("%q holds %q", say, r)
			}
		}
	}
}

func TestStrip(t *testing.T) {
	for _, c := range []struct {
		name       string
		forward    bool
		cookie     string
		caller     *Caller
		sent, want http.Header
	}{
		{"forwarded", true, "t", &Caller{}, headers("Bearer x", "t=x; a=1"), headers("Bearer x", "t=x; a=1")},
		{"passed on", false, "t", &Caller{PassedOn: true}, headers("ApiKey x", "t=x"), headers("ApiKey x", "t=x")},
		{"removed", false, "", &Caller{}, headers("Bearer x", "t=x"), headers("", "t=x")},
		{"removed for nobody", false, "", nil, headers("Bearer x"), headers("")},
		{"cookie alone", false, "t", &Caller{}, headers("", "t=x"), headers("")},
		{"cookie first", false, "t", &Caller{}, headers("", `t=x; a="1;  b=2 ;c`), headers("", `a="1;  b=2 ;c`)},
		{"cookie in the middle", false, "t", &Caller{}, headers("", "a=1;t=x;  b=2"), headers("", "a=1;  b=2")},
		{"cookie last", false, "t", &Caller{}, headers("", " a=1; t=x"), headers("", "a=1")},
		{"cookie twice", false, "t", &Caller{}, headers("", "t=x; a=1; t=y", "t=z", "b=2"), headers("", "a=1", "b=2")},
		{"cookie with blanks", false, "t", &Caller{}, headers("", "a=1;\tt =\tx ; b=2"), headers("", "a=1; b=2")},
		{"similar names", false, "t", &Caller{}, headers("", "tt=x; at=x; T=x; a=t=x; t"), headers("", "tt=x; at=x; T=x; a=t=x; t")},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := testSettings(theKeys())
			s.Forward, s.Cookie = c.forward, c.cookie
			newGate(t, s).Strip(c.sent, c.caller)
			if !reflect.DeepEqual(c.sent, c.want) {
				t.Errorf("got %q, want %q", c.sent, c.want)
			}
		})
	}
}

// headers makes headers with an Authorization, unless it is empty, and Cookie lines.
func headers(authorization string, cookies ...string) http.Header {
	header := http.Header{"X-Other": {"1"}}
	if authorization != "" {
		header["Authorization"] = []string{authorization}
	}
	if len(cookies) > 0 {
		header["Cookie"] = cookies
	}
	return header
}

func TestMessagesHoldNothingOfTheToken(t *testing.T) {
	g := newGate(t, testSettings(theKeys()))
	for _, token := range []string{
		signed("stranger", "ES256", ""),
		theKeys().sign("p256", "ES256", named("ES256", "p256"), from(`"iss":"https://evil.example","aud":"kibana"`)),
		theKeys().sign("p256", "ES256", named("ES256", "p256"), from(`"iss":"https://id.example","aud":"evil"`)),
	} {
		_, no := Check(g.Verifier, bearer(token))
		if no == nil {
			t.Fatal("accepted")
		}
		for _, leak := range []string{"evil", "id.example", "stranger", testAudience + "-staging", "crypto", "jwt"} {
			if strings.Contains(no.Message+no.Challenge, leak) {
				t.Errorf("%q tells %q", no.Message, leak)
			}
		}
	}
}
