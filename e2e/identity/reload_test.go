package identity

import (
	"fmt"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// Traefik makes every middleware anew whenever any provider's configuration changes: the keys must outlive that.
func TestReloadsFetchNothingAgain(t *testing.T) {
	p := startProvider(t)
	serve(t, kibana.URL(), p.settings("1h"))
	u := startUploads(t, p)
	u.more(t)
	before := counter(t, "goroutines", traefik.Goroutines)
	for i := range 20 {
		policy := map[string]any{
			"token": p.settings("1h"),
			"files": map[string]any{"maxSize": fmt.Sprintf("%dMiB", 20+i)},
		}
		if err := traefik.Reload(harness.Gate(kibana.URL(), policy)); err != nil {
			t.Fatal(err)
		}
	}
	u.more(t)
	after := counter(t, "goroutines", traefik.Goroutines)
	u.stop()
	counts := p.counts(t)
	t.Logf("%d uploads during 20 reloads, %d fetches of keys, goroutines %d before and %d after", u.passed.Load(), counts.Keys, before, after)
	if counts.Keys != 1 || counts.Discovery != 1 {
		t.Errorf("%d fetches of keys, %d of the discovery document, want 1", counts.Keys, counts.Discovery)
	}
	harness.Eventually(t, fmt.Sprintf("Traefik has about %d goroutines again", before), func() bool {
		now, err := traefik.Goroutines()
		return err == nil && now <= before+10
	})
}
