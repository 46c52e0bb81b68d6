package identity

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

// firstBackoff is how long the gate waits after the first failed fetch; later ones are longer.
const firstBackoff = 5 * time.Second

// site is a host name with a gate of its own, whose keys a stub serves.
type site struct {
	host string
	old  *signer
	stub *stub
}

// newSites makes a site for every fault, and the routers and middlewares for them in a dynamic configuration.
func newSites(t *testing.T, dynamic map[string]any, prefix string, names []string, token map[string]any) []*site {
	t.Helper()
	http := dynamic["http"].(map[string]any)
	sites := []*site{}
	for i, name := range names {
		s := &site{host: prefix + strconv.Itoa(i) + ".example", old: newSigner(t, "old of "+name)}
		s.stub = startStub(t, s.old)
		settings := map[string]any{"issuer": harness.Issuer, "jwksUrl": s.stub.URL, "keysTtl": keysTTL.String()}
		for key, value := range token {
			settings[key] = value
		}
		id := prefix + strconv.Itoa(i)
		http["middlewares"].(map[string]any)[id] = harness.Middleware(map[string]any{"token": settings})
		http["routers"].(map[string]any)[id] = map[string]any{
			"rule": "Host(`" + s.host + "`)", "service": "kibana", "entryPoints": []string{"web"}, "middlewares": []string{id},
		}
		sites = append(sites, s)
	}
	return sites
}

// checkPace fails the test when keys were fetched more often than they may be: not before keysTtl is over, and not before
// the back-off after a failure. The times between are exact, since a request comes before its outcome. So many may come
// early.
func (s *site) checkPace(t *testing.T, early int) {
	t.Helper()
	const clocks = 50 * time.Millisecond
	seen := s.stub.seen()
	for i := 1; i < len(seen); i++ {
		least := firstBackoff
		if seen[i-1].good {
			least = keysTTL
		}
		gap := seen[i].at.Sub(seen[i-1].at)
		if gap >= least-clocks {
			continue
		}
		if early--; early < 0 {
			t.Errorf("fetch %d came %s after the one before it (good: %v), want %s at least", i+1, gap, seen[i-1].good, least)
		}
	}
	t.Logf("%d fetches, %d of them failed", len(seen), s.stub.count(false))
}

func TestAProviderThatFails(t *testing.T) {
	upstream := startSink(t)
	var strays atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) { strays.Add(1) }))
	t.Cleanup(elsewhere.Close)
	all := faults(elsewhere.URL)
	names := []string{}
	for _, f := range all {
		names = append(names, f.name)
	}
	dynamic := map[string]any{"http": map[string]any{
		"routers":     map[string]any{},
		"middlewares": map[string]any{},
		"services":    map[string]any{"kibana": harness.Service(upstream.URL)},
	}}
	cold := newSites(t, dynamic, "cold", names, nil)
	warm := newSites(t, dynamic, "warm", names, nil)
	stale := newSites(t, dynamic, "stale", []string{"status 500"}, map[string]any{"keysMaxStale": "2s"})[0]
	if err := traefik.Reload(dynamic); err != nil {
		t.Fatal(err)
	}
	// The times of the faults pass side by side. They are mostly waiting, so that t.Parallel, which runs one test a
	// processor, would be too slow.
	var together sync.WaitGroup
	for i, f := range all {
		together.Go(func() {
			t.Run("before the first use/"+f.name, func(t *testing.T) { failsFromTheStart(t, cold[i], f, upstream) })
		})
		together.Go(func() {
			t.Run("after a warm-up/"+f.name, func(t *testing.T) { failsLater(t, warm[i], f) })
		})
	}
	together.Go(func() {
		t.Run("longer than keysMaxStale", func(t *testing.T) { failsTooLong(t, stale, all[0]) })
	})
	together.Wait()
	if n := strays.Load(); n != 0 {
		t.Errorf("the other host was asked %d times", n)
	}
}

// failsFromTheStart: no keys, no answer about a token, and one fetch for all who ask.
func failsFromTheStart(t *testing.T, s *site, f fault, upstream *sink) {
	s.stub.breaks(f)
	c := newClient(t, smallFile())
	token := s.old.token(t, s.old.id)
	var together sync.WaitGroup
	for range 4 {
		together.Go(func() {
			answer, err := c.upload(s.host, token)
			if err != nil {
				t.Error(err)
				return
			}
			checkUnavailable(t, answer)
		})
	}
	together.Wait()
	if n := upstream.requests(s.host); n != 0 {
		t.Errorf("the upstream saw %d requests", n)
	}
	if !f.flaps {
		s.stub.mend(t, s.old)
	}
	eventually(t, "uploads pass without a restart", func() bool {
		answer := c.mustUpload(t, s.host, token)
		if answer.Status == http.StatusOK {
			return true
		}
		checkUnavailable(t, answer)
		return false
	})
	s.checkPace(t, 0)
}

