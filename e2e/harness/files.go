package harness

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
)

// File is a file that a test sends.
type File struct {
	// Name is its file name.
	Name string
	// Type is the MIME type that Kibana gives to the name.
	Type string
	// Bytes is its content.
	Bytes []byte
}

// SHA256 is the content's hash in hex.
func (f File) SHA256() string {
	sum := sha256.Sum256(f.Bytes)
	return hex.EncodeToString(sum[:])
}

// Stem is the name without its extension: what Kibana stores as the name.
func (f File) Stem() string {
	return f.Name[:strings.LastIndexByte(f.Name, '.')]
}

// GoodFiles are files that every default policy lets pass, one of each kind that readers treat differently.
func GoodFiles() []File {
	return []File{
		{"screen shot.png", "image/png", PNG(40, 30)},
		{"photo.jpg", "image/jpeg", JPEG(64, 48)},
		{"notes.txt", "text/plain", []byte("First line.\r\nSecond line: grüße, 你好.\n")},
		{"empty.log", "text/plain", nil},
		{"report.pdf", "application/pdf", PDF("A report.")},
		{"bündel 样本.zip", "application/zip", Zip(map[string][]byte{"notes.txt": []byte("inside\n")})},
		{"events.json", "application/json", []byte("{\"event\":{\"action\":\"login\"}}\n")},
		{"dump.txt.gz", "application/gzip", Gzip([]byte(strings.Repeat("a line of a log\n", 400)))},
	}
}

// BadFiles are executables, scripts and pages under harmless names. No policy of the tests lets them pass.
func BadFiles() []File {
	return []File{
		{"picture.png", "image/png", ELF()},
		{"readme.txt", "text/plain", ELF()},
		{"invoice.pdf", "application/pdf", PE()},
		{"bundle.zip", "application/zip", PE()},
		{"script.txt", "text/plain", []byte("#!/bin/sh\nrm -rf \"$HOME\"\n")},
		{"script.png", "image/png", []byte("#!/bin/sh\nrm -rf \"$HOME\"\n")},
		{"page.pdf", "application/pdf", []byte("<!DOCTYPE html><html><script>alert(1)</script></html>")},
		{"page.txt", "text/plain", []byte("<!DOCTYPE html><html><script>alert(1)</script></html>")},
		{"tools.zip", "application/zip", Zip(map[string][]byte{"bin/tool": ELF()})},
	}
}

// picture is a gradient: not so plain that it compresses to nothing.
func picture(width, height int) image.Image {
	canvas := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			canvas.Set(x, y, color.RGBA{uint8(x * 7), uint8(y * 5), uint8(x ^ y), 255})
		}
	}
	return canvas
}

// PNG makes a picture.
func PNG(width, height int) []byte {
	var buffer bytes.Buffer
	must(png.Encode(&buffer, picture(width, height)))
	return buffer.Bytes()
}

// JPEG makes a picture.
func JPEG(width, height int) []byte {
	var buffer bytes.Buffer
	must(jpeg.Encode(&buffer, picture(width, height), nil))
	return buffer.Bytes()
}

// PDF makes a document of one page, with a right cross-reference table.
func PDF(text string) []byte {
	var buffer bytes.Buffer
	buffer.WriteString("%PDF-1.7\n")
	stream := fmt.Sprintf("BT /F1 12 Tf 72 720 Td (%s) Tj ET", text)
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(stream), stream),
	}
	offsets := make([]int, len(objects))
	for i, object := range objects {
		offsets[i] = buffer.Len()
		fmt.Fprintf(&buffer, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := buffer.Len()
	fmt.Fprintf(&buffer, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&buffer, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&buffer, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return buffer.Bytes()
}

// Zip makes an archive.
func Zip(entries map[string][]byte) []byte {
	var buffer bytes.Buffer
	archive := zip.NewWriter(&buffer)
	for name, content := range entries {
		entry, err := archive.Create(name)
		must(err)
		_, err = entry.Write(content)
		must(err)
	}
	must(archive.Close())
	return buffer.Bytes()
}

// Gzip compresses.
func Gzip(content []byte) []byte {
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	_, err := writer.Write(content)
	must(err)
	must(writer.Close())
	return buffer.Bytes()
}

// ELF makes the head of a 64-bit Linux program with one empty segment.
func ELF() []byte {
	head := make([]byte, 120)
	copy(head, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(head[16:], 2)    // an executable
	binary.LittleEndian.PutUint16(head[18:], 0x3e) // for x86-64
	binary.LittleEndian.PutUint32(head[20:], 1)
	binary.LittleEndian.PutUint64(head[24:], 0x400078)
	binary.LittleEndian.PutUint64(head[32:], 64)
	binary.LittleEndian.PutUint16(head[52:], 64)
	binary.LittleEndian.PutUint16(head[54:], 56)
	binary.LittleEndian.PutUint16(head[56:], 1)
	return head
}

// PE makes the heads of a Windows program: DOS header, PE signature, COFF header.
func PE() []byte {
	head := make([]byte, 512)
	copy(head, "MZ")
	binary.LittleEndian.PutUint32(head[0x3c:], 0x80)
	copy(head[0x40:], "\x0e\x1f\xba\x0e\x00\xb4\x09\xcd\x21\xb8\x01\x4c\xcd\x21This program cannot be run in DOS mode.\r\r\n$")
	copy(head[0x80:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(head[0x84:], 0x8664)
	binary.LittleEndian.PutUint16(head[0x86:], 1)
	binary.LittleEndian.PutUint16(head[0x94:], 0xf0)
	binary.LittleEndian.PutUint16(head[0x96:], 0x22)
	binary.LittleEndian.PutUint16(head[0x98:], 0x20b)
	return head
}

// must stops on a failure of a writer to memory, which has none.
func must(err error) {
	if err != nil {
		panic("harness: " + err.Error())
	}
}
