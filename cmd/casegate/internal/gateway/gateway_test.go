package gateway

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

func TestUploadsAreChecked(t *testing.T) {
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL)
	base := "http://" + g.address
	expect(t, http.DefaultClient, newUpload(t, base), http.StatusOK, "")
	if got := len(k.requests(http.MethodPost)); got != 1 {
		t.Fatalf("Kibana received %d uploads, want 1", got)
	}
	without := newUpload(t, base)
	without.Header.Del("Authorization")
	expect(t, http.DefaultClient, without, http.StatusUnauthorized, "token_missing")
	if got := len(k.requests(http.MethodPost)); got != 1 {
		t.Errorf("Kibana received %d uploads after a refusal, want 1", got)
	}
}

// TestStreamedViolationReachesTheClient sends a file that flows on to Kibana before its end turns out to be bad: the client
// must get the refusal, and not the proxy's own error about the request that was broken off.
func TestStreamedViolationReachesTheClient(t *testing.T) {
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL, "delivery: {mode: stream}")
	const text = "a note\n"
	long := newUploadOf(t, "http://"+g.address, strings.Repeat(text, 8<<20/len(text))+"\x00")
	expect(t, http.DefaultClient, long, http.StatusUnsupportedMediaType, "content_mismatch")
}

func TestOtherRequestsPassAsTheyCame(t *testing.T) {
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL)
	req, err := http.NewRequest(http.MethodPut, "http://"+g.address+"/api/a%2Fb//c/?x=1;y=2&z=%zz", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "kibana.example"
	req.Header.Set("X-Forwarded-For", "203.0.113.9")
	req.Header.Set("X-Forwarded-Host", "evil.example")
	expect(t, http.DefaultClient, req, http.StatusOK, "")
	seen := k.requests(http.MethodPut)
	if len(seen) != 1 {
		t.Fatalf("Kibana received %d requests", len(seen))
	}
	if got := seen[0].RequestURI; got != "/api/a%2Fb//c/?x=1;y=2&z=%zz" {
		t.Errorf("request target: got %s", got)
	}
	if seen[0].Host != "kibana.example" {
		t.Errorf("Host: got %s", seen[0].Host)
	}
	for header, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "kibana.example", "X-Forwarded-Proto": "http",
	} {
		if got := seen[0].Header.Get(header); got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
}

func TestUpgradesPass(t *testing.T) {
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL)
	connection, err := net.Dial("tcp", g.address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprintf(connection, "GET /socket HTTP/1.1\r\nHost: kibana\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	reader := bufio.NewReader(connection)
	answer, err := http.ReadResponse(reader, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %v, %v", answer, err)
	}
	fmt.Fprint(connection, "hello\n")
	if line, err := reader.ReadString('\n'); err != nil || line != "hello\n" {
		t.Errorf("got %q, %v", line, err)
	}
}

func TestHealth(t *testing.T) {
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL)
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		req, err := http.NewRequest(method, "http://"+g.address+"/-/casegate/health", nil)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, http.DefaultClient, req, http.StatusOK, "")
	}
	if seen := len(k.requests(http.MethodGet)) + len(k.requests(http.MethodHead)); seen > 0 {
		t.Errorf("Kibana was asked %d times", seen)
	}
}

func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL+"\nmetricsListen: 127.0.0.1:0", "metricsPath: /metrics")
	for name, c := range map[string]struct {
		handler http.Handler
		path    string
		status  int
	}{
		"the metrics":                      {http.HandlerFunc(g.metrics), "/metrics", http.StatusOK},
		"Kibana at the metrics' address":   {http.HandlerFunc(g.metrics), "/app/home", http.StatusNotFound},
		"the metrics at clients' address":  {g.handler(), "/metrics", http.StatusNotFound},
		"the health check beside the gate": {g.handler(), "/-/casegate/health", http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			recorder := httptest.NewRecorder()
			c.handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, c.path, nil))
			if recorder.Code != c.status {
				t.Errorf("got %d, want %d: %s", recorder.Code, c.status, recorder.Body)
			}
		})
	}
}

func TestWhatKeepsItFromStarting(t *testing.T) {
	folder := t.TempDir()
	for name, c := range map[string]struct{ server, fault string }{
		"no upstream":               {"listen: ':1'", "server.upstream: is missing"},
		"metrics without a path":    {"upstream: http://k\nmetricsListen: ':1'", "metricsPath: is missing"},
		"a certificate that is not": {"upstream: http://k\ntls: {certFile: " + folder + "/no, keyFile: " + folder + "/no}", "server.tls: "},
		"a CA that is not":          {"upstream: https://k\nupstreamTls: {caFile: " + folder + "/no}", "server.upstreamTls.caFile: "},
	} {
		t.Run(name, func(t *testing.T) {
			config := filepath.Join(t.TempDir(), "policy.yaml")
			writeConfig(t, config, c.server, "")
			_, faults := newGateway(config, true, slog.New(slog.NewTextHandler(io.Discard, nil)))
			if len(faults) != 1 || !strings.HasPrefix(faults[0], c.fault) {
				t.Errorf("got %q, want one that begins with %q", faults, c.fault)
			}
		})
	}
}

func TestKibanaAway(t *testing.T) {
	g := startGateway(t, "upstream: http://"+closedAddress(t))
	req, err := http.NewRequest(http.MethodGet, "http://"+g.address+"/app/home", nil)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, http.DefaultClient, req, http.StatusBadGateway, "")
	expect(t, http.DefaultClient, newUpload(t, "http://"+g.address), http.StatusBadGateway, "case_lookup_failed")
}

// closedAddress is an address where nothing listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestReload(t *testing.T) {
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL)
	base := "http://" + g.address
	expect(t, http.DefaultClient, newUpload(t, base), http.StatusOK, "")

	writeConfig(t, g.config, "upstream: "+k.URL, "files: {allowedMimeTypes: [image/png]}")
	g.reload()
	expect(t, http.DefaultClient, newUpload(t, base), http.StatusUnsupportedMediaType, "type_not_allowed")

	writeConfig(t, g.config, "upstream: "+k.URL, "files: {maxSize: none}\nfilez: {}")
	g.reload()
	expect(t, http.DefaultClient, newUpload(t, base), http.StatusUnsupportedMediaType, "type_not_allowed")
	for _, fault := range []string{"files.maxSize: ", "filez: ", "the old one stays"} {
		if !strings.Contains(g.log.String(), fault) {
			t.Errorf("the log does not name %q:\n%s", fault, g.log)
		}
	}

	writeConfig(t, g.config, "upstream: http://elsewhere.example", "")
	g.reload()
	expect(t, http.DefaultClient, newUpload(t, base), http.StatusOK, "")
	if !strings.Contains(g.log.String(), "needs a restart") {
		t.Errorf("the log does not say that server has changed:\n%s", g.log)
	}
}
