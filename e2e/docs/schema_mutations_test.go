package docs

import (
	"strings"
	"testing"
)

// The checker would see what a hand that edits the examples gets wrong.
func TestSchemaSeesFaults(t *testing.T) {
	known := definitions(t)
	limit := read(t, "examples/kubernetes-replicas/upload-limit.yaml")
	cases := []struct{ name, old, new, fault string }{
		{"as it is", "average: 60", "average: 60", ""},
		{"an unknown key", "average: 60", "averages: 60", "spec.rateLimit.averages: there is no such key"},
		{"a text for a number", "average: 60", `average: "60"`, "is string, not integer"},
		{"a number below its minimum", "average: 60", "average: -1", "beyond the minimum"},
		{"a list for a text", "secret: redis-credentials", "secret: [redis-credentials]", "not string"},
		{"a list for a number or a text", "period: 1m", "period: [1m]", "none of the kinds"},
		{"no name", "  name: upload-limit\n", "", "lacks name"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			resource := decodeYAML(t, c.name, replace(t, limit, c.old, c.new))[0]
			faults := strings.Join(known["Middleware"].faults("", resource), "\n")
			if (c.fault == "") != (faults == "") || !strings.Contains(faults, c.fault) {
				t.Errorf("faults %q, want %q", faults, c.fault)
			}
		})
	}
}
