package content

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/casegate/casegate/middleware/refusal"
)

// The limits of archives. They count over the attached archive and everything in it.
const (
	// maxEntries bounds the members of all archives of one file; a gzip stream in a file of several counts as one.
	maxEntries = 10_000
	// maxBzip2 bounds the bzip2 files in an archive: however little one holds, the library makes room for the largest block.
	maxBzip2 = 1500
	// maxUnpacked bounds the bytes that all archives of one file unpack to. What a nested archive unpacks to counts
	// beside the nested archive itself.
	maxUnpacked = 1 << 30
	// maxRatio bounds unpacked bytes by the size of the attached file, beyond ratioFrom unpacked bytes.
	maxRatio  = 200
	ratioFrom = 10 << 20
	// maxLevels is how deep archives may be nested: the attached one is the first. A tar in a gzip or bzip2 stream is one
	// level with it.
	maxLevels = 2
)

const (
	// unpackChunk is how much of a member is unpacked in one step: large, because each step is interpreted.
	unpackChunk = 256 << 10
	// tailKept is how many bytes of the end of a member are looked at.
	tailKept = 1 << 10
)

// unpacker walks through one archive. What it counts stands in its env, so that nested archives count together.
type unpacker struct {
	e *env
	// packed is the size of the attached file.
	packed int64
	// buffer holds tailKept bytes of what came before, and then a chunk.
	buffer []byte
	// inner inspects the archives in this one, one after the other, and zipped unpacks the members of ZIPs.
	inner  *unpacker
	zipped *zipReader
	// What unpacks gzip and bzip2 streams, one after the other.
	gunzip      *gzip.Reader
	packedIn    *bufio.Reader
	unpackedOut *bufio.Reader
}

func newUnpacker(e *env, packed int64) *unpacker {
	return &unpacker{e: e, packed: packed, buffer: make([]byte, tailKept+unpackChunk)}
}

// unsafe refuses the archive for a reason that completes a sentence.
func (e *env) unsafe(reason string) *refusal.Refusal {
	return refusal.New("archive_unsafe", e.name+": "+reason)
}

// in refuses the archive for one of its members.
func (e *env) in(member, reason string) *refusal.Refusal {
	return e.unsafe("its member " + shown(member) + " " + reason)
}

// shown makes the name of a member fit for a message.
func shown(name string) string {
	const most = 120
	if len(name) > most {
		name = name[:most] + "…"
	}
	return strconv.Quote(strings.ToValidUTF8(name, "?"))
}

// countEntry counts one more member.
func countEntry(u *unpacker) *refusal.Refusal {
	u.e.entries++
	if u.e.entries > maxEntries {
		return u.e.unsafe("it holds more than 10,000 entries: attach it in several archives")
	}
	return nil
}

// countBzip2 counts one more bzip2 file in an archive.
func countBzip2(u *unpacker) *refusal.Refusal {
	u.e.bzip2s++
	if u.e.bzip2s > maxBzip2 {
		return u.e.unsafe("it holds more than 1,500 bzip2 files: attach it in several archives")
	}
	return nil
}

// budgetOf is how many more bytes may be unpacked.
func budgetOf(u *unpacker) int64 {
	most := u.packed * maxRatio
	if most < ratioFrom {
		most = ratioFrom
	}
	if most > maxUnpacked {
		most = maxUnpacked
	}
	return most - u.e.unpacked
}

// countBytes adds unpacked bytes.
func countBytes(u *unpacker, n int64) *refusal.Refusal {
	u.e.unpacked += n
	if budgetOf(u) < 0 {
		return u.bomb()
	}
	return nil
}

func (u *unpacker) bomb() *refusal.Refusal {
	return u.e.unsafe("it unpacks to more than 1 GiB, or to more than 200 times its size: attach it in several archives, or unpacked")
}

// readMember reads one member to its end and judges it: by name, by its first and last bytes, and, when it is an archive
// itself, by what it holds. It answers how many bytes the member has. The reader is one of the standard library's, so
// that no interpreted step touches single bytes, and says io.EOF only at a genuine end.
func readMember(u *unpacker, name string, r io.Reader) (size int64, no *refusal.Refusal) {
	n, err := io.ReadFull(r, u.buffer[tailKept:])
	if no := countBytes(u, int64(n)); no != nil {
		return 0, no
	}
	size = int64(n)
	head := u.buffer[tailKept : tailKept+n]
	if len(head) > headSize {
		head = head[:headSize]
	}
	if what := forbidden(head); what != "" {
		return 0, executable(u.e.name+": "+shown(name), what)
	}
	kind := archiveKind(name, head)
	if kind != "" {
		more, no := inspectNested(u, kind, name, u.buffer[tailKept:tailKept+n], r)
		return size + more, no
	}
	for err == nil {
		copy(u.buffer, u.buffer[unpackChunk:])
		n, err = io.ReadFull(r, u.buffer[tailKept:])
		if no := countBytes(u, int64(n)); no != nil {
			return 0, no
		}
		size += int64(n)
	}
	tail := u.buffer[:tailKept+n]
	if size <= unpackChunk {
		tail = u.buffer[tailKept : tailKept+n]
	}
	if len(tail) > tailKept {
		tail = tail[len(tail)-tailKept:]
	}
	if what := forbiddenTail(tail); what != "" {
		return 0, executable(u.e.name+": "+shown(name), what)
	}
	return size, endOf(u, name, r)
}

