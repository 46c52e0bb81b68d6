package middleware

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/casegate/casegate/middleware/privilege"
	"github.com/casegate/casegate/middleware/refusal"
)

func TestUploadPaths(t *testing.T) {
	tests := []struct {
		name     string
		basePath string
		uri      string
		space    string // "" and caseID "": not an upload; "!": refused.
		caseID   string
		path     string
	}{
		{name: "default space", uri: "/api/cases/abc/files", space: "default", caseID: "abc", path: "/api/cases/abc/files"},
		{name: "named space", uri: "/s/ops-1/api/cases/abc/files", space: "ops-1", caseID: "abc", path: "/s/ops-1/api/cases/abc/files"},
		{name: "trailing slash", uri: "/api/cases/abc/files/", space: "default", caseID: "abc", path: "/api/cases/abc/files"},
		{name: "query", uri: "/api/cases/abc/files?a=/b", space: "default", caseID: "abc", path: "/api/cases/abc/files"},
		{name: "encoded letter", uri: "/api/cases/abc/f%69les", space: "default", caseID: "abc", path: "/api/cases/abc/files"},
		{name: "encoded letters in upper case", uri: "/api/%63ases/abc/fi%6Ces", space: "default", caseID: "abc", path: "/api/cases/abc/files"},
		{name: "encoded non-ASCII id", uri: "/api/cases/f%C3%A4ll/files", space: "default", caseID: "fäll", path: "/api/cases/f%C3%A4ll/files"},
		{name: "base path", basePath: "/kibana", uri: "/kibana/api/cases/abc/files", space: "default", caseID: "abc", path: "/kibana/api/cases/abc/files"},
		{name: "base path and space", basePath: "/kibana", uri: "/kibana/s/x/api/cases/abc/files", space: "x", caseID: "abc", path: "/kibana/s/x/api/cases/abc/files"},
		{name: "forgotten base path", uri: "/kibana/api/cases/abc/files", space: "!"},
		{name: "missing base path", basePath: "/kibana", uri: "/api/cases/abc/files", space: "!"},
		{name: "base path twice", basePath: "/kibana", uri: "/kibana/kibana/api/cases/abc/files", space: "!"},
		{name: "space with capitals", uri: "/s/OPS/api/cases/abc/files", space: "!"},
		{name: "two spaces", uri: "/s/a/s/b/api/cases/abc/files", space: "!"},
		{name: "empty segment", uri: "/api//cases/abc/files", space: "!"},
		{name: "empty segment in front", uri: "//api/cases/abc/files", space: "!"},
		{name: "empty segment at the end", uri: "/api/cases/abc/files//", space: "!"},
		{name: "dot segment", uri: "/api/./cases/abc/files", space: "!"},
		{name: "dot segments", uri: "/api/x/../cases/abc/files", space: "!"},
		{name: "dot segments at the end", uri: "/api/cases/abc/files/x/..", space: "!"},
		{name: "encoded dot segments", uri: "/api/cases/abc/files/x/%2e%2E", space: "!"},
		{name: "id is dot dot", uri: "/api/cases/../files", space: "!"},
		{name: "encoded slash in the id", uri: "/api/cases/a%2Fb/files", space: "!"},
		{name: "encoded slash for a slash", uri: "/api/cases%2fabc/files", space: "!"},
		{name: "backslash", uri: `/api\cases/abc/files`, space: "!"},
		{name: "encoded backslash", uri: "/api/cases/abc%5Cfiles", space: "!"},
		{name: "encoded backslash in the id", uri: "/api/cases/a%5cb/files", space: "!"},
		{name: "parameter", uri: "/api/cases/abc/files;v=1", space: "!"},
		{name: "parameter in the id", uri: "/api/cases/abc;v=1/files", space: "!"},
		{name: "parameter hides a dot segment", uri: "/api/cases/abc/files/x/..;/", space: "!"},
		{name: "encoded parameter", uri: "/api/cases/abc%3Bv/files", space: "!"},
		{name: "twice encoded letter", uri: "/api/cases/abc/f%2569les", space: "!"},
		{name: "percent in the id", uri: "/api/cases/a%25b/files", space: "!"},
		{name: "encoded zero", uri: "/api/cases/a%00b/files", space: "!"},
		{name: "encoded line feed", uri: "/api/cases/a%0ab/files", space: "!"},
		{name: "encoded question mark", uri: "/api/cases/abc/files%3Fx", space: "!"},
		{name: "encoded fragment", uri: "/api/cases/abc/files%23x", space: "!"},
		{name: "other letter case", uri: "/API/Cases/abc/Files", space: "!"},
		{name: "endless id", uri: "/api/cases/" + strings.Repeat("a", 2000) + "/files", space: "!"},
		{name: "longest id of the short way", uri: "/api/cases/" + strings.Repeat("a", 238) + "/files", space: "default", caseID: strings.Repeat("a", 238), path: "/api/cases/" + strings.Repeat("a", 238) + "/files"},
		{name: "an id longer than the short way", uri: "/api/cases/" + strings.Repeat("a", 239) + "/files", space: "default", caseID: strings.Repeat("a", 239), path: "/api/cases/" + strings.Repeat("a", 239) + "/files"},
		{name: "longest space", uri: "/s/" + strings.Repeat("a", 255) + "/api/cases/abc/files", space: strings.Repeat("a", 255), caseID: "abc", path: "/s/" + strings.Repeat("a", 255) + "/api/cases/abc/files"},
		{name: "too long a space", uri: "/s/" + strings.Repeat("a", 256) + "/api/cases/abc/files", space: "!"},
		{name: "no id", uri: "/api/cases/files"},
		{name: "empty id", uri: "/api/cases//files", space: "!"},
		{name: "the case itself", uri: "/api/cases/abc"},
		{name: "comments", uri: "/api/cases/abc/comments"},
		{name: "a file of the case", uri: "/api/cases/abc/files/1"},
		{name: "another API", uri: "/api/fleet/files"},
		{name: "root", uri: "/"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodPost, test.uri, nil)
			if passes(t, req) && test.space != "" {
				t.Fatal("the gate passes it without a token")
			}
			got, no := found(newRouter(test.basePath), req)
			switch {
			case test.space == "!":
				if no == nil || no.Code != "path_ambiguous" {
					t.Fatalf("got %+v, %+v; want path_ambiguous", got, no)
				}
			case test.space == "":
				if got != nil || no != nil {
					t.Fatalf("got %+v, %+v; want no upload", got, no)
				}
			case no != nil:
				t.Fatalf("refused: %+v", no)
			case got == nil || got.Space != test.space || got.ID != test.caseID || got.Path+"/files" != test.path:
				t.Fatalf("got %+v", got)
			}
		})
	}
}

