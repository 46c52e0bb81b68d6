package form

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/casegate/casegate/middleware/lane"
	"github.com/casegate/casegate/middleware/refusal"
)

// form is a form read whole.
type form struct {
	filename, file, title string
	hasTitle              bool
}

// readForm reads a form as the gate does.
func readForm(body io.Reader, boundary string) (form, *refusal.Refusal) {
	return readWith(body, boundary, wholeFile)
}

// readFormInTurns reads a form as the gate does with a large file: it takes turns after the first chunk.
func readFormInTurns(body io.Reader, boundary string) (form, *refusal.Refusal) {
	return readWith(body, boundary, fileInTurns)
}

// wholeFile gives the bytes of the file part.
func wholeFile(reader *Reader) (string, *refusal.Refusal) {
	var file bytes.Buffer
	for {
		chunk, no := Chunk(reader)
		if no != nil || chunk == nil {
			return file.String(), no
		}
		file.Write(chunk)
	}
}

// fileInTurns does the same, and looks at each chunk only when the next one has been read.
func fileInTurns(reader *Reader) (string, *refusal.Refusal) {
	var file bytes.Buffer
	first, no := Chunk(reader)
	if no != nil {
		return "", no
	}
	file.Write(first)
	TakeTurns(reader)
	var last []byte
	for {
		chunk, no := Chunk(reader)
		file.Write(last)
		if no != nil || chunk == nil {
			return file.String(), no
		}
		last = chunk
	}
}

// newReader makes a reader for a body with the boundary that Boundary returned.
func newReader(body io.Reader, boundary string) *Reader {
	o := &Opening{Header: contentType(`multipart/form-data; boundary="` + boundary + `"`), Body: body}
	once := lane.Once()
	Open(once, o)
	lane.Result(once)
	return o.Reader
}

// readWith reads a form, and its file in one of these ways.
func readWith(body io.Reader, boundary string, take func(reader *Reader) (string, *refusal.Refusal)) (form, *refusal.Refusal) {
	reader := newReader(body, boundary)
	defer Close(reader)
	return formOf(reader, take)
}

// formOf does the same with a reader that somebody else has made.
func formOf(reader *Reader, take func(reader *Reader) (string, *refusal.Refusal)) (form, *refusal.Refusal) {
	var result form
	for {
		part, no := Next(reader)
		if part == nil || no != nil {
			return result, no
		}
		if part.Name == "filename" {
			result.hasTitle = true
			result.title, no = reader.Text(maxText)
			if no != nil {
				return result, no
			}
			continue
		}
		result.filename = part.Filename
		result.file, no = take(reader)
		if no != nil {
			return result, no
		}
	}
}

func contentType(value string) http.Header {
	return http.Header{"Content-Type": {value}}
}

// wantRefusal fails unless the refusal has the code and its message names the fault.
func wantRefusal(t *testing.T, no *refusal.Refusal, code, message string) {
	t.Helper()
	if no == nil {
		t.Fatalf("it passed; want %s: %s", code, message)
	}
	if no.Code != code || !strings.Contains(no.Message, message) {
		t.Fatalf("refused with %s: %s\nwant %s: %s", no.Code, no.Message, code, message)
	}
}

func wantPass(t *testing.T, no *refusal.Refusal) {
	t.Helper()
	if no != nil {
		t.Fatalf("refused with %s: %s (%s)", no.Code, no.Message, no.Detail)
	}
}

func TestRealClientsPass(t *testing.T) {
	if len(shapes) < 40 {
		t.Fatalf("only %d shapes", len(shapes))
	}
	for _, shape := range shapes {
		t.Run(shape.Client, func(t *testing.T) {
			boundary, no := Boundary(contentType(shape.ContentType))
			wantPass(t, no)
			if boundary != shape.Boundary {
				t.Fatalf("boundary %q", boundary)
			}
			got, no := readForm(strings.NewReader(shape.wire()), boundary)
			wantPass(t, no)
			want := form{filename: shape.Filename, file: fileBytes, title: shape.Title, hasTitle: shape.Title != ""}
			if got != want {
				t.Fatalf("got %+v\nwant %+v", got, want)
			}
			wantPass(t, CheckFilename(got.filename))
		})
	}
}

func TestEveryTruncationIsRefused(t *testing.T) {
	for _, shape := range shapes {
		wire := shape.wire()
		whole := strings.LastIndex(wire, "--")
		for end := 0; end <= whole+1; end++ {
			if _, no := readForm(strings.NewReader(wire[:end]), shape.Boundary); no == nil {
				t.Fatalf("%s: it passed although it ends after %d of %d bytes", shape.Client, end, len(wire))
			}
		}
	}
}

func TestWonkyBodiesReadTheSame(t *testing.T) {
	for _, shape := range shapes {
		want, no := readForm(strings.NewReader(shape.wire()), shape.Boundary)
		wantPass(t, no)
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"one byte at a time": iotest.OneByteReader,
			"half of each read":  iotest.HalfReader,
			"data with the EOF":  iotest.DataErrReader,
		} {
			got, no := readForm(wrap(strings.NewReader(shape.wire())), shape.Boundary)
			wantPass(t, no)
			if got != want {
				t.Errorf("%s, %s: got %+v", shape.Client, name, got)
			}
		}
	}
}

