package middleware

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// gateBefore makes a gate with tokens that testToken signs.
func gateBefore(t testing.TB, next http.Handler) *Gate {
	t.Helper()
	policy, faults := Decode(map[string]any{
		"token": map[string]any{"secret": testSecret}, "privileges": map[string]any{"owner": "cases"}, "audit": map[string]any{"output": "off"},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	handler, err := New(policy, next, "test")
	if err != nil {
		t.Fatal(err)
	}
	return handler.(*Gate)
}

func testToken(t testing.TB, user string) string {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": user, "exp": time.Now().Add(time.Hour).Unix(), "kibana": []any{map[string]any{"base": []string{"all"}, "spaces": []string{"*"}}},
	}).SignedString([]byte(testSecret))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// testUpload is an upload of a text by a user to a case.
func testUpload(token, caseID, name, text string) *http.Request {
	body := "--abc\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n" + text + "\r\n--abc--\r\n"
	req := httptest.NewRequest(http.MethodPost, "/api/cases/"+caseID+"/files", strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("kbn-xsrf", "true")
	req.Header.Set("Content-Type", "multipart/form-data; boundary=abc")
	return req
}

// Uploads of several callers at the same time share the lanes and nothing else.
func TestUploadsAtOnceDoNotMix(t *testing.T) {
	g := gateBefore(t, http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		_, parameters, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
		part, err := multipart.NewReader(req.Body, parameters["boundary"]).NextPart()
		if err != nil {
			t.Error(err)
			return
		}
		file, _ := io.ReadAll(part)
		sum := sha256.Sum256(file)
		_, _ = fmt.Fprint(rw, req.Header.Get(userHeader), " ", req.URL.Path, " ", part.FileName(), " ", hex.EncodeToString(sum[:]))
	}))
	before := HeldBytes()
	var all sync.WaitGroup
	for caller := 0; caller < 8; caller++ {
		all.Add(1)
		go func() {
			defer all.Done()
			user := fmt.Sprint("user", caller)
			token := testToken(t, user)
			for round := 0; round < 60; round++ {
				name, text := fmt.Sprintf("%d-%d.log", caller, round), strings.Repeat(fmt.Sprintf("2026 %d %d\n", caller, round), 1+round*20)
				want := fmt.Sprintf("%s /api/cases/%d/files %s %x", user, round, name, sha256.Sum256([]byte(text)))
				code := ""
				if (caller+round)%3 == 0 {
					text += "\x00"
					want, code = "", "content_mismatch"
				}
				recorder := httptest.NewRecorder()
				g.ServeHTTP(recorder, testUpload(token, fmt.Sprint(round), name, text))
				if got := recorder.Header().Get("X-Casegate-Code"); got != code {
					t.Errorf("%s: code %q, want %q", name, got, code)
				}
				if got := recorder.Body.String(); code == "" && got != want {
					t.Errorf("got %s\nwant %s", got, want)
				}
			}
		}()
	}
	all.Wait()
	if held := HeldBytes(); held != before {
		t.Errorf("%d bytes are still held", held-before)
	}
}

// A lane that panics refuses its upload, and another takes its place.
func TestLanesGoOnAfterPanics(t *testing.T) {
	delivered := 0
	good := gateBefore(t, http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		delivered++
		_, _ = io.Copy(io.Discard, req.Body)
	}))
	token := testToken(t, "anna")
	admits, delivers, records := *good, *good, *good
	admits.router = nil
	delivers.files = nil
	records.log = nil
	goroutines := 0
	for round := 0; round < 3*maxLanes; round++ {
		for name, row := range map[string]struct {
			gate *Gate
			code string
		}{"admitUploads": {&admits, "internal"}, "deliverUploads": {&delivers, "internal"}, "recordUploads": {&records, ""}, "none": {good, ""}} {
			recorder := httptest.NewRecorder()
			row.gate.ServeHTTP(recorder, testUpload(token, "1", "a.log", "2026\n"))
			if got := recorder.Header().Get("X-Casegate-Code"); got != row.code || (row.code == "") != (recorder.Code == http.StatusOK) {
				t.Fatalf("panic in %s: status %d, code %q, want %q", name, recorder.Code, got, row.code)
			}
		}
		Recorded()
		if round == 0 {
			goroutines = runtime.NumGoroutine()
		}
	}
	if delivered != 2*3*maxLanes {
		t.Errorf("%d uploads were delivered, want %d", delivered, 2*3*maxLanes)
	}
	settled := func() bool { return runtime.NumGoroutine() <= goroutines }
	for tries := 0; tries < 100 && !settled(); tries++ {
		time.Sleep(10 * time.Millisecond)
	}
	if !settled() {
		t.Errorf("%d goroutines, %d after the first round", runtime.NumGoroutine(), goroutines)
	}
	if held := HeldBytes(); held != 0 {
		t.Errorf("%d bytes are still held", held)
	}
}

// A panic of next is Kibana's answer that breaks off: it is recorded and goes on to the server.
func TestPanicOfNextGoesOn(t *testing.T) {
	g := gateBefore(t, http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }))
	recovered := func() (value any) {
		defer func() { value = recover() }()
		g.ServeHTTP(httptest.NewRecorder(), testUpload(testToken(t, "anna"), "1", "a.log", "2026\n"))
		return nil
	}()
	if recovered != http.ErrAbortHandler {
		t.Errorf("recovered %v", recovered)
	}
	Recorded()
	if held := HeldBytes(); held != 0 {
		t.Errorf("%d bytes are still held", held)
	}
}

// The body that goes on is its own: it stays as it is when the reader's buffer is another upload's.
func TestBodiesAreCopies(t *testing.T) {
	var bodies []io.ReadCloser
	g := gateBefore(t, http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { bodies = append(bodies, req.Body) }))
	token := testToken(t, "anna")
	for n := 0; n < 20; n++ {
		g.ServeHTTP(httptest.NewRecorder(), testUpload(token, "1", "a.log", fmt.Sprintf("%d: %s\n", n, strings.Repeat(fmt.Sprint(n%10), 5000))))
	}
	for n, body := range bodies {
		text, err := io.ReadAll(body)
		if want := fmt.Sprintf("%d: %s\n", n, strings.Repeat(fmt.Sprint(n%10), 5000)); err != nil || !bytes.Contains(text, []byte(want)) {
			t.Errorf("body %d is %.80q… (%v)", n, text, err)
		}
	}
	if len(bodies) != 20 {
		t.Errorf("%d bodies", len(bodies))
	}
}
