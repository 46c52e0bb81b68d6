package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

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
	if answer := <-slow; answer == 0 || answer == http.StatusOK {
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
	if err := connection.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
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
