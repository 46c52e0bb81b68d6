package content

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"regexp"

	"github.com/h2non/filetype/matchers"
)

// at tells whether s stands in head at the offset. A short head is no match.
func at(head []byte, offset int, s string) bool {
	end := offset + len(s)
	return end <= len(head) && string(head[offset:end]) == s
}

// begins tells whether any of the prefixes stands at the start of head.
func begins(head []byte, prefixes []string) bool {
	for _, prefix := range prefixes {
		if at(head, 0, prefix) {
			return true
		}
	}
	return false
}

// fits tells whether the beginning of a file is what the row says, as far as a signature can tell.
func fits(r *row, head []byte) bool {
	if r.shape == shapePNG {
		// The most frequent kind goes the shortest way: to call a function value costs several calls by name.
		return isPNG(head)
	}
	if len(r.magic) > 0 && !begins(head, r.magic) {
		return false
	}
	return r.match == nil || r.match(head)
}

func isPNG(head []byte) bool { return len(head) > 8 && string(head[:8]) == "\x89PNG\r\n\x1a\n" }

func isGIF(head []byte) bool { return at(head, 0, "GIF87a") || at(head, 0, "GIF89a") }

// isWebP asks for one of the three kinds of chunk that come first (RFC 9649, section 2.4).
func isWebP(head []byte) bool {
	return at(head, 0, "RIFF") && matchers.Webp(head) &&
		(at(head, 12, "VP8 ") || at(head, 12, "VP8L") || at(head, 12, "VP8X"))
}

// isBMP asks for a DIB header of a size that exists: two letters alone also begin many an English text.
func isBMP(head []byte) bool {
	if len(head) < 26 || !matchers.Bmp(head) {
		return false
	}
	switch binary.LittleEndian.Uint32(head[14:]) {
	case 12, 16, 40, 52, 56, 64, 108, 124:
		return true
	}
	return false
}

// isTIFF takes classic TIFF and BigTIFF in either byte order.
func isTIFF(head []byte) bool {
	return matchers.Tiff(head) || at(head, 0, "II+\x00\x08\x00\x00\x00") || at(head, 0, "MM\x00+\x00\x08\x00\x00")
}

// isICO checks the first entry of the directory too: the signature of four small numbers alone is weak.
func isICO(head []byte) bool {
	if len(head) < 22 || !matchers.Ico(head) {
		return false
	}
	count := int(binary.LittleEndian.Uint16(head[4:]))
	planes := binary.LittleEndian.Uint16(head[10:])
	offset := int64(binary.LittleEndian.Uint32(head[18:]))
	return count > 0 && planes <= 1 && binary.LittleEndian.Uint32(head[14:]) > 0 && offset >= int64(6+16*count)
}

// isPSD takes Photoshop documents (version 1) and large documents (version 2).
func isPSD(head []byte) bool {
	return matchers.Psd(head) && (at(head, 4, "\x00\x01\x00\x00\x00\x00\x00\x00") || at(head, 4, "\x00\x02\x00\x00\x00\x00\x00\x00"))
}

// isDWG asks for the four digits of a release from R13 on, or for the older releases' names.
func isDWG(head []byte) bool {
	if len(head) < 12 {
		return false
	}
	if at(head, 0, "AC1.2") || at(head, 0, "AC1.40") || at(head, 0, "AC1.50") || at(head, 0, "AC2.10") {
		return true
	}
	return matchers.Dwg(head) && head[4] >= '0' && head[4] <= '9' && head[5] >= '0' && head[5] <= '9' && head[6] == 0
}

// dxfStart is the group that opens the first section, behind comments (group 999).
var dxfStart = regexp.MustCompile(`\A(?:[ \t]*999[ \t]*\r?\n[^\n]*\n)*[ \t]*0[ \t]*\r?\n[ \t]*SECTION[ \t]*\r?\n`)

func isDXF(head []byte) bool {
	return at(head, 0, "AutoCAD Binary DXF\r\n\x1a\x00") || dxfStart.Match(head)
}

// brands gives the brands of an ISO base media file's ftyp box (ISO/IEC 14496-12, section 4.3): the major one and the
// compatible ones, without the version between them. A file without such a box gives "".
func brands(head []byte) string {
	if len(head) < 16 || !at(head, 4, "ftyp") {
		return ""
	}
	size := binary.BigEndian.Uint32(head)
	if size < 16 || size > 1024 || size%4 != 0 || int64(size) > int64(len(head)) {
		return ""
	}
	return string(head[8:12]) + string(head[16:size])
}

// branded tells whether one of the wanted brands is among the file's.
func branded(head []byte, wanted ...string) bool {
	all := brands(head)
	for len(all) >= 4 {
		for _, brand := range wanted {
			if all[:4] == brand {
				return true
			}
		}
		all = all[4:]
	}
	return false
}

