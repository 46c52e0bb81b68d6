// Package identity holds a real Traefik's gate against a real OpenID provider, and against one that fails in every way.
package identity

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

var (
	traefik *harness.Traefik
	kibana  *harness.Upstream
)

func TestMain(m *testing.M) {
	harness.Main(m, func() (err error) {
		if err = harness.Setup("node"); err != nil {
			return err
		}
		if kibana, err = harness.SharedUpstream("hapi"); err != nil {
			return err
		}
		traefik, err = harness.SharedTraefik(harness.Options{})
		return err
	})
}

// pace is the time between two requests of one client that polls: the machine is shared by what is measured.
const pace = 50 * time.Millisecond

// client keeps its connections.
type client struct {
	http *http.Client
	form []byte
}

func newClient(t *testing.T, file harness.File) *client {
	t.Helper()
	c := &client{
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: true}, Timeout: time.Minute},
		form: harness.Form(file, ""),
	}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

func smallFile() harness.File {
	return harness.File{Name: "notes.txt", Type: "text/plain", Bytes: []byte("seen at the gate\n")}
}

// upload sends the client's file through the gate of a host. An empty host is the address's own.
func (c *client) upload(host, token string) (*harness.Answer, error) {
	request, err := http.NewRequest(http.MethodPost, "http://"+traefik.Addr+harness.CasePath("9"), bytes.NewReader(c.form))
	if err != nil {
		return nil, err
	}
	request.Host = host
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("kbn-xsrf", "true")
	request.Header.Set("Content-Type", "multipart/form-data; boundary="+harness.Boundary)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return &harness.Answer{Status: response.StatusCode, Header: response.Header, Body: body}, err
}

// mustUpload is upload for the test's own goroutine.
func (c *client) mustUpload(t *testing.T, host, token string) *harness.Answer {
	t.Helper()
	answer, err := c.upload(host, token)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// mustPass uploads, and fails the test when the upload is refused.
func (c *client) mustPass(t *testing.T, host, token string) {
	t.Helper()
	if answer := c.mustUpload(t, host, token); answer.Status != http.StatusOK {
		t.Fatalf("status %d: %s", answer.Status, answer.Body)
	}
}

// serve puts the gate with these token settings before an upstream.
func serve(t *testing.T, upstream string, token map[string]any) {
	t.Helper()
	if err := traefik.Reload(harness.Gate(upstream, map[string]any{"token": token})); err != nil {
		t.Fatal(err)
	}
}

// counter gives a number, or fails.
func counter(t *testing.T, what string, read func() (int64, error)) int64 {
	t.Helper()
	n, err := read()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return n
}

// eventually polls at the pace of a client, with a step that may fail the test.
func eventually(t *testing.T, what string, step func() bool) {
	t.Helper()
	harness.Eventually(t, what, func() bool {
		if step() {
			return true
		}
		<-time.After(pace)
		return false
	})
}

// wrong describes an answer that is not the refusal with this code, or is "".
func wrong(answer *harness.Answer, code string) string {
	if answer.Code() != code {
		return fmt.Sprintf("status %d, code %q, want %s: %.200s", answer.Status, answer.Code(), code, answer.Body)
	}
	if _, err := answer.Refusal(); err != nil {
		return err.Error()
	}
	return ""
}
