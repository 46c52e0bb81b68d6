package hostile

import (
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"io"
	"testing"
)

// Every stream is one that the standard library reads to its end, and unpacks to what was said.
func TestStreamsAreValid(t *testing.T) {
	for name, block := range map[string]Block{
		"stored, empty": Stored(0), "stored": Stored(1), "fixed, empty": Fixed(true), "fixed": Fixed(false),
		"tiny, empty": Tiny(true), "tiny": Tiny(false), "heavy, empty": Heavy(true), "heavy": Heavy(false),
		"matches": Matches(100),
	} {
		stream, unpacked := Stream(10_000, 1<<20, block)
		text, err := io.ReadAll(flate.NewReader(bytes.NewReader(stream)))
		if err != nil || int64(len(text)) != unpacked || len(bytes.Trim(text, "a")) > 0 {
			t.Errorf("%s: %d bytes, want %d: %v", name, len(text), unpacked, err)
		}
		t.Logf("%s: %d bytes packed, %d unpacked", name, len(stream), unpacked)
	}
}

func TestBzip2IsValid(t *testing.T) {
	text, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(Bzip2(500_000))))
	if err != nil || len(text) != 1600 || len(bytes.Trim(text, "\x00")) > 0 {
		t.Errorf("%d bytes: %v", len(text), err)
	}
}
