package chaos

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// steady uploads with a token all the time until it is stopped.
type steady struct {
	book   *book
	passed atomic.Int64
	done   chan struct{}
	once   sync.Once
	all    sync.WaitGroup
}

func startSteady(t *testing.T, h host, token func(client int) string) *steady {
	u := &steady{book: newBook(), done: make(chan struct{})}
	for i := range 3 {
		u.all.Go(func() {
			client := newClient(patience)
			defer client.CloseIdleConnections()
			for {
				select {
				case <-u.done:
					return
				default:
				}
				answer, err := u.book.uploadWith(client, h, token(i))
				if err != nil || answer.Status != http.StatusOK {
					t.Errorf("%s: an upload failed during reloads: %s", h.name(), told(answer, err))
					return
				}
				u.passed.Add(1)
			}
		})
	}
	return u
}

// stop may be called twice.
func (u *steady) stop() {
	u.once.Do(func() { close(u.done) })
	u.all.Wait()
}

// reloads changes the configuration while uploads run, breaks it, and mends it.
func reloads(t *testing.T, s *stand) string {
	return s.each(t, true, func(t *testing.T, h host, kibana *harness.Upstream) string {
		p := newProvider(t)
		change := func(i int) {
			policy := p.policy("hold", "1h")
			policy["files"] = map[string]any{"maxSize": fmt.Sprintf("%dMiB", 20+i%50)}
			h.use(t, kibana.URL(), policy)
		}
		change(0)
		tokens := []string{p.token("one", nil), p.token("two", nil), p.token("three", nil)}
		u := startSteady(t, h, func(client int) string { return tokens[client] })
		defer u.stop()
		// What the first changes fill stays filled.
		for i := range size(4, 40) {
			change(i)
		}
		before := measured(t, h)
		misses := metric(t, h, "casegate_token_cache_misses_total")
		count := size(12, 200)
		for i := range count {
			change(i)
		}
		after := measured(t, h)
		u.stop()
		u.book.check(t, h, kibana)
		if u.passed.Load() < int64(count) {
			t.Errorf("%s: only %d uploads passed during %d reloads", h.name(), u.passed.Load(), count)
		}
		if fetches := p.fetches.Load(); fetches != 1 {
			t.Errorf("%s: %d fetches of keys, want 1: the keys are not kept", h.name(), fetches)
		}
		// A token is remembered for a minute: it may be verified a few times more, not with each reload.
		if more := metric(t, h, "casegate_token_cache_misses_total") - misses; more > int64(len(tokens)*size(3, 12)) {
			t.Errorf("%s: %d tokens were verified %d times during the reloads: they are not kept", h.name(), len(tokens), more)
		}
		before.checkFlat(t, h, after)
		openAndShut(t, h, kibana, p)
		return fmt.Sprintf("%d reloads, %d uploads, %s → %s", count, u.passed.Load(), before, after)
	})
}

// openAndShut breaks the configuration and mends it. `casegate serve` keeps the old policy, by design.
func openAndShut(t *testing.T, h host, kibana *harness.Upstream, p *provider) {
	t.Helper()
	if h.name() != "traefik" {
		return
	}
	client := newClient(patience)
	defer client.CloseIdleConnections()
	b := newBook()
	for range size(2, 10) {
		broken := p.policy("hold", "1h")
		broken["filez"] = map[string]any{"maxSize": "lots"}
		h.use(t, kibana.URL(), broken)
		if answer, err := b.uploadWith(client, h, p.token("one", nil)); err != nil || answer.Code() != "misconfigured" {
			t.Errorf("with a broken configuration: %s", told(answer, err))
		}
		request, err := http.NewRequest(http.MethodGet, "http://"+h.address()+"/app/home", nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := answerOf(client, request); err != nil || answer.Status != http.StatusOK {
			t.Errorf("another request with a broken configuration: %s", told(answer, err))
		}
		h.use(t, kibana.URL(), p.policy("hold", "1h"))
		if answer, err := b.uploadWith(client, h, p.token("one", nil)); err != nil || answer.Status != http.StatusOK {
			t.Errorf("with the configuration mended: %s", told(answer, err))
		}
	}
	if fetches := p.fetches.Load(); fetches != 1 {
		t.Errorf("%d fetches of keys after the broken configuration, want 1", fetches)
	}
	b.check(t, h, kibana)
}

// figures of a process. Heap and goroutines are Traefik's alone: casegate serve has no door to ask at.
type processFigures struct {
	descriptors      int
	resident         int64
	heap, goroutines int64
}

func measured(t *testing.T, h host) processFigures {
	t.Helper()
	var f processFigures
	if traefik, ok := h.(*traefikHost); ok {
		var err error
		if f.heap, err = traefik.HeapInUse(); err != nil {
			t.Fatal(err)
		}
		if f.goroutines, err = traefik.Goroutines(); err != nil {
			t.Fatal(err)
		}
	}
	f.descriptors, f.resident = descriptors(t, h.pid()), resident(t, h.pid())
	return f
}

func (f processFigures) String() string {
	return fmt.Sprintf("%d fds/%d MiB/heap %d MiB/%d goroutines", f.descriptors, f.resident>>20, f.heap>>20, f.goroutines)
}

// checkFlat fails the test when later figures are higher than these.
func (f processFigures) checkFlat(t *testing.T, h host, later processFigures) {
	t.Helper()
	if later.descriptors > f.descriptors+15 || later.goroutines > f.goroutines+25 ||
		later.heap > f.heap+f.heap/10+16<<20 || later.resident > f.resident+f.resident/5+32<<20 {
		t.Errorf("%s: before %s, after %s", h.name(), f, later)
	}
}
