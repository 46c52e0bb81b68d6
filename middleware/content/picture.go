package content

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"github.com/casegate/casegate/middleware/refusal"
)

const (
	// maxPixels is the largest picture by its header: a viewer unpacks it to four bytes a pixel.
	maxPixels = 64 << 20
	// maxSegments is how many segments of a JPEG may come before its picture.
	maxSegments = 512
	// frameHeader is how much of a frame header is read: the marker, the length, the depth and the dimensions.
	frameHeader = 9
	// pageReach is how far into a file a browser that guesses types looks.
	pageReach = 1445
)

var pdfMark = []byte("%PDF-")

// beginPicture judges the header of an image or PDF whose signature is right.
func beginPicture(n *Inspection, r *row, head []byte) *refusal.Refusal {
	if r.look != lookPDF {
		early := head
		if len(early) > pageReach {
			early = head[:pageReach]
		}
		if bytes.Contains(early, pdfMark) {
			return mismatch(n.name, n.t.MIME, "application/pdf")
		}
		if pageMark.Match(early) {
			return mismatch(n.name, n.t.MIME, "text/html")
		}
	}
	if r.shape == shapePNG {
		width, height := sizePNG(head)
		return checkPixels(n.name, width, height)
	}
	return beginOther(n, r, head)
}

// beginOther does the same for the shapes that are not the most frequent one.
func beginOther(n *Inspection, r *row, head []byte) *refusal.Refusal {
	var width, height int64
	switch r.shape {
	case shapeGIF:
		width, height = sizeGIF(head)
	case shapeBMP:
		width, height = sizeBMP(head)
		n.endAt = int64(binary.LittleEndian.Uint32(head[2:]))
	case shapeWebP:
		width, height = sizeWebP(head)
		n.endAt = int64(binary.LittleEndian.Uint32(head[4:])) + 8
	case shapeJPEG:
		n.segment = 2
		return nil
	default:
		return nil
	}
	return checkPixels(n.name, width, height)
}

// checkPixels refuses pictures without an area, which headers that are damaged seem to have, and pictures over the limit.
func checkPixels(filename string, width, height int64) *refusal.Refusal {
	// Every width is at most 2^32, so the division can't be avoided by a product that overflows.
	if width > 0 && height > 0 && width <= maxPixels/height {
		return nil
	}
	return pixelFault(filename, width, height)
}

func pixelFault(filename string, width, height int64) *refusal.Refusal {
	if width <= 0 || height <= 0 {
		return refusal.New("image_unsafe", filename+" is damaged: its header gives no valid size")
	}
	return refusal.New("image_unsafe", filename+" is "+strconv.FormatInt(width, 10)+" × "+strconv.FormatInt(height, 10)+
		" pixels, more than the limit of 64 megapixels: attach a smaller version").With("limit", strconv.Itoa(maxPixels))
}

// What the rest of a PNG's header may hold (PNG, section 11.2.1): the depth in bits, the type of colour, and the ways of
// compression, filtering and interlacing. It is a table because a comparison is several steps of the interpreter.
var pngKinds = allPNGKinds()

func allPNGKinds() map[string]bool {
	kinds := map[string]bool{}
	for depth := byte(1); depth <= 16; depth++ {
		for _, colour := range []byte{0, 2, 3, 4, 6} {
			kinds[string([]byte{depth, colour, 0, 0, 0})] = true
			kinds[string([]byte{depth, colour, 0, 0, 1})] = true
		}
	}
	return kinds
}

// sizePNG reads the first chunk, which is always IHDR (PNG, section 11.2.1).
func sizePNG(head []byte) (width, height int64) {
	if len(head) < 33 || !at(head, 8, "\x00\x00\x00\rIHDR") {
		return 0, 0
	}
	if !pngKinds[string(head[24:29])] {
		return 0, 0
	}
	return int64(binary.BigEndian.Uint32(head[16:])), int64(binary.BigEndian.Uint32(head[20:]))
}

// sizeGIF reads the logical screen; behind it and its colours an extension, an image or the end must begin.
func sizeGIF(head []byte) (width, height int64) {
	if len(head) < 14 {
		return 0, 0
	}
	next := 13
	if head[10]&0x80 != 0 {
		next += 3 << (head[10]&7 + 1)
	}
	if next >= len(head) || (head[next] != '!' && head[next] != ',' && head[next] != ';') {
		return 0, 0
	}
	return int64(binary.LittleEndian.Uint16(head[6:])), int64(binary.LittleEndian.Uint16(head[8:]))
}

