package chaos

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

// part is a place that panics in the test build.
type part struct {
	name, file string
	// place is the function that panics, or "line: " and the line behind which the panic stands.
	place string
	// policy is laid over the tests' policy.
	policy map[string]any
	// request is "small", "odd" (one whose path and headers are not plain), "large", "bad" (refused at its content), "blob" or
	// "metrics".
	request string
	// want is the refusal's code; "" for an upload that passes all the same; "error" for any answer of 500 or above, or a
	// broken connection.
	want string
}

var (
	streaming = map[string]any{"delivery": map[string]any{"mode": "stream"}}
	scanning  = map[string]any{"scan": map[string]any{"clamd": "tcp://127.0.0.1:1", "onError": "allow"}}
	reporting = map[string]any{"enforcement": "report"}
	blobs     = map[string]any{"blobUploads": "check"}
)

// parts are one or more places of every part of the gate, in the order in which a request meets them.
var parts = []part{
	{"admit", "middleware/admit.go", "line: req = u.req", nil, "small", "internal"},
	{"route", "middleware/route.go", "findUpload", nil, "odd", "internal"},
	{"token", "middleware/token/verifier.go", "Check", nil, "small", "internal"},
	{"token.recall", "middleware/token/verifier.go", "line: v = q.Verifier", nil, "small", "internal"},
	{"token.verify", "middleware/token/verify.go", "verify", nil, "small", "internal"},
	{"token.fetch", "middleware/token/fetch.go", "fetch", map[string]any{"token": "jwks"}, "small", "keys_unavailable"},
	{"privilege.rights", "middleware/privilege/rights.go", "Rights", nil, "small", "internal"},
	{"privilege.recall", "middleware/privilege/recall.go", "line: q.Granted = false", nil, "small", "internal"},
	{"privilege.lookup", "middleware/privilege/lookup.go", "Owner", nil, "small", "internal"},
	{"privilege.fly", "middleware/privilege/lookup.go", "line: defer l.land(mine, key, flightKey)", nil, "small", "internal"},
	{"form.open", "middleware/form/open.go", "line: header = o.Header", nil, "small", "internal"},
	{"form.boundary", "middleware/form/contenttype.go", "boundaryOf", nil, "odd", "internal"},
	{"form.single", "middleware/form/single.go", "line: r = o.Reader", nil, "small", "internal"},
	{"form.next", "middleware/form/reader.go", "Next", nil, "large", "internal"},
	{"form.chunk", "middleware/form/reader.go", "Chunk", nil, "large", "internal"},
	{"form.name", "middleware/form/names.go", "CheckFilename", nil, "large", "internal"},
	{"content.name", "middleware/content/content.go", "ByName", nil, "large", "internal"},
	{"content.glance", "middleware/content/glance.go", "line: name = s.Filename", nil, "small", "internal"},
	{"content.whole", "middleware/content/inspection.go", "Whole", nil, "bad", "internal"},
	{"content.write", "middleware/content/inspection.go", "Write", nil, "large", "internal"},
	{"content.finish", "middleware/content/inspection.go", "Finish", nil, "large", "internal"},
	{"scan", "middleware/scan/scan.go", "Scan", scanning, "large", "internal"},
	{"hold", "middleware/held.go", "holdMore", nil, "large", "internal"},
	{"hold.further", "middleware/held.go", "holdFurther", nil, "large", "internal"},
	{"workers", "middleware/workers.go", "startWorkers", nil, "large", "internal"},
	{"hold.disk", "middleware/held.go", "holdOnDisk", nil, "large", "internal"},
	{"hold.read", "middleware/held.go", "readerOf", nil, "large", "internal"},
	{"refusal", "middleware/refusal/refusal.go", "Write", nil, "bad", "error"},
	{"deliver", "middleware/deliver.go", "deliver", nil, "large", "internal"},
	{"deliver.lane", "middleware/deliver.go", "line: u = <-deliveries", nil, "small", "internal"},
	{"deliver.hops", "middleware/deliver.go", "endHops", nil, "large", "internal"},
	{"form.writer", "middleware/form/writer.go", "line: boundary = boundaryStart + random[:2*randomBytes]", nil, "small", "internal"},
	{"stream", "middleware/stream.go", "stream", streaming, "large", "internal"},
	{"stream.write", "middleware/stream.go", "sendFile", streaming, "large", "internal"},
	{"stream.settle", "middleware/stream.go", "settle", streaming, "large", ""},
	{"report", "middleware/report.go", "report", reporting, "large", "internal"},
	{"blob", "middleware/blob.go", "checkBlob", blobs, "blob", "internal"},
	{"blob.deliver", "middleware/blob.go", "deliverBlob", blobs, "blob", "internal"},
	{"record", "middleware/record.go", "line: asked = u.facts", nil, "small", ""},
	{"audit.record", "middleware/audit/record.go", "line: e = entry.Event", nil, "large", ""},
	{"audit.sink", "middleware/audit/sink.go", "take", nil, "small", ""},
	{"audit.metrics", "middleware/audit/metrics.go", "metrics", nil, "metrics", "error"},
}

// panics forces each part to panic on each host.
func panics(t *testing.T, s *stand) string {
	b := s.aBuild()
	kibana := s.kibana("hapi")
	var wanting []string
	for _, h := range b.hosts {
		last := ""
		for _, p := range parts {
			held := t.Run(h.name()+" "+p.name, func(t *testing.T) {
				if key := fmt.Sprint(p.policy); key != last || p.policy["token"] != nil {
					h.use(t, kibana.URL(), policyFor(t, p))
					last = key
				}
				forced(t, b, h, kibana, p)
			})
			if !held {
				wanting = append(wanting, h.name()+" "+p.name)
			}
		}
	}
	t.Run("traefik decode", func(t *testing.T) { panicAtConfiguration(t, b, kibana) })
	return fmt.Sprintf("%d places on %d hosts, not as they should be: %q", len(parts), len(b.hosts), wanting)
}

