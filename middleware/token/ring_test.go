package token

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

func TestNothingIsFetchedBeforeTheFirstToken(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	g := newGate(t, urlSettings(p)).patient()
	for _, value := range []string{"", "Basic abc", "Bearer abc", "Bearer a.b.c"} {
		req := bearer("")
		req.Header.Set("Authorization", value)
		if _, no := Check(g.Verifier, req); no == nil {
			t.Errorf("%q is accepted", value)
		}
	}
	if p.count() != 0 {
		t.Errorf("%d calls for requests without a token", p.count())
	}
	g.expect(t, signed("p256", "ES256", ""), "")
	if p.count() != 1 {
		t.Errorf("%d calls, want 1", p.count())
	}
}

func TestConcurrentFirstRequestsFetchOnce(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	g := newGate(t, urlSettings(p)).patient()
	release := p.pause()
	var started, done sync.WaitGroup
	for i := 0; i < 50; i++ {
		token := signed("p256", "ES256", fmt.Sprintf(`"jti":"%d"`, i))
		started.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			started.Done()
			if _, no := Check(g.Verifier, bearer(token)); no != nil {
				t.Errorf("refused: %s", no.Code)
			}
		}()
	}
	started.Wait()
	release()
	done.Wait()
	if p.count() != 1 {
		t.Errorf("%d calls, want 1", p.count())
	}
}

func TestRefreshInTheBackground(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	g := newGate(t, urlSettings(p)).patient()
	token := signed("p256", "ES256", "")
	g.expect(t, token, "")
	g.clock.advance(15*time.Minute - time.Nanosecond)
	g.expect(t, token, "")
	if p.count() != 1 {
		t.Fatalf("%d calls before keysTtl, want 1", p.count())
	}
	g.clock.advance(time.Nanosecond)
	release := p.pause()
	g.expect(t, token, "") // Does not wait: the provider answers only after it.
	hits := CacheHits.Load()
	g.expect(t, token, "")
	if CacheHits.Load() != hits+1 {
		t.Error("the token is not remembered while the fetch runs")
	}
	release()
	settle(g.Verifier)
	if p.count() != 2 {
		t.Errorf("%d calls after keysTtl, want 2", p.count())
	}
	g.expect(t, token, "")
}

// After a silence the keys may hold one that was withdrawn long ago: then a request waits for newer ones.
func TestStaleKeysDoNotServeWhileNewerOnesCanBeHad(t *testing.T) {
	k := theKeys()
	p := newProvider(t, k.set("p256"))
	g := newGate(t, urlSettings(p)).patient()
	old := signed("p256", "ES256", "")
	g.expect(t, old, "")
	p.tell("", k.set("p384"))
	g.clock.advance(30 * time.Minute)
	g.expect(t, old, "token_invalid")
	g.expect(t, signed("p384", "ES384", ""), "")
}

func TestRememberedTokensKeepKeysFresh(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	s := urlSettings(p)
	s.KeysTTL = 30 * time.Second
	g := newGate(t, s).patient()
	token := signed("p256", "ES256", "")
	g.expect(t, token, "")
	g.clock.advance(31 * time.Second)
	g.expect(t, token, "") // Still remembered, and yet it starts the refresh.
	settle(g.Verifier)
	if p.count() != 2 {
		t.Errorf("%d calls, want 2", p.count())
	}
}

func TestRotation(t *testing.T) {
	k := theKeys()
	p := newProvider(t, k.set("p256"))
	g := newGate(t, urlSettings(p)).patient()
	g.expect(t, signed("p256", "ES256", ""), "")
	p.tell("", k.set("p256", "p384"))
	g.expect(t, signed("p384", "ES384", ""), "") // Unknown: fetched at once, and waited for.
	g.expect(t, signed("p256", "ES256", ""), "")
	p.tell("", k.set("p384", "p521"))
	g.expect(t, signed("p521", "ES512", ""), "token_invalid") // Within 30 s of the last unknown key.
	g.clock.advance(unknownInterval)
	g.expect(t, signed("p521", "ES512", ""), "")
	g.expect(t, signed("p256", "ES256", ""), "token_invalid") // Withdrawn, though it was remembered.
	if p.count() != 3 {
		t.Errorf("%d calls, want 3", p.count())
	}
}

func TestWithdrawnKeyAfterTTL(t *testing.T) {
	k := theKeys()
	p := newProvider(t, k.set("p256", "p384"))
	g := newGate(t, urlSettings(p)).patient()
	token := signed("p256", "ES256", "")
	g.expect(t, token, "")
	p.tell("", k.set("p384"))
	g.clock.advance(15 * time.Minute)
	g.expect(t, token, "") // The request that starts the refresh does not wait for it.
	settle(g.Verifier)
	g.expect(t, token, "token_invalid")
	g.expect(t, signed("p384", "ES384", ""), "")
}

func TestNewMaterialUnderTheSameName(t *testing.T) {
	k := theKeys()
	p := newProvider(t, jwks(k.jwk("p256", "kid", "k")))
	g := newGate(t, urlSettings(p)).patient()
	old := k.sign("p256", "ES256", named("ES256", "k"), claims(""))
	g.expect(t, old, "")
	p.tell("", jwks(k.jwk("p256b", "kid", "k")))
	g.clock.advance(15 * time.Minute)
	Check(g.Verifier, bearer(old))
	settle(g.Verifier)
	fresh := k.sign("p256b", "ES256", named("ES256", "k"), times(`"exp":1800864000`))
	g.expect(t, fresh, "")
}

