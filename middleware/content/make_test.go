package content

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"unicode/utf16"
)

// The files of the tests are made here: no sample is stored.

func ok(err error) {
	if err != nil {
		panic(err)
	}
}

func le16(n int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }
func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }
func be16(n int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(n))) }
func be32(n int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(n))) }
func zeros(n int) string {
	return strings.Repeat("\x00", n)
}

// someNoise is incompressible and the same in every run.
func someNoise(n int) string {
	state := uint32(2463534242)
	data := make([]byte, n)
	for i := range data {
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		data[i] = byte(state >> 8)
	}
	return string(data)
}

func picture(width, height int) *image.Paletted {
	m := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black, color.White, color.RGBA{200, 10, 20, 255}})
	for i, b := range someNoise(len(m.Pix)) {
		m.Pix[i] = byte(b) % 3
	}
	return m
}

func makePNG(width, height int) string {
	var out bytes.Buffer
	ok(png.Encode(&out, picture(width, height)))
	return out.String()
}

func makeJPEG(width, height int) string {
	var out bytes.Buffer
	ok(jpeg.Encode(&out, picture(width, height), nil))
	return out.String()
}

func makeGIF(width, height int) string {
	var out bytes.Buffer
	ok(gif.Encode(&out, picture(width, height), nil))
	return out.String()
}

// headPNG is a PNG's header that claims a size.
func headPNG(width, height int) string {
	return "\x89PNG\r\n\x1a\n" + be32(13) + "IHDR" + be32(width) + be32(height) + "\x08\x06\x00\x00\x00" + be32(0)
}

// headJPEG is a JPEG's header that claims a size, behind a segment of metadata.
func headJPEG(width, height, metadata int) string {
	out := "\xff\xd8\xff\xe0" + be16(16) + "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
	for metadata > 0 {
		size := metadata
		if size > 65000 {
			size = 65000
		}
		out += "\xff\xe1" + be16(size+2) + someNoise(size)
		metadata -= size
	}
	return out + "\xff\xc2" + be16(11) + "\x08" + be16(height) + be16(width) + "\x01\x01\x11\x00" + "\xff\xda" + be16(8) + "\x01\x01\x00\x00\x3f\x00" + "abc\xff\xd9"
}

func headGIF(width, height int) string {
	return "GIF89a" + le16(width) + le16(height) + "\x00\x00\x00" + ",\x00\x00\x00\x00" + le16(width) + le16(height) + "\x00\x02\x02\x4c\x01\x00;"
}

func makeBMP(width, height, header int) string {
	dib := le32(header) + le32(width) + le32(height) + le16(1) + le16(24) + zeros(header)
	if header == 12 {
		dib = le32(12) + le16(width) + le16(height) + le16(1) + le16(24)
	}
	dib = dib[:header]
	body := zeros(64)
	return "BM" + le32(14+header+len(body)) + zeros(4) + le32(14+header) + dib + body
}

func makeWebP(chunk, payload string) string {
	body := "WEBP" + chunk + le32(len(payload)) + payload
	if len(payload)%2 == 1 {
		body += "\x00"
	}
	return "RIFF" + le32(len(body)) + body
}

func webpX(width, height int) string {
	return makeWebP("VP8X", "\x00\x00\x00\x00"+le32(width - 1)[:3]+le32(height - 1)[:3]+zeros(10))
}

func webpL(width, height int) string {
	return makeWebP("VP8L", "\x2f"+le32((width-1)|(height-1)<<14)+zeros(8))
}

func webpLossy(width, height int) string {
	return makeWebP("VP8 ", "\x10\x02\x00\x9d\x01\x2a"+le16(width)+le16(height)+zeros(8))
}

// makeTIFF has its directory behind the picture, as many writers do.
func makeTIFF(order string, width, height, padding int) string {
	var b binary.AppendByteOrder = binary.LittleEndian
	if order == "MM" {
		b = binary.BigEndian
	}
	u16 := func(n int) string { return string(b.AppendUint16(nil, uint16(n))) }
	u32 := func(n int) string { return string(b.AppendUint32(nil, uint32(n))) }
	tag := func(id, n int) string { return u16(id) + u16(4) + u32(1) + u32(n) }
	return order + u16(42) + u32(8+padding) + zeros(padding) + u16(3) + tag(254, 0) + tag(256, width) + tag(257, height) + u32(0)
}