func policyFor(t *testing.T, p part) map[string]any {
	t.Helper()
	if p.policy["token"] == "jwks" {
		return newProvider(t).policy("hold", "1h")
	}
	return policyOf("hold", p.policy)
}

// requestFor is a request that meets the part: its token and its case are new, so that nothing of them is remembered.
func requestFor(h host, p part) (*http.Request, parcel) {
	bytesOfText := 3000
	if p.request == "large" {
		bytesOfText = 4 << 20
	}
	upload := newParcel(bytesOfText, p.request == "bad")
	n := serial.Load()
	request := upload.request(h, bytes.NewReader(upload.form))
	request.Header.Set("Authorization", "Bearer "+harness.Token(map[string]any{"sub": fmt.Sprint("user", n)}))
	request.URL.Path = harness.CasePath(fmt.Sprint("case", n))
	switch p.request {
	case "odd":
		request.URL.Path += "/"
		request.Header.Set("Content-Type", strings.Replace(request.Header.Get("Content-Type"), "; boundary", "; charset=utf-8; boundary", 1))
	case "blob":
		request.Method = http.MethodPut
		request.URL.Path = fmt.Sprintf("/api/files/files/casesFilesCases/%d/blob", n)
		request.Header.Set("Content-Type", "text/plain")
		request.Body, request.GetBody = io.NopCloser(bytes.NewReader(upload.file.Bytes)), nil
		request.ContentLength = int64(len(upload.file.Bytes))
	case "metrics":
		request.Method, request.URL.Path, request.Body, request.ContentLength = http.MethodGet, metricsPath, nil, 0
	}
	return request, upload
}

func forced(t *testing.T, b *testBuild, h host, kibana *harness.Upstream, p part) {
	kibana.Reset(t)
	client := newClient(patience)
	defer client.CloseIdleConnections()
	leftBefore, heldBefore := len(leftovers(t, h)), metric(t, h, "casegate_held_bytes")
	mend := b.set(t, p.name)
	defer mend()
	request, upload := requestFor(h, p)
	answer, err := answerOf(client, request)
	switch {
	case p.want == "error":
		if err == nil && answer.Status < 500 {
			t.Errorf("status %d: %s", answer.Status, answer.Body)
		}
	case err != nil:
		t.Errorf("broken off, want %q: %v", p.want, err)
	case answer.Code() != p.want || (p.want == "") != (answer.Status == http.StatusOK):
		t.Errorf("status %d, code %q, want %q: %s", answer.Status, answer.Code(), p.want, bytes.TrimSpace(answer.Body))
	}
	if p.want != "" {
		for _, record := range kibana.Posts(t) {
			if record.Stored != nil || (p.policy == nil && record.BodySize > 0) {
				t.Errorf("Kibana received %s: complete %v, stored %+v", record.ID, record.Complete, record.Stored)
			}
		}
	}
	mend()
	if p.want == "" && err == nil {
		ended := newBook()
		ended.note(upload, answer, nil)
		ended.checkStored(t, h, kibana)
	}
	// What an earlier part has left behind is not counted again.
	var left []string
	if !within(2*time.Second, func() bool {
		left = leftovers(t, h)
		return len(left) <= leftBefore
	}) {
		t.Errorf("left over: %q", left)
	}
	if held := metric(t, h, "casegate_held_bytes"); held > heldBefore {
		t.Errorf("%d bytes are counted as held for ever", held-heldBefore)
	}
	if p.policy["token"] != nil {
		// After a failed fetch the next one comes 5 s later.
		return
	}
	request, _ = requestFor(h, p)
	answer, err = answerOf(client, request)
	if err != nil || (p.request == "bad") != (answer.Code() == "content_mismatch") || (p.request != "bad") != (answer.Status == http.StatusOK) {
		t.Errorf("the next request: %s", told(answer, err))
	}
}

// panicAtConfiguration panics while Traefik makes the gate: uploads are closed, everything else passes, and the next
// configuration opens them.
func panicAtConfiguration(t *testing.T, b *testBuild, kibana *harness.Upstream) {
	h := b.traefik
	client := newClient(patience)
	defer client.CloseIdleConnections()
	mend := b.set(t, "decode")
	defer mend()
	h.use(t, kibana.URL(), policyOf("hold", nil))
	results := newBook()
	results.expect(t, client, h, newParcel(3000, false), "misconfigured", http.StatusServiceUnavailable)
	request, err := http.NewRequest(http.MethodGet, "http://"+h.address()+"/app/home", nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := answerOf(client, request); err != nil || answer.Status != http.StatusOK {
		t.Errorf("another request: %s", told(answer, err))
	}
	mend()
	policy := policyOf("hold", nil)
	policy["files"] = map[string]any{"maxSize": "99MiB"}
	h.use(t, kibana.URL(), policy)
	if answer, err := results.upload(client, h, newParcel(3000, false)); err != nil || answer.Status != http.StatusOK {
		t.Errorf("with the next configuration: %s", told(answer, err))
	}
	results.checkStored(t, h, kibana)
	if strings.Contains(h.Output(), "goroutine ") {
		t.Error("the output holds a crash's trace")
	}
}
