package exchange

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"sync"
	"unicode/utf16"
)

// samples makes one small file of each kind. Nothing is kept in the repository: scanners dislike such files.
var samples = map[string]func() ([]byte, error){
	"png":  func() ([]byte, error) { return pngOf(2, 2) },
	"jpeg": jpegSample,
	"gif":  gifSample,
	"bmp":  func() ([]byte, error) { return bmpSample(), nil },
	"tiff": func() ([]byte, error) { return tiffSample(), nil },
	"webp": fixed("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"),
	"ico":  func() ([]byte, error) { return icoSample() },
	"psd":  fixed("8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x02\x00\x00\x00\x02\x00\x08\x00\x03" + strings.Repeat("\x00", 30)),
	"heic": fixed("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1\x00\x00\x00\x08free"),
	"avif": fixed("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1\x00\x00\x00\x08free"),
	"jp2":  fixed("\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x14ftypjp2 \x00\x00\x00\x00jp2 "),
	"pdf":  fixed(pdfText),

	// Pictures that claim a size without having the pixels: 81 Mpx and 63 Mpx.
	"png-huge":  func() ([]byte, error) { return pngClaiming(9000, 9000) },
	"png-large": func() ([]byte, error) { return pngClaiming(9000, 7000) },
	"bmp-huge":  func() ([]byte, error) { return bmpClaiming(9000, 9000), nil },

	"svg": fixed(`<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4" fill="#069"/></svg>` + "\n"),
	"zip": func() ([]byte, error) { text, err := zipOf("notes.txt", "hello\n"); return []byte(text), err },
	"tar": func() ([]byte, error) { text, err := tarOf("notes.txt", "hello\n"); return []byte(text), err },
	"gz":  func() ([]byte, error) { text, err := gzipOf("hello\n"); return []byte(text), err },
	"bz2": fixed("BZh91AY&SY\xc1\xc0\x80\xe2\x00\x00\x01\x41\x00\x00\x10\x02\x44\xa0\x00\x30\xcd\x00\xc3\x46\x29\x97\x17\x72\x45\x38\x50\x90" +
		"\xc1\xc0\x80\xe2"),
	"docx":       func() ([]byte, error) { return docxSample() },
	"docx-macro": func() ([]byte, error) { return docxSample("word/vbaProject.bin", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") },

	"7z": func() ([]byte, error) { return sevenZipSample(), nil },

	"txt":     fixed("Second login from the same address at 02:14.\n"),
	"utf16le": func() ([]byte, error) { return utf16Sample(binary.LittleEndian), nil },
	"utf16be": func() ([]byte, error) { return utf16Sample(binary.BigEndian), nil },
	"csv":     fixed("time,address\n02:14,192.0.2.7\n"),
	"json":    fixed(`{"time":"02:14","address":"192.0.2.7"}` + "\n"),
	"ndjson":  fixed("{\"line\":1}\n{\"line\":2}\n"),
	"html":    fixed("<!DOCTYPE html>\n<html><body><script>alert(1)</script></body></html>\n"),

	"script": fixed("#!/bin/sh\nid\n"),
	"pe":     func() ([]byte, error) { return peSample(), nil },
	"elf":    func() ([]byte, error) { return elfSample(), nil },
	"macho":  fixed("\xcf\xfa\xed\xfe\x07\x00\x00\x01\x03\x00\x00\x00\x02\x00\x00\x00" + strings.Repeat("\x00", 64)),
	"class":  fixed("\xca\xfe\xba\xbe\x00\x00\x00\x34\x00\x1d" + strings.Repeat("\x00", 64)),
	"wasm":   fixed("\x00asm\x01\x00\x00\x00"),
	"dex":    fixed("dex\n035\x00" + strings.Repeat("\x00", 104)),
	"lnk":    fixed("\x4c\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46" + strings.Repeat("\x00", 56)),
	"msi":    func() ([]byte, error) { return msiSample(), nil },
	"deb":    fixed("!<arch>\ndebian-binary   1700000000  0     0     100644  4         `\n2.0\n"),
	"rpm":    fixed("\xed\xab\xee\xdb\x03\x00\x00\x00\x00\x01" + strings.Repeat("\x00", 86)),
}

const pdfText = "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n" +
	"xref\n0 3\n0000000000 65535 f \n0000000015 00000 n \n0000000064 00000 n \ntrailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n116\n%%EOF\n"

var (
	samplesMade   = map[string]string{}
	samplesMadeMu sync.Mutex
)

// sample returns a named sample, the same bytes each time.
func sample(name string) (string, error) {
	samplesMadeMu.Lock()
	defer samplesMadeMu.Unlock()
	if text, made := samplesMade[name]; made {
		return text, nil
	}
	maker, known := samples[name]
	if !known {
		return "", fmt.Errorf("there is no sample %q", name)
	}
	data, err := maker()
	samplesMade[name] = string(data)
	return samplesMade[name], err
}

func fixed(text string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(text), nil }
}

func picture(width, height int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	img.Set(0, 0, color.RGBA{R: 0x20, G: 0x60, B: 0xa0, A: 0xff})
	return img
}

func pngOf(width, height int) ([]byte, error) {
	var out bytes.Buffer
	err := png.Encode(&out, picture(width, height))
	return out.Bytes(), err
}

// pngClaiming is a PNG of four pixels whose header says something else, with a right checksum.
func pngClaiming(width, height uint32) ([]byte, error) {
	out, err := pngOf(2, 2)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(out[16:], width)
	binary.BigEndian.PutUint32(out[20:], height)
	binary.BigEndian.PutUint32(out[29:], crc32.ChecksumIEEE(out[12:29]))
	return out, nil
}

func bmpClaiming(width, height uint32) []byte {
	out := bmpSample()
	binary.LittleEndian.PutUint32(out[18:], width)
	binary.LittleEndian.PutUint32(out[22:], height)
	return out
}

func jpegSample() ([]byte, error) {
	var out bytes.Buffer
	err := jpeg.Encode(&out, picture(8, 8), nil)
	return out.Bytes(), err
}

func gifSample() ([]byte, error) {
	var out bytes.Buffer
	err := gif.Encode(&out, picture(2, 2), nil)
	return out.Bytes(), err
}

// bmpSample is a bitmap of one pixel with the 40-byte information header.
func bmpSample() []byte {
	out := []byte("BM")
	for _, field := range []uint32{58, 0, 54, 40, 1, 1} {
		out = binary.LittleEndian.AppendUint32(out, field)
	}
	out = binary.LittleEndian.AppendUint16(out, 1)
	out = binary.LittleEndian.AppendUint16(out, 24)
	for _, field := range []uint32{0, 4, 2835, 2835, 0, 0} {
		out = binary.LittleEndian.AppendUint32(out, field)
	}
	return append(out, 0xa0, 0x60, 0x20, 0)
}

// tiffSample is a bilevel picture of one pixel: five entries and a strip of one byte.
func tiffSample() []byte {
	out := []byte("II*\x00\x08\x00\x00\x00")
	entries := [][2]uint32{{256, 1}, {257, 1}, {258, 1}, {259, 1}, {262, 1}, {273, 98}, {279, 1}}
	out = binary.LittleEndian.AppendUint16(out, uint16(len(entries)))
	for _, entry := range entries {
		out = binary.LittleEndian.AppendUint16(out, uint16(entry[0]))
		out = binary.LittleEndian.AppendUint16(out, 4)
		out = binary.LittleEndian.AppendUint32(out, 1)
		out = binary.LittleEndian.AppendUint32(out, entry[1])
	}
	return append(out, 0, 0, 0, 0, 0x80)
}

func icoSample() ([]byte, error) {
	img, err := pngOf(2, 2)
	out := []byte{0, 0, 1, 0, 1, 0, 2, 2, 0, 0, 1, 0, 32, 0}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(img)))
	out = binary.LittleEndian.AppendUint32(out, 22)
	return append(out, img...), err
}

