package differential

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/casegate/casegate/e2e/harness"
)

// shape is how one client writes an upload.
type shape struct {
	name     string
	boundary string
	// contentType is the header's value; %s is the boundary.
	contentType string
	// file gives the file part's headers, title those of the filename part; nil: the client is used without one.
	file  func(f harness.File) []string
	title func(text string) []string
	// titleLast puts the filename part behind the file.
	titleLast bool
	// epilogue is what follows the closing delimiter.
	epilogue string
	chunk    int
	extra    []string
}

const aTitle = "A title"

// build writes an upload of a file as the client does.
func (s shape) build(file harness.File, token string) *message {
	m := &message{
		method: "POST", target: "/api/cases/9/files", proto: "HTTP/1.1",
		authorization: "Bearer " + token, xsrf: "true",
		contentType: fmt.Sprintf(s.contentType, s.boundary),
		extra:       append([]string(nil), s.extra...), chunk: s.chunk,
	}
	m.form = form{boundary: s.boundary, closing: "\r\n--" + s.boundary + "--" + s.epilogue}
	parts := []*part{newPart(file.Bytes, s.file(file)...)}
	if s.title != nil {
		title := newPart([]byte(aTitle), s.title(aTitle)...)
		if s.titleLast {
			parts = append(parts, title)
		} else {
			parts = append([]*part{title}, parts...)
		}
	}
	m.form.parts = parts
	return m
}

// quoted is the part head of most clients: quoted names, then the type.
func quoted(f harness.File) []string {
	return []string{fmt.Sprintf(`Content-Disposition: form-data; name="file"; filename="%s"`, f.Name), "Content-Type: " + f.Type}
}

func quotedTitle(string) []string { return []string{`Content-Disposition: form-data; name="filename"`} }

func octetStream(f harness.File) []string {
	return []string{quoted(f)[0], "Content-Type: application/octet-stream"}
}

func typeless(f harness.File) []string { return quoted(f)[:1] }

// apache is Apache HttpClient's strict and browser-compatible form.
func apache(f harness.File) []string {
	return append(quoted(f), "Content-Transfer-Encoding: binary")
}

func apacheTitle(string) []string {
	return []string{`Content-Disposition: form-data; name="filename"`, "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit"}
}

func okHTTP(f harness.File) []string {
	return append(quoted(f), "Content-Length: "+strconv.Itoa(len(f.Bytes)))
}

func okHTTPTitle(text string) []string {
	return []string{`Content-Disposition: form-data; name="filename"`, "Content-Length: " + strconv.Itoa(len(text))}
}

// dotNet writes tokens without quotes, and the name once more in the extended form.
func dotNet(f harness.File) []string {
	return []string{"Content-Type: " + f.Type, fmt.Sprintf("Content-Disposition: form-data; name=file; filename=%s; filename*=utf-8''%[1]s", f.Name)}
}

func dotNetTitle(string) []string {
	return []string{"Content-Type: text/plain; charset=utf-8", "Content-Disposition: form-data; name=filename"}
}

