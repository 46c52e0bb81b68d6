package content

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"sort"

	"github.com/casegate/casegate/middleware/refusal"
)

// A ZIP (APPNOTE.TXT of PKWARE) says everything twice: in a header before each member and in a directory at its end.
// Some programs believe the one and some the other, so both must agree, and the members must stand one behind the other
// without gaps from the first byte of the file to the directory. Genuine writers do that.

const (
	zipLocalMark      = "PK\x03\x04"
	zipDirectoryMark  = "PK\x01\x02"
	zipDescriptorMark = "PK\x07\x08"

	zipLocalSize     = 30
	zipDirectorySize = 46
	// zipDirectoryMost bounds the directory: 800 bytes for each of 10,000 members.
	zipDirectoryMost = 8 << 20

	zipEncrypted  = 1 << 0
	zipDescriptor = 1 << 3
	zipPatched    = 1 << 5
	zipStrong     = 1 << 6
	zipMasked     = 1 << 13

	// zipSentinel stands where the real value is in the ZIP64 field.
	zipSentinel = 0xffffffff
)

// inspectZIP inspects a ZIP archive.
func inspectZIP(file io.ReaderAt, size int64, e *env) *refusal.Refusal {
	_, no := readZIP(newUnpacker(e, size), file, size)
	return no
}

// zipMember is what the directory says of one member.
type zipMember struct {
	name             string
	header           int64 // where its local header begins
	packed, unpacked int64
	crc              uint32
	method           uint16
	kind             uint32 // the file type of Unix
	data             int64  // where its bytes begin
}

// readZIP inspects a ZIP archive and gives its members in the order of their places.
func readZIP(u *unpacker, file io.ReaderAt, size int64) (members []*zipMember, no *refusal.Refusal) {
	members, directory, no := zipMembers(u, file, size)
	if no != nil {
		return nil, no
	}
	if no := zipLayout(u, file, members, directory); no != nil {
		return nil, no
	}
	t := newTree()
	if no := zipNames(u, t, members); no != nil {
		return nil, no
	}
	if no := crowded(u.e, file, directory); no != nil {
		return nil, no
	}
	return members, zipContents(u, t, file, members)
}

// zipMembers reads the directory, in the order of the members' places in the file. The size and the number of members
// are checked before the library parses it, since it does so all at once.
func zipMembers(u *unpacker, file io.ReaderAt, size int64) (members []*zipMember, at int64, no *refusal.Refusal) {
	end, trouble := findZIPEnd(file, size)
	if trouble != "" {
		return nil, 0, u.e.unsafe(trouble)
	}
	if end.entries > int64(maxEntries-u.e.entries) {
		return nil, 0, u.e.unsafe("it holds more than 10,000 entries: attach it in several archives")
	}
	if end.size > zipDirectoryMost {
		return nil, 0, u.e.unsafe("its directory is too large to be genuine: pack it again")
	}
	directory := make([]byte, end.size)
	if _, err := io.ReadFull(io.NewSectionReader(file, end.at, end.size), directory); err != nil {
		return nil, 0, u.e.unsafe(zipDamaged)
	}
	// A name or a checksum may hold the mark by chance, but not often.
	const chance = 16
	if int64(bytes.Count(directory, []byte(zipDirectoryMark))) > end.entries+chance {
		return nil, 0, u.e.unsafe(zipDamaged)
	}
	reader, err := zip.NewReader(file, size)
	if err != nil || int64(len(reader.File)) != end.entries {
		return nil, 0, u.e.unsafe(zipDamaged)
	}
	u.e.entries += len(reader.File)
	members = make([]*zipMember, 0, len(reader.File))
	place := 0
	sorted := true
	last := int64(-1)
	for _, f := range reader.File {
		// The library reads on behind the directory where an entry claims to.
		if len(directory)-place < zipDirectorySize+len(f.Name)+len(f.Extra)+len(f.Comment) {
			return nil, 0, u.e.unsafe(zipDamaged)
		}
		m, trouble := zipMemberOf(f, directory[place:])
		if trouble != "" {
			return nil, 0, u.e.in(f.Name, trouble)
		}
		place += zipDirectorySize + len(f.Name) + len(f.Extra) + len(f.Comment)
		sorted = sorted && m.header > last
		last = m.header
		members = append(members, m)
	}
	if place != len(directory) {
		return nil, 0, u.e.unsafe(zipDamaged)
	}
	if !sorted {
		sort.Slice(members, func(i, j int) bool { return members[i].header < members[j].header })
	}
	return members, end.at, nil
}

