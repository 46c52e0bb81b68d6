package form

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/casegate/casegate/middleware/refusal"
)

func FuzzContentType(f *testing.F) {
	for _, shape := range shapes {
		f.Add(shape.ContentType)
	}
	for _, fault := range contentTypeFaults {
		f.Add(fault.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		boundary, no := Boundary(contentType(text))
		want, ok := referenceBoundary(text)
		if ok != (no == nil) || ok && boundary != want {
			t.Fatalf("%q: boundary %q, refusal %+v; want %q, %v", text, boundary, no, want, ok)
		}
	})
}

func FuzzPartHead(f *testing.F) {
	for _, shape := range shapes {
		head, _, _ := strings.Cut(shape.wire(), "\r\n\r\n")
		f.Add(strings.TrimPrefix(head, "--"+shape.Boundary+"\r\n"))
	}
	for _, fault := range headFaults {
		f.Add(strings.ReplaceAll(fault.Text, "\n", "\r\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "\r\n\r\n") {
			// A head ends there.
			return
		}
		got, fault := readHead(text)
		want, ok := referenceHead(text)
		if ok != (fault == "") || ok && got != want {
			t.Fatalf("%q: %+v, %q; want %+v, %v", text, got, fault, want, ok)
		}
		found := commonHead.FindStringSubmatch(text)
		if found == nil {
			return
		}
		if !ok || want.filename != found[1] || want.hasFilename != (found[1] != "") || want.length >= 0 ||
			want.hasFilename && want.name != "file" || !want.hasFilename && (want.name != "filename" || want.media != "") {
			t.Fatalf("the common form takes %q as %q, but it is %+v, %v", text, found, want, ok)
		}
	})
}

// slices is a body that comes in reads of the given sizes, over and over.
type slices struct {
	body  io.Reader
	sizes []byte
	unit  int
	next  int
}

func (s *slices) Read(into []byte) (int, error) {
	if len(s.sizes) > 0 {
		size := (int(s.sizes[s.next%len(s.sizes)]) + 1) * s.unit
		s.next++
		if size < len(into) {
			into = into[:size]
		}
	}
	return s.body.Read(into)
}

func FuzzBody(f *testing.F) {
	for i, shape := range shapes {
		f.Add(shape.wire(), shape.Boundary, uint16(i*7), []byte{byte(i)})
	}
	for i, fault := range headFaults {
		f.Add(fault.body(), "abc", uint16(i%2*60), []byte{3})
	}
	for i, fault := range bodyFaults {
		if len(fault.Text) < 10_000 {
			f.Add(fault.Text, "abc", uint16(i*3), []byte{})
		}
	}
	f.Fuzz(func(t *testing.T, body, boundary string, shift uint16, sizes []byte) {
		if boundaryFault(boundary) != "" {
			return
		}
		unit := 1
		if blank := strings.Index(body, "\r\n\r\n"); shift%8 < 3 && shift%8 > 0 && blank >= 0 {
			// What follows the first head is moved to the end of a buffer, or of the one after it of a reader that takes turns.
			// It takes its time, so only some do it.
			unit = 1000
			size := BufferSize
			if shift%8 == 2 {
				size += turnSize
			}
			filler := strings.Repeat("x", size-int(shift/8)%2048)
			body = body[:blank+4] + filler + body[blank+4:]
		}
		want, ok := referenceForm(body, boundary)
		for _, read := range []func(body io.Reader, boundary string) (form, *refusal.Refusal){readForm, readFormInTurns} {
			got, no := read(&slices{body: strings.NewReader(body), sizes: sizes, unit: unit}, boundary)
			if ok != (no == nil) {
				t.Fatalf("refusal %+v, want ok = %v", no, ok)
			}
			if ok && got != want {
				t.Fatalf("got %.500q and title %q\nwant %.500q and title %q", got.filename+": "+got.file, got.title, want.filename+": "+want.file, want.title)
			}
		}
	})
}

func FuzzRewrite(f *testing.F) {
	for _, shape := range shapes {
		f.Add(shape.wire(), shape.ContentType)
	}
	f.Fuzz(func(t *testing.T, body, value string) {
		boundary, no := Boundary(http.Header{"Content-Type": {value}})
		if no != nil {
			return
		}
		want, no := readForm(strings.NewReader(body), boundary)
		if no != nil || CheckFilename(want.filename) != nil || want.hasTitle && CheckTitle(want.title) != nil {
			return
		}
		fresh, rewritten := written(t, want)
		if got := readByGo(t, rewritten, fresh); got != want {
			t.Fatalf("mime/multipart reads %+v, want %+v", got, want)
		}
		got, no := readForm(bytes.NewReader(rewritten), fresh)
		if no != nil || got != want {
			t.Fatalf("the reader reads %+v (%+v), want %+v", got, no, want)
		}
	})
}
