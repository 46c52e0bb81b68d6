package attacks

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

func pathAttacks() []attack {
	const oneReading = "only the one plain path is an upload; what some reader could take for one is refused"
	const notTheRoute = "neither stack nor Kibana takes it for the route: it is passed on as what it is"
	return []attack{
		{"path-encoded-letters", "`/f%69les`: letters of the route percent-encoded", "unreserved characters are decoded before the route is looked for", "", "executable_content", to("/api/cases/9/f%69les"), nil},
		{"path-encoded-twice", "`/f%2569les`: encoded twice", oneReading, "", "path_ambiguous", to("/api/cases/9/f%2569les"), nil},
		{"path-dot-segments", "`/9/x/../files`, for readers that resolve dot segments", oneReading, "", "path_ambiguous", to("/api/cases/9/x/../files"), nil},
		{"path-encoded-dots", "`/9/x/%2e%2E/files`", oneReading, "", "path_ambiguous", to("/api/cases/9/x/%2e%2E/files"), nil},
		{"path-trailing-dot", "`/files/.`", oneReading, "", "path_ambiguous", to("/api/cases/9/files/."), nil},
		{"path-leading-slashes", "`//api/…`, which some take for a host name", oneReading, "", "path_ambiguous", to("//api/cases/9/files"), nil},
		{"path-empty-segment", "`/cases//9/files`", oneReading, "", "path_ambiguous", to("/api/cases//9/files"), nil},
		{"path-backslash", "`/9\\files`, a slash to WHATWG's URL parser", oneReading, "", "path_ambiguous", to(`/api/cases/9\files`), nil},
		{"path-encoded-backslash", "`/9%5Cfiles`", oneReading, "", "path_ambiguous", to("/api/cases/9%5cfiles"), nil},
		{"path-encoded-slash", "`/9%2Ffiles`", oneReading, "", "path_ambiguous", to("/api/cases/9%2Ffiles"), nil},
		{"path-parameter", "`/files;v=1`, a parameter to some routers", oneReading, "", "path_ambiguous", to("/api/cases/9/files;v=1"), nil},
		{"path-parameter-traversal", "`/x/..;/files`, Tomcat's classic", oneReading, "", "path_ambiguous", to("/api/cases/9/x/..;/files"), nil},
		{"path-fragment", "`/files#x`", "Traefik takes no fragments", "", "400", to("/api/cases/9/files#x"), nil},
		{"path-encoded-query", "`/files%3Fx`", oneReading, "", "path_ambiguous", to("/api/cases/9/files%3Fx"), nil},
		{"path-upper-case", "`/API/Cases/9/FILES`, for routers that ignore case", oneReading, "", "path_ambiguous", to("/API/Cases/9/FILES"), nil},
		{"path-nul", "`/files%00`: cut off at the zero byte by C", notTheRoute, "", "200", to("/api/cases/9/files%00"), nothingStored},
		{"path-blank", "`/files%20`: trimmed by careless routers", notTheRoute, "", "200", to("/api/cases/9/files%20"), nothingStored},
		{"path-line-end-in-case", "a case id of `9%0d%0aX-Injected: 1`, to split headers and log lines", "control characters in a path are refused", "", "path_ambiguous", to("/api/cases/9%0d%0aX-Injected:%20" + forged + "/files"), nil},
		{"path-other-prefix", "`/x/api/cases/9/files`, in case basePath was forgotten", "every other prefix than basePath is refused", "", "path_ambiguous", to("/x/api/cases/9/files"), nil},
		{"path-base-left-out", "the route without the configured basePath", "every other prefix than basePath is refused", "base", "path_ambiguous", to("/api/cases/9/files"), nil},
		{"path-space-upper-case", "`/s/Default/…`: another name for the default space?", "names of spaces are Kibana's: lower-case letters, digits, - and _", "", "path_ambiguous", to("/s/Default/api/cases/9/files"), nil},
		{"path-space-traversal", "`/s/a%2F..%2Fb/…`", oneReading, "", "path_ambiguous", to("/s/a%2F..%2Fb/api/cases/9/files"), nil},
		{"path-absolute-form", "the request target in absolute form", "Go reads both forms into one path", "", "executable_content", line("POST http://HOST/api/cases/9/files"), nil},
		{"path-absolute-form-slashes", "absolute form with `//api`", oneReading, "", "path_ambiguous", line("POST http://HOST//api/cases/9/files"), nil},
		{"path-http2", "HTTP/2 whose :path has dot segments", oneReading, "", "path_ambiguous", overHTTP2("/api/cases/9/x/../files"), nil},
		{"path-http2-program", "HTTP/2 without a length", "the body is read the same way", "", "executable_content", overHTTP2("/api/cases/9/files"), nil},
		{"path-in-header", "`POST /x` with X-Original-URL, X-Rewrite-URL and X-Forwarded-Uri naming the route", notTheRoute, "", "200", elsewhere, nothingStored},
		{"method-override", "GET of the route with X-HTTP-Method-Override: POST and a body", "the gate asks for what Kibana's router asks for, the method; neither looks at such headers", "", "200", overridden, nil},
		{"method-lower-case", "`post` in lower case", "Node knows no such method", "", "400", line("post /api/cases/9/files"), nil},
	}
}

func elsewhere(t *testing.T, at place) *harness.Answer {
	const route = "/api/cases/9/files"
	return raw(t, upload(at, "/x", harness.Form(program, ""), "X-Original-URL: "+route, "X-Rewrite-URL: "+route, "X-Forwarded-Uri: "+route))
}

func overridden(t *testing.T, at place) *harness.Answer {
	return raw(t, message(at, "GET /api/cases/9/files", harness.Form(program, ""), "X-HTTP-Method-Override: POST", "X-Method-Override: POST"))
}

// overHTTP2 sends a program by HTTP/2 with just this :path.
func overHTTP2(path string) sender {
	return func(t *testing.T, at place) *harness.Answer {
		t.Helper()
		protocols := new(http.Protocols)
		protocols.SetUnencryptedHTTP2(true)
		client := &http.Client{Transport: &http.Transport{Protocols: protocols}, Timeout: time.Minute}
		defer client.CloseIdleConnections()
		request := harness.Upload(t, traefik.Addr, "/", harness.Token(nil), io.MultiReader(bytes.NewReader(harness.Form(program, ""))))
		request.URL = &url.URL{Scheme: "http", Host: traefik.Addr, Opaque: path}
		request.Host = at.host
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return &harness.Answer{Status: response.StatusCode, Header: response.Header, Body: body}
	}
}