const zipDamaged = "its directory is damaged, or does not fit the archive: pack it again"

// zipMemberOf takes over what the library read of one entry of the directory, and reads the rest of it: record begins
// with this entry.
func zipMemberOf(f *zip.File, record []byte) (m *zipMember, trouble string) {
	if f.Flags&(zipEncrypted|zipStrong|zipMasked) != 0 {
		return nil, "is encrypted, so that nobody can look into it: pack it without a password"
	}
	if f.Flags&zipPatched != 0 || (f.Method != zip.Store && f.Method != zip.Deflate) {
		return nil, "is compressed in a way that can't be inspected: pack it with the ordinary method (deflate)"
	}
	m = &zipMember{
		name: f.Name, crc: f.CRC32, method: f.Method, kind: f.ExternalAttrs >> 28,
		packed: int64(f.CompressedSize64), unpacked: int64(f.UncompressedSize64),
		header: int64(binary.LittleEndian.Uint32(record[42:])),
	}
	if disk := binary.LittleEndian.Uint16(record[34:]); disk != 0 && disk != 0xffff {
		return nil, "stands in another part of a split archive: pack it in one file"
	}
	if m.packed < 0 || m.unpacked < 0 {
		return nil, "has a size that makes no sense"
	}
	if m.header == zipSentinel {
		// Behind the sizes, as far as they have sentinels of their own.
		at := 0
		if binary.LittleEndian.Uint32(record[24:]) == zipSentinel {
			at += 8
		}
		if binary.LittleEndian.Uint32(record[20:]) == zipSentinel {
			at += 8
		}
		field := zipExtra(f.Extra, 1)
		if len(field) < at+8 {
			return nil, "has no place in the archive"
		}
		m.header = int64(binary.LittleEndian.Uint64(field[at:]))
	}
	if bytes.Contains(f.Extra, []byte("\x75\x70")) {
		// Some programs take the name from the Unicode path field of Info-ZIP.
		if field := zipExtra(f.Extra, 0x7075); len(field) > 5 && string(field[5:]) != f.Name {
			return nil, "has a second name in its extra field: pack it with another program"
		}
	}
	return m, ""
}

// zipExtra finds a field in the extra fields of an entry.
func zipExtra(extra []byte, id uint16) []byte {
	const most = 64
	for n := 0; n < most && len(extra) >= 4; n++ {
		size := int(binary.LittleEndian.Uint16(extra[2:]))
		if 4+size > len(extra) {
			return nil
		}
		if binary.LittleEndian.Uint16(extra) == id {
			return extra[4 : 4+size]
		}
		extra = extra[4+size:]
	}
	return nil
}

// zipLayout compares the header before each member with the directory, and finds where its bytes begin.
func zipLayout(u *unpacker, file io.ReaderAt, members []*zipMember, directory int64) *refusal.Refusal {
	at := int64(0)
	for i, m := range members {
		if m.header != at {
			return u.e.in(m.name, "overlaps another, or something unlisted stands before it: pack the archive again")
		}
		next := directory
		if i+1 < len(members) {
			next = members[i+1].header
		}
		if trouble := zipHeader(file, m, next, u.buffer); trouble != "" {
			return u.e.in(m.name, trouble)
		}
		at = next
	}
	if at != directory {
		return u.e.unsafe("something stands before its directory that the directory does not list: pack it again")
	}
	return nil
}

const zipDiffers = "has a header that contradicts the archive's directory: pack the archive again"

