package identity

import (
	"fmt"
	"net/http"
	"sort"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

const (
	floodRounds      = 5
	perRound         = 2000
	floodConnections = 4
	// unknownInterval is the least time between two fetches that unknown keys cause.
	unknownInterval = 30 * time.Second
)

// A flood of tokens that each name another key, signed well by somebody else: each is refused, next to nothing is fetched,
// and a refusal costs no more than the upload that it is in place of.
func TestAFloodOfUnknownKeys(t *testing.T) {
	upstream := startSink(t)
	keys, stranger := newSigner(t, "key"), newSigner(t, "stranger")
	s := startStub(t, keys)
	serve(t, upstream.URL, map[string]any{"issuer": harness.Issuer, "jwksUrl": s.URL, "keysTtl": "1h"})
	c := newClient(t, tenKiB())
	good := keys.token(t, keys.id)
	c.mustPass(t, "", good)

	bad := make([]string, (floodRounds+1)*perRound)
	for i := range bad {
		bad[i] = stranger.token(t, fmt.Sprintf("unknown-%d", i))
	}
	started := time.Now()
	refused, accepted := []time.Duration{}, []time.Duration{}
	for round := 0; round <= floodRounds; round++ {
		portion := bad[round*perRound : (round+1)*perRound]
		before := upstream.requests(traefik.Addr)
		no := spend(t, func(i int) string { return send(c, portion[i], "token_invalid") })
		if n := upstream.requests(traefik.Addr) - before; n != 0 {
			t.Fatalf("the upstream saw %d requests of the flood", n)
		}
		yes := spend(t, func(_ int) string { return send(c, good, "") })
		// The first round warms up.
		if round > 0 {
			refused, accepted = append(refused, no/perRound), append(accepted, yes/perRound)
		}
	}
	took := time.Since(started)
	ratio := float64(median(refused)) / float64(median(accepted))
	fetches := len(s.seen())
	t.Logf("CPU of Traefik: %s per refused request, %s per accepted upload of 10 KiB (medians of %d rounds of %d): ratio %.2f; rounds %v and %v",
		median(refused), median(accepted), floodRounds, perRound, ratio, refused, accepted)
	t.Logf("%d tokens with unknown keys in %s: %d fetches", len(bad), took.Round(time.Millisecond), fetches)
	if ratio > 1 {
		t.Errorf("a refused request costs %.2f of an accepted one, want 1 at most", ratio)
	}
	if most := 2 + int(took/unknownInterval); fetches > most {
		t.Errorf("%d fetches, want %d at most", fetches, most)
	}
}

func tenKiB() harness.File {
	png := harness.PNG(60, 60)
	for side := 80; len(png) < 10<<10; side += 20 {
		png = harness.PNG(side, side)
	}
	return harness.File{Name: "screen.png", Type: "image/png", Bytes: png}
}

// send uploads and says what is wrong with the answer: the code is that of the refusal, or "" for none.
func send(c *client, token, code string) string {
	answer, err := c.upload("", token)
	switch {
	case err != nil:
		return err.Error()
	case code != "":
		return wrong(answer, code)
	case answer.Status != http.StatusOK:
		return fmt.Sprintf("status %d: %.200s", answer.Status, answer.Body)
	default:
		return ""
	}
}

// spend makes a round of requests over a few connections and gives the processor time that Traefik used for all of them.
func spend(t *testing.T, request func(i int) string) time.Duration {
	t.Helper()
	before, err := traefik.CPU()
	if err != nil {
		t.Fatal(err)
	}
	var next atomic.Int64
	var together sync.WaitGroup
	for range floodConnections {
		together.Go(func() {
			for i := next.Add(1) - 1; i < perRound; i = next.Add(1) - 1 {
				if fault := request(int(i)); fault != "" {
					t.Error(fault)
					return
				}
			}
		})
	}
	together.Wait()
	if t.Failed() {
		t.FailNow()
	}
	after, err := traefik.CPU()
	if err != nil {
		t.Fatal(err)
	}
	return after - before
}

func median(values []time.Duration) time.Duration {
	sorted := append([]time.Duration{}, values...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i] < sorted[j] })
	return sorted[len(sorted)/2]
}