// zipOf packs names and contents, given in turn. A name that ends with a slash is a folder.
func zipOf(namesAndContents ...string) (string, error) {
	if len(namesAndContents)%2 != 0 {
		return "", fmt.Errorf("zip: a name without a content")
	}
	var out bytes.Buffer
	writer := zip.NewWriter(&out)
	for i := 0; i < len(namesAndContents); i += 2 {
		entry, err := writer.Create(namesAndContents[i])
		if err != nil {
			return "", err
		}
		if _, err := entry.Write([]byte(namesAndContents[i+1])); err != nil {
			return "", err
		}
	}
	err := writer.Close()
	return out.String(), err
}

// tarOf packs names and contents, given in turn. A content of the form link:TARGET becomes a symbolic link.
func tarOf(namesAndContents ...string) (string, error) {
	if len(namesAndContents)%2 != 0 {
		return "", fmt.Errorf("tar: a name without a content")
	}
	var out bytes.Buffer
	writer := tar.NewWriter(&out)
	for i := 0; i < len(namesAndContents); i += 2 {
		content := namesAndContents[i+1]
		header := &tar.Header{Name: namesAndContents[i], Mode: 0o644, Size: int64(len(content))}
		if target, link := strings.CutPrefix(content, "link:"); link {
			header.Typeflag, header.Linkname, header.Size, content = tar.TypeSymlink, target, 0, ""
		}
		if err := writer.WriteHeader(header); err != nil {
			return "", err
		}
		if _, err := writer.Write([]byte(content)); err != nil {
			return "", err
		}
	}
	err := writer.Close()
	return out.String(), err
}