// sizeBMP reads the DIB header; a negative height means that the first row is the top one.
func sizeBMP(head []byte) (width, height int64) {
	if binary.LittleEndian.Uint32(head[14:]) == 12 {
		return int64(binary.LittleEndian.Uint16(head[18:])), int64(binary.LittleEndian.Uint16(head[20:]))
	}
	width = int64(int32(binary.LittleEndian.Uint32(head[18:])))
	height = int64(int32(binary.LittleEndian.Uint32(head[22:])))
	if height < 0 {
		height = -height
	}
	return width, height
}

// sizeWebP reads the canvas or the first frame (RFC 9649, RFC 6386).
func sizeWebP(head []byte) (width, height int64) {
	if len(head) < 30 {
		return 0, 0
	}
	switch head[15] {
	case 'X':
		width = int64(head[24]) | int64(head[25])<<8 | int64(head[26])<<16
		height = int64(head[27]) | int64(head[28])<<8 | int64(head[29])<<16
		return width + 1, height + 1
	case 'L':
		if head[20] != 0x2f {
			return 0, 0
		}
		bits := binary.LittleEndian.Uint32(head[21:])
		return int64(bits&0x3fff) + 1, int64(bits>>14&0x3fff) + 1
	}
	if !at(head, 23, "\x9d\x01\x2a") {
		return 0, 0
	}
	return int64(binary.LittleEndian.Uint16(head[26:]) & 0x3fff), int64(binary.LittleEndian.Uint16(head[28:]) & 0x3fff)
}

// search looks through the next block of a picture for what does not belong there.
func search(n *Inspection, r *row, block []byte) *refusal.Refusal {
	if n.segment > 0 {
		if no := walkJPEG(n, block); no != nil {
			return no
		}
	}
	if n.base > 0 && len(n.tail) > 0 {
		if no := searchSeam(n, r, block); no != nil {
			return no
		}
	}
	if no := searchIn(n, r, block); no != nil {
		return no
	}
	if n.endAt > 0 {
		return searchEnd(n, block)
	}
	return nil
}

// searchSeam looks at what the border between two blocks cuts, in a copy of its surroundings.
func searchSeam(n *Inspection, r *row, block []byte) *refusal.Refusal {
	before := n.tail[len(n.tail)-least(len(n.tail), reach):]
	seam := append(append(make([]byte, 0, 2*reach), before...), block[:least(len(block), reach)]...)
	return searchIn(n, r, seam)
}

// searchEnd looks behind the end that the header announces, when it has been read.
func searchEnd(n *Inspection, block []byte) *refusal.Refusal {
	if n.base+int64(len(block)) < n.endAt+reach {
		return nil
	}
	behind := view(n, block, n.endAt, reach)
	n.endAt = 0
	return n.behind(appended(behind))
}

// searchIn looks for end marks and what follows them, or for what compound files may not hold.
func searchIn(n *Inspection, r *row, data []byte) *refusal.Refusal {
	if r.end != nil {
		return lookBehind(n, r.end, data)
	}
	if r.shape == shapeOLE {
		return n.searchOLE(data)
	}
	if r.shape == shapeGIF {
		return n.behind(appendedGIF(data))
	}
	return nil
}

// lookBehind looks at what follows each end mark in the data.
func lookBehind(n *Inspection, end, data []byte) *refusal.Refusal {
	for {
		place := indexOf(data, end)
		if place < 0 || len(data) < place+len(end)+4 {
			return nil
		}
		data = data[place+len(end):]
		if no := lookAfter(n, data); no != nil {
			return no
		}
	}
}

// lookAfter looks at what follows one end mark.
func lookAfter(n *Inspection, data []byte) *refusal.Refusal {
	n.ends++
	if n.ends > maxEnds {
		return refusal.New("image_unsafe", n.name+" has more than "+strconv.Itoa(maxEnds)+" end marks: save it anew")
	}
	if len(data) > reach {
		data = data[:reach]
	}
	program, page := appended(data)
	if program == "" && page == "" {
		return nil
	}
	return n.behind(program, page)
}

