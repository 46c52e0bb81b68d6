package exchanges

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
	"github.com/casegate/casegate/internal/corpus"
)

// corpusTypes are the types of the corpus.
var corpusTypes = []string{
	"text/plain", "text/markdown", "text/csv", "text/yaml", "application/xml", "text/html", "application/json", "image/png", "image/jpeg", "image/gif",
	"image/vnd.microsoft.icon", "image/bmp", "image/webp", "image/tiff", "image/svg+xml", "image/prs.btif", "application/pdf", "application/gzip",
	"application/zip", "application/x-bzip2", "application/x-tar", "application/vnd.tcpdump.pcap",
}

// TestCorpus sends genuine files, which the compiled test of middleware/content judges too, and programs under many names
// through a real Traefik.
func TestCorpus(t *testing.T) {
	judge := throughTraefik(t)
	genuine, err := corpus.Genuine(corpus.Bounds{PerKind: 300, Size: 4 << 20, Time: 25 * time.Second}, judge)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"a.png", "a.txt", "a.pdf", "a.zip", "a.csv", "a.json", "a.svg", "a.gz", "a.btif", "a.jpg", "a.tif"}
	programs, err := corpus.Programs(corpus.Bounds{PerKind: 100, Size: 4 << 20, Time: 15 * time.Second}, names, judge)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range []*corpus.Result{genuine, programs} {
		t.Log(result)
		for _, wrong := range result.Wrong {
			t.Error(wrong)
		}
	}
	if genuine.Tried < 300 || programs.Tried < 5 {
		t.Errorf("only %d files and %d programs were tried", genuine.Tried, programs.Tried)
	}
}

// throughTraefik judges a file by what a gate in Traefik answers to its upload.
func throughTraefik(t *testing.T) func(name string, data []byte) (code, detail string) {
	t.Helper()
	kibana := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
	}))
	t.Cleanup(kibana.Close)
	policy := harness.Policy(map[string]any{
		"privileges": map[string]any{"owner": "cases"}, "audit": map[string]any{"output": "off"}, "files": map[string]any{"allowedMimeTypes": corpusTypes},
	})
	traefik := harness.StartTraefik(t, harness.Options{Dynamic: map[string]any{"http": map[string]any{
		"routers":     map[string]any{"gate": map[string]any{"rule": "PathPrefix(`/`)", "service": "kibana", "middlewares": []string{"gate"}}},
		"middlewares": map[string]any{"gate": map[string]any{"plugin": map[string]any{"casegate": policy}}},
		"services":    map[string]any{"kibana": map[string]any{"loadBalancer": map[string]any{"servers": []any{map[string]any{"url": kibana.URL}}}}},
	}}})
	token := harness.Token(nil)
	return func(name string, data []byte) (code, detail string) {
		form := harness.Form(harness.File{Name: name, Type: "application/octet-stream", Bytes: data}, "")
		var request bytes.Buffer
		if err := harness.Upload(t, traefik.Addr, harness.CasePath("1"), token, bytes.NewReader(form)).Write(&request); err != nil {
			t.Fatal(err)
		}
		// A refusal may come before all of the file is sent.
		answer, err := harness.Raw(traefik.Addr, request.Bytes(), false)
		if err != nil {
			t.Fatal(name, err)
		}
		if answer.Status != http.StatusOK && answer.Code() == "" {
			t.Fatalf("%s: %d %s", name, answer.Status, answer.Body)
		}
		return answer.Code(), string(answer.Body)
	}
}