// failsLater: the old keys serve all the while, and a new key is taken when the provider is well again.
func failsLater(t *testing.T, s *site, f fault) {
	c := newClient(t, smallFile())
	token := s.old.token(t, s.old.id)
	c.mustPass(t, s.host, token)
	s.stub.breaks(f)
	// The second one comes when the first has failed.
	eventually(t, "the gate has asked twice in vain", func() bool {
		c.mustPass(t, s.host, token)
		return s.stub.count(false) >= 2
	})
	next := newSigner(t, "next")
	s.stub.mend(t, next)
	fresh := next.token(t, next.id)
	eventually(t, "the new key is taken", func() bool {
		answer := c.mustUpload(t, s.host, fresh)
		if answer.Status == http.StatusOK {
			return true
		}
		if fault := wrong(answer, "token_invalid"); fault != "" {
			t.Fatal(fault)
		}
		return false
	})
	if fault := wrong(c.mustUpload(t, s.host, token), "token_invalid"); fault != "" {
		t.Errorf("the old key: %s", fault)
	}
	// The unknown key of the fresh token may have been asked for.
	s.checkPace(t, 1)
}

// failsTooLong: beyond keysMaxStale nothing is known about any token.
func failsTooLong(t *testing.T, s *site, f fault) {
	c := newClient(t, smallFile())
	token := s.old.token(t, s.old.id)
	c.mustPass(t, s.host, token)
	s.stub.breaks(f)
	eventually(t, "the keys are too old", func() bool {
		answer := c.mustUpload(t, s.host, token)
		if answer.Status == http.StatusOK {
			return false
		}
		checkUnavailable(t, answer)
		return true
	})
	s.stub.mend(t, s.old)
	eventually(t, "uploads pass again", func() bool { return c.mustUpload(t, s.host, token).Status == http.StatusOK })
	s.checkPace(t, 0)
}

// checkUnavailable fails the test when the answer is not 503 keys_unavailable with a time to try again.
func checkUnavailable(t *testing.T, answer *harness.Answer) {
	t.Helper()
	if fault := wrong(answer, "keys_unavailable"); fault != "" {
		t.Error(fault)
	}
	after, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil || after < 1 || after > 30 || answer.Status != http.StatusServiceUnavailable {
		t.Errorf("status %d, Retry-After %q, want 503 and 1 to 30 seconds", answer.Status, answer.Header.Get("Retry-After"))
	}
}

// An answer of 50 MiB is read as far as 1 MiB, and not held.
func TestAHugeAnswerCostsLittle(t *testing.T) {
	upstream := startSink(t)
	keys := newSigner(t, "key")
	s := startStub(t, keys)
	var sent atomic.Int64
	serve(t, upstream.URL, map[string]any{"issuer": harness.Issuer, "jwksUrl": s.URL})
	s.breaks(fault{handler: huge(&sent)})
	c := newClient(t, smallFile())
	// Garbage is collected, and the peak begins anew.
	counter(t, "heap", traefik.HeapInUse)
	if err := os.WriteFile("/proc/"+strconv.Itoa(traefik.PID)+"/clear_refs", []byte("5"), 0o200); err != nil {
		t.Fatal(err)
	}
	before := counter(t, "memory", traefik.PeakRSS)
	checkUnavailable(t, c.mustUpload(t, "", keys.token(t, keys.id)))
	after := counter(t, "memory", traefik.PeakRSS)
	t.Logf("of 50 MiB %d KiB could be sent, Traefik's memory peaked %d KiB higher", sent.Load()>>10, (after-before)>>10)
	// What is sent and not read waits in the sockets' buffers.
	if sent.Load() > 16<<20 || after-before > 16<<20 {
		t.Errorf("%d bytes sent, %d more bytes of memory, want 16 MiB of each at most", sent.Load(), after-before)
	}
	s.mend(t, keys)
	eventually(t, "uploads pass", func() bool { return c.mustUpload(t, "", keys.token(t, keys.id)).Status == http.StatusOK })
}