// behind is the refusal of what was found behind a picture's end.
func (n *Inspection) behind(program, page string) *refusal.Refusal {
	switch {
	case program != "":
		return executable(n.name, program+" behind its end")
	case page != "":
		return refusal.New("content_mismatch", n.name+" is named as "+n.t.MIME+" but is followed by "+page+
			": attach both as files of their own").With("expected", n.t.MIME).With("found", page)
	}
	return nil
}

// closePicture judges the end of a picture.
func closePicture(n *Inspection) *refusal.Refusal {
	if n.segment > 0 {
		return refusal.New("image_unsafe", n.name+" is damaged: it ends before its picture begins")
	}
	if n.endAt > 0 && n.endAt < n.base {
		if no := n.behind(appended(view(n, nil, n.endAt, reach))); no != nil {
			return no
		}
	}
	if what := forbiddenTail(n.tail); what != "" {
		return executable(n.name, what)
	}
	if !bytes.Contains(n.tail, eocdMark) {
		return nil
	}
	return closeZIP(n)
}

func closeZIP(n *Inspection) *refusal.Refusal {
	if zipEnd(n.tail, n.base) {
		return refusal.New("content_mismatch", n.name+" is named as "+n.t.MIME+" but also is a ZIP archive: attach both as files of their own").
			With("expected", n.t.MIME).With("found", "application/zip")
	}
	return nil
}

// view gives up to size bytes from the place in the file on, as far as they are in the kept tail or the block behind it.
func view(n *Inspection, block []byte, place int64, size int) []byte {
	from := place - n.base
	if from >= 0 {
		if from >= int64(len(block)) {
			return nil
		}
		return block[from:least(len(block), int(from)+size)]
	}
	from += int64(len(n.tail))
	if from < 0 {
		return nil
	}
	seen := append([]byte(nil), n.tail[from:]...)
	if len(seen) < size {
		seen = append(seen, block[:least(len(block), size-len(seen))]...)
	}
	return seen[:least(len(seen), size)]
}

// What a marker means on the way to the frame header of a JPEG (ITU-T T.81, table B.1).
const (
	markerWrong = iota
	markerSegment
	markerFrame
	markerFill
)

// markers sorts the codes of markers. The start of the scan and the end of the image are wrong before a frame.
var markers = [256]uint8{
	0xc0: markerFrame, 0xc1: markerFrame, 0xc2: markerFrame, 0xc3: markerFrame, 0xc4: markerSegment, 0xc5: markerFrame, 0xc6: markerFrame,
	0xc7: markerFrame, 0xc8: markerSegment, 0xc9: markerFrame, 0xca: markerFrame, 0xcb: markerFrame, 0xcc: markerSegment, 0xcd: markerFrame,
	0xce: markerFrame, 0xcf: markerFrame, 0xdb: markerSegment, 0xdc: markerSegment, 0xdd: markerSegment, 0xde: markerSegment, 0xdf: markerSegment,
	0xe0: markerSegment, 0xe1: markerSegment, 0xe2: markerSegment, 0xe3: markerSegment, 0xe4: markerSegment, 0xe5: markerSegment,
	0xe6: markerSegment, 0xe7: markerSegment, 0xe8: markerSegment, 0xe9: markerSegment, 0xea: markerSegment, 0xeb: markerSegment,
	0xec: markerSegment, 0xed: markerSegment, 0xee: markerSegment, 0xef: markerSegment, 0xfe: markerSegment, 0xff: markerFill,
}

// walkJPEG goes from segment to segment up to the frame header, which has the dimensions (ITU-T T.81, annex B).
func walkJPEG(n *Inspection, block []byte) *refusal.Refusal {
	for n.segments <= maxSegments {
		place := int(n.segment - n.base)
		if place+frameHeader > len(block) {
			return nil
		}
		header := block
		if place >= 0 {
			header = block[place : place+frameHeader]
		} else {
			header = view(n, block, n.segment, frameHeader)
		}
		n.segments++
		kind := markers[header[1]]
		length := int64(header[2])<<8 | int64(header[3])
		if header[0] != 0xff || kind == markerWrong || (length < 2 && kind != markerFill) {
			break
		}
		if kind == markerFrame {
			n.segment = 0
			return checkPixels(n.name, int64(header[7])<<8|int64(header[8]), int64(header[5])<<8|int64(header[6]))
		}
		if kind == markerFill {
			// Fill bytes may precede a marker.
			length = -1
		}
		n.segment += 2 + length
	}
	return refusal.New("image_unsafe", n.name+" is damaged: no frame header leads to its picture")
}
