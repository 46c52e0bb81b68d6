package content

import (
	"bufio"
	"compress/gzip"
	"io"
	"strings"

	"github.com/casegate/casegate/middleware/refusal"
)

// streamBuffer is the size of the buffers around compressed streams.
const streamBuffer = 64 << 10

// inspectGzip inspects a file of one or more gzip streams (RFC 1952), and a tar in it.
func inspectGzip(file io.ReaderAt, size int64, e *env) *refusal.Refusal {
	return newUnpacker(e, size).gzip(e.name, io.NewSectionReader(file, 0, size))
}

// gzipStreams reads the streams of a gzip file as one. The library's own reader would do the same, but then nothing
// would bound the number of empty streams.
type gzipStreams struct {
	u      *unpacker
	source *bufio.Reader
	reader *gzip.Reader
	no     *refusal.Refusal
}

// Read is called once for every buffer, not for every byte.
func (s *gzipStreams) Read(p []byte) (int, error) {
	for {
		n, err := s.reader.Read(p)
		if n > 0 || err != io.EOF {
			if err == io.EOF {
				err = nil
			}
			return n, err
		}
		if err := s.reader.Reset(s.source); err != nil {
			return 0, err
		}
		if s.no = s.header(); s.no != nil {
			return 0, io.ErrUnexpectedEOF
		}
	}
}

// header judges the head of one stream. Programs can restore the name that stands in it.
func (s *gzipStreams) header() *refusal.Refusal {
	s.reader.Multistream(false)
	if no := countEntry(s.u); no != nil {
		return no
	}
	name := s.reader.Name
	if name == "" {
		return nil
	}
	if trouble := pathTrouble(name); trouble != "" {
		return s.u.e.in(name, trouble)
	}
	if forbiddenName(name) {
		return runs(s.u.e, name)
	}
	return nil
}

func (u *unpacker) gzip(name string, source io.Reader) *refusal.Refusal {
	watched := &crowdedReader{e: u.e, source: source}
	buffered := packedBuffer(u, watched)
	err := resetGzip(u, buffered)
	if watched.no != nil {
		return watched.no
	}
	if err != nil {
		return u.e.unsafe("it is no gzip file that can be read: pack it again")
	}
	streams := &gzipStreams{u: u, source: buffered, reader: u.gunzip}
	if no := streams.header(); no != nil {
		return no
	}
	no := u.compressed(name, unpackedBuffer(u, streams))
	if watched.no != nil {
		return watched.no
	}
	if streams.no != nil {
		return streams.no
	}
	return no
}

// packedBuffer gives the buffer in front of what unpacks a stream, and unpackedBuffer the one behind it.
func packedBuffer(u *unpacker, source io.Reader) *bufio.Reader {
	if u.packedIn == nil {
		u.packedIn = bufio.NewReaderSize(source, streamBuffer)
	} else {
		u.packedIn.Reset(source)
	}
	return u.packedIn
}

func unpackedBuffer(u *unpacker, source io.Reader) *bufio.Reader {
	if u.unpackedOut == nil {
		u.unpackedOut = bufio.NewReaderSize(source, unpackChunk)
	} else {
		u.unpackedOut.Reset(source)
	}
	return u.unpackedOut
}

// resetGzip reads the head of the first stream.
func resetGzip(u *unpacker, source *bufio.Reader) error {
	if u.gunzip != nil {
		return u.gunzip.Reset(source)
	}
	reader, err := gzip.NewReader(source)
	if err == nil {
		u.gunzip = reader
	}
	return err
}

// compressed inspects what a compressed stream unpacks to: a tar, or one file named like the stream without its
// extension.
func (u *unpacker) compressed(name string, r *bufio.Reader) *refusal.Refusal {
	inner, tarred := uncompressedName(name)
	// An error shows again when the stream is read.
	head, _ := r.Peek(512)
	if !tarred && (len(head) < 512 || head[0] == 0 || !isTar(head)) {
		if forbiddenName(inner) {
			return runs(u.e, inner)
		}
		_, no := readMember(u, inner, r)
		return no
	}
	// The members of the tar are counted as they are read. The limit is for what lies between them.
	limited := &io.LimitedReader{R: r, N: budgetOf(u) + 1}
	no := u.tar(limited)
	if limited.N <= 0 {
		return u.bomb()
	}
	return no
}

// uncompressedName is the name that a compressed file gets when it is unpacked, and whether it says that this is a tar.
func uncompressedName(name string) (inner string, tarred bool) {
	lower := strings.ToLower(name)
	for _, end := range []string{".gz", ".bz2", ".boz", ".bz"} {
		if strings.HasSuffix(lower, end) {
			inner = name[:len(name)-len(end)]
			return inner, strings.HasSuffix(lower[:len(inner)], ".tar")
		}
	}
	for _, end := range []string{".tgz", ".tbz", ".tbz2"} {
		if strings.HasSuffix(lower, end) {
			return name, true
		}
	}
	return name, false
}
