package form

import (
	"bytes"
	"errors"
	"io"
	"math/rand"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/casegate/casegate/middleware/refusal"
)

// inTurns reads the file of a form by turns. Every chunk is looked at only when the next one has been read, as those do
// who work on it meanwhile.
func inTurns(body io.Reader, boundary string) ([]byte, *refusal.Refusal) {
	r := newReader(body, boundary)
	defer Close(r)
	if _, no := Next(r); no != nil {
		return nil, no
	}
	var file, before []byte
	for {
		chunk, no := Chunk(r)
		file = append(file, before...)
		if no != nil {
			return file, no
		}
		if chunk == nil {
			_, no = Next(r)
			return file, no
		}
		before = chunk
		if len(file) == 0 {
			file = append(file, chunk...)
			before = nil
			if !TakeTurns(r) {
				return nil, refusal.New("internal", "no turns")
			}
		}
	}
}

func largeForm(size int) (body string, file []byte) {
	file = make([]byte, size)
	_, _ = rand.New(rand.NewSource(int64(size))).Read(file)
	return "--abc\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n" + string(file) + "\r\n--abc--\r\n", file
}

// Whatever a buffer's end cuts, and however the body comes, all bytes arrive.
func TestTurnsGiveEveryByte(t *testing.T) {
	sizes := []int{1, page, BufferSize, BufferSize + turnSize, 3 << 20}
	for distance := -90; distance <= 90; distance += 7 {
		sizes = append(sizes, BufferSize-page+turnSize+distance, BufferSize-page+2*turnSize-page+distance)
	}
	for _, size := range sizes {
		body, want := largeForm(size)
		for name, reader := range map[string]io.Reader{
			"at once":          strings.NewReader(body),
			"in halves":        iotest.HalfReader(strings.NewReader(body)),
			"end with content": iotest.DataErrReader(strings.NewReader(body)),
		} {
			got, no := inTurns(reader, "abc")
			wantPass(t, no)
			if !bytes.Equal(got, want) {
				t.Fatalf("%d bytes, %s: other bytes came", size, name)
			}
		}
	}
}

// When many readers have the buffers, the others go without.
func TestTurnsAreBounded(t *testing.T) {
	body, _ := largeForm(1 << 20)
	open := make([]*Reader, maxTurning+2)
	for i := range open {
		open[i] = newReader(strings.NewReader(body), "abc")
		_, no := Next(open[i])
		wantPass(t, no)
		if got := TakeTurns(open[i]); got != (i < maxTurning) {
			t.Errorf("reader %d takes turns: %v", i, got)
		}
	}
	for _, r := range open {
		Close(r)
		Close(r)
	}
	if left := atomic.LoadInt64(&turning); left != 0 {
		t.Errorf("%d readers still have large buffers", left)
	}
}

func TestTurnsOfBrokenBodies(t *testing.T) {
	body, _ := largeForm(2 << 20)
	for _, at := range []int{BufferSize, BufferSize + 1, BufferSize + turnSize, 2<<20 - 1, len(body) - 12} {
		_, no := inTurns(strings.NewReader(body[:at]), "abc")
		wantRefusal(t, no, "form_malformed", "")
		broken := io.MultiReader(strings.NewReader(body[:at]), iotest.ErrReader(errors.New("reset")))
		_, no = inTurns(broken, "abc")
		wantRefusal(t, no, "form_malformed", "broke off")
	}
	if left := atomic.LoadInt64(&turning); left != 0 {
		t.Errorf("%d readers still have large buffers", left)
	}
}

// A part behind the file is found as well.
func TestTurnsBeforeATitle(t *testing.T) {
	body, want := largeForm(2 << 20)
	body = strings.TrimSuffix(body, "--\r\n") + "\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\na title\r\n--abc--\r\n"
	r := newReader(strings.NewReader(body), "abc")
	defer Close(r)
	_, no := Next(r)
	wantPass(t, no)
	TakeTurns(r)
	var got []byte
	for {
		chunk, no := Chunk(r)
		wantPass(t, no)
		if chunk == nil {
			break
		}
		got = append(got, chunk...)
	}
	part, no := Next(r)
	wantPass(t, no)
	title, no := r.Text(100)
	wantPass(t, no)
	if part.Name != "filename" || title != "a title" || !bytes.Equal(got, want) {
		t.Errorf("%+v %q, %d bytes", part, title, len(got))
	}
}
