package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTrialAttachesNothing(t *testing.T) {
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL)
	server := httptest.NewServer(g.trial.handler())
	defer server.Close()
	expect(t, http.DefaultClient, newUpload(t, server.URL), http.StatusOK, "")
	if asked := k.requests(http.MethodGet); len(asked) != 1 || asked[0].URL.Path != "/api/cases/one" {
		t.Errorf("Kibana was asked %d times for the case", len(asked))
	}
	if posted := k.requests(http.MethodPost); len(posted) != 0 {
		t.Errorf("Kibana received %d uploads", len(posted))
	}
	other, err := http.NewRequest(http.MethodGet, server.URL+"/api/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, http.DefaultClient, other, http.StatusNotFound, "")
}

func TestTrialAnswersLoopbackNamesOnly(t *testing.T) {
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL)
	for host, status := range map[string]int{
		"127.0.0.1:8081":   http.StatusOK,
		"localhost:8081":   http.StatusOK,
		"[::1]:8081":       http.StatusOK,
		"evil.example":     http.StatusMisdirectedRequest,
		"192.0.2.1:8081":   http.StatusMisdirectedRequest,
		"127.0.0.1.nip.io": http.StatusMisdirectedRequest,
	} {
		t.Run(host, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodGet, "/", nil)
			req.Host = host
			recorder := httptest.NewRecorder()
			g.trial.handler().ServeHTTP(recorder, req)
			if recorder.Code != status {
				t.Errorf("got %d, want %d", recorder.Code, status)
			}
		})
	}
}

func TestIsLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:0": true, "[::1]:8081": true, "localhost:8081": true,
		":8081": false, "0.0.0.0:8081": false, "192.0.2.1:8081": false, "127.0.0.1": false, "host.example:80": false,
	} {
		if got := isLoopback(address); got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
	}
}