func makeICO() string {
	body := makePNG(16, 16)
	return "\x00\x00\x01\x00\x01\x00" + "\x10\x10\x00\x00" + le16(1) + le16(32) + le32(len(body)) + le32(22) + body
}

// makeFtyp is the beginning of an ISO base media file.
func makeFtyp(major string, compatible ...string) string {
	body := "ftyp" + major + zeros(4) + strings.Join(compatible, "")
	return be32(4+len(body)) + body + be32(8) + "free" + be32(16) + "mdat" + "\x80\x81\x82\x83\x84\x85\x86\x87"
}

func makeJP2(brand string) string { return boxJP2 + makeFtyp(brand, brand) }

// sampleOLE is a compound file: a header, and a directory whose root entry has a class identifier and whose second entry a name.
func sampleOLE(class, name string) string {
	wide := func(s string) string {
		out := ""
		for _, u := range utf16.Encode([]rune(s)) {
			out += le16(int(u))
		}
		return out + zeros(64-len(out))
	}
	header := magicOLE + zeros(16) + le16(0x3e) + le16(3) + le16(0xfffe) + le16(9) + zeros(14) + le32(1) + le32(0)
	header += zeros(512 - len(header))
	root := wide("Root Entry") + le16(22) + "\x05\x01" + zeros(12) + class + zeros(128)
	entry := wide(name) + zeros(64)
	return header + root[:128] + entry[:128] + zeros(1024)
}

const (
	classMSI  = "\x84\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"
	classWord = "\x06\x09\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"
)

// samplePE is the beginning of a Windows program: the DOS header, its stub and the PE header.
func samplePE() string {
	dos := "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00\xb8" + zeros(43) + le32(0x80)
	stub := "\x0e\x1f\xba\x0e\x00\xb4\x09\xcd\x21\xb8\x01\x4c\xcd\x21This program cannot be run in DOS mode.\r\r\n$"
	return dos + stub + zeros(0x80-len(dos)-len(stub)) + "PE\x00\x00\x64\x86\x02\x00" + zeros(400)
}

func sampleELF(class, data string) string {
	return "\x7fELF" + class + data + "\x01" + zeros(9) + "\x02\x00\x3e\x00" + zeros(60)
}

func makeLNK() string {
	return "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46" + zeros(60)
}

func makeISO(start string) string {
	return start + zeros(0x8000-len(start)) + "\x01CD001\x01\x00" + zeros(2041)
}

func sampleZIP(names ...string) string {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range names {
		f, err := w.Create(name)
		ok(err)
		_, err = f.Write([]byte("member " + name + "\n"))
		ok(err)
	}
	ok(w.Close())
	return out.String()
}

func sampleTar(format tar.Format) string {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	ok(w.WriteHeader(&tar.Header{Name: "notes.txt", Mode: 0o644, Size: 6, Format: format}))
	_, err := w.Write([]byte("notes\n"))
	ok(err)
	ok(w.Close())
	return out.String()
}

// oldTar is a header of the time before ustar: without the mark, with the checksum.
func oldTar() string {
	data := []byte(sampleTar(tar.FormatUSTAR))
	copy(data[257:512], zeros(255))
	copy(data[148:156], "        ")
	copy(data[148:156], octalText(data[:512])+"\x00 ")
	return string(data)
}

// octalText is the checksum of a tar header whose own field is blank.
func octalText(header []byte) string {
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	text := []byte("000000")
	for i := 5; i >= 0; i-- {
		text[i] = byte('0' + sum%8)
		sum /= 8
	}
	return string(text)
}

func sampleGzip(data string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write([]byte(data))
	ok(err)
	ok(w.Close())
	return out.String()
}

// emptyBzip2 is the whole stream of an empty file.
const emptyBzip2 = "BZh9\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00"

func samplePDF() string {
	return "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n" +
		"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n" +
		"xref\n0 3\n0000000000 65535 f \n0000000015 00000 n \n0000000064 00000 n \ntrailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n116\n%%EOF\n"
}

// wide writes a text as UTF-16 or UTF-32 with its byte order mark.
func wide16(order binary.AppendByteOrder, text string) string {
	var out []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

func wide32(order binary.AppendByteOrder, text string) string {
	var out []byte
	for _, r := range "\ufeff" + text {
		out = order.AppendUint32(out, uint32(r))
	}
	return string(out)
}

func logLines(n int) string {
	return strings.Repeat("2026-01-01T00:00:00Z host app[123]: connection from 10.0.0.1 port 443 accepted\n", n)
}
