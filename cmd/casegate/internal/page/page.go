// Package page serves a page on which a person tries a policy: choose a caller and a case, drop files, and see which of the
// gate's checks each file passes.
package page

import (
	"embed"
	"encoding/json"
	"net/http"
	"time"

	"github.com/casegate/casegate/cmd/casegate/internal/decision"
)

//go:embed static
var static embed.FS

// Caller is somebody in whose name the page can send. With no callers the page asks for a token.
type Caller struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Token string `json:"token"`
}

// Case is a case that the page offers.
type Case struct {
	ID    string `json:"id"`
	About string `json:"about"`
}

// Setup is what the page is told when it opens.
type Setup struct {
	// Notice says what becomes of a file that passes.
	Notice   string   `json:"notice"`
	BasePath string   `json:"basePath"`
	Callers  []Caller `json:"callers"`
	Cases    []Case   `json:"cases"`
	Spaces   []string `json:"spaces"`
	Checks   []Check  `json:"checks"`
}

// Page serves the page's own few paths. It is safe for concurrent use.
type Page struct {
	setup Setup
	feed  *decision.Feed
}

// New makes the page. It shows every decision that is published to feed.
func New(setup Setup, feed *decision.Feed) *Page {
	setup.Checks = Checks
	return &Page{setup: setup, feed: feed}
}

// contentSecurityPolicy allows the page its own files and requests, and nothing else: no inline script or style, no other
// host, no frame.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var files = map[string]struct{ name, contentType string }{
	"/":              {"static/index.html", "text/html; charset=utf-8"},
	"/page/page.css": {"static/page.css", "text/css; charset=utf-8"},
	"/page/page.js":  {"static/page.js", "text/javascript; charset=utf-8"},
	"/page/icon.svg": {"static/icon.svg", "image/svg+xml"},
}

// Over serves the page's paths, and gives everything else to next.
func (p *Page) Over(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet || !p.serve(rw, req) {
			next.ServeHTTP(rw, req)
		}
	})
}

func (p *Page) serve(rw http.ResponseWriter, req *http.Request) bool {
	if file, found := files[req.URL.Path]; found {
		text, err := static.ReadFile(file.name)
		if err != nil {
			return false
		}
		protect(rw.Header(), file.contentType)
		_, _ = rw.Write(text)
		return true
	}
	switch req.URL.Path {
	case "/page/setup":
		protect(rw.Header(), "application/json; charset=utf-8")
		_ = json.NewEncoder(rw).Encode(p.setup)
	case "/page/decisions":
		protect(rw.Header(), "text/event-stream")
		p.stream(rw, req)
	default:
		return false
	}
	return true
}

func protect(header http.Header, contentType string) {
	header.Set("Content-Type", contentType)
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
}

// keepAlive is sent while nothing happens, so that a connection that is gone is noticed.
const keepAlive = 15 * time.Second

// stream sends decisions as server-sent events until the client leaves.
func (p *Page) stream(rw http.ResponseWriter, req *http.Request) {
	recent, next, leave := p.feed.Subscribe()
	defer leave()
	flush := http.NewResponseController(rw)
	_, _ = rw.Write([]byte(": casegate\n\n"))
	for _, d := range recent {
		send(rw, d)
	}
	ticker := time.NewTicker(keepAlive)
	defer ticker.Stop()
	for flush.Flush() == nil {
		select {
		case <-req.Context().Done():
			return
		case d := <-next:
			send(rw, d)
		case <-ticker.C:
			_, _ = rw.Write([]byte(": \n\n"))
		}
	}
}

func send(rw http.ResponseWriter, d decision.Decision) {
	text, err := json.Marshal(d)
	if err != nil {
		return
	}
	_, _ = rw.Write([]byte("data: " + string(text) + "\n\n"))
}
