package plugin

import (
	"bytes"
	"context"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// upload asks a handler for an upload without a token and gives the refusal's code; "" when the request passed.
func upload(t *testing.T, handler http.Handler) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/api/cases/1/files", strings.NewReader("x")))
	return recorder.Header().Get("X-Casegate-Code")
}

func passed(rw http.ResponseWriter, _ *http.Request) {
	rw.WriteHeader(http.StatusNoContent)
}

// logged collects what New writes to the log.
func logs(t *testing.T) *bytes.Buffer {
	t.Helper()
	var text bytes.Buffer
	log.SetOutput(&text)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	return &text
}

func TestCatalogTestDataBuildsAsItIs(t *testing.T) {
	text, err := os.ReadFile("../.traefik.yml")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Import   string         `yaml:"import"`
		TestData map[string]any `yaml:"testData"`
	}
	if err := yaml.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Import != "github.com/casegate/casegate/plugin" || len(manifest.TestData) == 0 {
		t.Fatalf("got %+v", manifest)
	}
	said := logs(t)
	handler, err := New(context.Background(), http.HandlerFunc(passed), &Config{Keys: manifest.TestData}, "catalog")
	if err != nil {
		t.Fatal(err)
	}
	if code := upload(t, handler); code != "token_missing" || said.Len() != 0 {
		t.Errorf("got %s; log: %s", code, said)
	}
}

func TestFaultyConfigurationClosesUploadsAndNothingElse(t *testing.T) {
	said := logs(t)
	config := CreateConfig()
	config.Keys = map[string]any{"tokn": "x", "files": map[string]any{"maxSize": "big"}}
	for i := 0; i < 3; i++ {
		handler, err := New(context.Background(), http.HandlerFunc(passed), config, "gate@file")
		if err != nil {
			t.Fatal(err)
		}
		if code := upload(t, handler); code != "misconfigured" {
			t.Errorf("got %s", code)
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/api/status", nil))
		if recorder.Code != http.StatusNoContent {
			t.Errorf("another request: %d", recorder.Code)
		}
	}
	for _, fault := range []string{"gate@file: tokn: ", "gate@file: files.maxSize: ", "gate@file: token: "} {
		if strings.Count(said.String(), fault) > 1 {
			t.Errorf("%q was said more than once:\n%s", fault, said)
		}
	}
	if !strings.Contains(said.String(), "gate@file: tokn: ") || !strings.Contains(said.String(), "gate@file: files.maxSize: ") {
		t.Errorf("a fault is missing:\n%s", said)
	}
}

func TestMendedConfigurationIsNamedAgainWhenItBreaksAgain(t *testing.T) {
	said := logs(t)
	good := map[string]any{"token": map[string]any{"secret": "only a test's secret, of enough bytes"}}
	for _, keys := range []map[string]any{{"a": "b"}, good, {"a": "b"}} {
		if _, err := New(context.Background(), http.HandlerFunc(passed), &Config{Keys: keys}, "again@file"); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(said.String(), "again@file: a: unknown key"); n != 2 {
		t.Errorf("said %d times:\n%s", n, said)
	}
}

// A panic in New would end Traefik's configuration loop.
func TestNewSurvivesAnything(t *testing.T) {
	logs(t)
	handler, err := New(context.Background(), http.HandlerFunc(passed), nil, "nothing@file")
	if err != nil {
		t.Fatal(err)
	}
	if code := upload(t, handler); code != "misconfigured" {
		t.Errorf("got %s", code)
	}
}

func FuzzNew(f *testing.F) {
	f.Add("token: {secret: x}")
	f.Add("files: []")
	f.Add("privileges: {grants: [{claim: 1}, 2, null]}")
	f.Fuzz(func(t *testing.T, text string) {
		logs(t)
		var keys map[string]any
		if yaml.Unmarshal([]byte(text), &keys) != nil {
			return
		}
		handler, err := New(context.Background(), http.HandlerFunc(passed), &Config{Keys: keys}, "fuzz@file")
		if err != nil {
			t.Fatalf("New returned an error: %v", err)
		}
		// Whatever the configuration says, an upload without a token never passes.
		if upload(t, handler) == "" {
			t.Errorf("an upload without a token passed with\n%s", text)
		}
	})
}
