package attacks

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

func stateAttacks() []attack {
	const late = "the request to Kibana is broken off before its end, so that it stores nothing"
	const held = "what is small, and SVG and archives of any size, are held until they have passed"
	const own = "each request of a connection is read and judged by itself"
	long := lines(2 << 20)
	png := harness.PNG(1500, 900)
	streamed := func(text string) sender {
		return form(strings.ReplaceAll(text, "LONG", strings.ReplaceAll(string(long), "\n", " ")))
	}
	const head = "--B\nContent-Disposition: form-data; name=\"file\"; filename=\"notes.txt\"\n\n"
	return []attack{
		{"abort-in-head", "the client goes away in the request's head", "there is no request", "", "0", aborted("POST /api/cases/9/fi", nil), nil},
		{"abort-in-body", "the client goes away in the middle of the file", "nothing is forwarded before all of it has come", "", "0", aborted("", long[:1<<20]), nil},
		{"abort-while-streaming", "the same while the file streams", late, "stream", "0", aborted("", long), brokenOff},
		{"slow-head", "a request head that never ends", "Traefik's readTimeout", "", "400", slow("POST /api/cases/9/files HTTP/1.1\r\nHost: a\r\nX-"), nil},
		{"slow-body", "a body that stops coming", "Traefik's readTimeout; the gate forwards nothing", "", "form_malformed", slowBody, nil},
		{"pipelined", "a program pipelined behind a good upload", own, "", "executable_content", pipelined, stored(nil)},
		{"smuggled-in-refused", "an upload within the body of a request that is refused by its headers", own, "", "token_missing", smuggled, nil},
		{"one-byte-chunks", "a program, one byte a chunk", "the gate sees bytes, not chunks", "", "executable_content", func(t *testing.T, at place) *harness.Answer {
			return raw(t, upload(at, route, chunked(harness.Form(program, ""), 1), "-Content-Length", "Transfer-Encoding: chunked"))
		}, nil},
		{"stream-small-program", "a small program to a gate that streams", held, "stream", "executable_content", file("a.png", harness.ELF()), nil},
		{"stream-large-program", "a large program to a gate that streams", "the beginning is judged before anything flows", "stream", "executable_content", file("a.txt", join(harness.ELF(), long)), nil},
		{"stream-late-binary", "binary data at the end of a long text", late, "stream", "content_mismatch", file("a.txt", join(long, []byte{0})), brokenOff},
		{"stream-late-part", "a second file behind a long one", late, "stream", "form_part_unexpected", streamed(head + "LONG\n--B\nContent-Disposition: form-data; name=\"file\"; filename=\"tool.exe\"\n\nMZ\n--B--\n"), brokenOff},
		{"stream-late-title", "a bad title behind a long file", late, "stream", "filename_invalid", streamed(head + "LONG\n--B\nContent-Disposition: form-data; name=\"filename\"\n\ntool.exe\n--B--\n"), brokenOff},
		{"stream-late-epilogue", "something behind the end of a long form", late, "stream", "form_malformed", streamed(head + "LONG\n--B--\nx"), brokenOff},
		{"stream-late-polyglot", "a ZIP at the end of a large picture", late, "stream", "content_mismatch", file("a.png", pictureAndZIP(padded(png), func(size, place uint32) []byte { return endRecord(1, size, place, 0) })), brokenOff},
		{"stream-late-program", "a program behind the end of a large picture", late, "stream", "executable_content", file("a.png", join(padded(png), harness.ELF())), brokenOff},
		{"stream-late-javascript", "JavaScript at the end of a large PDF", late, "stream", "active_content", file("a.pdf", join(pdf("<<>>\n%"+strings.Repeat("a line\n%", 200<<10)), pdf("<</S/JavaScript/JS(x)>>"))), brokenOff},
		{"stream-large-archive", "a large archive with a program, to a gate that streams", held, "stream", "executable_content", file("a.zip", forgedZIP(nil, member("a.txt", string(long)), member("b.txt", string(harness.ELF())))), nil},
		{"stream-early-answer", "Kibana answers early while a bad file still comes", late, "stream", "413", earlyAnswer(join(bytes.Repeat(long, 16), []byte{0})), brokenOff},
		{"mixed-at-once", "hundreds of uploads of many callers at once, every other one forbidden", "what one upload leaves in the process's lanes is never another's", "", "executable_content", sendMixed, mixedStored},
		{"report-user-forged", "X-Casegate-User in report mode, where bytes pass as they came", "removed in every mode; the verified name takes its place", "report", "200", with(notes, "X-Casegate-User: "+forged), stored(nil)},
		{"report-response-forged", "a client's own X-Casegate-Report and X-Casegate-Code", "they are headers of answers; the client's mean nothing", "report", "200", with(notes, "X-Casegate-Report: "+forged, "X-Casegate-Code: "+forged), stored(nil)},
	}
}

