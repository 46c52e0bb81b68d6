package differential

import (
	"fmt"
	"strings"

	"github.com/casegate/casegate/e2e/harness"
)

// mutation breaks one thing of a legitimate upload.
type mutation struct {
	name  string
	apply func(m *message)
	// harmless: the result still has one reading, and the gate may let it pass or not.
	harmless bool
	// outside: the result is not a request for the route, and may reach the upstream as any other request.
	outside bool
	// early: Traefik's own HTTP server may refuse it, before any middleware.
	early bool
}

func contentTypeMutations() []mutation {
	var list []mutation
	add := func(name, format string) {
		list = append(list, mutation{name: "content type: " + name, apply: func(m *message) {
			m.contentType = strings.ReplaceAll(format, "%b", m.form.boundary)
		}})
	}
	harmless := func(name, format string) {
		add(name, format)
		list[len(list)-1].harmless = true
	}
	early := func(name, format string) {
		add(name, format)
		list[len(list)-1].early = true
	}
	for _, other := range []string{
		"", "text/plain", "application/json", "application/octet-stream", "application/x-www-form-urlencoded", "multipart/mixed; boundary=%b",
		"multipart/related; boundary=%b", "multipart/alternative; boundary=%b", "multipart/x-mixed-replace; boundary=%b", "multipart/*; boundary=%b",
		"multipart; boundary=%b", "multipart/; boundary=%b", "/form-data; boundary=%b", "form-data; boundary=%b", "multipart/form-datax; boundary=%b",
		"xmultipart/form-data; boundary=%b", "multipart /form-data; boundary=%b", "multipart/ form-data; boundary=%b", "multipart/form data; boundary=%b",
		"multipart/form-data/x; boundary=%b", "multipart\\form-data; boundary=%b", "\"multipart/form-data\"; boundary=%b",
	} {
		add(fmt.Sprintf("%q", other), other)
	}
	const plain = "multipart/form-data; boundary=%b"
	add("without boundary", "multipart/form-data")
	add("without boundary but with a semicolon", "multipart/form-data;")
	add("empty boundary", "multipart/form-data; boundary=")
	add("empty quoted boundary", `multipart/form-data; boundary=""`)
	add("boundary without a value", "multipart/form-data; boundary")
	add("boundary twice, the same", plain+"; boundary=%b")
	add("boundary twice, the other first", "multipart/form-data; boundary=other; boundary=%b")
	add("boundary twice, the other last", plain+"; boundary=other")
	add("boundary twice in two cases", plain+"; BOUNDARY=other")
	add("boundary in the extended form", "multipart/form-data; boundary*=utf-8''%b")
	add("boundary in the extended form beside the plain one", plain+"; boundary*=utf-8''other")
	add("boundary in continuations", "multipart/form-data; boundary*0=%b; boundary*1=x")
	add("boundary in one continuation", "multipart/form-data; boundary*0=%b")
	add("boundary beside its continuation", plain+"; boundary*0=other")
	add("boundary beside its encoded continuation", plain+"; boundary*0*=utf-8''other")
	add("no semicolon before the boundary", "multipart/form-data boundary=%b")
	add("comma before the boundary", "multipart/form-data, boundary=%b")
	add("boundary in a comment", plain+" (boundary=other)")
	add("two types in one header", plain+", multipart/form-data; boundary=other")
	add("another type behind a comma", plain+", text/plain")
	add("quote that is not closed", `multipart/form-data; boundary="%b`)
	add("quote that is not opened", `multipart/form-data; boundary=%b"`)
	add("text behind the closing quote", `multipart/form-data; boundary="%b"x`)
	add("text before the opening quote", `multipart/form-data; boundary=x"%b"`)
	add("single quotes", "multipart/form-data; boundary='%b'")
	add("escape in the quoted boundary", `multipart/form-data; boundary="\%b"`)
	add("escaped quote in the quoted boundary", `multipart/form-data; boundary="%b\""`)
	add("blank at the end of the quoted boundary", `multipart/form-data; boundary="%b "`)
	add("blank around the equals sign", "multipart/form-data; boundary = %b")
	add("blank before the equals sign", "multipart/form-data; boundary =%b")
	add("blank behind the equals sign", "multipart/form-data; boundary= %b")
	add("boundary inside another quoted parameter", `multipart/form-data; x="; boundary=other"; boundary=%b`)
	add("boundary only inside another quoted parameter", `multipart/form-data; x="; boundary=%b"`)
	add("parameter that nobody knows", plain+"; foo=bar")
	add("parameter without a name", plain+"; =bar")
	add("parameter without a value", plain+"; foo")
	add("charset utf-16", plain+"; charset=utf-16")
	add("charset utf-7", plain+"; charset=utf-7")
	add("charset iso-8859-1", plain+"; charset=iso-8859-1")
	add("charset twice", plain+"; charset=utf-8; charset=utf-16")
	add("another API version", plain+"; Elastic-Api-Version=2031-01-01")
	add("API version twice", plain+"; Elastic-Api-Version=2023-10-31; Elastic-Api-Version=2023-10-31")
	add("_charset_", plain+"; _charset_=utf-16")
	add("boundary of 71 characters", "multipart/form-data; boundary="+strings.Repeat("b", 71))
	add("boundary of 5000 characters", "multipart/form-data; boundary="+strings.Repeat("b", 5000))
	add("boundary that is not the body's", "multipart/form-data; boundary=another")
	add("boundary with the two dashes", "multipart/form-data; boundary=--%b")
	add("boundary that is a beginning of the body's", "multipart/form-data; boundary=-")
	for _, character := range "!#$%&*@[]^`{|}~<>\"\\;,éß" {
		add(fmt.Sprintf("boundary with %q", character), "multipart/form-data; boundary=%b"+string(character))
		add(fmt.Sprintf("quoted boundary with %q", character), `multipart/form-data; boundary="%b`+string(character)+`"`)
	}
	for _, character := range "\x00\x01\x08\x0b\x0c\x1f\x7f\r" {
		early(fmt.Sprintf("control character %q", character), plain+"; a=b"+string(character))
	}
	harmless("upper case", "MULTIPART/FORM-DATA; BOUNDARY=%b")
	harmless("no blank behind the semicolon", "multipart/form-data;boundary=%b")
	harmless("tab behind the semicolon", "multipart/form-data;\tboundary=%b")
	harmless("semicolon at the end", plain+";")
	harmless("empty parameter", "multipart/form-data;; boundary=%b")
	harmless("blank before the semicolon", "multipart/form-data ; boundary=%b")
	harmless("charset utf-8", plain+"; charset=utf-8")
	harmless("quoted charset", plain+`; charset="UTF-8"`)
	harmless("quoted boundary", `multipart/form-data; boundary="%b"`)
	harmless("API version in front", "multipart/form-data; Elastic-Api-Version=2023-10-31; boundary=%b")

	list = append(list,
		mutation{name: "content type: none", apply: func(m *message) { m.omit = append(m.omit, "Content-Type") }},
		mutation{name: "content type: two headers, the same", apply: func(m *message) { m.extra = append(m.extra, "Content-Type: "+m.contentType) }},
		mutation{name: "content type: two headers, the other last", apply: func(m *message) {
			m.extra = append(m.extra, "Content-Type: multipart/form-data; boundary=other")
		}},
		mutation{name: "content type: two headers, the other first", apply: func(m *message) {
			m.extra = append(m.extra, "content-type: "+m.contentType)
			m.contentType = "multipart/form-data; boundary=other"
		}},
		mutation{name: "content type: folded", early: true, harmless: true, apply: func(m *message) {
			m.contentType = "multipart/form-data;\r\n boundary=" + m.form.boundary
		}},
		mutation{name: "content type: folded with a tab", early: true, harmless: true, apply: func(m *message) {
			m.contentType = "multipart/form-data;\r\n\tboundary=" + m.form.boundary
		}},
	)
	return list
}

