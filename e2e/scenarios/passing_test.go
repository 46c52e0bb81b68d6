package scenarios

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

type other struct {
	name, method, path string
	body               []byte
}

// otherRequests are not uploads: they pass without a token, as they came.
var otherRequests = []other{
	{"GET of the route", http.MethodGet, "/api/cases/9/files", nil},
	{"HEAD of the route", http.MethodHead, "/api/cases/9/files", nil},
	{"OPTIONS of the route", http.MethodOptions, "/api/cases/9/files", nil},
	{"GET of a case", http.MethodGet, "/api/cases/9", nil},
	{"POST of a comment", http.MethodPost, "/api/cases/9/comments", []byte(`{"comment":"hello"}`)},
	{"POST below the route", http.MethodPost, "/api/cases/9/files/more", []byte("x")},
	{"POST with the route in its query", http.MethodPost, "/app/home?next=/api/cases/9/files", []byte("x")},
	{"POST of a search", http.MethodPost, "/internal/bsearch?compress=true", bytes.Repeat([]byte("{}\n"), 100_000)},
	{"PUT of anything", http.MethodPut, "/api/anything", []byte{0x7f, 'E', 'L', 'F'}},
}

func TestEverythingElsePassesUntouched(t *testing.T) {
	serve(t, kibana, nil)
	for _, request := range otherRequests {
		t.Run(request.name, func(t *testing.T) { checkUntouched(t, request) })
	}
}

func checkUntouched(t *testing.T, o other) {
	t.Helper()
	kibana.Reset(t)
	request, err := http.NewRequest(o.method, "http://"+traefik.Addr+o.path, bytes.NewReader(o.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("kbn-xsrf", "true")
	request.Header.Set("X-Casegate-User", "someone else")
	request.Header.Set("X-Own", "kept")
	answer, err := harness.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	records := kibana.Records(t)
	if answer.Status != http.StatusOK || answer.Code() != "" || len(records) != 1 {
		t.Fatalf("%s: status %d, code %q, the upstream saw %d requests: %s", o.name, answer.Status, answer.Code(), len(records), answer.Body)
	}
	record := records[0]
	sum := sha256.Sum256(o.body)
	if record.Method != o.method || record.URL != o.path || record.BodySHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%s: the upstream saw %s %s with a body of %d bytes", o.name, record.Method, record.URL, record.BodySize)
	}
	if len(record.Header("X-Own")) != 1 || len(record.Header("X-Casegate-User")) != 0 {
		t.Errorf("%s: the upstream saw headers %v", o.name, record.Headers)
	}
}

func TestStreamedAnswerPassesChunkByChunk(t *testing.T) {
	serve(t, kibana, nil)
	response, err := harness.Client.Get("http://" + traefik.Addr + "/internal/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	for i := range 5 {
		chunk := fmt.Sprintf("data: %d\n\n", i)
		if open := kibana.Stream(t, []byte(chunk)); open != 1 {
			t.Fatalf("%d streams are open, want 1", open)
		}
		// The next chunk leaves only when this one has arrived: a buffer on the way would stop the test.
		got := make([]byte, len(chunk))
		if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != chunk {
			t.Fatalf("chunk %d: %q, %v", i, got, err)
		}
	}
	kibana.Stream(t, nil)
	if rest, err := io.ReadAll(response.Body); err != nil || len(rest) != 0 {
		t.Errorf("after the end: %q, %v", rest, err)
	}
}

func TestUpgradedConnectionPasses(t *testing.T) {
	serve(t, kibana, nil)
	connection, err := net.Dial("tcp", traefik.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(30 * time.Second))
	fmt.Fprintf(connection, "GET /internal/socket HTTP/1.1\r\nHost: kibana.example\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	reader := bufio.NewReader(connection)
	answer, err := harness.ReadAnswer(reader, http.MethodGet)
	if err != nil || answer.Status != http.StatusSwitchingProtocols {
		t.Fatalf("%+v, %v", answer, err)
	}
	for i := range 3 {
		line := fmt.Sprintf("message %d\n", i)
		if _, err := connection.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
		if got, err := reader.ReadString('\n'); err != nil || got != line {
			t.Fatalf("%q, %v", got, err)
		}
	}
}