// aroundBufferEnd is a form whose last delimiter begins at the given distance from the end of the first buffer.
func aroundBufferEnd(distance int, ending string) (body, file string) {
	return longForm(BufferSize-len(longHead)+distance, ending)
}

// aroundTurnEnd is the same for the end of the second buffer of a reader that takes turns after the first chunk.
func aroundTurnEnd(distance int, ending string) (body, file string) {
	first := (BufferSize - len(longHead) - len("--abc") - 3) / page * page
	return longForm(first+turnSize+distance, ending)
}

const longHead = "--abc\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n"

func longForm(size int, ending string) (body, file string) {
	file = strings.Repeat("x", size)
	return longHead + file + ending, file
}

// bufferEnds are the ways to read, each with the forms that make it meet the end of a buffer.
var bufferEnds = []struct {
	name string
	read func(body io.Reader, boundary string) (form, *refusal.Refusal)
	form func(distance int, ending string) (body, file string)
}{
	{"first buffer", readForm, aroundBufferEnd},
	{"first buffer, then in turns", readFormInTurns, aroundBufferEnd},
	{"second buffer, in turns", readFormInTurns, aroundTurnEnd},
}

func TestDelimiterAcrossBufferEnds(t *testing.T) {
	title := "\r\n--abc\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\nTitle\r\n--abc--\r\n"
	for _, way := range bufferEnds {
		for distance := -len(title) - 20; distance < 20; distance++ {
			body, file := way.form(distance, title)
			got, no := way.read(strings.NewReader(body), "abc")
			wantPass(t, no)
			if want := (form{filename: "a.bin", file: file, title: "Title", hasTitle: true}); got != want {
				t.Fatalf("%s, distance %d: file of %d bytes instead of %d, title %q", way.name, distance, len(got.file), len(file), got.title)
			}
		}
	}
}

func TestBoundaryWithinALineAcrossBufferEnds(t *testing.T) {
	const line = "x--abc--abc--abc"
	for _, way := range bufferEnds {
		for distance := -40; distance < 20; distance++ {
			body, file := way.form(distance, line+end)
			got, no := way.read(strings.NewReader(body), "abc")
			wantPass(t, no)
			if got.file != file+line {
				t.Fatalf("%s, distance %d: file of %d bytes instead of %d", way.name, distance, len(got.file), len(file+line))
			}
		}
	}
}

func TestEmptyPartAcrossBufferEnds(t *testing.T) {
	const delimiter = "\r\n--abc"
	head := "\r\nContent-Disposition: form-data; name=\"filename\"\r\nContent-Type: text/plain; x="
	head += strings.Repeat("y", 2+maxHead-len(head)) + "\r\n\r\n"
	for _, way := range bufferEnds {
		for distance := -10; distance < 530; distance++ {
			body, _ := way.form(-headArea-len(delimiter)-distance, delimiter+head+"--abc--\r\n")
			_, no := way.read(strings.NewReader(body), "abc")
			wantRefusal(t, no, "form_malformed", "empty part for some readers")
		}
	}
}

func TestFalseDelimiterAcrossBufferEnds(t *testing.T) {
	for _, way := range bufferEnds {
		for _, line := range []string{"\r\n--abc \r\n", "\r\n--abcd", "\n--abc", "\r--abc", "\r\n--abc--\r\nx"} {
			for distance := -30; distance < 10; distance++ {
				body, _ := way.form(distance, line+strings.Repeat("y", 100)+"\r\n--abc--\r\n")
				_, no := way.read(strings.NewReader(body), "abc")
				if no == nil {
					t.Fatalf("%s: %q passed at distance %d", way.name, line, distance)
				}
			}
		}
	}
}

func TestNearBoundariesAreData(t *testing.T) {
	file := strings.Repeat("\r\n--ab", 200_000) + "\r\n-abc --abc x--abc\r\n- -abc"
	body := "--abc\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n" + file + "\r\n--abc--\r\n"
	got, no := readForm(strings.NewReader(body), "abc")
	wantPass(t, no)
	if got.file != file {
		t.Fatalf("%d bytes instead of %d", len(got.file), len(file))
	}
}

func TestLongBoundaries(t *testing.T) {
	for length := 55; length <= maxBoundary; length++ {
		boundary := strings.Repeat("0123456789", 7)[:length]
		whole := strings.ReplaceAll(good+end, "abc", boundary)
		got, no := readForm(strings.NewReader(whole), boundary)
		wantPass(t, no)
		if got.file != "data" {
			t.Fatalf("length %d: file %q", length, got.file)
		}
		near := strings.Replace(whole, "\r\n\r\ndata", "\r\n\r\ndata\r\n--"+boundary[:length-1]+"x", 1)
		_, no = readForm(strings.NewReader(near), boundary)
		if length <= maxNeedle-2 {
			wantPass(t, no)
		} else {
			wantRefusal(t, no, "form_malformed", "begins like the boundary")
		}
	}
}

