package exchange

import (
	"net/http"
	"strings"
	"testing"
)

func TestParseFindsMistakes(t *testing.T) {
	for name, text := range map[string]string{
		"no rule":             "-- request --\nGET /\n-- answer --\n200\n",
		"no request":          "A rule.\n-- policy.yaml --\n",
		"no answer":           "A rule.\n-- request --\nGET /\n",
		"answer twice":        "A rule.\n-- request --\nGET /\n-- answer --\n200\n-- answer --\n200\n",
		"request twice":       "A rule.\n-- request a --\nGET /\n-- request a --\nGET /\n-- answer a --\n200\n",
		"another case's name": "A rule.\n-- request a --\nGET /\n-- answer b --\n200\n",
		"unknown section":     "A rule.\n-- request --\nGET /\n-- answer --\n200\n-- hint --\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse("x", text); err == nil {
				t.Error("the mistake was not found")
			}
		})
	}
}

func TestComposeWritesTheWire(t *testing.T) {
	for name, c := range map[string]struct{ text, head, body string }{
		"length added":   {"POST /a\r\nX: 1\r\n\r\nbody\r\n", "POST /a HTTP/1.1\r\nHost: h\r\nX: 1\r\nContent-Length: 6\r\n\r\n", "body\r\n"},
		"length given":   {"POST /a\r\nContent-Length: 9\r\n\r\nbody", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n", "body"},
		"no body":        {"GET /a\r\n", "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", ""},
		"chunks":         {"POST /a\r\nTransfer-Encoding: chunked\r\n!chunk 3\r\n!trailer T: 1\r\n\r\nabcd", "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "3\r\nabc\r\n1\r\nd\r\n0\r\nT: 1\r\n\r\n"},
		"version given":  {"GET /a HTTP/1.0\r\n", "GET /a HTTP/1.0\r\nHost: h\r\n\r\n", ""},
		"expect-100":     {"POST /a\r\n!expect-continue\r\n\r\nx", "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", "x"},
		"raw line feeds": {"POST /a\r\n\r\na\nb", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n", "a\nb"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := compose(c.text, "h")
			if err != nil {
				t.Fatal(err)
			}
			if string(m.head) != c.head || string(m.body) != c.body {
				t.Errorf("got %q and %q, not %q and %q", m.head, m.body, c.head, c.body)
			}
		})
	}
	if _, err := compose("GET /\r\n!jump\r\n", "h"); err == nil {
		t.Error("an unknown directive was taken")
	}
}

func TestAnswersThatDifferAreFound(t *testing.T) {
	got := &reply{status: 200, header: http.Header{"A": {"1"}}, body: []byte(`{"a":1,"b":[2]}`)}
	for _, same := range []string{"200\n", "200\nA: 1\n-B\n", "200\nA: *\n", "200\n\n{\"b\":[2],\"a\":1}\n", "200\n\n{\"a\":1…\n", "200\n-!continued\n"} {
		if differences := compareAnswer(same, got); len(differences) > 0 {
			t.Errorf("%q: %v", same, differences)
		}
	}
	for _, other := range []string{"201\n", "200\nA: 2\n", "200\n-A\n", "200\nB: *\n", "200\n\n{\"a\":1}\n", "200\n\n{\"b\"…\n", "200\n!continued\n"} {
		if len(compareAnswer(other, got)) == 0 {
			t.Errorf("%q: no difference was found", other)
		}
	}
}

func TestRefusalsOfAnotherShapeAreFound(t *testing.T) {
	header := http.Header{
		"X-Casegate-Code": {"type_not_allowed"}, "Cache-Control": {"no-store"}, "Content-Type": {"application/json; charset=utf-8"},
	}
	right := `{"statusCode":415,"error":"Unsupported Media Type","message":"m","attributes":{"code":"type_not_allowed"}}`
	if differences := compareAnswer("415\n", &reply{status: 415, header: header, body: []byte(right)}); len(differences) > 0 {
		t.Error(differences)
	}
	for _, wrong := range []string{
		strings.Replace(right, "415", "400", 1), strings.Replace(right, `"m"`, `""`, 1), strings.Replace(right, "type_not", "xtype_not", 1), "oops",
	} {
		if len(compareAnswer("415\n", &reply{status: 415, header: header, body: []byte(wrong)})) == 0 {
			t.Errorf("%s: no difference was found", wrong)
		}
	}
	if len(compareAnswer("401\n", &reply{status: 401, header: header, body: []byte(right)})) == 0 {
		t.Error("a 401 without WWW-Authenticate was taken")
	}
}

func TestUploadsThatDifferAreFound(t *testing.T) {
	request := "POST /api/cases/1/files\r\nContent-Type: multipart/form-data; boundary=b\r\n"
	form := "--own\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nx\r\n--own--\r\n"
	good := record{
		method: "POST", target: "/api/cases/1/files", length: int64(len(form)), body: form,
		header: http.Header{"Content-Type": {"multipart/form-data; boundary=own"}},
	}
	wanted := "POST /api/cases/1/files\r\nContent-Type: multipart/form-data; boundary=BOUNDARY\r\n\r\n" + strings.ReplaceAll(form, "--own", "--BOUNDARY")
	if differences := append(compareUpstream([]string{wanted}, []record{good}, request), broken(good, request, true)...); len(differences) > 0 {
		t.Fatal(differences)
	}
	for name, change := range map[string]func(*record){
		"path":             func(r *record) { r.target = "/api/cases/2/files" },
		"body":             func(r *record) { r.body = strings.Replace(r.body, "x", "y", 1) },
		"length":           func(r *record) { r.length++ },
		"chunked":          func(r *record) { r.encoding = []string{"chunked"} },
		"trailer":          func(r *record) { r.trailer = http.Header{"T": {"1"}} },
		"cut":              func(r *record) { r.broken = true },
		"client's own":     func(r *record) { r.header = http.Header{"Content-Type": {"multipart/form-data; boundary=b"}} },
		"second parameter": func(r *record) { r.header = http.Header{"Content-Type": {"multipart/form-data; boundary=own; a=b"}} },
		"not closed":       func(r *record) { r.body = strings.Replace(r.body, "--own--", "--own", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			r := good
			change(&r)
			if len(append(compareUpstream([]string{wanted}, []record{r}, request), broken(r, request, true)...)) == 0 {
				t.Error("no difference was found")
			}
		})
	}
	if len(compareUpstream(nil, []record{good}, request)) == 0 || len(compareUpstream([]string{wanted}, nil, request)) == 0 {
		t.Error("a request too many or too few was not found")
	}
}

func TestBehavioursAreRead(t *testing.T) {
	rules, err := behaviours("GET /a 404 [X: 1] [Y: 2] [3]\n\nPOST * hang\nGET /b drop\nGET /b cut\nGET /c 200 [{\"a\": 1}]\n")
	if err != nil {
		t.Fatal(err)
	}
	first := rules[0]
	if first.status != 404 || len(first.header) != 2 || first.header[1] != [2]string{"Y", "2"} || first.body != "[3]" {
		t.Errorf("the first is %+v", first)
	}
	if !rules[1].hang || !rules[2].drop || !rules[3].cut || rules[4].body != `[{"a": 1}]` {
		t.Errorf("the others are %+v", rules[1:])
	}
	for _, wrong := range []string{"GET /a\n", "GET /a x\n"} {
		if _, err := behaviours(wrong); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}

func TestTimesInClaims(t *testing.T) {
	got := times(`{"a":@now,"b":"@now-5","c":"now"}`)
	if strings.Contains(got, "@") || strings.Contains(got, `"b":"`) || !strings.Contains(got, `"c":"now"`) {
		t.Error(got)
	}
}
