package content

import (
	"bytes"
	"io"
	"testing"

	"github.com/casegate/casegate/middleware/refusal"
)

// FuzzInspection says that the answer does not depend on the way in which a file comes, and that nothing panics.
func FuzzInspection(f *testing.F) {
	for _, s := range samples() {
		if len(s.data) < 5000 {
			f.Add(s.file, []byte(s.data), uint16(700))
		}
	}
	i := New(everything())
	f.Fuzz(func(t *testing.T, file string, data []byte, size uint16) {
		kind, no := ByName(i, file)
		if no != nil {
			if kind != nil {
				t.Fatal("a type beside a refusal")
			}
			return
		}
		whole := judge(i, file, data, true, func() int { return 256 << 10 })
		parts := judge(i, file, data, true, func() int { return int(size) + 1 })
		if code(whole) != code(parts) {
			t.Fatalf("%s: at once %q, in parts of %d %q", file, code(whole), int(size)+1, code(parts))
		}
		// What a file holds at its beginning is found however much follows, as long as the beginning is the same.
		if whole != nil && whole.Code == wantExecutable && len(data) >= headSize {
			longer := judge(i, file, append(append([]byte(nil), data...), "more"...), true, func() int { return 256 << 10 })
			if longer == nil && forbidden(data[:headSize]) != "" {
				t.Fatalf("%s: a program passes when it is longer", file)
			}
		}
	})
}

func code(no *refusal.Refusal) string {
	if no == nil {
		return ""
	}
	return no.Code
}

// FuzzText says that the check of a text in parts of any size is that of the standard library on the whole.
func FuzzText(f *testing.F) {
	for _, s := range textSamples() {
		if len(s.data) < 5000 {
			f.Add([]byte(s.data), uint8(3))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		var whole, parts textReader
		if len(data) > 0 && announces[data[0]] {
			startText(&whole, data)
			startText(&parts, data)
		}
		want := checkText(&whole, data) == "" && len(whole.rest) == 0
		got := true
		for rest := io.Reader(bytes.NewReader(data)); got; {
			chunk := make([]byte, int(size)+1)
			n, _ := rest.Read(chunk)
			if n == 0 {
				break
			}
			got = checkText(&parts, chunk[:n]) == ""
		}
		if got = got && len(parts.rest) == 0; got != want {
			t.Fatalf("at once %v, in parts of %d %v", want, int(size)+1, got)
		}
	})
}