// endOf makes sure that a reader came to a genuine end: io.ReadFull says the same of a short last chunk and of a
// stream that is cut off.
func endOf(u *unpacker, name string, r io.Reader) *refusal.Refusal {
	var one [1]byte
	if n, err := r.Read(one[:]); n != 0 || err != io.EOF {
		return u.e.in(name, "is damaged or cut off: pack it again")
	}
	return nil
}

// inspectNested inspects a member that is an archive. begin is what was read of it; it answers how many bytes more it has.
func inspectNested(u *unpacker, kind, name string, begin []byte, r io.Reader) (more int64, no *refusal.Refusal) {
	no = nil
	if u.e.nested+2 > maxLevels {
		return 0, u.e.in(name, "is an archive in an archive in an archive: unpack one level")
	}
	budget := budgetOf(u) + 1
	limited := &io.LimitedReader{R: r, N: budget}
	source := io.MultiReader(bytes.NewReader(begin), limited)
	if u.inner == nil {
		u.inner = newUnpacker(u.e, u.packed)
	}
	inner := u.inner
	u.e.nested++
	switch kind {
	case kindZIP:
		no = heldZIP(inner, name, source)
	case kindGzip:
		no = inner.gzip(name, source)
	case kindBzip2:
		no = countBzip2(u)
		if no == nil {
			no = inner.bzip2(name, source)
		}
	case kindTar:
		no = inner.tar(source)
	case kindSealed:
		no = u.e.in(name, "is an archive of a kind that can't be inspected: use zip, tar, gzip or bzip2")
	case kindFalse:
		no = u.e.in(name, "is named as an archive but is none: pack it under its real name")
	}
	u.e.nested--
	if limited.N <= 0 {
		return 0, u.bomb()
	}
	if no != nil {
		return 0, no
	}
	// What an inspection left unread, as that of 7z, which is known by its signature alone.
	if _, err := io.Copy(io.Discard, limited); err != nil {
		return 0, u.e.in(name, "is damaged or cut off: pack it again")
	}
	more = budget - limited.N
	return more, countBytes(u, more)
}

// The kinds of archives in archives.
const (
	kindZIP    = "zip"
	kindGzip   = "gzip"
	kindBzip2  = "bzip2"
	kindTar    = "tar"
	kind7z     = "7z"
	kindSealed = "sealed" // an archive that the gate can't read, and whose type nobody could attach either
	kindFalse  = "false"  // an archive by its name alone
)

// archiveFirst sorts members by their first byte, so that most cost one look.
var archiveFirst = [256]bool{'P': true, 0x1f: true, '7': true, 'R': true, 0xfd: true, 0x28: true, 0x04: true, 'L': true, 'B': true}

// archiveMarks are the first bytes of archives.
var archiveMarks = []struct{ mark, kind string }{
	{"PK\x03\x04", kindZIP},
	{"PK\x05\x06", kindZIP}, // a ZIP without members
	{"\x1f\x8b", kindGzip},
	{"7z\xbc\xaf\x27\x1c", kind7z},
	{"Rar!\x1a\x07", kindSealed},
	{"\xfd7zXZ\x00", kindSealed},
	{"\x28\xb5\x2f\xfd", kindSealed}, // zstd
	{"\x04\x22\x4d\x18", kindSealed}, // lz4
	{"LZIP\x01", kindSealed},
	{"\x1f\x9d", kindSealed}, // compress
}

// archiveNames are the extensions that make a program open a file as an archive.
var archiveNames = map[string]string{
	".zip": kindZIP, ".gz": kindGzip, ".tgz": kindGzip, ".bz2": kindBzip2, ".tbz": kindBzip2, ".tbz2": kindBzip2, ".tar": kindTar,
	".7z": kind7z, ".rar": kindSealed, ".xz": kindSealed, ".txz": kindSealed, ".zst": kindSealed, ".cab": kindSealed,
}

// archiveKind says which kind of archive a member is, "" when it is none. The bytes decide; where only the name says
// so, a tar is still tried, since its oldest form has no mark.
func archiveKind(name string, head []byte) string {
	if len(head) < 4 {
		return ""
	}
	if archiveFirst[head[0]] {
		for _, row := range archiveMarks {
			if bytes.HasPrefix(head, []byte(row.mark)) {
				return row.kind
			}
		}
		if isBzip2(head) {
			return kindBzip2
		}
	}
	if markedTar(head) {
		return kindTar
	}
	named, known := archiveNames[strings.ToLower(path.Ext(name))]
	if !known {
		return ""
	}
	if named == kindTar {
		return kindTar
	}
	return kindFalse
}

// markedTar tells whether the bytes begin a tar archive in one of the forms that have a mark (POSIX ustar and GNU).
func markedTar(head []byte) bool {
	return len(head) >= 512 && string(head[257:262]) == "ustar"
}

// isBzip2 tells whether the bytes begin a bzip2 stream: the size of its blocks, and the mark of a block or of the end.
func isBzip2(head []byte) bool {
	return len(head) >= 10 && string(head[:3]) == "BZh" && head[3] >= '1' && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90")
}
