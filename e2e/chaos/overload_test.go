package chaos

import (
	"bytes"
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

// maxHeld is the policy's; the clients together send more than that at once.
const maxHeld = 16 << 20

// paced is a reader as a network is one: a piece, a pause.
type paced struct {
	rest  *bytes.Reader
	pause time.Duration
}

func (p *paced) Read(some []byte) (int, error) {
	time.Sleep(p.pause)
	return p.rest.Read(some[:min(len(some), 64<<10)])
}

// overload sends more than delivery.maxHeld while others are refused at the token.
func overload(t *testing.T, s *stand) string {
	return s.each(t, false, func(t *testing.T, h host, kibana *harness.Upstream) string {
		h.use(t, kibana.URL(), policyOf("hold", map[string]any{"delivery": map[string]any{"maxHeld": fmt.Sprint(maxHeld)}}))
		checkWell(t, h, kibana)
		b := newBook()
		calm := make(chan struct{})
		time.AfterFunc(time.Duration(size(1, 10))*time.Second, func() { close(calm) })
		idle := refusalTimes(t, h, calm)
		before := resident(t, h.pid())
		peak := watchMemory(t, h)
		done := make(chan struct{})
		var mostHeld, wrong atomic.Int64
		var watching, clients sync.WaitGroup
		watching.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(50 * time.Millisecond):
					if held := metric(t, h, "casegate_held_bytes"); held > mostHeld.Load() {
						mostHeld.Store(held)
					}
				}
			}
		})
		for range size(16, 40) {
			clients.Go(func() {
				client := newClient(patience)
				defer client.CloseIdleConnections()
				for range size(2, 10) {
					p := newParcel(2<<20, false)
					request := p.request(h, &paced{rest: bytes.NewReader(p.form), pause: 40 * time.Millisecond})
					request.ContentLength = int64(len(p.form))
					answer, err := answerOf(client, request)
					b.note(p, answer, err)
					if err == nil && answer.Status != http.StatusOK && (answer.Code() != "storage_unavailable" || answer.Header.Get("Retry-After") == "") {
						wrong.Add(1)
					}
				}
			})
		}
		over := make(chan struct{})
		go func() {
			clients.Wait()
			close(over)
		}()
		loaded := refusalTimes(t, h, over)
		<-over
		close(done)
		watching.Wait()
		more := peak() - before
		if wrong.Load() > 0 {
			t.Errorf("%s: %d answers were neither 200 nor 503 storage_unavailable with Retry-After", h.name(), wrong.Load())
		}
		if b.count("storage_unavailable") == 0 || b.count("200") == 0 {
			t.Errorf("%s: %s: the load shows nothing", h.name(), b)
		}
		if mostHeld.Load() > maxHeld || mostHeld.Load() == 0 {
			t.Errorf("%s: %d bytes were held, delivery.maxHeld is %d", h.name(), mostHeld.Load(), maxHeld)
		}
		if more > maxHeld+128<<20 {
			t.Errorf("%s: %d MiB more memory", h.name(), more>>20)
		}
		if p99, limit := percentile(loaded, 99), 5*max(percentile(idle, 99), schedulerNoise); p99 > limit {
			t.Errorf("%s: the 99th percentile of a 401 is %s under load, idle %s", h.name(), p99, percentile(idle, 99))
		}
		b.check(t, h, kibana)
		if held := metric(t, h, "casegate_held_bytes"); held != 0 {
			t.Errorf("%s: %d bytes are held afterwards", h.name(), held)
		}
		h.use(t, kibana.URL(), policyOf("hold", nil))
		checkWell(t, h, kibana)
		return fmt.Sprintf("%s, held ≤ %d MiB, +%d MiB, p99 of a 401 %s idle, %s loaded", b, mostHeld.Load()>>20, more>>20,
			percentile(idle, 99).Round(10*time.Microsecond), percentile(loaded, 99).Round(10*time.Microsecond))
	})
}

// schedulerNoise is the least that is taken for an idle gateway's slowest refusals: the clients of the load run on the same
// processors as the gateway.
const schedulerNoise = time.Millisecond

// refusalTimes are how long requests without a token take, one after the other at a steady pace, until the channel closes.
func refusalTimes(t *testing.T, h host, until <-chan struct{}) []time.Duration {
	t.Helper()
	client := newClient(patience)
	defer client.CloseIdleConnections()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	var times []time.Duration
	for {
		request, err := http.NewRequest(http.MethodPost, "http://"+h.address()+harness.CasePath("9"), strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		answer, err := answerOf(client, request)
		if err != nil || answer.Status != http.StatusUnauthorized {
			t.Fatalf("%s", told(answer, err))
		}
		times = append(times, time.Since(started))
		select {
		case <-until:
			slices.Sort(times)
			return times
		case <-ticker.C:
		}
	}
}

// percentile of sorted times.
func percentile(times []time.Duration, n int) time.Duration {
	return times[len(times)*n/100]
}