// padded puts 1.5 MiB of a private chunk into a picture.
func padded(png []byte) []byte {
	chunk := append([]byte("\x00\x18\x00\x00prVt"), bytes.Repeat([]byte("pad "), 0x60000)...)
	return join(png[:33], chunk, []byte("CRC!"), png[33:])
}

func dial(t *testing.T) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", traefik.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	_ = connection.SetDeadline(time.Now().Add(time.Minute))
	return connection
}

// aborted sends this beginning of a request, or else an upload with half of this file, and goes away.
func aborted(start string, part []byte) sender {
	return func(t *testing.T, at place) *harness.Answer {
		request := []byte(start)
		path := harness.CasePath("aborted-" + at.host)
		if part != nil {
			whole := harness.Form(harness.File{Name: "notes.txt", Type: "text/plain", Bytes: part}, "")
			request = upload(at, path, whole)
			request = request[:len(request)-len(part)/2]
		}
		connection := dial(t)
		if _, err := connection.Write(request); err != nil {
			t.Fatal(err)
		}
		connection.Close()
		if part != nil {
			harness.Eventually(t, "Traefik is done with the request", func() bool { return logged(path) })
		}
		harness.Eventually(t, "nothing is held any more", func() bool {
			left, err := traefik.Leftovers()
			return err == nil && len(left) == 0
		})
		return nil
	}
}

// logged tells whether the access log has a request: its line is written when Traefik is done with it.
func logged(path string) bool {
	entries, err := traefik.Access()
	if err != nil {
		// A line is being written.
		return false
	}
	for _, entry := range entries {
		if entry["RequestPath"] == path {
			return true
		}
	}
	return false
}

// slow begins a request and waits for the connection's end.
func slow(start string) sender {
	return func(t *testing.T, at place) *harness.Answer {
		connection := dial(t)
		if _, err := connection.Write([]byte(start)); err != nil {
			t.Fatal(err)
		}
		answer, err := harness.ReadAnswer(bufio.NewReader(connection), http.MethodPost)
		if err != nil {
			return nil
		}
		return answer
	}
}

func slowBody(t *testing.T, at place) *harness.Answer {
	request := upload(at, route, harness.Form(notes, ""))
	return slow(string(request[:len(request)-20]))(t, at)
}

func pipelined(t *testing.T, at place) *harness.Answer {
	connection := dial(t)
	both := join(upload(at, route, harness.Form(notes, "")), upload(at, route, harness.Form(program, "")))
	if _, err := connection.Write(both); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(connection)
	first, err := harness.ReadAnswer(reader, http.MethodPost)
	if err != nil || first.Status != http.StatusOK {
		t.Fatalf("the first of two: %+v, %v", first, err)
	}
	second, err := harness.ReadAnswer(reader, http.MethodPost)
	if err != nil {
		t.Fatal(err)
	}
	return second
}

// smuggled puts a whole good upload into the body of one without a token: one answer comes, and no second.
func smuggled(t *testing.T, at place) *harness.Answer {
	connection := dial(t)
	if _, err := connection.Write(upload(at, route, upload(at, route, harness.Form(notes, "")), "-Authorization")); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(connection)
	answer, err := harness.ReadAnswer(reader, http.MethodPost)
	if err != nil {
		t.Fatal(err)
	}
	_ = connection.(*net.TCPConn).CloseWrite()
	if second, err := harness.ReadAnswer(reader, http.MethodPost); err == nil {
		t.Errorf("a second answer came: %+v", second)
	}
	return answer
}

// earlyAnswer has the upstream answer before it reads.
func earlyAnswer(content []byte) sender {
	return func(t *testing.T, at place) *harness.Answer {
		at.upstream.Break(t, harness.Fault{Kind: "early", Status: http.StatusRequestEntityTooLarge, UploadsOnly: true})
		return file("a.txt", content)(t, at)
	}
}
