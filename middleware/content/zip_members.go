package content

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"hash"
	"hash/crc32"
	"io"
	"strings"

	"github.com/casegate/casegate/middleware/refusal"
)

// The file types of Unix, as the external attributes of a member hold them; 0 where the writer has no such notion.
const (
	unixFolder = 0x4
	unixFile   = 0x8
	unixLink   = 0xa
)

// zipNames judges the members by their names and kinds, before anything is unpacked.
func zipNames(u *unpacker, t *tree, members []*zipMember) *refusal.Refusal {
	for _, m := range members {
		if trouble := addMember(t, m.name); trouble != "" {
			return u.e.in(m.name, trouble)
		}
		switch m.kind {
		case unixLink:
			// Its target is its content, which is read with the others.
			continue
		case 0, unixFile, unixFolder:
		default:
			return u.e.in(m.name, "is a device, a pipe or of another special kind: pack files, folders and links only")
		}
		if isFolder(m) {
			if m.unpacked != 0 {
				return u.e.in(m.name, "is a folder that holds bytes: pack the archive again")
			}
			continue
		}
		if forbiddenName(m.name) {
			return runs(u.e, m.name)
		}
	}
	return nil
}

// runs is the refusal of a member by its name.
func runs(e *env, name string) *refusal.Refusal {
	return executable(e.name+": "+shown(name), "a file that runs when it is opened")
}

func isFolder(m *zipMember) bool { return m.kind == unixFolder || strings.HasSuffix(m.name, "/") }

// zipReader unpacks one member after the other; its parts are used again for each.
type zipReader struct {
	packed  *bufio.Reader
	inflate io.ReadCloser
	crc     hash.Hash32
}

func newZIPReader() *zipReader {
	r := &zipReader{packed: bufio.NewReader(bytes.NewReader(nil)), crc: crc32.NewIEEE()}
	r.inflate = flate.NewReader(r.packed)
	return r
}

// openMember gives the bytes of a member: one more than it should have at the most, so that a liar shows.
func openMember(r *zipReader, file io.ReaderAt, m *zipMember) io.Reader {
	var source io.Reader = io.NewSectionReader(file, m.data, m.packed)
	if m.method == zip.Deflate {
		r.packed.Reset(source)
		// The library promises that its reader is a Resetter, and the error is for dictionaries.
		_ = r.inflate.(flate.Resetter).Reset(r.packed, nil)
		source = r.inflate
	}
	r.crc.Reset()
	return io.TeeReader(io.LimitReader(source, m.unpacked+1), r.crc)
}

// fitsMember tells whether what was read is what the directory says, to the last packed byte.
func fitsMember(r *zipReader, m *zipMember, size int64) bool {
	if size != m.unpacked || r.crc.Sum32() != m.crc {
		return false
	}
	if m.method == zip.Deflate {
		_, err := r.packed.ReadByte()
		return err == io.EOF
	}
	return m.packed == m.unpacked
}

// zipContents unpacks all members and judges them by their bytes.
func zipContents(u *unpacker, t *tree, file io.ReaderAt, members []*zipMember) *refusal.Refusal {
	if u.zipped == nil {
		u.zipped = newZIPReader()
	}
	reader := u.zipped
	for _, m := range members {
		if m.unpacked > budgetOf(u) {
			return u.bomb()
		}
		if m.packed == 0 && m.unpacked == 0 && m.crc == 0 && m.kind != unixLink {
			continue
		}
		source := openMember(reader, file, m)
		var size int64
		if m.kind == unixLink {
			target, err := io.ReadAll(io.LimitReader(source, maxPath+1))
			size = int64(len(target))
			if err != nil {
				return u.e.in(m.name, zipDiffers)
			}
			if trouble := t.link(m.name, string(target)); trouble != "" {
				return u.e.in(m.name, trouble)
			}
		} else {
			read, no := readMember(u, m.name, source)
			if no != nil {
				return no
			}
			size = read
		}
		if !fitsMember(reader, m, size) {
			return u.e.in(m.name, "is not what the archive's directory says: pack the archive again")
		}
	}
	if name := t.through(); name != "" {
		return u.e.in(name, writesThrough)
	}
	return nil
}
