package privilege

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestLookupCarriesTheCallerAndNothingOfTheBody(t *testing.T) {
	type seen struct {
		method, uri, host, body string
		length                  int64
		header                  http.Header
	}
	var got seen
	kibana := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		got = seen{req.Method, req.RequestURI, req.Host, string(body), req.ContentLength, req.Header}
		rw.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(rw, `{"id":"ü","owner":"observability","comments":[{"owner":"cases"}]}`)
	}))
	defer kibana.Close()
	target, _ := url.Parse(kibana.URL)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Director = func(req *http.Request) { req.URL.Scheme, req.URL.Host = "http", target.Host }

	req := httptest.NewRequest(http.MethodPost, "/kibana/s/soc/api/cases/%C3%BC%2D/files?x=1", strings.NewReader("the file"))
	req.Host = "kibana.example"
	for name, value := range map[string]string{
		"Authorization":                  "Bearer a",
		"Cookie":                         "sid=1",
		"X-Custom":                       "kept",
		"Kbn-Xsrf":                       "true",
		"Accept":                         "text/html",
		"Accept-Encoding":                "gzip, br",
		"Content-Type":                   "multipart/form-data; boundary=x",
		"Content-Length":                 "8",
		"Content-Encoding":               "identity",
		"Content-MD5":                    "x",
		"Content-Digest":                 "x",
		"Digest":                         "x",
		"Expect":                         "100-continue",
		"Connection":                     "keep-alive, X-Custom",
		"Keep-Alive":                     "timeout=5",
		"Te":                             "trailers",
		"Trailer":                        "X-End",
		"Transfer-Encoding":              "chunked",
		"Upgrade":                        "h2c",
		"Http2-Settings":                 "x",
		"Proxy-Authorization":            "Basic x",
		"If-Match":                       "x",
		"If-None-Match":                  "*",
		"If-Modified-Since":              "Mon, 01 Jan 2024 00:00:00 GMT",
		"Range":                          "bytes=0-1",
		"If-Range":                       "x",
		"X-Casegate-User":                "somebody",
		"X-Casegate-Anything":            "x",
		"X-Forwarded-For":                "192.0.2.9",
		"Elastic-Api-Version":            "2023-10-31",
		"X-Elastic-Internal-Origin-Test": "kept",
	} {
		req.Header.Set(name, value)
	}
	req.Trailer = http.Header{"X-End": nil}
	req.TransferEncoding = []string{"chunked"}
	before := req.Header.Clone()

	c := Case{Space: "soc", ID: "ü-", Path: "/kibana/s/soc/api/cases/%C3%BC%2D"}
	owner, no := NewLookup(time.Minute).Owner(req, c, proxy)
	if no != nil || owner != "observability" {
		t.Fatalf("owner %q, refusal %+v", owner, no)
	}
	if got.method != "GET" || got.uri != c.Path || got.host != "kibana.example" || got.body != "" || got.length != 0 {
		t.Errorf("Kibana saw %+v", got)
	}
	want := map[string]string{
		"Authorization": "Bearer a", "Cookie": "sid=1", "X-Custom": "kept", "Kbn-Xsrf": "true",
		"Accept": "application/json", "Accept-Encoding": "identity", "Elastic-Api-Version": "2023-10-31",
		"X-Casegate-User":                "somebody",
		"X-Elastic-Internal-Origin-Test": "kept",
	}
	for name, value := range want {
		if got.header.Get(name) != value {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), value)
		}
		got.header.Del(name)
	}
	// The proxy's own additions.
	got.header.Del("X-Forwarded-For")
	got.header.Del("User-Agent")
	if len(got.header) != 0 {
		t.Errorf("Kibana saw more headers: %v", got.header)
	}
	if !reflect.DeepEqual(req.Header, before) || req.Method != http.MethodPost || req.URL.RawQuery != "x=1" {
		t.Error("the upload was changed")
	}
	if body, _ := io.ReadAll(req.Body); string(body) != "the file" {
		t.Errorf("the upload's body is %q after the look-up", body)
	}
}

func TestLookupHasADeadline(t *testing.T) {
	next := http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		until, ok := req.Context().Deadline()
		if !ok || time.Until(until) > lookupTime {
			t.Errorf("deadline %v (%v), want one within %v", until, ok, lookupTime)
		}
		if req.Body != http.NoBody || req.Trailer != nil || req.TransferEncoding != nil || req.GetBody != nil {
			t.Error("the look-up carries something of a body")
		}
		_, _ = io.WriteString(rw, `{"owner":"cases"}`)
	})
	must(t, NewLookup(0), upload("a"), next, "cases")
}

