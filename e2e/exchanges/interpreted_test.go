// Package exchanges runs the exchanges of testdata/exchanges where operators run the gate: in Traefik's interpreter, with
// the configuration decoded as Traefik does, and in a real Traefik.
package exchanges

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/mitchellh/mapstructure"
	"github.com/traefik/paerser/file"
	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	"github.com/casegate/casegate/e2e/harness"
	"github.com/casegate/casegate/internal/exchange"
)

// interpreted is the plugin in the interpreter that Traefik uses, one for all gates as in Traefik, behind net/http.
type interpreted struct{}

// Start loads the plugin and serves all gates from one server.
func (interpreted) Start(t *testing.T, exchanges []*exchange.Exchange, upstream *url.URL) string {
	t.Helper()
	loaded, logged := load(t)
	gates := map[string]http.Handler{}
	for _, e := range exchanges {
		logged.Reset()
		handler, err := loaded.build(decode(t, e), proxy(upstream), e.Name)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		gates[e.Host()] = handler
		if difference := e.CompareFaults(faults(e.Name, logged.String())); difference != "" {
			t.Error(difference)
		}
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

// plugin is the interpreted plugin.
type plugin struct{ createConfig, newHandler reflect.Value }

// load reads the plugin's sources as Traefik does: in a GOPATH, without modules.
func load(t testing.TB) (plugin, *output) {
	t.Helper()
	gopath := t.TempDir()
	sources := filepath.Join(gopath, "src", filepath.FromSlash(harness.PluginModule))
	if err := os.MkdirAll(filepath.Dir(sources), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(sourceFolder(), sources); err != nil {
		t.Fatal(err)
	}
	logged := &output{}
	interpreter := interp.New(interp.Options{GoPath: gopath, Env: os.Environ(), Stdout: io.Discard, Stderr: logged})
	if err := interpreter.Use(stdlib.Symbols); err != nil {
		t.Fatal(err)
	}
	if _, err := interpreter.Eval(`import "` + harness.PluginModule + `/plugin"`); err != nil {
		t.Fatal(err)
	}
	evaluate := func(name string) reflect.Value {
		value, err := interpreter.Eval("plugin." + name)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	return plugin{createConfig: evaluate("CreateConfig"), newHandler: evaluate("New")}, logged
}

// output is what the plugin logs: it goes on while requests are served.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(text)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *output) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Reset()
}

// faults finds the faults of a middleware's policy among the lines that the plugin logged when it was made.
func faults(middleware, logged string) []string {
	var found []string
	for _, line := range strings.Split(logged, "\n") {
		_, fault, named := strings.Cut(line, "casegate: middleware "+middleware+": ")
		if named && !strings.Contains(fault, "every upload is refused") {
			found = append(found, fault)
		}
	}
	return found
}

// sourceFolder is the work tree; CASEGATE_PLUGIN_SOURCE may name another folder by its absolute path.
func sourceFolder() string {
	if source := os.Getenv("CASEGATE_PLUGIN_SOURCE"); filepath.IsAbs(source) {
		return source
	}
	return harness.Root()
}

// decode reads a policy as Traefik's file provider does: the map that it makes of the YAML text.
func decode(t *testing.T, e *exchange.Exchange) map[string]any {
	t.Helper()
	var configuration struct {
		HTTP struct {
			Middlewares map[string]*struct {
				Plugin map[string]map[string]any
			}
		}
	}
	text := "http:\n  middlewares:\n    gate:\n      plugin:\n        casegate:\n" + indent(e.Policy, "          ")
	if err := file.DecodeContent(text, ".yml", &configuration); err != nil {
		t.Fatalf("%s: policy.yaml: %v", e.Name, err)
	}
	gate := configuration.HTTP.Middlewares["gate"]
	if gate == nil {
		t.Fatalf("%s: the file provider makes no middleware of policy.yaml", e.Name)
	}
	return gate.Plugin["casegate"]
}

func indent(text, by string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) != "" {
			lines[i] = by + line
		}
	}
	return strings.Join(lines, "")
}

// build does what Traefik's plugin builder does with a middleware.
func (p plugin) build(raw map[string]any, next http.Handler, name string) (http.Handler, error) {
	config := p.createConfig.Call(nil)[0]
	if len(raw) > 0 {
		decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
			DecodeHook:       mapstructure.StringToSliceHookFunc(","),
			WeaklyTypedInput: true,
			Result:           config.Interface(),
		})
		if err != nil {
			return nil, err
		}
		if err := decoder.Decode(raw); err != nil {
			return nil, err
		}
	}
	results := p.newHandler.Call([]reflect.Value{
		reflect.ValueOf(context.Background()), reflect.ValueOf(next), config, reflect.ValueOf(name),
	})
	if err, failed := results[1].Interface().(error); failed {
		return nil, err
	}
	handler, ok := results[0].Interface().(http.Handler)
	if !ok {
		return nil, fmt.Errorf("New returned %T, which is no handler", results[0].Interface())
	}
	return handler, nil
}

// all loads the exchanges.
func all(t *testing.T) []*exchange.Exchange {
	t.Helper()
	exchanges, err := exchange.Load(filepath.Join(harness.Root(), "testdata", "exchanges"))
	if err != nil {
		t.Fatal(err)
	}
	return exchanges
}

// TestInterpreted runs the exchanges against the interpreted plugin.
func TestInterpreted(t *testing.T) {
	exchange.Run(t, all(t), interpreted{})
}
