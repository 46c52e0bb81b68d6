package exchanges

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
	"github.com/casegate/casegate/middleware"
)

// BenchmarkUpload is one upload of a small picture with a remembered token, compiled and interpreted, without a network.
//
//	cd e2e && go test -run '^$' -bench . ./exchanges
func BenchmarkUpload(b *testing.B) {
	policy := harness.Policy(map[string]any{"privileges": map[string]any{"owner": "cases"}, "audit": map[string]any{"output": "off"}})
	next := http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		rw.WriteHeader(http.StatusOK)
	})
	decoded, faults := middleware.Decode(policy)
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	compiled, err := middleware.New(decoded, next, "bench")
	if err != nil {
		b.Fatal(err)
	}
	loaded, _ := load(b)
	interpreted, err := loaded.build(policy, next, "bench")
	if err != nil {
		b.Fatal(err)
	}
	file := harness.File{Name: "screen.png", Type: "image/png", Bytes: harness.PNG(60, 60)}
	body := harness.Form(file, "")
	template := harness.Upload(b, "bench.test", harness.CasePath("1"), harness.Token(nil), bytes.NewReader(body))
	for _, host := range []struct {
		name    string
		handler http.Handler
	}{{"compiled", compiled}, {"interpreted", interpreted}} {
		b.Run(host.name, func(b *testing.B) {
			b.SetBytes(int64(len(file.Bytes)))
			b.ReportAllocs()
			for b.Loop() {
				req := httptest.NewRequest(http.MethodPost, harness.CasePath("1"), bytes.NewReader(body))
				req.Header = template.Header.Clone()
				recorder := httptest.NewRecorder()
				host.handler.ServeHTTP(recorder, req)
				if recorder.Code != http.StatusOK {
					b.Fatalf("status %d: %s", recorder.Code, recorder.Body)
				}
			}
		})
	}
}
