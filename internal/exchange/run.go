package exchange

import (
	"net/url"
	"strings"
	"testing"
)

// Host runs the gate in one of the ways in which operators do.
type Host interface {
	// Start serves the gate of every exchange, with its policy, in front of the upstream, under the exchange's host
	// name, and returns the address to connect to. What it starts it stops in t.Cleanup.
	Start(t *testing.T, exchanges []*Exchange, upstream *url.URL) (address string)
}

// Run sends the requests of all exchanges to the host and compares the answers and what Kibana received.
func Run(t *testing.T, exchanges []*Exchange, host Host) {
	t.Helper()
	kibana := newUpstream()
	t.Cleanup(kibana.server.Close)
	base, err := url.Parse(kibana.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	scanner := startScanner(t)
	scenes := make([]*scene, len(exchanges))
	staged := make([]*Exchange, len(exchanges))
	for i, e := range exchanges {
		s := &scene{exchange: e, dir: t.TempDir(), provider: kibana.server.URL + providerPath + e.Name, scanner: scanner}
		expanded := *e
		expanded.Policy, err = s.expand(quiet(e.Policy), false)
		if err != nil {
			t.Fatalf("%s: policy.yaml: %v", e.Name, err)
		}
		scenes[i], staged[i] = s, &expanded
	}
	address := host.Start(t, staged, base)
	// The group ends when all its parallel exchanges have.
	t.Run("exchange", func(t *testing.T) {
		for _, s := range scenes {
			t.Run(s.exchange.Name, func(t *testing.T) {
				t.Parallel()
				s.run(t, address, kibana)
			})
		}
	})
}

// quiet turns the audit log off where a policy says nothing about it: its default is the process's own output.
func quiet(policy string) string {
	if strings.HasPrefix(policy, "audit:") || strings.Contains(policy, "\naudit:") {
		return policy
	}
	return policy + "audit: {output: \"off\"}\n"
}

// run sends the requests of one exchange one after the other: a gate remembers tokens and owners.
func (s *scene) run(t *testing.T, address string, kibana *upstream) {
	t.Helper()
	for _, c := range s.exchange.Cases {
		name := c.Name
		if name == "" {
			name = "request"
		}
		t.Run(name, func(t *testing.T) {
			s.runCase(t, c, address, kibana)
			if t.Failed() {
				t.Logf("%s.txtar shows: %s", s.exchange.Name, s.exchange.Rule)
			}
		})
	}
}

func (s *scene) runCase(t *testing.T, c *Case, address string, kibana *upstream) {
	t.Helper()
	request := s.mustExpand(t, "request", c.request, true)
	if strings.TrimSpace(c.provider) == "" {
		c.provider = s.exchange.provider
	}
	kibana.stage(s.exchange, s.behaviours(t, "kibana", c.kibana), s.behaviours(t, "provider", c.provider))
	message, err := compose(request, s.exchange.Host())
	if err != nil {
		t.Fatal(err)
	}
	got, err := message.send(address)
	if err != nil {
		t.Fatal(err)
	}
	var wanted []string
	for _, source := range c.upstream {
		wanted = append(wanted, s.mustExpand(t, "upstream", source, true))
	}
	var differences []string
	if got != nil {
		differences = compareAnswer(s.mustExpand(t, "answer", c.answer, false), got)
	}
	// After a wrong answer it would be no use to wait for what it kept from Kibana.
	patient := len(wanted)
	if len(differences) > 0 {
		patient = 0
	}
	received := kibana.received(s.exchange.Host(), patient)
	differences = append(differences, compareUpstream(wanted, received, request)...)
	for _, r := range received {
		if s.rewrites(r) {
			differences = append(differences, broken(r, request, !strings.Contains(s.exchange.Policy, "mode: stream"))...)
		}
	}
	for _, difference := range differences {
		t.Error(difference)
	}
}

// rewrites reports whether a request that Kibana received is an upload that the gate must have written itself.
func (s *scene) rewrites(r record) bool {
	path, _, _ := strings.Cut(r.target, "?")
	found := casePath.FindStringSubmatch(path)
	return r.method == "POST" && found != nil && found[2] != "" && !r.broken &&
		!strings.Contains(s.exchange.Policy, "enforcement: report")
}

func (s *scene) mustExpand(t *testing.T, what, source string, crlf bool) string {
	t.Helper()
	text, err := s.expand(source, crlf)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return text
}

func (s *scene) behaviours(t *testing.T, what, source string) []behaviour {
	t.Helper()
	rules, err := behaviours(s.mustExpand(t, what, source, false))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return rules
}
