package content

import (
	"encoding/binary"
	"io"

	"github.com/casegate/casegate/middleware/refusal"
)

const (
	// maxPages is how many directories of a TIFF are looked at, and maxTags how many entries of each.
	maxPages = 32
	maxTags  = 128

	tagWidth  = 256
	tagHeight = 257
	typeShort = 3
	typeLong  = 4
)

// checkTIFF follows the chain of directories of a classic TIFF (TIFF 6.0, section 2) and judges the size of each page. Of a
// BigTIFF, which exists for pictures of more than 4 GiB, only the signature is known.
func checkTIFF(file io.ReaderAt, size int64, filename string) *refusal.Refusal {
	damaged := refusal.New("image_unsafe", filename+" is damaged: its directory gives no valid size")
	head := make([]byte, 8)
	if _, err := file.ReadAt(head, 0); err != nil {
		return damaged
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[0] == 'M' {
		order = binary.BigEndian
	}
	if order.Uint16(head[2:]) == 43 {
		return nil
	}
	next := int64(order.Uint32(head[4:]))
	for page := 0; page < maxPages && (next != 0 || page == 0); page++ {
		count, tags := readDirectory(file, size, next, order)
		if count == 0 {
			return damaged
		}
		width, height := tiffSize(tags, order)
		if no := checkPixels(filename, width, height); no != nil {
			return no
		}
		end := make([]byte, 4)
		if _, err := file.ReadAt(end, next+2+12*int64(count)); err != nil {
			// Some writers leave the end of the chain out.
			return nil
		}
		next = int64(order.Uint32(end))
	}
	return nil
}

// readDirectory reads the entries of the directory at the place, twelve bytes each; count is 0 when there is none.
func readDirectory(file io.ReaderAt, size, place int64, order binary.ByteOrder) (count int, tags []byte) {
	if place < 8 || place+2 > size {
		return 0, nil
	}
	short := make([]byte, 2)
	if _, err := file.ReadAt(short, place); err != nil {
		return 0, nil
	}
	count = int(order.Uint16(short))
	tags = make([]byte, 12*least(count, maxTags))
	if _, err := io.ReadFull(io.NewSectionReader(file, place+2, int64(len(tags))), tags); err != nil {
		return 0, nil
	}
	return count, tags
}

// tiffSize finds the two tags; they stand at the beginning, as tags are sorted.
func tiffSize(tags []byte, order binary.ByteOrder) (width, height int64) {
	// Interpreted, a named result would still hold the last directory's value.
	width, height = 0, 0
	for len(tags) >= 12 && (width == 0 || height == 0) {
		value := int64(0)
		switch order.Uint16(tags[2:]) {
		case typeShort:
			value = int64(order.Uint16(tags[8:]))
		case typeLong:
			value = int64(order.Uint32(tags[8:]))
		}
		switch order.Uint16(tags) {
		case tagWidth:
			width = value
		case tagHeight:
			height = value
		}
		tags = tags[12:]
	}
	return width, height
}
