package exchange_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/casegate/casegate/internal/exchange"
	"github.com/casegate/casegate/middleware"
	"github.com/casegate/casegate/plugin"
)

// compiled is the gate as an ordinary middleware in a Go program, in front of net/http's reverse proxy.
type compiled struct{}

// Start serves all gates from one server.
func (compiled) Start(t *testing.T, exchanges []*exchange.Exchange, upstream *url.URL) string {
	t.Helper()
	gates := map[string]http.Handler{}
	for _, e := range exchanges {
		gates[e.Host()] = gate(t, e, proxy(upstream))
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		gates[req.Host].ServeHTTP(rw, req)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// proxy hands requests to the upstream under the host name that they came with.
func proxy(upstream *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			r.Out.Host = r.In.Host
			r.Out.URL.RawQuery = r.In.URL.RawQuery
		},
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

// gate makes the gate of an exchange. The faults of its policy must be those that the exchange lists; the plugin's
// entry then takes the policy all the same.
func gate(t *testing.T, e *exchange.Exchange, next http.Handler) http.Handler {
	t.Helper()
	var raw map[string]any
	if err := yaml.Unmarshal([]byte(e.Policy), &raw); err != nil {
		t.Fatalf("%s: policy.yaml: %v", e.Name, err)
	}
	policy, faults := middleware.Decode(raw)
	if difference := e.CompareFaults(faults); difference != "" {
		t.Error(difference)
	}
	if len(faults) == 0 {
		handler, err := middleware.New(policy, next, e.Name)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		return handler
	}
	config := plugin.CreateConfig()
	config.Keys = raw
	handler, err := plugin.New(context.Background(), next, config, e.Name)
	if err != nil {
		t.Fatalf("%s: %v", e.Name, err)
	}
	return handler
}

// TestCompiled runs the exchanges against the compiled middleware.
func TestCompiled(t *testing.T) {
	// The gate logs the faults of a policy, and providers and scanners that are down: many exchanges show just these.
	log.SetOutput(io.Discard)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	exchanges, err := exchange.Load("../../testdata/exchanges")
	if err != nil {
		t.Fatal(err)
	}
	exchange.Run(t, exchanges, compiled{})
}
