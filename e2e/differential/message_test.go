package differential

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/casegate/casegate/e2e/harness"
)

// message is an upload as text, down to the line ends, so that a mutation can break any single thing of it.
type message struct {
	// method, target and proto make the request line; authorization, xsrf and contentType are header values.
	method, target, proto            string
	authorization, xsrf, contentType string
	// omit leaves headers of these names out; extra are whole header lines that are added.
	omit  []string
	extra []string
	form  form
	// body replaces the form when it is not nil.
	body []byte
	// chunk is the size of the chunks in which the body is sent; 0 sends it with Content-Length.
	chunk int
	// framing replaces the lines that frame the body, and wire replaces the body on the wire, when they are not nil.
	framing []string
	wire    []byte
	// cut says that the client ends its half of the connection when all is sent: the request is not complete.
	cut bool
}

type form struct {
	boundary string
	preamble string
	parts    []*part
	// closing is everything behind the last part, with CRLF--boundary-- at its start.
	closing string
}

type part struct {
	// before is what stands between the body before and the delimiter, after what ends the delimiter's line.
	before, after string
	headers       []string
	// eol ends a header, gap is the empty line.
	eol, gap string
	body     []byte
}

func newPart(body []byte, headers ...string) *part {
	return &part{before: "\r\n", after: "\r\n", headers: headers, eol: "\r\n", gap: "\r\n", body: body}
}

func (f *form) render() []byte {
	var text bytes.Buffer
	text.WriteString(f.preamble)
	for i, p := range f.parts {
		if i > 0 {
			text.WriteString(p.before)
		}
		text.WriteString("--" + f.boundary + p.after)
		for _, header := range p.headers {
			text.WriteString(header + p.eol)
		}
		text.WriteString(p.gap)
		text.Write(p.body)
	}
	text.WriteString(f.closing)
	return text.Bytes()
}

// content is the body before it is framed.
func (m *message) content() []byte {
	if m.body != nil {
		return m.body
	}
	return m.form.render()
}

// render gives the bytes for the wire. id goes into X-Test-Id, by which the upstream's record is found.
func (m *message) render(id string) []byte {
	var text bytes.Buffer
	line := func(name, value string) {
		for _, omitted := range m.omit {
			if strings.EqualFold(omitted, name) {
				return
			}
		}
		fmt.Fprintf(&text, "%s: %s\r\n", name, value)
	}
	fmt.Fprintf(&text, "%s %s %s\r\n", m.method, m.target, m.proto)
	line("Host", "kibana.example")
	line("X-Test-Id", id)
	line("Authorization", m.authorization)
	line("kbn-xsrf", m.xsrf)
	line("Content-Type", m.contentType)
	for _, extra := range m.extra {
		text.WriteString(extra + "\r\n")
	}
	content := m.content()
	wire, framing := content, []string{fmt.Sprintf("Content-Length: %d", len(content))}
	if m.chunk > 0 {
		wire, framing = chunked(content, m.chunk), []string{"Transfer-Encoding: chunked"}
	}
	if m.framing != nil {
		framing = m.framing
	}
	if m.wire != nil {
		wire = m.wire
	}
	for _, header := range framing {
		text.WriteString(header + "\r\n")
	}
	text.WriteString("\r\n")
	text.Write(wire)
	return text.Bytes()
}

func chunked(content []byte, size int) []byte {
	var text bytes.Buffer
	for start := 0; start < len(content); start += size {
		piece := content[start:min(start+size, len(content))]
		fmt.Fprintf(&text, "%x\r\n%s\r\n", len(piece), piece)
	}
	text.WriteString("0\r\n\r\n")
	return text.Bytes()
}

// file is the form's file part, title its filename part, which is added before the file where a shape has none.
func (m *message) file() *part {
	for _, p := range m.form.parts {
		if strings.Contains(p.disposition(), "filename=") && !p.isTitle() {
			return p
		}
	}
	panic("a shape without a file")
}

func (m *message) title() *part {
	for _, p := range m.form.parts {
		if p.isTitle() {
			return p
		}
	}
	title := newPart([]byte("A title"), `Content-Disposition: form-data; name="filename"`)
	m.form.parts = append([]*part{title}, m.form.parts...)
	return title
}

func (p *part) isTitle() bool {
	disposition := p.disposition()
	return strings.Contains(disposition, `name="filename"`) || strings.Contains(disposition, "name=filename")
}

func (p *part) dispositionIndex() int {
	for i, header := range p.headers {
		if strings.HasPrefix(strings.ToLower(header), "content-disposition") {
			return i
		}
	}
	return -1
}

func (p *part) disposition() string {
	i := p.dispositionIndex()
	if i < 0 {
		return ""
	}
	return p.headers[i]
}

// redispose replaces the value of the part's Content-Disposition.
func (p *part) redispose(value string) {
	p.headers[p.dispositionIndex()] = "Content-Disposition: " + value
}

// rename gives the file this file name, as the bytes between the quotes.
func (m *message) rename(name string) {
	m.file().redispose(`form-data; name="file"; filename="` + name + `"`)
}

// add appends a part.
func (m *message) add(body string, headers ...string) {
	m.form.parts = append(m.form.parts, newPart([]byte(body), headers...))
}

// evil is an executable under an executable's name: the part that attackers want to smuggle past.
func evil() *part {
	return newPart(harness.ELF(), `Content-Disposition: form-data; name="file"; filename="evil.exe"`, "Content-Type: application/octet-stream")
}
