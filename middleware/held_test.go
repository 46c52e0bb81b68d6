package middleware

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// inPieces writes data to h in pieces of the given size.
func inPieces(t *testing.T, h *held, data []byte, piece int) {
	t.Helper()
	for len(data) > 0 {
		n := piece
		if n > len(data) {
			n = len(data)
		}
		if no := holdMore(h, data[:n]); no != nil {
			t.Fatal(no.Code, no.Detail)
		}
		data = data[n:]
	}
}

func TestHeldKeepsBytesAndTheirHash(t *testing.T) {
	for _, size := range []int{0, 1, 1000, 1001, 300 << 10, 3<<20 + 7} {
		for _, piece := range []int{1 << 10, 256 << 10, 700 << 10} {
			directory := t.TempDir()
			data := make([]byte, size)
			_, _ = rand.Read(data)
			before := HeldBytes()
			h := &held{limits: &Delivery{Memory: 1000, MaxHeld: 1 << 30, Directory: directory}, digest: sha256.New()}
			inPieces(t, h, data, piece)
			if (h.file != nil) != (size > 1000) {
				t.Errorf("size %d: on disk: %v", size, h.file != nil)
			}
			got, err := io.ReadAll(io.NewSectionReader(readerOf(h), 0, h.size))
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("size %d piece %d: other bytes came back (%v)", size, piece, err)
			}
			sum := sha256.Sum256(data)
			if hashOf(h) != hex.EncodeToString(sum[:]) {
				t.Errorf("size %d piece %d: wrong hash %s", size, piece, hashOf(h))
			}
			if names, _ := filepath.Glob(filepath.Join(directory, "*")); len(names) > 0 {
				t.Errorf("a temporary file has a name: %v", names)
			}
			body, err := io.ReadAll(bodyAround(h, []byte("head"), []byte("tail")))
			if err != nil || !bytes.Equal(body, []byte("head"+string(data)+"tail")) {
				t.Errorf("size %d: wrong body", size)
			}
			closeHeld(h)
			closeHeld(h)
			if HeldBytes() != before {
				t.Errorf("size %d: %d bytes are still counted", size, HeldBytes()-before)
			}
		}
	}
}

func TestHeldStopsAtTheTotal(t *testing.T) {
	limits := &Delivery{Memory: 1 << 20, MaxHeld: HeldBytes() + 1000}
	first, second := &held{limits: limits}, &held{limits: limits}
	defer closeHeld(second)
	inPieces(t, first, make([]byte, 600), 600)
	no := holdMore(second, make([]byte, 600))
	if no == nil || no.Code != "storage_unavailable" || no.RetryAfter == 0 {
		t.Fatalf("got %+v", no)
	}
	closeHeld(first)
	if no := holdMore(second, make([]byte, 600)); no != nil {
		t.Errorf("still refused after the first was given back: %+v", no)
	}
}

func TestHeldWithoutAFolder(t *testing.T) {
	h := &held{limits: &Delivery{Memory: 10, MaxHeld: 1 << 30, Directory: filepath.Join(t.TempDir(), "missing")}, digest: sha256.New()}
	defer closeHeld(h)
	no := holdMore(h, make([]byte, 11))
	if no == nil || no.Code != "storage_unavailable" || no.Detail == "" {
		t.Fatalf("got %+v", no)
	}
}

func TestRecordingReplaysEveryByte(t *testing.T) {
	data := make([]byte, 700<<10)
	_, _ = rand.Read(data)
	tests := []struct {
		name      string
		directory string
		read      int
	}{
		{"nothing was read", os.TempDir(), 0},
		{"some was read", os.TempDir(), 300 << 10},
		{"all was read", os.TempDir(), 700 << 10},
		{"what was read can't be held", filepath.Join(os.TempDir(), "missing-folder"), 300 << 10},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &recording{
				body: io.NopCloser(bytes.NewReader(data)),
				held: &held{limits: &Delivery{Memory: 100 << 10, MaxHeld: 1 << 30, Directory: test.directory}},
			}
			defer closeHeld(r.held)
			_, _ = io.CopyN(io.Discard, r, int64(test.read))
			got, err := io.ReadAll(r.replay())
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes came back, %v", len(got), err)
			}
		})
	}
}
