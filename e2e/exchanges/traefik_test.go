package exchanges

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
	"github.com/casegate/casegate/internal/exchange"
)

// traefik is a real Traefik with one router, one middleware and one host name for each exchange.
type traefik struct{}

// Start starts Traefik.
func (traefik) Start(t *testing.T, exchanges []*exchange.Exchange, upstream *url.URL) string {
	t.Helper()
	var routers, middlewares strings.Builder
	for _, e := range exchanges {
		fmt.Fprintf(&routers, "    %s:\n      rule: Host(`%s`)\n      service: kibana\n      middlewares: [%s]\n", e.Name, e.Host(), e.Name)
		fmt.Fprintf(&middlewares, "    %s:\n      plugin:\n        casegate:\n%s", e.Name, indent(e.Policy, "          "))
	}
	dynamic := "http:\n  routers:\n" + routers.String() + "  middlewares:\n" + middlewares.String() +
		"  services:\n    kibana:\n      loadBalancer:\n        servers:\n          - url: " + upstream.String() + "\n"
	// Traefik would clean dot segments and empty ones away, and the gate must not rely on it.
	raw := map[string]any{"http": map[string]any{"sanitizePath": false}}
	started := harness.StartTraefik(t, harness.Options{Dynamic: dynamic, EntryPoint: raw})
	logged := messages(t, started.Log())
	for _, e := range exchanges {
		if difference := e.CompareFaults(faults(e.Name+"@file", logged)); difference != "" {
			t.Error(difference)
		}
	}
	return started.Addr
}

// messages takes the messages out of Traefik's log.
func messages(t *testing.T, log string) string {
	t.Helper()
	var found strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(log), "\n") {
		var entry struct{ Message string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("Traefik's log: %s: %v", line, err)
		}
		found.WriteString(entry.Message + "\n")
	}
	return found.String()
}

// TestTraefik runs the exchanges against a real Traefik.
func TestTraefik(t *testing.T) {
	exchange.Run(t, all(t), traefik{})
}