func isAVIF(head []byte) bool         { return branded(head, "avif", "avis") }
func isHEIC(head []byte) bool         { return branded(head, "heic", "heix", "heim", "heis") }
func isHEICSequence(head []byte) bool { return branded(head, "hevc", "hevx", "hevm", "hevs") }
func isHEIF(head []byte) bool {
	return branded(head, "mif1", "mif2") || isHEIC(head)
}
func isHEIFSequence(head []byte) bool { return branded(head, "msf1") || isHEICSequence(head) }
func isAVCI(head []byte) bool         { return branded(head, "avci") }
func isAVCS(head []byte) bool         { return branded(head, "avcs") }
func isHEJ2(head []byte) bool         { return branded(head, "j2ki") }
func isHSJ2(head []byte) bool         { return branded(head, "j2is") }
func isJXSI(head []byte) bool         { return branded(head, "jxsi") }
func isJXSS(head []byte) bool         { return branded(head, "jxss") }
func isMP4(head []byte) bool {
	return branded(head, "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "mp41", "mp42", "mp4v", "avc1", "dash", "M4V ", "MSNV", "f4v ")
}

// isQuickTime takes a file type box of Apple's brand, or the atoms that older files begin with.
func isQuickTime(head []byte) bool {
	return branded(head, "qt  ") || at(head, 4, "moov") || at(head, 4, "mdat") || at(head, 4, "wide") || at(head, 4, "pnot")
}

// jp2 tells whether a file of the JPEG 2000 family has one of the brands.
func jp2(head []byte, wanted ...string) bool {
	return matchers.Jpeg2000(head) && branded(head[12:], wanted...)
}

func isJP2(head []byte) bool { return jp2(head, "jp2 ") }
func isJPX(head []byte) bool { return jp2(head, "jpx ", "jpxb") }
func isJPM(head []byte) bool { return jp2(head, "jpm ") }
func isJPH(head []byte) bool { return jp2(head, "jph ") }

// isJLS asks for the start of frame of JPEG-LS (SOF55), or for a segment before it.
func isJLS(head []byte) bool {
	return at(head, 0, "\xff\xd8\xff") && bytes.Contains(head, []byte("\xff\xf7"))
}

var fitsStart = regexp.MustCompile(`\ASIMPLE  = {1,20}T`)

func isFITS(head []byte) bool { return fitsStart.Match(head) }

func isDjVu(head []byte) bool {
	return at(head, 0, "AT&TFORM") && (at(head, 12, "DJVU") || at(head, 12, "DJVM") || at(head, 12, "DJVI") || at(head, 12, "THUM"))
}

func isEMF(head []byte) bool { return at(head, 0, "\x01\x00\x00\x00") && at(head, 40, " EMF") }

// isDICOMRLE takes a bare RLE segment (DICOM PS3.5, annex G.5: the number of segments, the first of them behind the
// header) or a whole DICOM file.
func isDICOMRLE(head []byte) bool {
	if matchers.Dcm(head) {
		return true
	}
	if len(head) < 64 {
		return false
	}
	count := binary.LittleEndian.Uint32(head)
	return count >= 1 && count <= 15 && binary.LittleEndian.Uint32(head[4:]) == 64
}

// isPCX checks the versions, the encoding and the depths that exist.
func isPCX(head []byte) bool {
	if len(head) < 128 || head[0] != 0x0a || head[1] > 5 || head[1] == 1 || head[2] > 1 || head[64] != 0 {
		return false
	}
	return head[3] == 1 || head[3] == 2 || head[3] == 4 || head[3] == 8
}

// isWBMP takes type 0, the only one, with dimensions of at most two bytes each.
func isWBMP(head []byte) bool {
	if len(head) < 5 || head[0] != 0 || head[1] != 0 {
		return false
	}
	width := wbmpNumber(head[2:])
	return width > 0 && wbmpNumber(head[2+width:]) > 0
}

// wbmpNumber gives the length of a dimension of one or two bytes, seven bits each, that is not zero; 0 when there is none.
func wbmpNumber(data []byte) int {
	switch {
	case len(data) == 0 || data[0] == 0 || data[0] == 0x80:
		return 0
	case data[0] < 0x80:
		return 1
	case len(data) > 1 && data[1] < 0x80:
		return 2
	}
	return 0
}

var cgmText = regexp.MustCompile(`\A(?i:BEGMF)[ \t\r\n'"]`)

// isCGM takes the first command of a metafile in the binary encoding (ISO/IEC 8632-3) or in clear text (8632-4).
func isCGM(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	return head[0] == 0 && head[1]&0xe0 == 0x20 || cgmText.Match(head)
}

func isPDF(head []byte) bool {
	return at(head, 0, "%PDF-") && len(head) > 7 &&
		head[5] >= '1' && head[5] <= '2' && head[6] == '.'
}

// isZIP takes a member's header, or the end record of an empty archive; a split archive's mark is neither.
func isZIP(head []byte) bool { return at(head, 0, magicZIP) || at(head, 0, "PK\x05\x06") }

// isBzip takes the first version of bzip, and what is often named the same.
func isBzip(head []byte) bool { return at(head, 0, "BZ0") || isBzip2(head) }

// isTar lets the library read the first header, so that archives from before ustar count and the checksum holds. An
// archive without members is two blocks of zeros.
func isTar(head []byte) bool {
	if len(head) < 512 {
		return false
	}
	if matchers.Tar(head) {
		return true
	}
	if head[0] == 0 {
		return len(head) >= 1024 && len(bytes.Trim(head[:1024], "\x00")) == 0
	}
	_, err := tar.NewReader(bytes.NewReader(head[:512])).Next()
	return err == nil
}

// isPCAP takes classic captures in both byte orders and resolutions, and the next generation's section header.
func isPCAP(head []byte) bool {
	if len(head) < 24 {
		return false
	}
	switch string(head[:4]) {
	case "\xd4\xc3\xb2\xa1", "\x4d\x3c\xb2\xa1":
		return at(head, 4, "\x02\x00\x04\x00")
	case "\xa1\xb2\xc3\xd4", "\xa1\xb2\x3c\x4d":
		return at(head, 4, "\x00\x02\x00\x04")
	case "\n\r\r\n":
		return at(head, 8, "\x4d\x3c\x2b\x1a") || at(head, 8, "\x1a\x2b\x3c\x4d")
	}
	return false
}
