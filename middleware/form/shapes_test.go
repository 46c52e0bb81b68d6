package form

import (
	"strconv"
	"strings"
)

// shape is a request as a real client writes it. In Body every LF stands for CR LF, «B» for the boundary, «FILE» for the
// file's bytes and «SIZE» for their number.
type shape struct {
	Client      string
	ContentType string
	Boundary    string
	Body        string
	Filename    string
	Title       string
}

const (
	untitled = `--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Type: application/pdf

«FILE»
--«B»--
`
	titled = `--«B»
Content-Disposition: form-data; name="filename"

Quarterly report
` + untitled
)

// fileBytes is a file with everything in it that a careless reader would trip over.
var fileBytes = func() string {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return "%PDF-1.7\r\n--\r\n--\n----\r\n\r\n" + string(all) + "\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n-"
}()

// wire is the shape's body as it goes over the wire.
func (s shape) wire() string {
	body := strings.ReplaceAll(s.Body, "\n", "\r\n")
	body = strings.ReplaceAll(body, "«B»", s.Boundary)
	body = strings.ReplaceAll(body, "«SIZE»", strconv.Itoa(len(fileBytes)))
	return strings.ReplaceAll(body, "«FILE»", fileBytes)
}

var shapes = []shape{
	{
		Client:      "curl 8",
		ContentType: "multipart/form-data; boundary=------------------------qX9aLr4tBv0MzKp1Wc3Yd5",
		Boundary:    "------------------------qX9aLr4tBv0MzKp1Wc3Yd5",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "curl 7",
		ContentType: "multipart/form-data; boundary=------------------------0f1e2d3c4b5a6978",
		Boundary:    "------------------------0f1e2d3c4b5a6978",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "the API page's own curl",
		ContentType: "multipart/form-data; Elastic-Api-Version=2023-10-31; boundary=------------------------abc",
		Boundary:    "------------------------abc",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "curl with a filename part first",
		ContentType: "multipart/form-data; boundary=------------------------0f1e2d3c4b5a6978",
		Boundary:    "------------------------0f1e2d3c4b5a6978",
		Body:        titled, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "curl with a filename part last",
		ContentType: "multipart/form-data; boundary=------------------------0f1e2d3c4b5a6978",
		Boundary:    "------------------------0f1e2d3c4b5a6978",
		Body: `--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Type: application/pdf

«FILE»
--«B»
Content-Disposition: form-data; name="filename"

Quarterly report
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "curl with ;type= on both parts",
		ContentType: "multipart/form-data; boundary=------------------------0f1e2d3c4b5a6978",
		Boundary:    "------------------------0f1e2d3c4b5a6978",
		Body: `--«B»
Content-Disposition: form-data; name="filename"
Content-Type: text/plain

Quarterly report
--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Type: application/octet-stream

«FILE»
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Chromium",
		ContentType: "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gWb",
		Boundary:    "----WebKitFormBoundary7MA4YWxkTrZu0gWb",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "Chromium, quotes in the name",
		ContentType: "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gWb",
		Boundary:    "----WebKitFormBoundary7MA4YWxkTrZu0gWb",
		Body: `--«B»
Content-Disposition: form-data; name="file"; filename="so-called %22final%22 report.pdf"
Content-Type: application/pdf

«FILE»
--«B»--
`, Filename: "so-called %22final%22 report.pdf",
	},
	{
		Client:      "Safari, decomposed umlaut",
		ContentType: "multipart/form-data; boundary=----WebKitFormBoundaryAa1Bb2Cc3Dd4Ee5F",
		Boundary:    "----WebKitFormBoundaryAa1Bb2Cc3Dd4Ee5F",
		Body: `--«B»
Content-Disposition: form-data; name="file"; filename="U` + "\u0308" + `bersicht.pdf"
Content-Type: application/pdf

«FILE»
--«B»--
`, Filename: "U\u0308bersicht.pdf",
	},
	{
		Client:      "Firefox",
		ContentType: "multipart/form-data; boundary=----geckoformboundary3f2a9b1c8d7e6f50a1b2c3d4e5f60718",
		Boundary:    "----geckoformboundary3f2a9b1c8d7e6f50a1b2c3d4e5f60718",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "Firefox of older years",
		ContentType: "multipart/form-data; boundary=---------------------------41184676334179287463212345678",
		Boundary:    "---------------------------41184676334179287463212345678",
		Body:        titled, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Python requests",
		ContentType: "multipart/form-data; boundary=8d1f0e2c3b4a59687766554433221100",
		Boundary:    "8d1f0e2c3b4a59687766554433221100",
		Body: `--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"

«FILE»
--«B»--
`, Filename: "report.pdf",
	},
	{
		Client:      "Python requests with data and a type",
		ContentType: "multipart/form-data; boundary=8d1f0e2c3b4a59687766554433221100",
		Boundary:    "8d1f0e2c3b4a59687766554433221100",
		Body:        titled, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Python requests, emoji in the name",
		ContentType: "multipart/form-data; boundary=8d1f0e2c3b4a59687766554433221100",
		Boundary:    "8d1f0e2c3b4a59687766554433221100",
		Body: `--«B»
Content-Disposition: form-data; name="file"; filename="👩‍💻 報告.pdf"

«FILE»
--«B»--
`, Filename: "👩‍💻 報告.pdf",
	},
	{
		Client:      "Python httpx",
		ContentType: "multipart/form-data; boundary=00112233445566778899aabbccddeeff",
		Boundary:    "00112233445566778899aabbccddeeff",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "Python aiohttp",
		ContentType: "multipart/form-data; boundary=0123456789abcdef0123456789abcdef",
		Boundary:    "0123456789abcdef0123456789abcdef",
		Body: `--«B»
Content-Type: text/plain; charset=utf-8
Content-Disposition: form-data; name="filename"

Quarterly report
--«B»
Content-Type: application/pdf
Content-Disposition: form-data; name="file"; filename="report.pdf"

«FILE»
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Python urllib, boundary from the email package",
		ContentType: `multipart/form-data; boundary="===============7330845974216740156=="`,
		Boundary:    "===============7330845974216740156==",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "HTTPie",
		ContentType: "multipart/form-data; boundary=d3c1e0f9a8b7c6d5e4f30212a1b0c9d8",
		Boundary:    "d3c1e0f9a8b7c6d5e4f30212a1b0c9d8",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "Node's own FormData (undici)",
		ContentType: "multipart/form-data; boundary=----formdata-undici-012345678901",
		Boundary:    "----formdata-undici-012345678901",
		Body:        titled, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "undici of older years, no line end at the end",
		ContentType: "multipart/form-data; boundary=----formdata-undici-012345678901",
		Boundary:    "----formdata-undici-012345678901",
		Body:        strings.TrimSuffix(untitled, "\n"), Filename: "report.pdf",
	},
	{
		Client:      "node-fetch",
		ContentType: "multipart/form-data; boundary=----formdata-polyfill-0.7316042837459012",
		Boundary:    "----formdata-polyfill-0.7316042837459012",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "axios with form-data",
		ContentType: "multipart/form-data; boundary=--------------------------482713645098127364509182",
		Boundary:    "--------------------------482713645098127364509182",
		Body:        titled, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "supertest",
		ContentType: "multipart/form-data; boundary=--------------------------998877665544332211009988",
		Boundary:    "--------------------------998877665544332211009988",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "got",
		ContentType: "multipart/form-data; boundary=form-data-encoder-a1B2c3D4e5F6g7H8",
		Boundary:    "form-data-encoder-a1B2c3D4e5F6g7H8",
		Body:        titled + "\n", Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "form-data-encoder with its additional headers",
		ContentType: "multipart/form-data; boundary=form-data-encoder-a1B2c3D4e5F6g7H8",
		Boundary:    "form-data-encoder-a1B2c3D4e5F6g7H8",
		Body: `--«B»
Content-Disposition: form-data; name="filename"
Content-Length: 16

Quarterly report
--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Type: application/pdf

«FILE»
--«B»--

`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Bun",
		ContentType: `multipart/form-data; boundary="-WebkitFormBoundary0123456789abcdef0123456789abcdef"`,
		Boundary:    "-WebkitFormBoundary0123456789abcdef0123456789abcdef",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "Deno",
		ContentType: "multipart/form-data; boundary=----01234567890123456789012345678901",
		Boundary:    "----01234567890123456789012345678901",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "Postman",
		ContentType: "multipart/form-data; boundary=--------------------------120394857610293847561029",
		Boundary:    "--------------------------120394857610293847561029",
		Body:        titled, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Insomnia",
		ContentType: "multipart/form-data; boundary=X-INSOMNIA-BOUNDARY",
		Boundary:    "X-INSOMNIA-BOUNDARY",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "Go",
		ContentType: "multipart/form-data; boundary=5f2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f",
		Boundary:    "5f2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f",
		Body: `--«B»
Content-Disposition: form-data; name="filename"

Quarterly report
--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Type: application/octet-stream

«FILE»
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Apache HttpClient 4",
		ContentType: "multipart/form-data; boundary=Xq_-7GhT9vKd2RzLbN4mYc0WpJfEa8Us",
		Boundary:    "Xq_-7GhT9vKd2RzLbN4mYc0WpJfEa8Us",
		Body: `--«B»
Content-Disposition: form-data; name="filename"
Content-Type: text/plain; charset=ISO-8859-1
Content-Transfer-Encoding: 8bit

Quarterly report
--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Type: application/octet-stream
Content-Transfer-Encoding: binary

«FILE»
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Apache HttpClient 4 with a charset",
		ContentType: "multipart/form-data; boundary=Xq_-7GhT9vKd2RzLbN4mYc0WpJfEa8Us; charset=UTF-8",
		Boundary:    "Xq_-7GhT9vKd2RzLbN4mYc0WpJfEa8Us",
		Body: `--«B»
Content-Disposition: form-data; name="file"; filename="Übersicht.pdf"
Content-Type: application/pdf

«FILE»
--«B»--
`, Filename: "Übersicht.pdf",
	},
	{
		Client:      "Apache HttpClient 5",
		ContentType: "multipart/form-data; boundary=httpclient_boundary_6c0f3d0e-1a2b-4c3d-8e9f-0123456789ab",
		Boundary:    "httpclient_boundary_6c0f3d0e-1a2b-4c3d-8e9f-0123456789ab",
		Body: `--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Type: application/pdf

«FILE»
--«B»
Content-Disposition: form-data; name="filename"
Content-Type: text/plain; charset=UTF-8

Quarterly report
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "JMeter",
		ContentType: "multipart/form-data; boundary=-----------------------------7d159c1302d0y0",
		Boundary:    "-----------------------------7d159c1302d0y0",
		Body: `--«B»
Content-Disposition: form-data; name="filename"
Content-Type: text/plain; charset=US-ASCII
Content-Transfer-Encoding: 8bit

Quarterly report
--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Type: application/pdf
Content-Transfer-Encoding: binary

«FILE»
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "OkHttp",
		ContentType: "multipart/form-data; boundary=3f1e9d70-5a3c-4c5e-9a54-0d2b6a7c8e9f",
		Boundary:    "3f1e9d70-5a3c-4c5e-9a54-0d2b6a7c8e9f",
		Body: `--«B»
Content-Disposition: form-data; name="filename"
Content-Length: 16

Quarterly report
--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Type: application/pdf
Content-Length: «SIZE»

«FILE»
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Retrofit",
		ContentType: "multipart/form-data; boundary=3f1e9d70-5a3c-4c5e-9a54-0d2b6a7c8e9f",
		Boundary:    "3f1e9d70-5a3c-4c5e-9a54-0d2b6a7c8e9f",
		Body: `--«B»
Content-Disposition: form-data; name="filename"
Content-Transfer-Encoding: binary
Content-Type: text/plain; charset=UTF-8
Content-Length: 16

Quarterly report
--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Type: application/pdf
Content-Length: «SIZE»

«FILE»
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Spring RestTemplate",
		ContentType: "multipart/form-data;charset=UTF-8;boundary=WvYrCkm9X2aBq0LJtq5sD1nRz8fPe3Hu",
		Boundary:    "WvYrCkm9X2aBq0LJtq5sD1nRz8fPe3Hu",
		Body: `--«B»
Content-Disposition: form-data; name="filename"
Content-Type: text/plain;charset=UTF-8
Content-Length: 16

Quarterly report
--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Type: application/pdf
Content-Length: «SIZE»

«FILE»
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Java by hand, semicolons without blanks",
		ContentType: "multipart/form-data;boundary=18c2f7d9a41",
		Boundary:    "18c2f7d9a41",
		Body: `--«B»
Content-Disposition: form-data; name="file";filename="report.pdf"

«FILE»
--«B»--
`, Filename: "report.pdf",
	},
	{
		Client:      ".NET HttpClient",
		ContentType: `multipart/form-data; boundary="5bd1a0c2-91a5-4a0e-8a43-2f3b9d6c7e10"`,
		Boundary:    "5bd1a0c2-91a5-4a0e-8a43-2f3b9d6c7e10",
		Body: `--«B»
Content-Type: text/plain; charset=utf-8
Content-Disposition: form-data; name=filename

Quarterly report
--«B»
Content-Type: application/pdf
Content-Disposition: form-data; name=file; filename=report.pdf; filename*=utf-8''report.pdf

«FILE»
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      ".NET HttpClient, blank in the name",
		ContentType: `multipart/form-data; boundary="5bd1a0c2-91a5-4a0e-8a43-2f3b9d6c7e10"`,
		Boundary:    "5bd1a0c2-91a5-4a0e-8a43-2f3b9d6c7e10",
		Body: `--«B»
Content-Disposition: form-data; name=file; filename="my report.pdf"; filename*=utf-8''my%20report.pdf

«FILE»
--«B»--
`, Filename: "my report.pdf",
	},
	{
		Client:      ".NET HttpClient, name that is not ASCII",
		ContentType: `multipart/form-data; boundary="5bd1a0c2-91a5-4a0e-8a43-2f3b9d6c7e10"`,
		Boundary:    "5bd1a0c2-91a5-4a0e-8a43-2f3b9d6c7e10",
		Body: `--«B»
Content-Disposition: form-data; name=file; filename="=?utf-8?B?w5xiZXJzaWNodC5wZGY=?="; filename*=utf-8''%C3%9Cbersicht.pdf

«FILE»
--«B»--
`, Filename: "Übersicht.pdf",
	},
	{
		Client:      "PowerShell 7 -Form",
		ContentType: `multipart/form-data; boundary="0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"`,
		Boundary:    "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
		Body: `--«B»
Content-Disposition: form-data; name=file; filename=report.pdf; filename*=utf-8''report.pdf
Content-Type: application/octet-stream

«FILE»
--«B»
Content-Type: text/plain; charset=utf-8
Content-Disposition: form-data; name=filename

Quarterly report
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "RestSharp",
		ContentType: `multipart/form-data; boundary="---------------------------28947758029299"`,
		Boundary:    "---------------------------28947758029299",
		Body: `--«B»
Content-Type: application/pdf
Content-Disposition: form-data; name="file"; filename="report.pdf"

«FILE»
--«B»--
`, Filename: "report.pdf",
	},
	{
		Client:      "PHP Guzzle",
		ContentType: "multipart/form-data; boundary=4b3f9c0e1d2a5b6c7d8e9f0a1b2c3d4e5f60718a",
		Boundary:    "4b3f9c0e1d2a5b6c7d8e9f0a1b2c3d4e5f60718a",
		Body: `--«B»
Content-Disposition: form-data; name="filename"
Content-Length: 16

Quarterly report
--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Length: «SIZE»
Content-Type: application/pdf

«FILE»
--«B»--
`, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Ruby multipart-post and Faraday",
		ContentType: "multipart/form-data; boundary=-----------RubyMultipartPost-0123456789abcdef0123456789abcdef",
		Boundary:    "-----------RubyMultipartPost-0123456789abcdef0123456789abcdef",
		Body: `--«B»
Content-Disposition: form-data; name="file"; filename="report.pdf"
Content-Length: «SIZE»
Content-Type: application/pdf
Content-Transfer-Encoding: binary

«FILE»
--«B»--
`, Filename: "report.pdf",
	},
	{
		Client:      "Ruby rest-client",
		ContentType: "multipart/form-data; boundary=----RubyFormBoundaryV7q2Lk9sXb0TtMnE",
		Boundary:    "----RubyFormBoundaryV7q2Lk9sXb0TtMnE",
		Body:        untitled, Filename: "report.pdf",
	},
	{
		Client:      "Perl LWP",
		ContentType: "multipart/form-data; boundary=xYzZY",
		Boundary:    "xYzZY",
		Body:        titled, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Rust reqwest",
		ContentType: "multipart/form-data; boundary=0f1e2d3c4b5a6978-8796a5b4c3d2e1f0-0123456789abcdef-fedcba9876543210",
		Boundary:    "0f1e2d3c4b5a6978-8796a5b4c3d2e1f0-0123456789abcdef-fedcba9876543210",
		Body:        titled, Filename: "report.pdf", Title: "Quarterly report",
	},
	{
		Client:      "Dart",
		ContentType: "multipart/form-data; boundary=dart-http-boundary-Zk.0x_Qw+7L-tPbVnM1cYdRfHgJsKa2e4u6i8o3A5B9CDEFGI",
		Boundary:    "dart-http-boundary-Zk.0x_Qw+7L-tPbVnM1cYdRfHgJsKa2e4u6i8o3A5B9CDEFGI",
		Body: `--«B»
content-disposition: form-data; name="filename"
content-type: text/plain; charset=utf-8
content-transfer-encoding: binary

Übersicht
--«B»
content-type: application/pdf
content-disposition: form-data; name="file"; filename="report.pdf"

«FILE»
--«B»--
`, Filename: "report.pdf", Title: "Übersicht",
	},
	{
		Client:      "Swift Alamofire",
		ContentType: "multipart/form-data; boundary=alamofire.boundary.0f1e2d3c4b5a6978",
		Boundary:    "alamofire.boundary.0f1e2d3c4b5a6978",
		Body:        untitled, Filename: "report.pdf",
	},
}