// httpMutations break the request around the form.
func httpMutations() []mutation {
	extra := func(lines ...string) func(m *message) {
		return func(m *message) { m.extra = append(m.extra, lines...) }
	}
	list := []mutation{
		{name: "http: two lengths that differ", early: true, apply: func(m *message) {
			m.framing = []string{fmt.Sprintf("Content-Length: %d", len(m.content())), "Content-Length: 5"}
		}},
		{name: "http: two lengths in one header", early: true, apply: func(m *message) {
			m.framing = []string{fmt.Sprintf("Content-Length: %d, 5", len(m.content()))}
		}},
		{name: "http: length with a sign", early: true, apply: func(m *message) {
			m.framing = []string{fmt.Sprintf("Content-Length: +%d", len(m.content()))}
		}},
		{name: "http: negative length", early: true, apply: func(m *message) { m.framing = []string{"Content-Length: -1"} }},
		{name: "http: length in hexadecimal", early: true, apply: func(m *message) {
			m.framing = []string{fmt.Sprintf("Content-Length: 0x%x", len(m.content()))}
		}},
		{name: "http: length that is too large for a number", early: true, apply: func(m *message) { m.framing = []string{"Content-Length: 99999999999999999999999"} }},
		{name: "http: length of 10 GiB", apply: func(m *message) { m.framing = []string{"Content-Length: 10737418240"} }},
		{name: "http: length one short", apply: func(m *message) {
			m.chunk = 0
			m.form.closing = strings.TrimRight(m.form.closing, "\r\n")
			m.framing = []string{fmt.Sprintf("Content-Length: %d", len(m.content())-1)}
		}},
		{name: "http: length one long", apply: func(m *message) {
			m.chunk, m.cut = 0, true
			m.framing = []string{fmt.Sprintf("Content-Length: %d", len(m.content())+1)}
		}},
		{name: "http: length of nothing, and a form behind it", early: true, apply: func(m *message) { m.chunk, m.framing = 0, []string{"Content-Length: 0"} }},
		{name: "http: no length and no chunks", early: true, apply: func(m *message) { m.chunk, m.framing = 0, []string{} }},
		{name: "http: chunked and a length", early: true, harmless: true, apply: func(m *message) {
			m.wire = chunked(m.content(), 1000)
			m.framing = []string{"Transfer-Encoding: chunked", "Content-Length: 5"}
		}},
		{name: "http: chunked announced, not done", early: true, apply: func(m *message) { m.chunk, m.framing, m.cut = 0, []string{"Transfer-Encoding: chunked"}, true }},
		{name: "http: gzip, chunked", early: true, apply: func(m *message) { m.chunk, m.framing = 1000, []string{"Transfer-Encoding: gzip, chunked"} }},
		{name: "http: chunked, gzip", early: true, apply: func(m *message) { m.chunk, m.framing = 1000, []string{"Transfer-Encoding: chunked, gzip"} }},
		{name: "http: chunked twice", early: true, apply: func(m *message) {
			m.chunk, m.framing = 1000, []string{"Transfer-Encoding: chunked", "Transfer-Encoding: chunked"}
		}},
		{name: "http: xchunked", early: true, apply: func(m *message) { m.chunk, m.framing = 1000, []string{"Transfer-Encoding: xchunked"} }},
		{name: "http: identity", early: true, apply: func(m *message) { m.chunk, m.framing = 0, []string{"Transfer-Encoding: identity"} }},
		{name: "http: blank before the colon of Transfer-Encoding", early: true, apply: func(m *message) { m.chunk, m.framing = 1000, []string{"Transfer-Encoding : chunked"} }},
		{name: "http: chunk size with text behind it", early: true, apply: wire("5;x\nhello", "")},
		{name: "http: chunk size negative", early: true, apply: wire("-5\r\n", "")},
		{name: "http: chunk size of 17 digits", early: true, apply: wire("00000000000000005\r\nabcde\r\n", "")},
		{name: "http: chunk without its end", early: true, apply: wire("5\r\nabcdefgh\r\n", "")},
		{name: "http: chunks that break off", apply: func(m *message) {
			whole := chunked(m.content(), 1000)
			m.framing, m.wire, m.cut = []string{"Transfer-Encoding: chunked"}, whole[:len(whole)-5], true
		}},
		{name: "http: trailers", harmless: true, apply: func(m *message) {
			whole := chunked(m.content(), 1000)
			m.framing = []string{"Transfer-Encoding: chunked", "Trailer: X-Casegate-User"}
			m.wire = append(whole[:len(whole)-2], "X-Casegate-User: admin\r\nContent-Type: text/plain\r\n\r\n"...)
		}},
		{name: "http: chunk extensions", harmless: true, apply: func(m *message) {
			m.wire = []byte(strings.ReplaceAll(string(chunked(m.content(), 1<<20)), "\r\n0\r\n", "\r\n0;a=b\r\n"))
			m.framing = []string{"Transfer-Encoding: chunked"}
		}},
		{name: "http: kbn-xsrf missing", apply: func(m *message) { m.omit = append(m.omit, "kbn-xsrf") }},
		{name: "http: kbn-xsrf under another name", apply: func(m *message) {
			m.omit = append(m.omit, "kbn-xsrf")
			m.extra = append(m.extra, "kbn_xsrf: true")
		}},
		{name: "http: kbn-xsrf named in Connection", harmless: true, apply: extra("Connection: keep-alive, kbn-xsrf")},
		{name: "http: Content-Type named in Connection", harmless: true, apply: extra("Connection: Content-Type")},
		{name: "http: Content-Length named in Connection", harmless: true, apply: extra("Connection: Content-Length")},
		{name: "http: Authorization named in Connection", harmless: true, apply: extra("Connection: Authorization, X-Casegate-User")},
		{name: "http: a client's own X-Casegate-User", harmless: true, apply: extra("X-Casegate-User: admin")},
		{name: "http: no token", apply: func(m *message) { m.omit = append(m.omit, "Authorization") }},
		{name: "http: two tokens", apply: func(m *message) { m.extra = append(m.extra, "Authorization: "+m.authorization) }},
		{name: "http: token and Basic", apply: extra("Authorization: Basic YTpi")},
		{name: "http: Basic", apply: func(m *message) { m.authorization = "Basic YTpi" }},
		{name: "http: ApiKey", apply: func(m *message) { m.authorization = "ApiKey YTpi" }},
		{name: "http: token without a scheme", apply: func(m *message) { m.authorization = strings.TrimPrefix(m.authorization, "Bearer ") }},
		{name: "http: two tokens in one header", apply: func(m *message) { m.authorization += ", " + m.authorization }},
		{name: "http: token with a flipped signature", apply: func(m *message) { m.authorization = flipSignature(m.authorization) }},
		{name: "http: token without its signature", apply: func(m *message) { m.authorization = m.authorization[:strings.LastIndexByte(m.authorization, '.')+1] }},
		{name: "http: token of a group without privileges", apply: func(m *message) { m.authorization = "Bearer " + harness.Token(map[string]any{"kibana": []any{}}) }},
		{name: "http: token of another owner", apply: func(m *message) {
			m.authorization = "Bearer " + harness.Token(map[string]any{"kibana": []any{map[string]any{"feature": map[string]any{"securitySolutionCasesV3": []string{"all"}}, "spaces": []string{"*"}}}})
		}},
		{name: "http: scheme in lower case", harmless: true, apply: func(m *message) { m.authorization = "bearer " + strings.TrimPrefix(m.authorization, "Bearer ") }},
		{name: "http: unknown expectation", early: true, apply: extra("Expect: the unexpected")},
		{name: "http: another API version", apply: extra("Elastic-Api-Version: 2031-01-01")},
		{name: "http: two API versions", apply: extra("Elastic-Api-Version: 2023-10-31", "Elastic-Api-Version: 2031-01-01")},
		{name: "http: the method is overridden", harmless: true, apply: extra("X-HTTP-Method-Override: PUT")},
		{name: "http: an upgrade", early: true, apply: extra("Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"), harmless: true},
		{name: "http: HTTP/1.0", harmless: true, apply: func(m *message) { m.proto, m.chunk = "HTTP/1.0", 0 }},
		{name: "http: method in lower case", outside: true, apply: func(m *message) { m.method = "post" }},
		{name: "http: PUT", outside: true, apply: func(m *message) { m.method = "PUT" }},
	}
	for _, encoding := range []string{"gzip", "deflate", "br", "zstd", "compress", "gzip, gzip", "identity, gzip", "x-gzip", "aes128gcm", "GZIP", "gzip;q=1"} {
		list = append(list,
			mutation{name: "http: encoded and declared as " + encoding, apply: func(m *message) {
				m.body = harness.Gzip(m.content())
				m.extra = append(m.extra, "Content-Encoding: "+encoding)
			}},
			mutation{name: "http: only declared as " + encoding, apply: extra("Content-Encoding: " + encoding)})
	}
	return append(list, mutation{name: "http: encoding identity", harmless: true, apply: extra("Content-Encoding: identity")})
}