func TestEmptyFile(t *testing.T) {
	body := "--abc\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n\r\n--abc--\r\n"
	got, no := readForm(strings.NewReader(body), "abc")
	wantPass(t, no)
	if got != (form{filename: "a.txt"}) {
		t.Fatalf("got %+v", got)
	}
}

func TestPartsLeftUnreadAreStillJudged(t *testing.T) {
	walk := func(body string) *refusal.Refusal {
		reader := newReader(strings.NewReader(body), "abc")
		defer Close(reader)
		for {
			part, no := Next(reader)
			if part == nil || no != nil {
				return no
			}
		}
	}
	body, _ := aroundBufferEnd(BufferSize, "\r\n--abc--\r\n")
	wantPass(t, walk(body))
	body, _ = aroundBufferEnd(BufferSize, "\r\n--abc \r\nx\r\n--abc--\r\n")
	wantRefusal(t, walk(body), "form_malformed", "blanks after the boundary")
}

func TestRefusalStays(t *testing.T) {
	reader := newReader(strings.NewReader("--abc\r\nX: y\r\n\r\n\r\n--abc--\r\n"), "abc")
	_, first := Next(reader)
	wantRefusal(t, first, "form_malformed", "header other than")
	if _, again := Next(reader); again != first {
		t.Errorf("Next: %+v", again)
	}
	if _, again := Chunk(reader); again != first {
		t.Errorf("Chunk: %+v", again)
	}
	if _, again := reader.Text(10); again != first {
		t.Errorf("Text: %+v", again)
	}
	Close(reader)
	Close(reader)
	if _, closed := Next(reader); closed == nil {
		t.Error("a closed reader goes on")
	}
}

func TestBrokenBodies(t *testing.T) {
	whole := shapes[0].wire()
	read := func(body io.Reader) *refusal.Refusal {
		_, no := readForm(body, shapes[0].Boundary)
		return no
	}
	t.Run("larger than the request may be", func(t *testing.T) {
		body := http.MaxBytesReader(nil, io.NopCloser(strings.NewReader(whole)), int64(len(whole)-1))
		wantRefusal(t, read(body), "body_too_large", "larger than any file")
	})
	t.Run("just as large as the request may be", func(t *testing.T) {
		wantPass(t, read(http.MaxBytesReader(nil, io.NopCloser(strings.NewReader(whole)), int64(len(whole)))))
	})
	t.Run("aborted half-way", func(t *testing.T) {
		body := io.MultiReader(strings.NewReader(whole[:100]), iotest.ErrReader(errors.New("connection reset by 10.0.0.1")))
		no := read(body)
		wantRefusal(t, no, "form_malformed", "broke off")
		if strings.Contains(no.Message, "10.0.0.1") || !strings.Contains(no.Detail, "10.0.0.1") {
			t.Errorf("message %q, detail %q", no.Message, no.Detail)
		}
	})
	t.Run("cut after a complete form", func(t *testing.T) {
		// net/http says io.ErrUnexpectedEOF when fewer bytes came than Content-Length announced.
		body := io.MultiReader(strings.NewReader(whole), iotest.ErrReader(io.ErrUnexpectedEOF))
		wantRefusal(t, read(body), "form_malformed", "broke off")
	})
	t.Run("reads that give nothing", func(t *testing.T) {
		wantRefusal(t, read(nothing{}), "form_malformed", "broke off")
	})
}

// nothing is a body that never gives a byte nor an error.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

func TestBuffersGoBack(t *testing.T) {
	idle = nil
	open := make([]*Reader, idleBuffers+3)
	for i := range open {
		open[i] = newReader(strings.NewReader(""), "abc")
	}
	for _, reader := range open {
		Close(reader)
	}
	if len(idle) != idleBuffers {
		t.Errorf("%d idle buffers, want %d", len(idle), idleBuffers)
	}
	first := newReader(strings.NewReader(shapes[0].wire()), shapes[0].Boundary)
	Close(first)
	if len(idle) != idleBuffers {
		t.Errorf("%d idle buffers after reuse, want %d", len(idle), idleBuffers)
	}
	// A buffer must not carry over anything from the request before.
	if _, no := readForm(strings.NewReader(""), shapes[0].Boundary); no == nil {
		t.Error("an empty body passed in a used buffer")
	}
}

func TestReadersAtOnce(t *testing.T) {
	done := make(chan string)
	for worker := 0; worker < 8; worker++ {
		go func(shape shape) {
			for round := 0; round < 50; round++ {
				got, no := readForm(iotest.HalfReader(strings.NewReader(shape.wire())), shape.Boundary)
				if no != nil || got.file != fileBytes {
					done <- shape.Client
					return
				}
			}
			done <- ""
		}(shapes[worker])
	}
	for worker := 0; worker < 8; worker++ {
		if client := <-done; client != "" {
			t.Errorf("%s went wrong beside others", client)
		}
	}
}