// zipHeader checks the local header of a member whose room ends at next.
func zipHeader(file io.ReaderAt, m *zipMember, next int64, buffer []byte) (trouble string) {
	// One read for header, name and most extra fields.
	want := zipLocalSize + len(m.name) + 128
	if room := next - m.header; int64(want) > room {
		want = int(room)
	}
	if want < zipLocalSize {
		return zipDiffers
	}
	head := buffer[:want]
	if _, err := file.ReadAt(head, m.header); err != nil {
		return zipDiffers
	}
	flags := binary.LittleEndian.Uint16(head[6:])
	named := int(binary.LittleEndian.Uint16(head[26:]))
	extra := int(binary.LittleEndian.Uint16(head[28:]))
	if string(head[:4]) != zipLocalMark || binary.LittleEndian.Uint16(head[8:]) != m.method ||
		flags&(zipEncrypted|zipPatched|zipStrong|zipMasked) != 0 ||
		named != len(m.name) || want < zipLocalSize+named || string(head[zipLocalSize:zipLocalSize+named]) != m.name {
		return zipDiffers
	}
	m.data = m.header + int64(zipLocalSize+named+extra)
	gap := next - m.data - m.packed
	if m.packed > next || gap < 0 {
		return "overlaps another: pack the archive again"
	}
	field := head[zipLocalSize+named:]
	if len(field) < extra {
		field = make([]byte, extra)
		if _, err := file.ReadAt(field, m.data-int64(extra)); err != nil {
			return zipDiffers
		}
	}
	// Some programs take the name out of this header, and a second one before the first.
	if second := zipExtra(field[:extra], 0x7075); len(second) > 5 && string(second[5:]) != m.name {
		return zipDiffers
	}
	crc, packed, unpacked, ok := zipSizes(head, field[:extra])
	if !ok {
		return zipDiffers
	}
	if flags&zipDescriptor == 0 {
		if gap != 0 || crc != m.crc || packed != m.packed || unpacked != m.unpacked {
			return zipDiffers
		}
		return ""
	}
	if (crc != 0 && crc != m.crc) || (packed != 0 && packed != m.packed) || (unpacked != 0 && unpacked != m.unpacked) {
		return zipDiffers
	}
	return zipTrailer(file, m, gap)
}

// zipSizes reads checksum and sizes of a local header. A size that the header leaves to the descriptor reads as zero.
func zipSizes(head, extra []byte) (crc uint32, packed, unpacked int64, ok bool) {
	crc = binary.LittleEndian.Uint32(head[14:])
	packed = int64(binary.LittleEndian.Uint32(head[18:]))
	unpacked = int64(binary.LittleEndian.Uint32(head[22:]))
	if packed != zipSentinel && unpacked != zipSentinel {
		return crc, packed, unpacked, true
	}
	field := zipExtra(extra, 1)
	if field == nil {
		// Python's zipfile and others write sentinels alone when they can't seek.
		return crc, 0, 0, binary.LittleEndian.Uint16(head[6:])&zipDescriptor != 0
	}
	if unpacked == zipSentinel && len(field) >= 8 {
		unpacked = int64(binary.LittleEndian.Uint64(field))
		field = field[8:]
	}
	if packed == zipSentinel && len(field) >= 8 {
		packed = int64(binary.LittleEndian.Uint64(field))
	}
	return crc, packed, unpacked, true
}

// zipTrailer checks the descriptor behind a member's bytes: checksum and sizes of four or eight bytes, with or without
// a mark before them.
func zipTrailer(file io.ReaderAt, m *zipMember, gap int64) (trouble string) {
	var room [24]byte
	if gap != 12 && gap != 16 && gap != 20 && gap != 24 {
		return zipDiffers
	}
	trailer := room[:gap]
	if _, err := file.ReadAt(trailer, m.data+m.packed); err != nil {
		return zipDiffers
	}
	if gap == 16 || gap == 24 {
		if string(trailer[:4]) != zipDescriptorMark {
			return zipDiffers
		}
		trailer = trailer[4:]
	}
	packed, unpacked := int64(binary.LittleEndian.Uint32(trailer[4:])), int64(0)
	if len(trailer) == 12 {
		unpacked = int64(binary.LittleEndian.Uint32(trailer[8:]))
	} else {
		packed, unpacked = int64(binary.LittleEndian.Uint64(trailer[4:])), int64(binary.LittleEndian.Uint64(trailer[12:]))
	}
	if binary.LittleEndian.Uint32(trailer) != m.crc || packed != m.packed || unpacked != m.unpacked {
		return zipDiffers
	}
	return ""
}