// wire sends this text where the first chunk belongs, and the body's chunks behind it.
func wire(before, after string) func(m *message) {
	return func(m *message) {
		m.framing, m.cut = []string{"Transfer-Encoding: chunked"}, true
		m.wire = append(append([]byte(before), chunked(m.content(), 1000)...), after...)
	}
}

func flipSignature(token string) string {
	end := len(token) - 10
	letter := byte('A')
	if token[end] == 'A' {
		letter = 'B'
	}
	return token[:end] + string(letter) + token[end+1:]
}

// pathMutations ask for the route in ways that two readers of a path could understand differently.
func pathMutations() []mutation {
	var list []mutation
	for _, target := range []string{
		"//api/cases/9/files", "/api//cases/9/files", "/api/cases//9/files", "/api/cases/9//files", "/api/cases/9/files//", "/./api/cases/9/files",
		"/api/./cases/9/files", "/api/cases/9/./files", "/x/../api/cases/9/files", "/api/cases/9/x/../files", "/api/cases/9/files/.", "/api/cases/9/files/x/..",
		"/api/cases/9/%2e/files", "/api/cases/9/x/%2e%2e/files", "/api/cases/9/x/%2E./files", "/api%2fcases/9/files", "/api/cases%2f9/files", "/api/cases/9%2ffiles",
		"/api/cases/9/files%2f", "/api%2Fcases%2F9%2Ffiles", "/api\\cases\\9\\files", "/api/cases/9\\files", "/api%5ccases%5c9%5cfiles", "/api/cases/9%5Cfiles",
		"/api/cases/9;x=y/files", "/api/cases/9/files;x=y", "/api/cases/9/files;", "/api;a/cases/9/files", "/api/cases/9/files%3bx=y",
		"/s//api/cases/9/files", "/s/%2f/api/cases/9/files", "/s/../api/cases/9/files", "/s/./api/cases/9/files", "/s/a/s/b/api/cases/9/files", "/S/a/api/cases/9/files",
		"/s/a%2fapi/cases/9/files", "/kibana/api/cases/9/files", "/kibana/s/a/api/cases/9/files", "/x/api/cases/9/files", "/api/cases/9/files/api/cases/9/files",
		"/%61pi//cases/9/files", "/api/cases/%2e%2e/files", "/api/cases/../files", "/api/cases/./files", "/api/cases/%00/files", "/api/cases/9/files%00", "/api/cases/9/files%20",
		"/api/cases/9/files%0a", "/api/cases/9%09/files", "/api/cases/9/%66iles//", "/api/cases/9/fi%6Ces/.", "/api/cases/9/files#x", "/api/cases/9/files%23x", "/api/cases/9/files%3f",
		"/api/cases/9/FILES", "/API/CASES/9/FILES", "/Api/cases/9/files", "/api/cases/9/file", "/api/cases/9/filess", "/api/cases/files", "/api/cases//files", "/api/cases/9/files.", "/api/cases/9/files%2e",
		"/api/cases/9/files%252f", "/api%252fcases/9/files", "/api/cases/9/%c0%afiles", "/api/cases/9/%ff/files", "/\tapi/cases/9/files", "/api/cases/9/fil\tes", "/%2e/api/cases/9/files",
		"http://other.example/api/cases//9/files", "http://kibana.example//api/cases/9/files", "*", "kibana.example:80", "",
		"/api/cases/9/../10/files", "/s/sales/../api/cases/9/files", "/api/cases/9/%2e%2e/9/files", "/api/cases/9\\..\\9/files",
		"/api/cases/9/files?x=/../y", "/?/api/cases/9/files", "/api/cases/missing-1/files", "/api/cases/sec-1/files", "/s/sales/api/cases/obs-1/files",
	} {
		list = append(list, mutation{
			name: fmt.Sprintf("path: %q", target), outside: true, early: true, harmless: strings.HasPrefix(target, "/api/cases/9/files?") || strings.HasPrefix(target, "/api/cases/9/files#"),
			apply: func(m *message) { m.target = target },
		})
	}
	for _, target := range []string{
		"/api/cases/9/f%69les", "/%61pi/cases/9/files", "/api/cases/9/files/", "/s/%73ales/api/cases/9/files", "/%73/sales/api/cases/9/files",
		"/api/cases/9/files?", "/api/cases/9/files?file=evil.exe", "http://kibana.example/api/cases/9/files", "/api/cases/caf%C3%A9/files", "/s/caf%C3%A9/api/cases/9/files",
	} {
		list = append(list, mutation{name: fmt.Sprintf("path: %q", target), harmless: true, outside: true, apply: func(m *message) { m.target = target }})
	}
	return list
}
