package content

import (
	"bytes"
	"compress/bzip2"
	"io"

	"github.com/casegate/casegate/middleware/refusal"
)

// inspectBzip2 inspects a file of one or more bzip2 streams, and a tar in it. The first version of bzip, which nothing
// writes any more and the library does not read, is known by its signature alone.
func inspectBzip2(file io.ReaderAt, size int64, e *env) *refusal.Refusal {
	var mark [3]byte
	if n, _ := file.ReadAt(mark[:], 0); n == len(mark) && string(mark[:]) == "BZ0" {
		return nil
	}
	return newUnpacker(e, size).bzip2(e.name, io.NewSectionReader(file, 0, size))
}

func (u *unpacker) bzip2(name string, source io.Reader) *refusal.Refusal {
	if no := countEntry(u); no != nil {
		return no
	}
	blocks := &bzip2Blocks{e: u.e, source: source}
	no := u.compressed(name, unpackedBuffer(u, bzip2.NewReader(packedBuffer(u, blocks))))
	if blocks.no != nil {
		return blocks.no
	}
	return no
}

// bzip2Marks are the mark that begins every block, pi, as far as it fills whole bytes, for each of the eight bits at which
// it may begin.
var bzip2Marks = [][]byte{
	[]byte("\x41\x59\x26\x53\x59"), []byte("\xa0\xac\x93\x29\xac"),
	[]byte("\x50\x56\x49\x94\xd6"), []byte("\x28\x2b\x24\xca\x6b"),
	[]byte("\x14\x15\x92\x65\x35"), []byte("\x8a\x0a\xc9\x32\x9a"),
	[]byte("\xc5\x05\x64\x99\x4d"), []byte("\x62\x82\xb2\x4c\xa6"),
}

const (
	// A tiny block costs five times as much as one of those that programs make. They hold 100 KB or more, but for the last of
	// each stream: a file has at most one for so many bytes that it unpacks to, and these besides.
	bzip2BlockLeast = 50_000
	bzip2Extra      = 10_000
)

// bzip2Blocks is a file of bzip2 streams whose blocks are counted while it is read. A mark that stands across two buffers
// is not seen.
type bzip2Blocks struct {
	e      *env
	source io.Reader
	blocks int64
	no     *refusal.Refusal
}

// Read is called once for every buffer, not for every byte.
func (b *bzip2Blocks) Read(p []byte) (int, error) {
	n, err := b.source.Read(p)
	for _, mark := range bzip2Marks {
		b.blocks += int64(bytes.Count(p[:n], mark))
	}
	if b.blocks > bzip2Extra+b.e.unpacked/bzip2BlockLeast {
		b.no = b.e.unsafe(manyBlocks)
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}
