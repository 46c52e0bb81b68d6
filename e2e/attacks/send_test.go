package attacks

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// forged is what attackers try to write into logs and headers.
const forged = "forged-by-the-client"

var (
	notes   = harness.File{Name: "notes.txt", Type: "text/plain", Bytes: []byte("nothing to see\n")}
	program = harness.File{Name: "notes.txt", Type: "text/plain", Bytes: harness.ELF()}
)

// upload is the text of an upload request to a path of case 9, as raw as it goes over the wire. Each change is a header
// line that is added, or -Name for one of the usual headers that is left out.
func upload(at place, path string, body []byte, changes ...string) []byte {
	return message(at, "POST "+path, body, changes...)
}

// message is upload with any method.
func message(at place, line string, body []byte, changes ...string) []byte {
	lines := []string{
		"Host: " + at.host,
		"Authorization: Bearer " + harness.Token(nil),
		"kbn-xsrf: true",
		"Content-Type: multipart/form-data; boundary=" + harness.Boundary,
		fmt.Sprintf("Content-Length: %d", len(body)),
	}
	for _, change := range changes {
		if name, out := strings.CutPrefix(change, "-"); out {
			kept := lines[:0]
			for _, line := range lines {
				if !strings.HasPrefix(line, name+":") {
					kept = append(kept, line)
				}
			}
			lines = kept
			continue
		}
		lines = append(lines, change)
	}
	text := line + " HTTP/1.1\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	return append([]byte(text), body...)
}

// raw sends bytes over a connection of its own, and gives nil when it ends without an answer.
func raw(t *testing.T, request []byte) *harness.Answer {
	t.Helper()
	return sent(t, request, false)
}

// sent is raw; ended ends the client's half of the connection behind the bytes.
func sent(t *testing.T, request []byte, ended bool) *harness.Answer {
	t.Helper()
	answer, err := harness.Raw(traefik.Addr, request, ended)
	if err != nil {
		t.Logf("no answer: %v", err)
		return nil
	}
	return answer
}

type sender func(t *testing.T, at place) *harness.Answer

// to sends a program, named as a text, to another path.
func to(path string) sender { return line("POST " + path) }

// line sends it with another request line.
func line(start string) sender {
	return func(t *testing.T, at place) *harness.Answer {
		start := strings.ReplaceAll(start, "HOST", at.host)
		return raw(t, message(at, start, harness.Form(program, "")))
	}
}

// with sends a file with changes to the headers.
func with(file harness.File, changes ...string) sender {
	return func(t *testing.T, at place) *harness.Answer {
		return raw(t, upload(at, harness.CasePath("9"), harness.Form(file, ""), changes...))
	}
}

// file sends a file that a careless reader would take.
func file(name string, content []byte) sender {
	return with(harness.File{Name: name, Type: "application/octet-stream", Bytes: content})
}

// named sends a harmless text under a name.
func named(name string) sender { return file(name, notes.Bytes) }

// titled sends a harmless text under a title.
func titled(title string) sender {
	return func(t *testing.T, at place) *harness.Answer {
		return raw(t, upload(at, harness.CasePath("9"), harness.Form(notes, title)))
	}
}

// form sends a body, with B for the boundary and LF for line ends.
func form(text string) sender {
	return func(t *testing.T, at place) *harness.Answer {
		return raw(t, upload(at, harness.CasePath("9"), crlf(strings.ReplaceAll(text, "--B", "--"+harness.Boundary))))
	}
}

func crlf(text string) []byte { return []byte(strings.ReplaceAll(text, "\n", "\r\n")) }

// bearing sends a harmless upload with another token, or with none when it is "".
func bearing(path string, token func() string) sender {
	return func(t *testing.T, at place) *harness.Answer {
		changes := []string{"-Authorization"}
		if text := token(); text != "" {
			changes = append(changes, "Authorization: Bearer "+text)
		}
		return raw(t, upload(at, path, harness.Form(notes, ""), changes...))
	}
}

// chunked is a body in chunks of a size, with trailer lines.
func chunked(body []byte, size int, trailers ...string) []byte {
	var framed bytes.Buffer
	for len(body) > 0 {
		chunk := body[:min(size, len(body))]
		body = body[len(chunk):]
		fmt.Fprintf(&framed, "%x\r\n%s\r\n", len(chunk), chunk)
	}
	framed.WriteString("0\r\n")
	for _, trailer := range trailers {
		framed.WriteString(trailer + "\r\n")
	}
	framed.WriteString("\r\n")
	return framed.Bytes()
}
