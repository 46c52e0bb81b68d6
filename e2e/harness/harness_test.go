package harness

import (
	"fmt"
	"net/http"
	"testing"
)

func TestMain(m *testing.M) {
	Main(m, func() error { return Setup("node") })
}

// Without the gate the upload that the gate must refuse is stored: what the other packages prove is proved by the gate.
func TestUpstreamsBehindPlainTraefikStoreWhatIsSent(t *testing.T) {
	traefik := StartTraefik(t, Options{NoPlugin: true})
	for _, stack := range Stacks {
		t.Run(stack, func(t *testing.T) {
			upstream := StartUpstream(t, stack)
			if err := traefik.Reload(Gate(upstream.URL(), nil)); err != nil {
				t.Fatal(err)
			}
			for _, file := range append(GoodFiles(), BadFiles()...) {
				upstream.Reset(t)
				answer := Send(t, traefik.Addr, CasePath("9"), "", file)
				if answer.Status != http.StatusOK {
					t.Fatalf("%s: status %d: %s", file.Name, answer.Status, answer.Body)
				}
				CheckStored(t, upstream.Posts(t), file.Stem(), file)
			}
			upstream.Reset(t)
			if answer, err := Raw(traefik.Addr, []byte("POST /api/cases/9/files HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab"), true); err == nil {
				t.Logf("a request that breaks off: %d", answer.Status)
			}
			Eventually(t, "the request that broke off is counted", func() bool { return upstream.Requests(t) == 1 })
		})
	}
}

func TestMeasurements(t *testing.T) {
	traefik := StartTraefik(t, Options{NoPlugin: true})
	rss, err := traefik.RSS()
	if err != nil {
		t.Fatal(err)
	}
	peak, err := traefik.PeakRSS()
	if err != nil {
		t.Fatal(err)
	}
	heap, err := traefik.HeapInUse()
	if err != nil {
		t.Fatal(err)
	}
	cpu, err := traefik.CPU()
	if err != nil {
		t.Fatal(err)
	}
	goroutines, err := traefik.Goroutines()
	if err != nil {
		t.Fatal(err)
	}
	leftovers, err := traefik.Leftovers()
	if err != nil {
		t.Fatal(err)
	}
	facts := fmt.Sprintf("rss %d, peak %d, heap %d, cpu %s, goroutines %d, leftovers %q", rss, peak, heap, cpu, goroutines, leftovers)
	t.Log(facts)
	if rss < 1<<20 || peak < rss || heap < 1<<20 || heap > peak || cpu <= 0 || goroutines < 5 || len(leftovers) != 0 {
		t.Error(facts)
	}
}
