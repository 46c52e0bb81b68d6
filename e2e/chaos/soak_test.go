package chaos

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

// soak sends uploads and refusals, mixed, in portions; after each portion the memory is noted.
func soak(t *testing.T, s *stand) string {
	h := s.aTraefik()
	kibana := s.kibana("hapi")
	h.use(t, kibana.URL(), policyOf("hold", nil))
	count := size(2000, 200_000)
	const portions = 40
	mix := newMix(h)
	defer mix.close()
	// Caches and pools fill before the first measurement.
	mix.send(t, count/10)
	mix.book.check(t, h, kibana)
	before := measured(t, h)
	started := time.Now()
	var rss, heap []int64
	for i := range portions {
		mix.send(t, count/portions)
		mix.book.check(t, h, kibana)
		rss = append(rss, resident(t, h.pid()))
		if i%5 == 4 {
			heap = append(heap, measured(t, h).heap)
		}
		if t.Failed() {
			break
		}
	}
	took := time.Since(started)
	mix.close()
	after := measured(t, h)
	before.checkFlat(t, h, after)
	figures := fmt.Sprintf("%d requests in %s (%.0f/s), %s, %s → %s", count, took.Round(time.Second), float64(count)/took.Seconds(), mix.book, before, after)
	if t.Failed() {
		return figures
	}
	second, last := median(rss[portions/4:portions/2]), median(rss[portions*3/4:])
	// In the short form the whole is over before the runtime has settled.
	if limit := second + second*int64(size(25, 5))/100; last > limit {
		t.Errorf("resident memory: median %d MiB in the second quarter, %d MiB in the last: %d", second>>20, last>>20, rss)
	}
	if heapSecond, heapLast := heap[3], heap[len(heap)-1]; heapLast > heapSecond+heapSecond*int64(size(25, 5))/100+4<<20 {
		t.Errorf("the heap after a collection: %d", heap)
	}
	return fmt.Sprintf("%s; resident, medians by quarter: %d, %d, %d, %d MiB", figures, median(rss[:portions/4])>>20, second>>20,
		median(rss[portions/2:portions*3/4])>>20, last>>20)
}

func median(values []int64) int64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// mix is a client of each kind, over connections that are kept.
type mix struct {
	h      host
	book   *book
	client *http.Client
	next   atomic.Int64
}

func newMix(h host) *mix { return &mix{h: h, book: newBook(), client: newClient(patience)} }

func (m *mix) close() { m.client.CloseIdleConnections() }

func (m *mix) send(t *testing.T, count int) {
	t.Helper()
	var left atomic.Int64
	left.Store(int64(count))
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for left.Add(-1) >= 0 && !t.Failed() {
				if err := m.one(m.next.Add(1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
}

// one sends the n-th request: of a hundred, one is so large that it goes to a file, and half are refused in turn.
func (m *mix) one(n int64) error {
	var p parcel
	want := ""
	token := uploadToken
	switch n % 10 {
	case 0:
		bytesOfText := 20_000
		if n%100 == 0 {
			bytesOfText = 1200 << 10
		}
		p = newParcel(bytesOfText, false)
	case 1, 3, 5, 7:
		p = newParcel(3000, false)
	case 2, 6:
		p, want = newParcel(3000, false), "token_invalid"
		token = strangersToken
	case 4:
		bad := harness.BadFiles()[int(n/10)%len(harness.BadFiles())]
		p, want = parcelOf("bad", bad, n), "a refusal"
	case 8:
		p, want = newParcel(3000, true), "content_mismatch"
	default:
		p, want = newParcel(3000, false), "xsrf_missing"
	}
	request := p.request(m.h, strings.NewReader(string(p.form)))
	request.Header.Set("Authorization", "Bearer "+token)
	if want == "xsrf_missing" {
		request.Header.Del("kbn-xsrf")
	}
	answer, err := answerOf(m.client, request)
	m.book.note(p, answer, err)
	switch {
	case err != nil:
		return err
	case want == "" && answer.Status != http.StatusOK,
		want == "a refusal" && answer.Code() == "",
		want != "" && want != "a refusal" && answer.Code() != want:
		return fmt.Errorf("status %d, code %q, want %q: %s", answer.Status, answer.Code(), want, answer.Body)
	}
	return nil
}

// strangersToken is well made, and its signature is another token's.
var strangersToken = func() string {
	mine, other := harness.Token(nil), harness.Token(map[string]any{"sub": "eve"})
	return mine[:strings.LastIndexByte(mine, '.')] + other[strings.LastIndexByte(other, '.'):]
}()
