package middleware

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// blobServer is a gate that checks blobs, behind a real server, and counts what next gets.
func blobServer(t *testing.T, enforcement string) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	policy, faults := Decode(usable(map[string]any{
		"blobUploads": "check", "enforcement": enforcement, "audit": map[string]any{"output": "off"},
	}))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var whole atomic.Int64
	gate, err := New(policy, http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		if _, err := io.Copy(io.Discard, req.Body); err == nil {
			whole.Add(1)
		}
	}), "blob")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gate)
	t.Cleanup(server.Close)
	return server, &whole
}

// A body that is cut short is not taken for a whole one, whether its length was declared or not.
func TestBlobThatBreaksOffIsNotWhole(t *testing.T) {
	const line = "PUT /api/files/files/casesFilesCases/1/blob HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
	for name, request := range map[string]string{
		"chunked":         line + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"within a chunk":  line + "Transfer-Encoding: chunked\r\n\r\n9\r\nhello",
		"declared length": line + "Content-Length: 9\r\n\r\nhello",
	} {
		for _, enforcement := range []string{"enforce", "report"} {
			t.Run(name+", "+enforcement, func(t *testing.T) {
				server, whole := blobServer(t, enforcement)
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if _, err := io.WriteString(conn, request); err != nil {
					t.Fatal(err)
				}
				_ = conn.(*net.TCPConn).CloseWrite()
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer response.Body.Close()
				header := "X-Casegate-Code"
				if enforcement == "report" {
					header = reportHeader
				}
				if response.Header.Get(header) != "form_malformed" {
					t.Errorf("status %d, %s %q", response.StatusCode, header, response.Header.Get(header))
				}
				if whole.Load() != 0 {
					t.Error("next read a whole body")
				}
			})
		}
	}
}

// Browsers on Windows name a ZIP by a type that no extension leads to.
func TestBlobOfATypeWithoutAnExtension(t *testing.T) {
	server, whole := blobServer(t, "enforce")
	for body, want := range map[string]int{"PK\x05\x06" + strings.Repeat("\x00", 18): http.StatusOK, "no archive": http.StatusUnsupportedMediaType} {
		req, err := http.NewRequest(http.MethodPut, server.URL+"/api/files/files/casesFilesCases/1/blob", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-zip-compressed")
		response, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("status %d, want %d: %s", response.StatusCode, want, response.Header.Get("X-Casegate-Code"))
		}
	}
	if whole.Load() != 1 {
		t.Errorf("next read %d bodies, want 1", whole.Load())
	}
}
