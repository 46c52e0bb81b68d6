package page

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/casegate/casegate/cmd/casegate/internal/decision"
	"github.com/casegate/casegate/middleware/refusal"
)

func newServer(t *testing.T, feed *decision.Feed) *httptest.Server {
	t.Helper()
	behind := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusTeapot)
	})
	server := httptest.NewServer(New(Setup{Notice: "a notice"}, feed).Over(behind))
	t.Cleanup(server.Close)
	return server
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestFilesAreProtected(t *testing.T) {
	server := newServer(t, decision.NewFeed())
	for path, contentType := range map[string]string{
		"/":              "text/html; charset=utf-8",
		"/page/page.css": "text/css; charset=utf-8",
		"/page/page.js":  "text/javascript; charset=utf-8",
		"/page/icon.svg": "image/svg+xml",
		"/page/setup":    "application/json; charset=utf-8",
	} {
		t.Run(path, func(t *testing.T) {
			answer, text := get(t, server.URL+path)
			if answer.StatusCode != http.StatusOK || text == "" {
				t.Fatalf("got %d and %d bytes", answer.StatusCode, len(text))
			}
			for header, want := range map[string]string{
				"Content-Type":            contentType,
				"Content-Security-Policy": contentSecurityPolicy,
				"X-Content-Type-Options":  "nosniff",
				"Referrer-Policy":         "no-referrer",
				"Cache-Control":           "no-store",
			} {
				if got := answer.Header.Get(header); got != want {
					t.Errorf("%s: got %q, want %q", header, got, want)
				}
			}
		})
	}
}

func TestPolicyForbidsInline(t *testing.T) {
	for _, forbidden := range []string{"unsafe-inline", "unsafe-eval", "http:", "https:", "*"} {
		if strings.Contains(contentSecurityPolicy, forbidden) {
			t.Errorf("the content security policy holds %s", forbidden)
		}
	}
	page, err := static.ReadFile("static/index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, inline := range []string{"<script>", "<style", " style=", " onclick=", "http://", "https://"} {
		if strings.Contains(string(page), inline) {
			t.Errorf("the page holds %s", inline)
		}
	}
}

func TestEverythingElseGoesOn(t *testing.T) {
	server := newServer(t, decision.NewFeed())
	for _, path := range []string{"/page/", "/page/none.js", "/index.html", "/api/cases/1"} {
		if answer, _ := get(t, server.URL+path); answer.StatusCode != http.StatusTeapot {
			t.Errorf("%s: got %d", path, answer.StatusCode)
		}
	}
	answer, err := http.Post(server.URL+"/", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusTeapot {
		t.Errorf("POST /: got %d", answer.StatusCode)
	}
}

func TestDecisionsAreStreamed(t *testing.T) {
	feed := decision.NewFeed()
	feed.Publish(decision.Decision{File: "before"})
	server := newServer(t, feed)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/page/decisions", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	expectData(t, lines, `"file":"before"`)
	feed.Publish(decision.Decision{File: "after\nwards"})
	expectData(t, lines, `"file":"after\nwards"`)
}

func expectData(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	for lines.Scan() {
		data, isData := strings.CutPrefix(lines.Text(), "data: ")
		if !isData {
			continue
		}
		if !strings.Contains(data, want) {
			t.Fatalf("got %s, want %s in it", data, want)
		}
		return
	}
	t.Fatalf("the stream ended before %s: %v", want, lines.Err())
}

func TestEveryCodeHasItsCheck(t *testing.T) {
	// The page does not try Kibana's other upload route.
	placed := map[string]bool{"blob_upload_refused": true}
	for _, check := range Checks {
		for _, code := range check.Codes {
			if placed[code] {
				t.Errorf("%s stands at two checks", code)
			}
			placed[code] = true
		}
	}
	for _, code := range refusal.Codes {
		if !placed[code.Name] {
			t.Errorf("no check has %s", code.Name)
		}
	}
}
