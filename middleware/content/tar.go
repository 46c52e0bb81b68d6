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

func (u *unpacker) tar(r io.Reader) *refusal.Refusal {
	t := newTree()
	limited := &io.LimitedReader{R: r, N: tarHeadersMost}
	reader := tar.NewReader(limited)
	for {
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
		if no := u.entry(); no != nil {
			return no
		}
		limited.N += header.Size
		if no := u.tarMember(t, header, reader); no != nil {
			return no
		}
	}
	if name := t.through(); name != "" {
		return u.e.in(name, writesThrough)
	}
	return u.blank(r)
}

func (u *unpacker) tarMember(t *tree, header *tar.Header, reader *tar.Reader) *refusal.Refusal {
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
	if trouble := t.add(name); trouble != "" {
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
	case tar.TypeReg, tar.TypeGNUSparse:
	default:
		return u.e.in(name, "is a device, a pipe or of another special kind: pack files, folders and links only")
	}
	if forbiddenName(name) {
		return runs(u.e, name)
	}
	if kind == tar.TypeLink {
		return nil
	}
	if header.Size > u.budget() {
		return u.bomb()
	}
	_, no := u.member(name, reader)
	return no
}

// blank makes sure that nothing but zero bytes stands behind the end of a tar archive: some programs read on there.
func (u *unpacker) blank(r io.Reader) *refusal.Refusal {
	for {
		n, err := io.ReadFull(r, u.buffer)
		if len(bytes.TrimLeft(u.buffer[:n], "\x00")) > 0 {
			return u.e.unsafe("something stands behind its end: pack it again")
		}
		if err != nil {
			return u.ended("the end", r)
		}
	}
}
