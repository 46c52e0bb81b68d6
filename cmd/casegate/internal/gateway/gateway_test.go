package gateway

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/casegate/casegate/middleware/refusal"
)

const (
	testSecret = "0123456789abcdef0123456789abcdef"
	uploadPath = "/api/cases/one/files"
)

// kibana is a stand-in that remembers what reached it.
type kibana struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
}

func newKibana(t *testing.T) *kibana {
	t.Helper()
	k := &kibana{}
	k.Server = httptest.NewServer(http.HandlerFunc(k.serve))
	t.Cleanup(k.Close)
	return k
}

func (k *kibana) serve(rw http.ResponseWriter, req *http.Request) {
	k.mu.Lock()
	k.seen = append(k.seen, req)
	k.mu.Unlock()
	if req.Header.Get("Upgrade") != "" {
		echo(rw)
		return
	}
	_, _ = io.Copy(io.Discard, req.Body)
	rw.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(rw, `{"id":"one","owner":"cases"}`)
}

// echo takes over the connection and sends back one line.
func echo(rw http.ResponseWriter) {
	connection, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	defer connection.Close()
	_, _ = io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	line, _ := buffered.ReadString('\n')
	_, _ = io.WriteString(connection, line)
}

func (k *kibana) requests(method string) []*http.Request {
	k.mu.Lock()
	defer k.mu.Unlock()
	var found []*http.Request
	for _, req := range k.seen {
		if req.Method == method {
			found = append(found, req)
		}
	}
	return found
}

// writeConfig writes a policy file whose section server holds the given lines.
func writeConfig(t *testing.T, path, server, policy string) {
	t.Helper()
	text := "token: {secret: " + testSecret + "}\naudit: {output: 'off'}\n" + policy + "\nserver:\n"
	for _, line := range strings.Split(strings.TrimSpace(server), "\n") {
		text += "  " + strings.TrimSpace(line) + "\n"
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// running is a gateway that serves for one test.
type running struct {
	*gateway
	address string
	stop    context.CancelFunc
	ended   chan error
	log     *lockedBuffer
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func startGateway(t *testing.T, server string) *running {
	t.Helper()
	config := filepath.Join(t.TempDir(), "policy.yaml")
	writeConfig(t, config, server, "")
	log := &lockedBuffer{}
	g, faults := newGateway(config, true, slog.New(slog.NewTextHandler(log, nil)))
	if len(faults) > 0 {
		t.Fatalf("faults: %q", faults)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{gateway: g, address: listener.Addr().String(), stop: stop, ended: make(chan error, 1), log: log}
	go func() {
		r.ended <- g.serve(ctx, listener)
		close(r.ended)
	}()
	t.Cleanup(func() {
		stop()
		for range r.ended {
		}
		g.close()
	})
	return r
}

func token(t *testing.T) string {
	t.Helper()
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub":    "eve",
		"exp":    time.Now().Add(time.Hour).Unix(),
		"kibana": []any{map[string]any{"base": []string{"all"}, "spaces": []string{"*"}}},
	}).SignedString([]byte(testSecret))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// newUpload is an upload of a text file that the policy allows.
func newUpload(t *testing.T, base string) *http.Request {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "notes.txt")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(part, "a note\n")
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, base+uploadPath, &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+token(t))
	req.Header.Set("kbn-xsrf", "1")
	return req
}

func do(t *testing.T, client *http.Client, req *http.Request) (status int, code string) {
	t.Helper()
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.Header.Get(refusal.CodeHeader)
}

func expect(t *testing.T, client *http.Client, req *http.Request, status int, code string) {
	t.Helper()
	if gotStatus, gotCode := do(t, client, req); gotStatus != status || gotCode != code {
		t.Errorf("%s %s: got %d %s, want %d %s", req.Method, req.URL.Path, gotStatus, gotCode, status, code)
	}
}

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

func TestStopLetsAnUploadFinish(t *testing.T) {
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL)
	slow, finish := slowUpload(t, g.address)
	g.stop()
	waitUntilClosed(t, g.address)
	finish()
	if answer := <-slow; answer != http.StatusOK {
		t.Errorf("the upload was answered with %d", answer)
	}
	if err := <-g.ended; err != nil {
		t.Errorf("the gateway ended with %v", err)
	}
}

func TestStopIsBounded(t *testing.T) {
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL+"\nshutdownTimeout: 50ms")
	slow, finish := slowUpload(t, g.address)
	g.stop()
	if err := <-g.ended; err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("the gateway ended with %v", err)
	}
	finish()
	if answer := <-slow; answer != 0 {
		t.Errorf("the upload was answered with %d", answer)
	}
}

func TestStalledBodyIsCutOff(t *testing.T) {
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL+"\nbodyTimeout: 50ms\nbodyRate: 1MiB")
	slow, finish := slowUpload(t, g.address)
	if answer := <-slow; answer == http.StatusOK {
		t.Errorf("the upload was answered with %d", answer)
	}
	finish()
	if got := len(k.requests(http.MethodPost)); got != 0 {
		t.Errorf("Kibana received %d uploads", got)
	}
}

func TestDeadlineEndsWithTheBody(t *testing.T) {
	// Kibana thinks for longer than a body may take: the answer must arrive all the same.
	patience := make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		select {
		case <-patience:
		case <-req.Context().Done():
		}
		_, _ = io.WriteString(rw, "done")
	}))
	defer upstream.Close()
	g := startGateway(t, "upstream: "+upstream.URL+"\nbodyTimeout: 100ms")
	time.AfterFunc(300*time.Millisecond, func() { close(patience) })
	answer, err := http.Post("http://"+g.address+"/api/other", "text/plain", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || string(text) != "done" {
		t.Errorf("got %q, %v", text, err)
	}
}

// slowUpload sends the first half of an upload and waits with the rest until finish is called. The channel gives the
// answer's status, or 0 when none came.
func slowUpload(t *testing.T, address string) (answer <-chan int, finish func()) {
	t.Helper()
	whole := newUpload(t, "http://"+address)
	text, err := io.ReadAll(whole.Body)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: kibana\r\nContent-Type: %s\r\nAuthorization: %s\r\nkbn-xsrf: 1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n",
		uploadPath, whole.Header.Get("Content-Type"), whole.Header.Get("Authorization"), len(text))
	reader := bufio.NewReader(connection)
	// The gate reads the body now: everything that headers decide has passed.
	interim, err := http.ReadResponse(reader, nil)
	if err != nil || interim.StatusCode != http.StatusContinue {
		t.Fatalf("got %v, %v", interim, err)
	}
	half := len(text) / 2
	if _, err := connection.Write(text[:half]); err != nil {
		t.Fatal(err)
	}
	status := make(chan int, 1)
	go func() {
		defer close(status)
		final, err := http.ReadResponse(reader, nil)
		if err != nil {
			status <- 0
			return
		}
		_ = final.Body.Close()
		status <- final.StatusCode
	}()
	return status, func() { _, _ = connection.Write(text[half:]) }
}

// waitUntilClosed waits until nothing listens on the address.
func waitUntilClosed(t *testing.T, address string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		_ = connection.Close()
	}
	t.Fatal("the gateway still listens")
}
