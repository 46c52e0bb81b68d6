package content

import (
	"bytes"
	"encoding/binary"
	"io"
)

const (
	zipEndMark       = "PK\x05\x06"
	zip64EndMark     = "PK\x06\x06"
	zip64LocatorMark = "PK\x06\x07"

	zipEndSize       = 22
	zip64LocatorSize = 20
	zip64EndSize     = 56
)

// zipEnding is what the end record says of the directory, and the ZIP64 end record where there is one.
type zipEnding struct {
	entries  int64
	size, at int64
}

const zipNoEnd = "it does not end like a ZIP archive: pack it again, in one part and with nothing behind it"

// findZIPEnd reads the end record. It must end with the file, and the directory with the record: where that is not so,
// programs search, and find different archives in one file.
func findZIPEnd(file io.ReaderAt, size int64) (zipEnding, string) {
	end := zipEnding{}
	reach := int64(zipEndSize + 0xffff + zip64LocatorSize + zip64EndSize)
	if reach > size {
		reach = size
	}
	tail := make([]byte, reach)
	if _, err := io.ReadFull(io.NewSectionReader(file, size-reach, reach), tail); err != nil {
		return end, zipNoEnd
	}
	at := bytes.LastIndex(tail, []byte(zipEndMark))
	if !endsFile(tail, at) {
		return end, zipNoEnd
	}
	other := bytes.Index(tail, []byte(zipEndMark))
	for other < at {
		if endsFile(tail, other) {
			return end, "it can be read as two different archives: pack it again"
		}
		other += 4 + bytes.Index(tail[other+4:], []byte(zipEndMark))
	}
	record := tail[at:]
	end.entries = int64(binary.LittleEndian.Uint16(record[10:]))
	end.size = int64(binary.LittleEndian.Uint32(record[12:]))
	end.at = int64(binary.LittleEndian.Uint32(record[16:]))
	sentinel := end.entries == 0xffff || end.size == zipSentinel || end.at == zipSentinel
	disks := binary.LittleEndian.Uint32(record[4:])
	if (disks != 0 && disks != 0xffffffff) || binary.LittleEndian.Uint16(record[8:]) != uint16(end.entries) {
		return end, "it is one part of a split archive: pack it in one file"
	}
	limit := size - reach + int64(at)
	if at >= zip64LocatorSize && string(tail[at-zip64LocatorSize:at-zip64LocatorSize+4]) == zip64LocatorMark {
		large, place, ok := findZIP64End(file, tail[at-zip64LocatorSize:at], limit-zip64LocatorSize)
		if !ok || (end.entries != 0xffff && end.entries != large.entries) ||
			(end.size != zipSentinel && end.size != large.size) || (end.at != zipSentinel && end.at != large.at) {
			return end, zipDamaged
		}
		end, limit = large, place
	} else if sentinel {
		return end, zipDamaged
	}
	if end.entries < 0 || end.size < 0 || end.at < 0 || end.at > limit || end.at+end.size != limit {
		return end, zipDamaged
	}
	return end, ""
}

// endsFile tells whether there is an end record at the place in the tail whose comment ends with the file.
func endsFile(tail []byte, at int) bool {
	return at >= 0 && at+zipEndSize <= len(tail) &&
		at+zipEndSize+int(binary.LittleEndian.Uint16(tail[at+20:])) == len(tail)
}

// findZIP64End reads the ZIP64 end record, which ends where its locator begins, and says where it stands.
func findZIP64End(file io.ReaderAt, locator []byte, limit int64) (zipEnding, int64, bool) {
	end := zipEnding{}
	place := int64(binary.LittleEndian.Uint64(locator[8:]))
	record := make([]byte, zip64EndSize)
	if place < 0 || place > limit-zip64EndSize {
		return end, 0, false
	}
	if _, err := file.ReadAt(record, place); err != nil || string(record[:4]) != zip64EndMark {
		return end, 0, false
	}
	if length := binary.LittleEndian.Uint64(record[4:]); length != uint64(limit-place-12) {
		return end, 0, false
	}
	if binary.LittleEndian.Uint32(record[16:]) != 0 || binary.LittleEndian.Uint32(record[20:]) != 0 {
		return end, 0, false
	}
	end.entries = int64(binary.LittleEndian.Uint64(record[32:]))
	end.size = int64(binary.LittleEndian.Uint64(record[40:]))
	end.at = int64(binary.LittleEndian.Uint64(record[48:]))
	return end, place, binary.LittleEndian.Uint64(record[24:]) == uint64(end.entries)
}