func TestPathOfTheCaseMustUnescape(t *testing.T) {
	next := http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) { t.Error("Kibana was asked") })
	if _, no := NewLookup(0).Owner(upload("a"), Case{Path: "/api/cases/%zz"}, next); no == nil || no.Code != "case_lookup_failed" {
		t.Errorf("refusal %v", no)
	}
}

func TestAnswers(t *testing.T) {
	pad := func(size int) string {
		const head, tail = `{"owner":"cases","description":"`, `"}`
		return head + strings.Repeat("x", size-len(head)-len(tail)) + tail
	}
	const (
		oursUnauthorized = "Kibana did not accept the credentials: sign in again and send a new token"
		oursForbidden    = "Kibana does not let this caller see the case: ask for all privileges on Cases"
		oursNotFound     = "Kibana knows no such case in this space: check the case id and the space"
	)
	for name, row := range map[string]struct {
		status  int
		body    string
		owner   string
		code    string
		message string // where Kibana's or ours matters
	}{
		"management":                     {200, `{"owner":"cases"}`, "cases", "", ""},
		"observability":                  {200, `{"a":{"owner":"x"},"owner":"observability","b":[1,2]}`, "observability", "", ""},
		"security, blanks around":        {200, " \n{ \"owner\" : \"securitySolution\" }\n", "securitySolution", "", ""},
		"owner escaped":                  {200, `{"\u006fwner":"cas\u0065s"}`, "cases", "", ""},
		"largest answer":                 {200, pad(maxAnswer), "cases", "", ""},
		"too large an answer":            {200, pad(maxAnswer + 1), "", "case_lookup_failed", ""},
		"most members":                   {200, `{` + strings.Repeat(`"a":1,`, maxMembers-1) + `"owner":"cases"}`, "cases", "", ""},
		"too many members":               {200, `{` + strings.Repeat(`"a":1,`, maxMembers) + `"owner":"cases"}`, "", "case_lookup_failed", ""},
		"no owner":                       {200, `{"id":"c1"}`, "", "case_lookup_failed", ""},
		"owner in another case":          {200, `{"Owner":"cases"}`, "", "case_lookup_failed", ""},
		"owner and Owner":                {200, `{"owner":"cases","Owner":"observability"}`, "cases", "", ""},
		"two owners":                     {200, `{"owner":"cases","owner":"observability"}`, "", "case_lookup_failed", ""},
		"the same owner twice":           {200, `{"owner":"cases","owner":"cases"}`, "", "case_lookup_failed", ""},
		"two owners, one escaped":        {200, `{"owner":"cases","\u006fwner":"observability"}`, "", "case_lookup_failed", ""},
		"unknown owner":                  {200, `{"owner":"fleet"}`, "", "case_lookup_failed", ""},
		"empty owner":                    {200, `{"owner":""}`, "", "case_lookup_failed", ""},
		"owner is null":                  {200, `{"owner":null}`, "", "case_lookup_failed", ""},
		"owner is a number":              {200, `{"owner":1}`, "", "case_lookup_failed", ""},
		"owner is a list":                {200, `{"owner":["cases"]}`, "", "case_lookup_failed", ""},
		"an array":                       {200, `[{"owner":"cases"}]`, "", "case_lookup_failed", ""},
		"a string":                       {200, `"owner"`, "", "case_lookup_failed", ""},
		"a page":                         {200, `<html>sign in</html>`, "", "case_lookup_failed", ""},
		"nothing":                        {200, ``, "", "case_lookup_failed", ""},
		"cut":                            {200, `{"owner":"cases"`, "", "case_lookup_failed", ""},
		"cut in a member":                {200, `{"owner":"cases","a":[1`, "", "case_lookup_failed", ""},
		"something behind it":            {200, `{"owner":"cases"}{}`, "", "case_lookup_failed", ""},
		"201":                            {201, `{"owner":"cases"}`, "", "case_lookup_failed", ""},
		"204":                            {204, ``, "", "case_lookup_failed", ""},
		"206":                            {206, `{"owner":"cases"}`, "", "case_lookup_failed", ""},
		"redirect":                       {302, `{"owner":"cases"}`, "", "case_lookup_failed", ""},
		"not modified":                   {304, ``, "", "case_lookup_failed", ""},
		"400":                            {400, `{"message":"x"}`, "", "case_lookup_failed", ""},
		"429":                            {429, ``, "", "case_lookup_failed", ""},
		"500":                            {500, `{"owner":"cases"}`, "", "case_lookup_failed", ""},
		"503":                            {503, ``, "", "case_lookup_failed", ""},
		"401 with a message":             {401, `{"statusCode":401,"message":"[security_exception] expired"}`, "", "token_refused", "[security_exception] expired"},
		"401 without":                    {401, ``, "", "token_refused", oursUnauthorized},
		"403 with a message":             {403, `{"message":"Unauthorized to access case with owners: \"cases\""}`, "", "privilege_missing", `Unauthorized to access case with owners: "cases"`},
		"403 with a page":                {403, `<html>`, "", "privilege_missing", oursForbidden},
		"404 with a message":             {404, `{"message":"Saved object [cases/c1] not found"}`, "", "case_not_found", "Saved object [cases/c1] not found"},
		"404 of a proxy":                 {404, "404 page not found\n", "", "case_not_found", oursNotFound},
		"message is a number":            {404, `{"message":7}`, "", "case_not_found", oursNotFound},
		"message is null":                {404, `{"message":null}`, "", "case_not_found", oursNotFound},
		"message is blank":               {404, `{"message":" \n\u0000 "}`, "", "case_not_found", oursNotFound},
		"message with control and bidi":  {404, `{"message":"a\r\nSet-Cookie: x\u0000\u202eb\u2028c"}`, "", "case_not_found", "a Set-Cookie: x b c"},
		"long message":                   {404, `{"message":"` + strings.Repeat("y", 2000) + `"}`, "", "case_not_found", strings.Repeat("y", maxMessage)},
		"long message of two-byte runes": {404, `{"message":"y` + strings.Repeat("ü", 2000) + `"}`, "", "case_not_found", "y" + strings.Repeat("ü", (maxMessage-1)/2)},
	} {
		t.Run(name, func(t *testing.T) {
			next := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				rw.WriteHeader(http.StatusEarlyHints)
				rw.WriteHeader(row.status)
				rw.WriteHeader(http.StatusTeapot) // The first one counts.
				_, _ = io.Copy(rw, strings.NewReader(row.body))
			})
			owner, no := NewLookup(time.Minute).Owner(upload("a"), aCase, next)
			if owner != row.owner {
				t.Errorf("owner %q, want %q", owner, row.owner)
			}
			if row.code == "" {
				if no != nil {
					t.Errorf("refused with %s: %s", no.Code, no.Detail)
				}
				return
			}
			if no == nil {
				t.Fatalf("not refused, want %s", row.code)
			}
			if no.Code != row.code || no.Message == "" || no.Detail == "" {
				t.Errorf("refusal %+v, want %s with a message and a detail", no, row.code)
			}
			if row.message != "" && no.Message != row.message {
				t.Errorf("message %q, want %q", no.Message, row.message)
			}
			if (no.Status == http.StatusUnauthorized) != strings.HasPrefix(no.Challenge, "Bearer ") {
				t.Errorf("challenge %q with status %d", no.Challenge, no.Status)
			}
		})
	}
}

