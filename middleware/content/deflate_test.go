package content

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"

	"github.com/casegate/casegate/internal/hostile"
)

// A head that is found, where it is, and what it weighs.
func TestDeflateHead(t *testing.T) {
	for name, c := range map[string]struct {
		block  hostile.Block
		weight int
	}{
		"tiny, empty": {hostile.Tiny(true), 2},
		"tiny":        {hostile.Tiny(false), 2},
		"heavy":       {hostile.Heavy(false), 139},
		"fixed":       {hostile.Fixed(false), 0},
		"stored":      {hostile.Stored(1), 0},
	} {
		deflateOnce.Do(makeDeflateTables)
		// The first block with a code of its own begins behind one stored byte.
		stream, _ := hostile.Stream(2000, 1<<20, c.block)
		if got := deflateHead(stream, 6*8); got != c.weight {
			t.Errorf("%s: weight %d, want %d", name, got, c.weight)
		}
	}
}

// What Go's own writer makes is far from the limit, at all levels and however often it is flushed.
func TestGenuineStreamsAreNotCrowded(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	var log bytes.Buffer
	for n := 0; log.Len() < 2<<20; n++ {
		fmt.Fprintf(&log, "2026-11-23T10:%02d:%02d.%03dZ level=info request=%08x path=/api/cases/%d took=%dms\n", n/60%60, n%60, random.Intn(1000), random.Uint32(), n%97, random.Intn(500))
	}
	for _, level := range []int{1, 6, 9, flate.HuffmanOnly} {
		for _, flushed := range []int{1 << 30, 64 << 10, 4 << 10, 1 << 10, 300} {
			var packed bytes.Buffer
			w := must(flate.NewWriter(&packed, level))
			for rest := log.Bytes(); len(rest) > 0; {
				n := least(len(rest), flushed)
				must(w.Write(rest[:n]))
				if flushed < 1<<30 {
					w.Flush()
				}
				rest = rest[n:]
			}
			w.Close()
			e := &env{name: "a.gz"}
			for n := 0; n < 20; n++ {
				if no := crowded(e, bytes.NewReader(packed.Bytes()), int64(packed.Len())); no != nil {
					t.Fatalf("level %d, flushed after %d bytes: %s", level, flushed, no.Message)
				}
			}
			each := 0
			if e.heads > 0 {
				each = e.looked / e.heads
			}
			t.Logf("level %2d, flushed after %d bytes: one in %d bytes", level, flushed, each)
		}
	}
}

// gzipAround is a gzip file of a stream that unpacks to the text.
func gzipAround(stream, text []byte) []byte {
	return concat([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"), stream, []byte(le32(int(crc(text)))), []byte(le32(len(text))))
}

// zipAround is a ZIP of one member, of a stream that unpacks to the text.
func zipAround(stream, text []byte) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	h := &zip.FileHeader{Name: "a.txt", Method: zip.Deflate, CRC32: crc(text), CompressedSize64: uint64(len(stream)), UncompressedSize64: uint64(len(text))}
	must(must(w.CreateRaw(h)).Write(stream))
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func TestCrowdedStreams(t *testing.T) {
	for name, block := range map[string]hostile.Block{
		"tiny, empty": hostile.Tiny(true), "tiny": hostile.Tiny(false), "heavy, empty": hostile.Heavy(true), "heavy": hostile.Heavy(false),
	} {
		// Light heads are many before they are too many.
		size := 4 << 20
		if strings.HasPrefix(name, "heavy") {
			size = 16 << 10
		}
		stream, unpacked := hostile.Stream(size, 100<<20, block)
		text := bytes.Repeat([]byte("a"), int(unpacked))
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, inspectAs(lookGzip, "a.gz", gzipAround(stream, text)), "archive_unsafe", "smaller than what programs make")
			checkRefusal(t, inspectAs(lookZIP, "a.zip", zipAround(stream, text)), "archive_unsafe", "smaller than what programs make")
		})
	}
}

// In a nested archive the packed bytes are never seen in one piece.
func TestCrowdedStreamInAnArchive(t *testing.T) {
	stream, unpacked := hostile.Stream(1<<20, 1<<20, hostile.Heavy(true))
	inner := gzipAround(stream, bytes.Repeat([]byte("a"), int(unpacked)))
	checkRefusal(t, inspectAs(lookZIP, "a.zip", makeZIP(item{name: "b.gz", body: inner})), "archive_unsafe", "smaller than what programs make")
	checkRefusal(t, inspectAs(lookTar, "a.tar", makeTar(item{name: "b.gz", body: inner})), "archive_unsafe", "smaller than what programs make")
	checkRefusal(t, inspectAs(lookSVG, "a.svgz", inner), "archive_unsafe", "smaller than what programs make")
}

// FuzzDeflateHead says that no window makes the search go beyond it, and that what is a head to the library is one here.
func FuzzDeflateHead(f *testing.F) {
	for _, block := range []hostile.Block{hostile.Tiny(true), hostile.Heavy(false)} {
		stream, _ := hostile.Stream(3000, 1<<20, block)
		f.Add(stream[6:])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e := &env{name: "a.gz"}
		crowdedWindow(e, data)
		if len(data) < deflateReach {
			return
		}
		deflateOnce.Do(makeDeflateTables)
		weight := deflateHead(data, 0)
		if weight < 0 || weight > deflateBase+2*512 {
			t.Fatalf("a weight of %d", weight)
		}
		text, err := io.ReadAll(flate.NewReaderDict(bytes.NewReader(data), make([]byte, 32<<10)))
		_, corrupt := err.(flate.CorruptInputError)
		if data[0]&7 == 4 && weight == 0 && (len(text) > 0 || !corrupt) {
			t.Fatalf("the library reads %d bytes: %v", len(text), err)
		}
	})
}