func TestTokenWithoutNameAfterRotation(t *testing.T) {
	k := theKeys()
	p := newProvider(t, k.set("p256"))
	g := newGate(t, urlSettings(p)).patient()
	g.expect(t, signed("p256", "ES256", ""), "")
	p.tell("", k.set("p256b"))
	g.expect(t, k.sign("p256b", "ES256", `{"alg":"ES256"}`, claims("")), "")
	if p.count() != 2 {
		t.Errorf("%d calls, want 2", p.count())
	}
}

func TestTokensThatNoNewKeyCouldVerifyFetchNothing(t *testing.T) {
	k := theKeys()
	p := newProvider(t, k.set("p256"))
	g := newGate(t, urlSettings(p)).patient()
	g.expect(t, signed("p256", "ES256", ""), "")
	g.expect(t, signed("secret", "HS256", ""), "token_invalid")
	g.expect(t, k.sign("stranger", "ES256", named("ES256", "p256"), claims("")), "token_invalid")
	g.expect(t, k.sign("p256", "ES256", named("ES256", "p256"), times(`"exp":1`)), "token_expired")
	if p.count() != 1 {
		t.Errorf("%d calls, want 1", p.count())
	}
}

func TestUnknownNamesFloodNothing(t *testing.T) {
	k := theKeys()
	p := newProvider(t, k.set("p256"))
	g := newGate(t, urlSettings(p)).patient()
	g.expect(t, signed("p256", "ES256", ""), "")
	good := signed("p256", "ES256", "")
	flood := func() {
		for i := 0; i < 5000; i++ {
			g.expect(t, part(good, 0, b64([]byte(named("ES256", fmt.Sprint("k", i))))), "token_invalid")
		}
	}
	flood()
	g.clock.advance(unknownInterval - time.Nanosecond)
	flood()
	if p.count() != 2 {
		t.Errorf("%d calls for 10000 unknown names, want 2: the first fetch and one more", p.count())
	}
	g.clock.advance(time.Nanosecond)
	flood()
	if p.count() != 3 {
		t.Errorf("%d calls after 30 s more, want 3", p.count())
	}
	if len(g.cache.young) > 1 {
		t.Errorf("the flood left %d entries in the cache", len(g.cache.young))
	}
}

func TestUnknownNamesWhileTheProviderHangs(t *testing.T) {
	k := theKeys()
	p := newProvider(t, k.set("p256"))
	g := newGate(t, urlSettings(p))
	g.patient().expect(t, signed("p256", "ES256", ""), "")
	g.ring.fetcher.timeout = 50 * time.Millisecond
	p.tell("hang", "")
	g.expect(t, signed("p384", "ES384", ""), "token_invalid")
	g.expect(t, signed("p384", "ES384", ""), "token_invalid") // Not fetched again: the last fetch failed just now.
	if p.count() != 2 {
		t.Errorf("%d calls, want 2", p.count())
	}
	g.expect(t, signed("p256", "ES256", ""), "")
}

func TestTokensStayRememberedAfterAFailedFetch(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	g := newGate(t, urlSettings(p)).patient()
	token := signed("p256", "ES256", "")
	g.expect(t, token, "")
	p.tell("500", "")
	g.expect(t, signed("p384", "ES384", ""), "token_invalid")
	g.clock.advance(firstBackoff) // The ring wants to be asked again, but the keys are fresh.
	hits := CacheHits.Load()
	g.expect(t, token, "")
	g.expect(t, token, "")
	if got := CacheHits.Load() - hits; got != 2 {
		t.Errorf("%d hits, want 2", got)
	}
}

func TestClientThatGoesAwayWhileKeysAreFetched(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	g := newGate(t, urlSettings(p)).patient()
	release := p.pause()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	token := signed("p256", "ES256", "")
	if _, no := Check(g.Verifier, bearer(token).WithContext(ctx)); no == nil || no.Code != "keys_unavailable" {
		t.Errorf("got %v, want keys_unavailable", no)
	}
	release()
	g.expect(t, token, "") // The fetch went on for the others.
	if p.count() != 1 {
		t.Errorf("%d calls, want 1", p.count())
	}
}

func TestNoGoroutineStays(t *testing.T) {
	p := newProvider(t, theKeys().set("p256"))
	c := newClock()
	registry := newRegistry(c.now)
	token := signed("p256", "ES256", "")
	warm := func() {
		v := gateOf(t, registry, urlSettings(p))
		if _, no := Check(v, bearer(token)); no != nil {
			t.Fatalf("refused: %s", no.Code)
		}
		settle(v)
	}
	warm()
	before := runtime.NumGoroutine()
	for i := 0; i < 50; i++ {
		warm()
	}
	if p.count() != 1 {
		t.Errorf("%d calls for 50 reloads, want 1", p.count())
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, %d before the reloads", after, before)
	}
}

func TestAPanicWhileFetchingIsAFailure(t *testing.T) {
	r := &ring{} // Without a fetcher.
	if set, _, fault := r.fetched(); set != nil || fault == "" {
		t.Errorf("got %v and %q, want a fault", set, fault)
	}
}