func gzipOf(content string) (string, error) {
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	if _, err := writer.Write([]byte(content)); err != nil {
		return "", err
	}
	err := writer.Close()
	return out.String(), err
}

// manyTexts packs so many small texts with one of zipOf and tarOf.
func manyTexts(kind string, count int) (string, error) {
	namesAndContents := make([]string, 0, 2*count)
	for i := 0; i < count; i++ {
		namesAndContents = append(namesAndContents, fmt.Sprintf("%d.txt", i), "x")
	}
	if kind == "tar" {
		return tarOf(namesAndContents...)
	}
	return zipOf(namesAndContents...)
}

// encrypted sets the flag of encryption in every head of a zip archive.
func encrypted(archive string) string {
	data := []byte(archive)
	for _, head := range []struct {
		signature string
		flags     int
	}{{"PK\x03\x04", 6}, {"PK\x01\x02", 8}} {
		for at := 0; ; at++ {
			next := bytes.Index(data[at:], []byte(head.signature))
			if next < 0 {
				break
			}
			at += next
			data[at+head.flags] |= 1
		}
	}
	return string(data)
}

// docxSample is a document of Office Open XML with further parts, if there are any.
func docxSample(parts ...string) ([]byte, error) {
	const wordprocessing = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	text, err := zipOf(append([]string{
		"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Override PartName="/word/document.xml" ContentType="` + wordprocessing + `.main+xml"/></Types>`,
		"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" ` +
			`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/document.xml", `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"/>`,
	}, parts...)...)
	return []byte(text), err
}

// sevenZipSample is an archive without entries: the signature, version 0.4 and an empty next header.
func sevenZipSample() []byte {
	return append([]byte("7z\xbc\xaf\x27\x1c\x00\x04\x8d\x9b\xd5\x0f"), make([]byte, 20)...)
}

func utf16Sample(order binary.ByteOrder) []byte {
	out := make([]byte, 0, 64)
	for _, unit := range utf16.Encode([]rune("\ufeffzweite Anmeldung\r\n")) {
		var pair [2]byte
		order.PutUint16(pair[:], unit)
		out = append(out, pair[:]...)
	}
	return out
}

// peSample is the start of a Windows program: the DOS header, its stub and the PE header of an x86-64 program.
func peSample() []byte {
	out := make([]byte, 512)
	copy(out, "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff")
	out[0x3c] = 0x80
	copy(out[0x4e:], "This program cannot be run in DOS mode.\r\r\n$")
	copy(out[0x80:], "PE\x00\x00\x64\x86\x01\x00")
	return out
}

// elfSample is the header of a 64-bit program for Linux.
func elfSample() []byte {
	out := make([]byte, 128)
	copy(out, "\x7fELF\x02\x01\x01\x00")
	copy(out[16:], "\x02\x00\x3e\x00\x01\x00\x00\x00")
	return out
}

// msiSample is a compound file whose root storage has the class of a Windows installer package.
func msiSample() []byte {
	out := make([]byte, 512*3)
	copy(out, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	copy(out[24:], "\x3e\x00\x03\x00\xfe\xff\x09\x00\x06\x00")
	binary.LittleEndian.PutUint32(out[44:], 1) // one sector of allocation table
	binary.LittleEndian.PutUint32(out[48:], 1) // the directory begins in sector 1
	binary.LittleEndian.PutUint32(out[56:], 4096)
	binary.LittleEndian.PutUint32(out[60:], 0xfffffffe)
	binary.LittleEndian.PutUint32(out[68:], 0xfffffffe)
	for at := 76; at < 512; at += 4 {
		binary.LittleEndian.PutUint32(out[at:], 0xffffffff)
	}
	binary.LittleEndian.PutUint32(out[76:], 0)
	for at := 512; at < 1024; at += 4 {
		binary.LittleEndian.PutUint32(out[at:], 0xffffffff)
	}
	binary.LittleEndian.PutUint32(out[512:], 0xfffffffd)
	binary.LittleEndian.PutUint32(out[516:], 0xfffffffe)
	root := out[1024:]
	for i, unit := range utf16.Encode([]rune("Root Entry")) {
		binary.LittleEndian.PutUint16(root[2*i:], unit)
	}
	root[64], root[66], root[67] = 22, 5, 1
	for at := 68; at < 80; at++ {
		root[at] = 0xff
	}
	copy(root[80:], "\x84\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46")
	binary.LittleEndian.PutUint32(root[116:], 0xfffffffe)
	return out
}
