package demo

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
)

// sample is a file that the demonstration attaches. All of them are made here: the repository holds no binary files, and
// nothing that a virus scanner would object to.
type sample struct {
	name    string
	content []byte
}

func samples() []sample {
	good := []sample{
		{"screenshot.png", pngImage()},
		{"report.pdf", pdfDocument("Incident report")},
		{"notes.txt", []byte("09:12 the alert came in\n09:20 the host was cut off\n")},
		{"hosts.csv", []byte("host,address\nweb-1,192.0.2.10\nweb-2,192.0.2.11\n")},
		{"event.json", []byte(`{"event":{"kind":"alert","severity":3}}` + "\n")},
		{"logs.zip", zipArchive("app.log", []byte("started\nstopped\n"))},
	}
	bad := []sample{
		{"holiday.png", elfProgram()},
		{"invoice.pdf", peProgram()},
		{"readme.txt", []byte("#!/bin/sh\nid\n")},
		{"page.txt", []byte("<!DOCTYPE html><html><body><script>alert(1)</script></body></html>\n")},
		{"logo.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>` + "\n")},
		{"backup.zip", zipArchive("setup.exe", peProgram())},
		{"scan.pdf", pngImage()},
		{"tool.exe", peProgram()},
	}
	all := make([]sample, 0, len(good)+len(bad))
	for _, file := range good {
		all = append(all, sample{filepath.Join("good", file.name), file.content})
	}
	for _, file := range bad {
		all = append(all, sample{filepath.Join("bad", file.name), file.content})
	}
	return all
}

// writeSamples puts the files into folder/good and folder/bad.
func writeSamples(folder string) error {
	for _, kind := range []string{"good", "bad"} {
		if err := os.MkdirAll(filepath.Join(folder, kind), 0o700); err != nil {
			return err
		}
	}
	for _, file := range samples() {
		if err := os.WriteFile(filepath.Join(folder, file.name), file.content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func pngImage() []byte {
	const size = 32
	picture := image.NewRGBA(image.Rect(0, 0, size, size))
	for y := 0; y < size; y++ {
		for x := 0; x < size; x++ {
			picture.Set(x, y, color.RGBA{R: uint8(8 * x), G: uint8(8 * y), B: 120, A: 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		panic(err) // A picture in memory always encodes.
	}
	return out.Bytes()
}

// pdfDocument writes one page with one line of text, and a cross-reference table whose offsets are right.
func pdfDocument(line string) []byte {
	drawing := fmt.Sprintf("BT /F1 24 Tf 72 720 Td (%s) Tj ET", line)
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(drawing), drawing),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	var offsets []int
	for number, object := range objects {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", number+1, object)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.Bytes()
}

func zipArchive(name string, content []byte) []byte {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	entry, err := archive.Create(name)
	if err == nil {
		_, err = entry.Write(content)
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		panic(err) // Writing to memory does not fail.
	}
	return out.Bytes()
}

// elfProgram is the header of a Linux program for x86-64, without anything to run behind it.
func elfProgram() []byte {
	header := make([]byte, 64)
	copy(header, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(header[16:], 2)    // e_type: executable
	binary.LittleEndian.PutUint16(header[18:], 0x3e) // e_machine: x86-64
	binary.LittleEndian.PutUint32(header[20:], 1)    // e_version
	binary.LittleEndian.PutUint16(header[52:], 64)   // e_ehsize
	return append(header, make([]byte, 448)...)
}

// peProgram is the headers of a Windows program, without anything to run behind them.
func peProgram() []byte {
	const start = 128
	program := make([]byte, 512)
	copy(program, "MZ")
	binary.LittleEndian.PutUint32(program[60:], start)
	copy(program[start:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(program[start+4:], 0x8664) // Machine: x86-64
	return program
}
