package form

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/casegate/casegate/middleware/lane"
)

// single looks for a form of one part, and gives the reader back as it was left.
func single(body io.Reader, boundary string) (*One, *Reader) {
	o := &One{Reader: newReader(body, boundary)}
	once := lane.Once()
	Single(once, o)
	lane.Result(once)
	return o, o.Reader
}

// agree fails where Single accepts what the longer way would not, or reads it as something else, or where the longer way
// reads something else after it.
func agree(t *testing.T, body, boundary string) (taken bool) {
	t.Helper()
	want, no := readForm(strings.NewReader(body), boundary)
	one, reader := single(strings.NewReader(body), boundary)
	defer Close(reader)
	if one.File != nil {
		if no != nil {
			t.Fatalf("%q: taken, but it is %s: %s", body, no.Code, no.Message)
		}
		if got := (form{filename: one.Filename, file: string(one.File)}); got != want {
			t.Fatalf("%q: taken as %+v, but it is %+v", body, got, want)
		}
		if fault := CheckFilename(one.Filename); fault != nil {
			t.Fatalf("%q is taken: %s", one.Filename, fault.Message)
		}
		return true
	}
	got, after := formOf(reader, wholeFile)
	if (no == nil) != (after == nil) || no == nil && got != want || no != nil && (no.Code != after.Code || no.Message != after.Message) {
		t.Fatalf("%q: read as %+v, %+v after a look for one part, as %+v, %+v without", body, got, after, want, no)
	}
	return false
}

func TestSingleTakesNothingElse(t *testing.T) {
	taken := 0
	for _, shape := range shapes {
		if agree(t, shape.wire(), shape.Boundary) {
			taken++
		}
	}
	if taken < 15 {
		t.Errorf("only %d of %d clients' forms are taken at one look", taken, len(shapes))
	}
	const head = "--abc\r\nContent-Disposition: form-data; name=\"file\"; filename=\"NAME\"\r\n\r\n"
	for _, name := range []string{"a.txt", "a.", "a.txt ", "con.txt", "CON", "Lpt1", "nul.log", "about.txt", "a\u202eb.txt", "a/b", `a\b`, "a\x01b", "a\xffb", strings.Repeat("a", 161), "\u00e9.txt"} {
		agree(t, strings.Replace(head, "NAME", name, 1)+"data\r\n--abc--\r\n", "abc")
	}
	for _, end := range []string{
		"data\r\n--abc--\r\n", "data\r\n--abc--", "data\r\n--abc--\r\n\r\n", "data\r\n--abc--\r\nx", "data\r\n--abc--x", "data\r\n--abc\r\n", "data\r\n--abc",
		"\r\n--abc--\r\n", "--abc--\r\n", "data\n--abc--\r\n", "data\r--abc--\r\n", "data --abc--\r\n\r\n--abc--\r\n", "data\r\n--abcd\r\n\r\n--abc--\r\n", "",
	} {
		agree(t, strings.Replace(head, "NAME", "a.txt", 1)+end, "abc")
	}
	large, _ := largeForm(BufferSize)
	if agree(t, large, "abc") {
		t.Error("a form that is larger than the buffer is taken")
	}
}

// A body that breaks off, or is larger than a request may be, is none, and the refusal says so afterwards.
func TestSingleLeavesBrokenBodies(t *testing.T) {
	whole := shapes[0].wire()
	for name, row := range map[string]struct {
		body io.Reader
		code string
	}{
		"broken off": {io.MultiReader(strings.NewReader(whole), iotest.ErrReader(io.ErrUnexpectedEOF)), "form_malformed"},
		"too large":  {http.MaxBytesReader(nil, io.NopCloser(strings.NewReader(whole)), int64(len(whole)-1)), "body_too_large"},
	} {
		one, reader := single(row.body, shapes[0].Boundary)
		if one.File != nil {
			t.Errorf("%s: taken", name)
		}
		if _, no := Next(reader); no == nil || no.Code != row.code {
			t.Errorf("%s: %+v, want %s", name, no, row.code)
		}
		Close(reader)
	}
}

// FuzzSingle says that Single takes nothing that the longer way would not take, and spoils nothing for it.
func FuzzSingle(f *testing.F) {
	for _, shape := range shapes {
		f.Add(shape.wire(), shape.ContentType)
	}
	f.Fuzz(func(t *testing.T, body, value string) {
		boundary, no := Boundary(http.Header{"Content-Type": {value}})
		if no != nil {
			return
		}
		agree(t, body, boundary)
	})
}
