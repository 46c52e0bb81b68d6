package content

import (
	"archive/tar"
	"bufio"
	"bytes"
	"io"
	"strings"

	"github.com/casegate/casegate/middleware/refusal"
)

// inspectTar inspects a tar archive in any form that the library reads: V7, ustar, PAX, GNU.
func inspectTar(file io.ReaderAt, size int64, e *env) *refusal.Refusal {
	return newUnpacker(e, size).tar(bufio.NewReaderSize(io.NewSectionReader(file, 0, size), streamBuffer))
}

// tarHeadersMost bounds the headers of one archive. The library reads any number of long names and PAX records before
// it gives a member; 10,000 members with all of that need some 25 MiB.
const tarHeadersMost = 32 << 20

// tarRecordsMost bounds the PAX records of all members of all archives: thirty for each of 10,000.
const tarRecordsMost = 300_000

func (u *unpacker) tar(r io.Reader) *refusal.Refusal {
	t := newTree()
	limited := &io.LimitedReader{R: r, N: tarHeadersMost}
	reader := tar.NewReader(limited)
	padding := int64(0)
	for {
		before := limited.N
		header, err := reader.Next()
		if limited.N <= 0 {
			return u.e.unsafe("the headers of its members are too large to be genuine: pack it again")
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return u.e.unsafe("it is no tar archive that can be read to its end: pack it again")
		}
		if no := countEntry(u); no != nil {
			return no
		}
		u.e.records += len(header.PAXRecords)
		if u.e.records > tarRecordsMost {
			return u.e.unsafe("the headers of its members are too large to be genuine: pack it again")
		}
		if before-limited.N-padding > tarHeaderMost(header) || (len(header.PAXRecords) > 0 && header.Format != tar.FormatPAX && header.Typeflag != tar.TypeXGlobalHeader) {
			return u.e.in(header.Name, "has more than one header that names it, of which programs take different ones: pack it with another program")
		}
		padding = tarBlocks(header.Size) - header.Size
		if header.Typeflag == tar.TypeXGlobalHeader {
			// Its size is not told.
			padding = 511
		}
		limited.N += header.Size
		if no := tarMember(u, t, header, reader); no != nil {
			return no
		}
	}
	if name := t.through(); name != "" {
		return u.e.in(name, writesThrough)
	}
	return u.blank(r)
}

func tarMember(u *unpacker, t *tree, header *tar.Header, reader *tar.Reader) *refusal.Refusal {
	kind := header.Typeflag
	if kind == tar.TypeXGlobalHeader {
		// It carries no file, and the library does not apply what it says: what other programs apply must be harmless.
		for key := range header.PAXRecords {
			if key != "comment" {
				return u.e.unsafe("it sets " + shown(key) + " for all its members at once: pack it with another program")
			}
		}
		return nil
	}
	name := header.Name
	if kind == tar.TypeGNUSparse || (len(header.PAXRecords) > 0 && isSparse(header)) {
		return u.e.in(name, "is stored in sparse form, which programs read differently: pack it without that option")
	}
	if trouble := addMember(t, name); trouble != "" {
		return u.e.in(name, trouble)
	}
	switch kind {
	case tar.TypeDir:
		return nil
	case tar.TypeSymlink:
		if trouble := t.link(name, header.Linkname); trouble != "" {
			return u.e.in(name, trouble)
		}
		return nil
	case tar.TypeLink:
		// The target of a hard link is a member that stands before it: one that was judged, and is no symbolic link.
		target := strings.TrimPrefix(header.Linkname, "./")
		if !t.seen[target] || t.links[target] {
			return u.e.in(name, leadsOut)
		}
	case tar.TypeReg:
	default:
		return u.e.in(name, "is a device, a pipe or of another special kind: pack files, folders and links only")
	}
	if forbiddenName(name) {
		return runs(u.e, name)
	}
	if kind == tar.TypeLink {
		return nil
	}
	if header.Size > budgetOf(u) {
		return u.bomb()
	}
	_, no := readMember(u, name, reader)
	return no
}

// isSparse says whether a member is stored without its empty stretches. GNU's records of that form also hold a second name.
func isSparse(header *tar.Header) bool {
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// tarHeaderMost is how many bytes the headers of one member can need: its own, and one each of those that hold PAX
// records, a long name and a long target of a link.
func tarHeaderMost(header *tar.Header) int64 {
	const block = 512
	most := int64(block)
	if len(header.PAXRecords) > 0 {
		records := 0
		for key, value := range header.PAXRecords {
			// A length of up to five digits, a blank, an equals sign and a line end.
			records += len(key) + len(value) + 8
		}
		return most + block + tarBlocks(int64(records))
	}
	if len(header.Name) >= 100 {
		most += block + tarBlocks(int64(len(header.Name))+1)
	}
	if len(header.Linkname) >= 100 {
		most += block + tarBlocks(int64(len(header.Linkname))+1)
	}
	return most
}

// tarBlocks rounds a size up to whole blocks of a tar archive.
func tarBlocks(size int64) int64 {
	return (size + 511) / 512 * 512
}

// blank makes sure that nothing but zero bytes stands behind the end of a tar archive: some programs read on there.
func (u *unpacker) blank(r io.Reader) *refusal.Refusal {
	for {
		n, err := io.ReadFull(r, u.buffer)
		if len(bytes.TrimLeft(u.buffer[:n], "\x00")) > 0 {
			return u.e.unsafe("something stands behind its end: pack it again")
		}
		if err != nil {
			return endOf(u, "the end", r)
		}
	}
}