func TestHandlersThatMisbehave(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(rw, `{"owner":"cases"}`)
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer broken.Close()
	target, _ := url.Parse(broken.URL)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, row := range map[string]struct {
		next http.Handler
		ctx  context.Context
	}{
		"panics": {http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) { panic("x") }), context.Background()},
		"panics after the answer": {http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(rw, `{"owner":"cases"}`)
			panic(http.ErrAbortHandler)
		}), context.Background()},
		"answers nothing":                {http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) {}), context.Background()},
		"breaks off behind a real proxy": {httputil.NewSingleHostReverseProxy(target), context.WithValue(context.Background(), http.ServerContextKey, broken.Config)},
		"answers after the client left": {http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(rw, `{"owner":"cases"}`)
		}), ctx},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLookup(time.Minute)
			owner, no := l.Owner(upload("a").WithContext(row.ctx), aCase, row.next)
			if no == nil || no.Code != "case_lookup_failed" || owner != "" {
				t.Errorf("owner %q, refusal %v, want case_lookup_failed", owner, no)
			}
			if len(l.flights) != 0 || len(l.young) != 0 {
				t.Error("something was remembered")
			}
		})
	}
}

func BenchmarkOwnerRemembered(b *testing.B) {
	l := NewLookup(time.Hour)
	l.young[aCase.key()] = &memory{owner: "cases", until: time.Now().Add(time.Hour).UnixNano()}
	req := upload("a")
	for i := 0; i < b.N; i++ {
		_, _ = l.Owner(req, aCase, nil)
	}
}