// found is what findUpload says of a request. Of a path that is simple the short way must say the same.
func found(r *router, req *http.Request) (*privilege.Case, *refusal.Refusal) {
	escaped := req.URL.EscapedPath()
	target, no := findUpload(r, req, escaped)
	if match := r.simple.FindStringSubmatch(escaped); match != nil && len(escaped) <= maxSpace {
		if target == nil || no != nil || target.ID != match[3] || target.Path != match[1] || (match[2] != "" && target.Space != match[2]) {
			panic("the short way finds " + strings.Join(match, " ") + " in " + escaped)
		}
	}
	return target, no
}

// passes says whether a gate, which has no basePath, hands the request on.
func passes(t testing.TB, req *http.Request) bool {
	passed := false
	gateBefore(t, http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) { passed = true })).ServeHTTP(httptest.NewRecorder(), req)
	return passed
}

func TestOnlyPostIsAnUpload(t *testing.T) {
	passed := ""
	g := gateBefore(t, http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { passed = req.Method }))
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		for _, path := range []string{"/api/cases/abc/files", "/api/cases/abc/files/", "/api/cases//files"} {
			passed = ""
			g.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
			if passed != method {
				t.Errorf("%s %s did not pass", method, path)
			}
		}
	}
}

// A middleware in front may have changed URL and not RequestURI, or the other way round.
func TestRequestURIMayDifferFromURL(t *testing.T) {
	tests := []struct {
		name, path, requestURI string
		refused, upload        bool
	}{
		{name: "absolute form", path: "/api/cases/abc/files", requestURI: "http://kibana.test/api/cases/abc/files", upload: true},
		{name: "prefix stripped from URL alone", path: "/api/cases/abc/files", requestURI: "/edge/api/cases/abc/files", upload: true},
		{name: "upload hides in RequestURI", path: "/api/status", requestURI: "/api/cases/abc/files", refused: true},
		{name: "absolute form of something else", path: "/api/status", requestURI: "http://kibana.test/api/status"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodPost, test.path, nil)
			req.RequestURI = test.requestURI
			got, no := found(newRouter(""), req)
			if (no != nil) != test.refused || (got != nil) != test.upload {
				t.Errorf("got %+v, %+v", got, no)
			}
		})
	}
}

func FuzzUploadPath(f *testing.F) {
	f.Add("/api/cases/abc/files")
	f.Add("/s/x/api/cases/%2e%2e/f%69les/")
	f.Add(`/api\cases;a/x//files#`)
	f.Fuzz(func(t *testing.T, uri string) {
		req, err := http.NewRequest(http.MethodPost, "http://kibana.test/", nil)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := req.URL.Parse(uri)
		if err != nil {
			return
		}
		req.URL = parsed
		req.Header = http.Header{}
		got, no := found(newRouter("/kibana"), req)
		req.RequestURI = parsed.RequestURI()
		if (got != nil || no != nil) && passes(t, req) {
			t.Fatalf("the gate passes %q, but it is %+v, %+v", uri, got, no)
		}
		if got == nil || no != nil {
			return
		}
		// What passes has one reading, and reading it again changes nothing.
		again, no := readUpload(newRouter("/kibana"), got.Path+"/files")
		if no != nil || *again != *got {
			t.Errorf("%q: read again: %+v, %+v; first %+v", uri, again, no, got)
		}
	})
}