// shapes are the clients' ways of writing a form.
func shapes() []shape {
	const plain = "multipart/form-data; boundary=%s"
	list := []shape{
		{name: "curl 7", boundary: "------------------------acd174c13fef15ff", contentType: plain, file: quoted, epilogue: "\r\n"},
		{name: "curl 8", boundary: "------------------------8R9Pc7rXuyNUsU3A7zKDlb", contentType: plain, file: quoted, epilogue: "\r\n"},
		{name: "curl as on the API page", boundary: "------------------------acd174c13fef15f0", contentType: "multipart/form-data; Elastic-Api-Version=2023-10-31; boundary=%s", file: quoted, epilogue: "\r\n"},
		{name: "curl with the title last", boundary: "------------------------00cc80e3fa210172", contentType: plain, file: quoted, title: quotedTitle, titleLast: true, epilogue: "\r\n"},
		{name: "curl that asks first", boundary: "------------------------00cc80e3fa210173", contentType: plain, file: quoted, epilogue: "\r\n", extra: []string{"Expect: 100-continue"}},
		{name: "Chromium", boundary: "----WebKitFormBoundary7MA4YWxkTrZu0gW8", contentType: plain, file: quoted, title: quotedTitle, titleLast: true, epilogue: "\r\n", extra: []string{"Origin: http://kibana.example", "Sec-Fetch-Mode: cors"}},
		{name: "Firefox", boundary: "----geckoformboundary5d1b8e6a2f5c4b8e2d3a9f7c6b1e0d42", contentType: plain, file: quoted, epilogue: "\r\n"},
		{name: "Firefox before 130", boundary: "---------------------------318204093427359208221530927", contentType: plain, file: quoted, title: quotedTitle, epilogue: "\r\n"},
		{name: "Safari", boundary: "----WebKitFormBoundaryAQpqPyTQ9bGdz3lA", contentType: plain, file: quoted, epilogue: "\r\n"},
		{name: "Python requests", boundary: "f2f0ce3c8a8de1cbf3e1dfb1b8a1cdd8", contentType: plain, file: typeless, title: quotedTitle, epilogue: "\r\n"},
		{name: "Python requests with a type", boundary: "f2f0ce3c8a8de1cbf3e1dfb1b8a1cdd9", contentType: plain, file: quoted, epilogue: "\r\n"},
		{name: "Python httpx", boundary: "2d58a3f0a4ef6f4c9a1c9ae8b94ebd2e", contentType: plain, file: quoted, title: quotedTitle, epilogue: "\r\n"},
		{
			name: "Python aiohttp", boundary: "5b1f0d7c1e0b4a3f8c2d9e6a7b4c5d6e", contentType: plain, chunk: 4096, epilogue: "\r\n",
			file: func(f harness.File) []string { return []string{"Content-Type: " + f.Type, quoted(f)[0]} },
			title: func(string) []string {
				return []string{"Content-Type: text/plain; charset=utf-8", `Content-Disposition: form-data; name="filename"`}
			},
		},
		{name: "Python urllib3", boundary: "c1d2e3f4a5b6978877665544332211aa", contentType: plain, file: octetStream, epilogue: "\r\n"},
		{name: "HTTPie", boundary: "6f4c9a1c9ae8b94ebd2e2d58a3f0a4ef", contentType: plain, file: quoted, title: quotedTitle, epilogue: "\r\n"},
		{name: "Node fetch (undici)", boundary: "----formdata-undici-046728140182", contentType: plain, file: quoted, epilogue: "\r\n"},
		{name: "Node fetch of a stream", boundary: "----formdata-undici-046728140183", contentType: plain, file: octetStream, title: quotedTitle, titleLast: true, chunk: 65536, epilogue: "\r\n"},
		{name: "axios with FormData", boundary: "axios-1.7.9-boundary-LZ0c7lTcGxxWkJHwVXBZ1yt8d", contentType: plain, file: quoted, epilogue: "\r\n"},
		{name: "form-data of npm", boundary: "--------------------------102437294857362910283746", contentType: plain, file: quoted, title: quotedTitle, chunk: 16384, epilogue: "\r\n"},
		{name: "supertest", boundary: "--------------------------502437294857362910283746", contentType: plain, file: quoted, title: quotedTitle, epilogue: "\r\n"},
		{name: "got", boundary: "form-data-boundary-x1c5hcjqm2ds9xs0", contentType: plain, file: quoted, epilogue: "\r\n\r\n"},
		{name: "got with the title last", boundary: "form-data-boundary-x1c5hcjqm2ds9xs1", contentType: plain, file: quoted, title: quotedTitle, titleLast: true, epilogue: "\r\n\r\n"},
		{name: "Go", boundary: strings.Repeat("3f8c2d9e6a", 6), contentType: plain, file: octetStream, epilogue: "\r\n"},
		{name: "Go through a pipe", boundary: strings.Repeat("4f8c2d9e6b", 6), contentType: plain, file: octetStream, title: quotedTitle, chunk: 32768, epilogue: "\r\n"},
		{name: "Apache HttpClient 4", boundary: "tXnBEaW5vCBFXRQkDgkb1bqY5aWBJ3zFAqQ", contentType: plain, file: apache, epilogue: "\r\n"},
		{name: "Apache HttpClient 4 with a title", boundary: "tXnBEaW5vCBFXRQkDgkb1bqY5aWBJ3zFAqR", contentType: plain, file: apache, title: apacheTitle, epilogue: "\r\n"},
		{name: "Apache HttpClient 5", boundary: "httpclient_boundary_2e4a1d60-9a1f-4f4d-8d3b-7c1d2a9e8f10", contentType: "multipart/form-data; charset=UTF-8; boundary=%s", file: quoted, epilogue: "\r\n"},
		{name: "OkHttp", boundary: "0f3b5f6c-7f0b-4b39-8f0e-9e3f4b9c1a77", contentType: plain, file: okHTTP, epilogue: "\r\n"},
		{name: "OkHttp with a title", boundary: "0f3b5f6c-7f0b-4b39-8f0e-9e3f4b9c1a78", contentType: plain, file: okHTTP, title: okHTTPTitle, epilogue: "\r\n"},
		{name: "Java HttpClient with a form of its own", boundary: "Boundary-1732370000000", contentType: plain, file: quoted, title: quotedTitle, epilogue: ""},
		{name: ".NET HttpClient", boundary: "4c1d2a9e-8f10-4f4d-8d3b-2e4a1d609a1f", contentType: `multipart/form-data; boundary="%s"`, file: dotNet, epilogue: "\r\n"},
		{name: ".NET HttpClient with a title", boundary: "4c1d2a9e-8f10-4f4d-8d3b-2e4a1d609a10", contentType: `multipart/form-data; boundary="%s"`, file: dotNet, title: dotNetTitle, epilogue: "\r\n"},
		{
			name: "PowerShell 7", boundary: "9a1f4f4d-8d3b-7c1d-2a9e-8f102e4a1d60", contentType: `multipart/form-data; boundary="%s"`, epilogue: "\r\n", title: dotNetTitle,
			file: func(f harness.File) []string {
				headers := dotNet(f)
				return []string{headers[1], "Content-Type: application/octet-stream"}
			},
		},
		{name: "Postman", boundary: "--------------------------826412539104752803917463", contentType: plain, file: quoted, epilogue: "\r\n", extra: []string{"Postman-Token: 4c1d2a9e-8f10-4f4d-8d3b-2e4a1d609a1f", "Cache-Control: no-cache"}},
		{name: "Insomnia", boundary: "---011000010111000001101001", contentType: plain, file: quoted, title: quotedTitle, epilogue: "\r\n"},
		{name: "Ruby Net::HTTP", boundary: "yEYZhDqnLBd0rGxDGKkq8KbY4nnR5WJbpkyGRzgAQJw2Fmo1jQm0bA", contentType: plain, file: octetStream, epilogue: "\r\n"},
		{
			name: "Ruby Faraday", boundary: "-----------RubyMultipartPost-3f8c2d9e6a7b4c5d6e1f0d7c1e0b4a3f", contentType: plain, epilogue: "\r\n", title: quotedTitle,
			file: func(f harness.File) []string {
				return []string{quoted(f)[0], "Content-Length: " + strconv.Itoa(len(f.Bytes)), "Content-Type: " + f.Type, "Content-Transfer-Encoding: binary"}
			},
		},
		{
			name: "PHP Guzzle", boundary: "c3f8c2d9e6a7b4c5d6e1f0d7c1e0b4a3f0c2d9e6", contentType: plain, epilogue: "\r\n", title: okHTTPTitle,
			file: func(f harness.File) []string {
				return []string{quoted(f)[0], "Content-Length: " + strconv.Itoa(len(f.Bytes)), "Content-Type: " + f.Type}
			},
		},
		{name: "Rust reqwest", boundary: "2c9b3f8d1e5a7c60-9d4e1b7f3a5c8d20-6e1f0d7c1e0b4a3f-8c2d9e6a7b4c5d6e", contentType: plain, file: quoted, title: quotedTitle, epilogue: "\r\n"},
		{name: "Rust reqwest of a stream", boundary: "3c9b3f8d1e5a7c60-9d4e1b7f3a5c8d20-6e1f0d7c1e0b4a3f-8c2d9e6a7b4c5d6e", contentType: plain, file: quoted, chunk: 8192, epilogue: "\r\n"},
		{name: "Perl HTTP::Request::Common", boundary: "xYzZY", contentType: plain, file: quoted, epilogue: "\r\n"},
		{name: "Swift Alamofire", boundary: "alamofire.boundary.4c1d2a9e8f104f4d", contentType: plain, file: quoted, title: quotedTitle, titleLast: true, epilogue: "\r\n"},
		{
			name: "Dart http", boundary: "dart-http-boundary-8QpXy2cFk0z3vT.m_bS1aW9eRu7iOd5gHj6", contentType: plain, epilogue: "\r\n", title: quotedTitle,
			file: func(f harness.File) []string {
				headers := quoted(f)
				return []string{"content-type: " + f.Type, strings.Replace(headers[0], "Content-Disposition", "content-disposition", 1)}
			},
		},
		{
			name: "Kotlin ktor", boundary: "5a7c609d4e1b7f3a5c8d206e1f0d7c1e0b4a3f8c2d9e6a7b4c5d6e", contentType: plain, epilogue: "\r\n",
			file: func(f harness.File) []string {
				return []string{"Content-Disposition: form-data; name=file; filename=\"" + f.Name + "\"", "Content-Type: " + f.Type, "Content-Length: " + strconv.Itoa(len(f.Bytes))}
			},
		},
	}
	return list
}
