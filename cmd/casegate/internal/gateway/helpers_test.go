package gateway

import (
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

// startGateway serves with the given lines of the section server, and further keys of the policy.
func startGateway(t *testing.T, server string, policy ...string) *running {
	t.Helper()
	config := filepath.Join(t.TempDir(), "policy.yaml")
	writeConfig(t, config, server, strings.Join(policy, "\n"))
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
	return newUploadOf(t, base, "a note\n")
}

func newUploadOf(t *testing.T, base, content string) *http.Request {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "notes.txt")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(part, content)
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
