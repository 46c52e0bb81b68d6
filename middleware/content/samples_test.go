package content

import (
	"archive/tar"
	"encoding/binary"
	"strings"
)

// sample is a file with the answer that it must get. It serves the tests, the benchmark, the fuzz targets' seeds and the
// comparison with the interpreter.
type sample struct {
	// name says the case.
	name string
	// file is the attached file's name.
	file string
	data string
	// want is "" for a file that passes, or the refusal's code, with a found attribute behind a blank where it matters.
	want string
}

const (
	wantMismatch   = "content_mismatch"
	wantExecutable = "executable_content"
	wantActive     = "active_content"
	wantUnsafe     = "image_unsafe"
)

// samples are the cases for a policy that allows every type of the catalogue.
func samples() []sample {
	var all []sample
	all = append(all, genuineSamples()...)
	all = append(all, nearMissSamples()...)
	all = append(all, forbiddenSamples()...)
	all = append(all, textSamples()...)
	all = append(all, activeSamples()...)
	all = append(all, polyglotSamples()...)
	all = append(all, pictureSamples()...)
	return all
}

func genuineSamples() []sample {
	fits := "SIMPLE  =                    T / standard" + strings.Repeat(" ", 2839)
	return []sample{
		{"png", "a.png", makePNG(20, 10), ""},
		{"png, name in capitals", "A.PNG", makePNG(20, 10), ""},
		{"apng", "a.apng", makePNG(20, 10), ""},
		{"jpeg", "a.jpg", makeJPEG(20, 10), ""},
		{"jpeg, other extensions", "a.jpeg", makeJPEG(20, 10), ""},
		{"jpeg, oldest extension", "a.jpe", makeJPEG(20, 10), ""},
		{"jpeg with much metadata", "a.jpg", headJPEG(20, 10, 300000), ""},
		{"gif 89a", "a.gif", makeGIF(20, 10), ""},
		{"gif 87a", "a.gif", "GIF87a" + headGIF(3, 3)[6:], ""},
		{"bmp 12", "a.bmp", makeBMP(3, 3, 12), ""},
		{"bmp 40", "a.bmp", makeBMP(3, 3, 40), ""},
		{"bmp 40, top row first", "a.bmp", makeBMP(3, -3, 40), ""},
		{"bmp 108", "a.bmp", makeBMP(3, 3, 108), ""},
		{"bmp 124", "a.bmp", makeBMP(3, 3, 124), ""},
		{"webp, extended", "a.webp", webpX(20, 10), ""},
		{"webp, lossless", "a.webp", webpL(20, 10), ""},
		{"webp, lossy", "a.webp", webpLossy(20, 10), ""},
		{"tiff, least byte first", "a.tif", makeTIFF("II", 20, 10, 0), ""},
		{"tiff, most byte first, directory far behind", "a.tiff", makeTIFF("MM", 20, 10, 300000), ""},
		{"big tiff", "a.tif", "II+\x00\x08\x00\x00\x00" + le32(16) + zeros(40), ""},
		{"tiff-fx", "a.tfx", makeTIFF("II", 20, 10, 0), ""},
		{"xiff", "a.xif", makeTIFF("II", 20, 10, 0), ""},
		{"ico", "a.ico", makeICO(), ""},
		{"psd", "a.psd", "8BPS\x00\x01" + zeros(6) + "\x00\x03" + be32(10) + be32(20) + "\x00\x08\x00\x03" + zeros(20), ""},
		{"psb", "a.psd", "8BPS\x00\x02" + zeros(6) + "\x00\x03" + be32(10) + be32(20) + "\x00\x08\x00\x03" + zeros(20), ""},
		{"dwg 2018", "a.dwg", "AC1032\x00\x00\x00\x00\x00\x01" + zeros(100), ""},
		{"dwg release 2.1", "a.dwg", "AC2.10\x00\x00\x00\x00\x00\x01" + zeros(100), ""},
		{"dxf, text", "a.dxf", "  0\r\nSECTION\r\n  2\r\nHEADER\r\n", ""},
		{"dxf, text behind a comment", "a.dxf", "999\ndrawn by a test\n  0\nSECTION\n  2\nHEADER\n", ""},
		{"dxf, binary", "a.dxf", "AutoCAD Binary DXF\r\n\x1a\x00\x00\x00SECTION\x00", ""},
		{"avif", "a.avif", makeFtyp("avif", "avif", "mif1", "miaf"), ""},
		{"avif sequence", "a.avif", makeFtyp("avis", "avis", "msf1"), ""},
		{"heic", "a.heic", makeFtyp("heic", "mif1", "heic"), ""},
		{"heic with the general brand first", "a.heic", makeFtyp("mif1", "mif1", "heic"), ""},
		{"heic sequence", "a.heics", makeFtyp("hevc", "msf1", "hevc"), ""},
		{"heif", "a.heif", makeFtyp("mif1", "mif1"), ""},
		{"heif with heic inside", "a.heif", makeFtyp("heic", "heic"), ""},
		{"heif sequence", "a.heifs", makeFtyp("msf1", "msf1"), ""},
		{"avci", "a.avci", makeFtyp("avci", "mif1", "avci"), ""},
		{"avcs", "a.avcs", makeFtyp("avcs", "msf1", "avcs"), ""},
		{"hej2k", "a.hej2", makeFtyp("j2ki", "mif1"), ""},
		{"hsj2", "a.hsj2", makeFtyp("j2is", "msf1"), ""},
		{"jxsi", "a.jxsi", makeFtyp("mif1", "jxsi"), ""},
		{"jxss", "a.jxss", makeFtyp("msf1", "jxss"), ""},
		{"jp2", "a.jp2", makeJP2("jp2 "), ""},
		{"jp2, other extension", "a.jpg2", makeJP2("jp2 "), ""},
		{"jpx", "a.jpx", makeJP2("jpx "), ""},
		{"jpx, other extension", "a.jpf", makeJP2("jpx "), ""},
		{"jpm", "a.jpm", makeJP2("jpm "), ""},
		{"jph", "a.jph", makeJP2("jph "), ""},
		{"jphc", "a.jhc", "\xff\x4f\xff\x51\x00\x29\x40\x00" + zeros(40), ""},
		{"jls", "a.jls", "\xff\xd8\xff\xf7\x00\x0b\x08\x00\x0a\x00\x0a\x01\x01\x11\x00\xff\xda\xff\xd9", ""},
		{"jxr", "a.jxr", "II\xbc\x01\x20\x00\x00\x00" + zeros(60), ""},
		{"jxs", "a.jxs", "\x00\x00\x00\x0cJXS \r\n\x87\n" + zeros(60), ""},
		{"jxsc", "a.jxsc", "\xff\x10\xff\x50\x00\x02\xff\x12" + zeros(60), ""},
		{"exr", "a.exr", "\x76\x2f\x31\x01\x02\x00\x00\x00channels\x00chlist\x00" + zeros(60), ""},
		{"fits", "a.fits", fits, ""},
		{"ktx", "a.ktx", "\xabKTX 11\xbb\r\n\x1a\n\x01\x02\x03\x04" + zeros(60), ""},
		{"ktx2", "a.ktx2", "\xabKTX 20\xbb\r\n\x1a\n" + zeros(60), ""},
		{"djvu", "a.djvu", "AT&TFORM" + be32(60) + "DJVUINFO" + zeros(60), ""},
		{"djvu of many pages", "a.djv", "AT&TFORM" + be32(60) + "DJVMDIRM" + zeros(60), ""},
		{"emf", "a.emf", "\x01\x00\x00\x00" + le32(108) + zeros(32) + " EMF\x00\x00\x01\x00" + zeros(60), ""},
		{"wmf, placeable", "a.wmf", "\xd7\xcd\xc6\x9a\x00\x00" + zeros(60), ""},
		{"wmf, in memory", "a.wmf", "\x01\x00\x09\x00\x00\x03" + zeros(60), ""},
		{"vtf", "a.vtf", "VTF\x00\x07\x00\x00\x00\x02\x00\x00\x00" + zeros(60), ""},
		{"mdi", "a.mdi", "EP*\x00\x08\x00\x00\x00" + zeros(60), ""},
		{"b16", "a.b16", "PCO-" + le32(512) + zeros(500), ""},
		{"fpx", "a.fpx", sampleOLE(zeros(16), "Data Object Store 1"), ""},
		{"npx", "a.npx", sampleOLE(zeros(16), "Data Object Store 1"), ""},
		{"drle", "a.drle", le32(1) + le32(64) + zeros(56) + someNoise(100), ""},
		{"pcx", "a.pcx", "\x0a\x05\x01\x08" + zeros(60) + "\x00\x01" + zeros(70), ""},
		{"wbmp", "a.wbmp", "\x00\x00\x08\x02\xaa\x55", ""},
		{"wbmp with a wide picture", "a.wbmp", "\x00\x00\x81\x00\x01" + someNoise(20), ""},
		{"cgm, binary", "a.cgm", "\x00\x2a\x09Example 1" + zeros(20), ""},
		{"cgm, clear text", "a.cgm", "BEGMF 'example';\nMFVERSION 1;\n", ""},
		{"svg", "a.svg", `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><path d="M0 0"/></svg>`, ""},
		{"svgz", "a.svgz", sampleGzip(`<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><path d="M0 0"/></svg>`), ""},
		{"no known signature", "a.btif", someNoise(2000), ""},
		{"no known signature, fax", "a.g3", "\x00\x01\x4d\x9a" + someNoise(2000), ""},
		{"pdf", "a.pdf", samplePDF(), ""},
		{"pdf 2.0", "a.pdf", strings.Replace(samplePDF(), "1.7", "2.0", 1), ""},
		{"zip", "a.zip", sampleZIP("a.txt", "b/c.txt"), ""},
		{"gzip", "a.gz", sampleGzip("text\n"), ""},
		{"bzip2", "a.bz2", emptyBzip2, ""},
		{"bzip2, other extensions", "a.boz", emptyBzip2, ""},
		{"bzip2 named bz", "a.bz", emptyBzip2, ""},
		{"7z", "a.7z", "7z\xbc\xaf\x27\x1c\x00\x04" + zeros(24), ""},
		{"tar, ustar", "a.tar", sampleTar(tar.FormatUSTAR), ""},
		{"tar, gnu", "a.tar", sampleTar(tar.FormatGNU), ""},
		{"tar, pax", "a.tar", sampleTar(tar.FormatPAX), ""},
		{"tar, before ustar", "a.tar", oldTar(), ""},
		{"doc", "a.doc", sampleOLE(classWord, "WordDocument"), ""},
		{"xls", "a.xls", sampleOLE(zeros(16), "Workbook"), ""},
		{"ppt", "a.ppt", sampleOLE(zeros(16), "PowerPoint Document"), ""},
		{"msg", "a.msg", sampleOLE(zeros(16), "__properties_version1.0"), ""},
		{"eml", "a.eml", "Return-Path: <a@example.org>\r\nReceived: from b\r\n\r\nHello\r\n", ""},
		{"eml behind an mbox line", "a.eml", "From a@example.org Thu Jan  1 00:00:00 2026\nSubject: x\n\nHello\n", ""},
		{"rtf", "a.rtf", "{\\rtf1\\ansi Hello}", ""},
		{"xml", "a.xml", "<?xml version=\"1.0\"?>\n<note/>\n", ""},
		{"yaml", "a.yml", "a: 1\nb:\n  - c\n", ""},
		{"markdown", "a.md", "# Title\n\n<b>x</b>\n", ""},
		{"html where html is allowed", "a.html", "<!DOCTYPE html><html><script>x()</script></html>", ""},
		{"tsv", "a.tsv", "a\tb\n1\t2\n", ""},
		{"pcap", "a.pcap", "\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + zeros(32), ""},
		{"pcap, nanoseconds, other order", "a.cap", "\xa1\xb2\x3c\x4d\x00\x02\x00\x04" + zeros(32), ""},
		{"pcapng", "a.pcap", "\n\r\r\n" + le32(28) + "\x4d\x3c\x2b\x1a\x01\x00\x00\x00" + zeros(32), ""},
		{"mp4", "a.mp4", makeFtyp("isom", "isom", "mp41"), ""},
		{"mov", "a.mov", makeFtyp("qt  ", "qt  "), ""},
		{"mov without a type box", "a.mov", be32(8) + "wide" + be32(8) + "mdat", ""},
		{"webm", "a.webm", "\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87\x81\x04" + zeros(40), ""},
		{"wav", "a.wav", "RIFF" + le32(36) + "WAVEfmt " + le32(16) + zeros(24), ""},
		{"flac", "a.flac", "fLaC\x00\x00\x00\x22" + zeros(40), ""},
		{"ogg", "a.ogg", "OggS\x00\x02" + zeros(40), ""},
	}
}

func nearMissSamples() []sample {
	return []sample{
		{"png named pdf", "report.pdf", makePNG(20, 10), wantMismatch + " image/png"},
		{"jpeg named png", "a.png", makeJPEG(20, 10), wantMismatch + " image/jpeg"},
		{"pdf named png", "a.png", samplePDF(), wantMismatch + " application/pdf"},
		{"zip named png", "a.png", sampleZIP("a.txt"), wantMismatch + " application/zip"},
		{"zip named gz", "a.gz", sampleZIP("a.txt"), wantMismatch + " application/zip"},
		{"gzip named zip", "a.zip", sampleGzip("x"), wantMismatch + " application/gzip"},
		{"text named png", "a.png", "hello, world\n", wantMismatch + " text/plain"},
		{"text named pdf", "a.pdf", "hello, world\n", wantMismatch + " text/plain"},
		{"html named pdf", "a.pdf", "<!DOCTYPE html><html></html>", wantMismatch + " text/html"},
		{"heic named avif", "a.avif", makeFtyp("heic", "mif1", "heic"), wantMismatch + " image/heic"},
		{"mp4 named heic", "a.heic", makeFtyp("isom", "isom", "mp41"), wantMismatch + " video/mp4"},
		{"gif named png", "a.png", makeGIF(3, 3), wantMismatch + " image/gif"},
		{"wav named webp", "a.webp", "RIFF" + le32(36) + "WAVEfmt " + zeros(28), wantMismatch + " audio/wave"},
		{"jp2 named jpx", "a.jpx", makeJP2("jp2 "), wantMismatch + " image/jp2"},
		{"png that lost its line ends", "a.png", "\x89PNG\n\x1a\n\x00" + zeros(40), wantMismatch},
		{"png with three letters", "a.png", "\x89PN", wantMismatch},
		{"empty png", "a.png", "", wantMismatch + " empty"},
		{"empty pdf", "a.pdf", "", wantMismatch + " empty"},
		{"empty zip file", "a.zip", "", wantMismatch + " empty"},
		{"jpeg of two bytes", "a.jpg", "\xff\xd8", wantMismatch},
		{"english text that begins with BM", "a.bmp", "BM is a department of the company, and this is its text.", wantMismatch + " text/plain"},
		{"bmp with a header of no size", "a.bmp", "BM" + zeros(12) + le32(41) + zeros(60), wantMismatch},
		{"ico without entries", "a.ico", "\x00\x00\x01\x00\x00\x00" + zeros(40), wantMismatch},
		{"cursor named ico", "a.ico", "\x00\x00\x02\x00\x01\x00" + zeros(40), wantMismatch},
		{"psd of version 3", "a.psd", "8BPS\x00\x03" + zeros(40), wantMismatch},
		{"tiff with other version", "a.tif", "II*\x01\x08\x00\x00\x00" + zeros(40), wantMismatch},
		{"cr2 named tiff", "a.tif", "II*\x00\x10\x00\x00\x00CR\x02\x00" + zeros(40), wantMismatch},
		{"riff without webp", "a.webp", "RIFF" + le32(36) + "WEBX" + zeros(28), wantMismatch},
		{"webp with an unknown chunk", "a.webp", makeWebP("VP9 ", zeros(40)), wantMismatch},
		{"ftyp that ends behind the file", "a.avif", be32(64) + "ftypavif" + zeros(20), wantMismatch},
		{"ftyp with a size of nothing", "a.avif", be32(0) + "ftypavif" + zeros(20), wantMismatch},
		{"brand across two brands", "a.avif", makeFtyp("isom", "xxav", "ifxx"), wantMismatch + " video/mp4"},
		{"pdf without version", "a.pdf", "%PDF-\n", wantMismatch},
		{"pdf in small letters", "a.pdf", "%pdf-1.7\n", wantMismatch + " text/plain"},
		{"pdf behind a blank", "a.pdf", " " + samplePDF(), wantMismatch},
		{"bzip2 without block", "a.bz2", "BZh9 is what it says", wantMismatch + " text/plain"},
		{"7z of five bytes", "a.7z", "7z\xbc\xaf\x27", wantMismatch},
		{"rar named 7z", "a.7z", "Rar!\x1a\x07\x01\x00" + zeros(40), wantMismatch},
		{"text of 600 bytes named tar", "a.tar", strings.Repeat("hello ", 100), wantMismatch + " text/plain"},
		{"zeros named tar, too few", "a.tar", zeros(512), wantMismatch},
		{"tar with a wrong checksum", "a.tar", strings.Replace(oldTar(), "notes", "votes", 1), wantMismatch},
		{"zip in parts", "a.zip", "PK\x07\x08PK\x03\x04" + zeros(40), wantMismatch},
		{"ole named docx", "a.docx", sampleOLE(classWord, "WordDocument"), wantMismatch},
		{"zip named doc", "a.doc", sampleZIP("word/document.xml"), wantMismatch + " application/zip"},
		{"fits without blanks", "a.fits", "SIMPLE = T" + zeros(40), wantMismatch},
		{"djvu of another form", "a.djvu", "AT&TFORM" + be32(60) + "AIFF" + zeros(60), wantMismatch},
		{"emf without its mark", "a.emf", "\x01\x00\x00\x00" + zeros(100), wantMismatch},
		{"exr of version 3", "a.exr", "\x76\x2f\x31\x01\x03\x00\x00\x00" + zeros(40), wantMismatch},
		{"pcx of version 1", "a.pcx", "\x0a\x01\x01\x08" + zeros(124), wantMismatch},
		{"wbmp without width", "a.wbmp", "\x00\x00\x00\x02\xaa", wantMismatch},
		{"drle without segments", "a.drle", zeros(200), wantMismatch},
		{"dxf that begins elsewhere", "a.dxf", "  1\nSECTION\n", wantMismatch + " text/plain"},
		{"png named as a type without signature", "a.btif", makePNG(20, 10), wantMismatch + " image/png"},
		{"pdf named as a type without signature", "a.g3", samplePDF(), wantMismatch + " application/pdf"},
		{"text named as a type without signature", "a.pti", "hello\n", wantMismatch + " text/plain"},
		{"zip named as a type without signature", "a.azv", sampleZIP("a.txt"), wantMismatch + " application/zip"},
		{"pcap of version 3", "a.pcap", "\xd4\xc3\xb2\xa1\x03\x00\x04\x00" + zeros(32), wantMismatch},
		{"mail without a field", "a.eml", "Hello, this is no header\n", wantMismatch + " text/plain"},
		{"text named xml", "a.xml", "hello\n", wantMismatch + " text/plain"},
		{"text named html", "a.html", "hello\n", wantMismatch + " text/plain"},
		{"rtf without its word", "a.rtf", "{\\rt}", wantMismatch + " text/plain"},
		{"unknown extension", "a.xyz", "hello\n", "type_not_allowed"},
		{"no extension", "README", "hello\n", "type_not_allowed"},
		{"only an extension", ".png", makePNG(3, 3), "type_not_allowed"},
		{"extension behind two dots", "..png", makePNG(3, 3), ""},
		{"capital I with a dot", "a.g\u0130f", makeGIF(3, 3), "type_not_allowed"},
		{"executable's extension", "a.exe", samplePE(), "type_not_allowed"},
	}
}

// disguises are names that a forbidden file is attached under.
var disguises = []string{"a.png", "a.txt", "a.pdf", "a.zip", "a.csv", "a.json", "a.svg", "a.gz", "a.btif", "a.jpg", "a.tif"}

// forbiddenFiles never pass.
func forbiddenFiles() []sample {
	return []sample{
		{"pe", "", samplePE(), ""},
		{"dos program", "", "MZ\x00\x01\x05\x00\x02\x00\x20\x00\xff\xff" + zeros(60), ""},
		{"elf 64", "", sampleELF("\x02", "\x01"), ""},
		{"elf 32, most byte first", "", sampleELF("\x01", "\x02"), ""},
		{"elf cut short", "", "\x7fELF\x02\x01\x01", ""},
		{"mach-o 32", "", "\xfe\xed\xfa\xce\x00\x00\x00\x07" + zeros(40), ""},
		{"mach-o 64", "", "\xfe\xed\xfa\xcf\x01\x00\x00\x07" + zeros(40), ""},
		{"mach-o 32, least byte first", "", "\xce\xfa\xed\xfe\x07\x00\x00\x00" + zeros(40), ""},
		{"mach-o 64, least byte first", "", "\xcf\xfa\xed\xfe\x07\x00\x00\x01" + zeros(40), ""},
		{"mach-o universal", "", "\xca\xfe\xba\xbe\x00\x00\x00\x02\x01\x00\x00\x07" + zeros(40), ""},
		{"mach-o universal 64", "", "\xca\xfe\xba\xbf\x00\x00\x00\x02" + zeros(40), ""},
		{"java class", "", "\xca\xfe\xba\xbe\x00\x00\x00\x34\x00\x10" + zeros(40), ""},
		{"webassembly", "", "\x00asm\x01\x00\x00\x00" + zeros(40), ""},
		{"dex", "", "dex\n035\x00" + zeros(100), ""},
		{"llvm bitcode", "", "BC\xc0\xde\x35\x14" + zeros(40), ""},
		{"shell script", "", "#!/bin/sh\necho x\n", ""},
		{"script behind a byte order mark", "", "\ufeff#!/usr/bin/env python3\n", ""},
		{"script with a blank", "", "#! /usr/bin/perl -w\n", ""},
		{"windows shortcut", "", makeLNK(), ""},
		{"msi", "", sampleOLE(classMSI, "\u4840"), ""},
		{"deb", "", "!<arch>\ndebian-binary   1700000000  0     0     100644  4         `\n2.0\n", ""},
		{"rpm", "", "\xed\xab\xee\xdb\x03\x00" + zeros(100), ""},
		{"cab", "", "MSCF\x00\x00\x00\x00" + le32(100) + zeros(60), ""},
		{"chm", "", "ITSF\x03\x00\x00\x00" + zeros(60), ""},
		{"macos package", "", "xar!\x00\x1c\x00\x01" + zeros(60), ""},
		{"installshield", "", "ISc(\x00\x60\x00\x01" + zeros(60), ""},
		{"iso", "", makeISO(""), ""},
		{"iso with a text in front", "", makeISO("text in the free area\n"), ""},
		{"vhd", "", "conectix\x00\x00\x00\x02" + zeros(500), ""},
		{"vhdx", "", "vhdxfile" + zeros(60), ""},
		{"vmdk", "", "KDMV\x01\x00\x00\x00" + zeros(60), ""},
		{"vmdk descriptor", "", "# Disk DescriptorFile\nversion=1\n", ""},
		{"qcow2", "", "QFI\xfb\x00\x00\x00\x03" + zeros(60), ""},
		{"vdi", "", "<<< Oracle VM VirtualBox Disk Image >>>\n" + zeros(24) + "\x7f\x10\xda\xbe" + zeros(60), ""},
		{"wim", "", "MSWIM\x00\x00\x00" + zeros(60), ""},
		{"squashfs", "", "hsqs" + zeros(24) + "\x04\x00\x00\x00" + zeros(60), ""},
		{"shell archive", "", "# This is a shell archive (produced by GNU sharutils 4.15).\n", ""},
		{"encoded vbscript", "", "#@~^BQAAAA==xxxxxAAAAAA==^#~@", ""},
	}
}

func forbiddenSamples() []sample {
	var all []sample
	for _, bad := range forbiddenFiles() {
		for _, name := range disguises {
			all = append(all, sample{bad.name + " as " + name, name, bad.data, wantExecutable})
		}
	}
	return append(all, []sample{
		{"hta as text", "a.txt", "<html><head><hta:application id=x></head><script>y</script>", wantExecutable},
		{"hta as html", "a.html", "<html>\n<HTA:APPLICATION>\n</html>", wantExecutable},
		{"script of unix in utf-16", "a.txt", wide16(binary.LittleEndian, "#!/bin/sh\n"), wantExecutable},
		{"dmg as png", "a.png", makePNG(3, 3) + "koly\x00\x00\x00\x04" + zeros(504), wantExecutable},
		{"dmg as a type without signature", "a.btif", someNoise(3000) + "koly\x00\x00\x00\x04" + zeros(504), wantExecutable},
		{"vhd of fixed size as a type without signature", "a.btif", someNoise(3000) + "conectix" + zeros(504), wantExecutable},
		{"text that begins with MZ", "a.txt", "MZ is the mark of Mark Zbikowski, and opens the header of each program of DOS and Windows.\n", ""},
		{"text of two letters", "a.txt", "MZ", ""},
		{"text that begins with ELF", "a.txt", "ELF is a format", ""},
		{"text that begins with dex", "a.txt", "dex\nand more lines\n", ""},
		{"text that begins with MSCF", "a.txt", "MSCF is the mark of a cabinet\n", ""},
		{"text that begins with an archive's mark", "a.txt", "!<arch>\nthis is how ar begins\n", ""},
		{"text that begins with ITSF", "a.txt", "ITSF chm files begin so\n", ""},
		{"text that begins with hsqs", "a.txt", "hsqs is squashfs's mark, which few texts begin with\n", ""},
		{"text that begins with KDMV", "a.txt", "KDMV COWD QFI\n", ""},
		{"text that begins with conectix", "a.txt", "cones and conec\n", ""},
		{"listing in rust", "a.txt", "#![allow(dead_code)]\nfn main() {}\n", ""},
		{"shout", "a.txt", "#!!! attention\n", ""},
		{"comment", "a.conf", "# /bin/sh\n# a comment\nkey=value\n", ""},
		{"lone marks", "a.txt", "#!\n", ""},
		{"script quoted further down", "a.txt", "see:\n#!/bin/sh\necho x\n", ""},
		{"long text with CD001 elsewhere", "a.txt", strings.Repeat("x", 0x7000) + "CD001" + strings.Repeat("x", 0x2000), ""},
	}...)
}

func textSamples() []sample {
	big := logLines(10000)
	return []sample{
		{"empty text", "a.txt", "", ""},
		{"empty csv", "a.csv", "", ""},
		{"empty json", "a.json", "", ""},
		{"ascii", "a.log", "hello\n", ""},
		{"tab, form feed, escape and line ends", "a.log", "a\tb\x0c\x1b[31mred\x1b[0m\r\n", ""},
		{"delete is no binary byte", "a.txt", "a\x7fb", ""},
		{"utf-8", "a.txt", "héllo wörld – ☺ 😀\n", ""},
		{"utf-8 with byte order mark", "a.txt", "\ufeffhello\n", ""},
		{"utf-8 of every length, repeated over a block's end", "a.txt", strings.Repeat("aé☺😀", 60000), ""},
		{"large log", "a.log", big, ""},
		{"nul", "a.txt", "hello\x00world", wantMismatch},
		{"vertical tab", "a.txt", "hello\x0bworld", wantMismatch},
		{"backspace", "a.txt", "hello\x08world", wantMismatch},
		{"nul at the very end", "a.log", big + "\x00", wantMismatch},
		{"latin-1", "a.txt", "h\xe9llo w\xf6rld\n", wantMismatch + " " + unknownText},
		{"latin-1 at the very end", "a.log", big + "\xe9", wantMismatch + " " + unknownText},
		{"utf-8 cut at its end", "a.txt", "hello \xe2\x98", wantMismatch + " " + unknownText},
		{"utf-8 with a surrogate", "a.txt", "hello \xed\xa0\x80", wantMismatch + " " + unknownText},
		{"utf-8, overlong", "a.txt", "hello \xc0\xaf", wantMismatch + " " + unknownText},
		{"utf-16 le", "a.txt", wide16(binary.LittleEndian, "héllo ☺ 😀\r\n"), ""},
		{"utf-16 be", "a.csv", wide16(binary.BigEndian, "a;b\r\n1;2\r\n"), ""},
		{"utf-16, large, with surrogates over a block's end", "a.txt", wide16(binary.LittleEndian, "x"+strings.Repeat("😀", 100000)), ""},
		{"utf-16 with a lone surrogate", "a.txt", wide16(binary.LittleEndian, "x") + "\x00\xd8x\x00", wantMismatch},
		{"utf-16 with half a unit", "a.txt", wide16(binary.LittleEndian, "x") + "y", wantMismatch},
		{"utf-16 with a cut surrogate", "a.txt", wide16(binary.BigEndian, "x") + "\xd8\x3d", wantMismatch},
		{"utf-16 with a nul", "a.txt", wide16(binary.LittleEndian, "a\x00b"), wantMismatch},
		{"utf-16 with U+FFFD, as it is", "a.txt", wide16(binary.LittleEndian, "a\ufffdb"), ""},
		{"utf-16 without byte order mark", "a.txt", wide16(binary.LittleEndian, "hello")[2:], wantMismatch},
		{"utf-32 le", "a.txt", wide32(binary.LittleEndian, "héllo ☺ 😀\r\n"), ""},
		{"utf-32 be", "a.txt", wide32(binary.BigEndian, strings.Repeat("héllo ☺ 😀\r\n", 20000)), ""},
		{"utf-32 with a surrogate", "a.txt", wide32(binary.LittleEndian, "x") + "\x00\xd8\x00\x00", wantMismatch},
		{"utf-32 with a number too large", "a.txt", wide32(binary.LittleEndian, "x") + "\x00\x00\x11\x00", wantMismatch},
		{"utf-32 with half a unit", "a.txt", wide32(binary.LittleEndian, "x") + "\x00\x00", wantMismatch},
		{"json object", "a.json", "{\n  \"a\": 1\n}\n", ""},
		{"json array", "a.json", "[1, 2]", ""},
		{"json, empty object", "a.json", "{ }", ""},
		{"json, scalar", "a.json", "-12.5e3", ""},
		{"json, string", "a.json", "\"x\"", ""},
		{"json, null", "a.json", "null\n", ""},
		{"json lines", "a.json", "{\"a\":1}\n{\"a\":2}\n", ""},
		{"json behind a byte order mark", "a.json", "\ufeff{\"a\":1}", ""},
		{"json in utf-16", "a.json", wide16(binary.LittleEndian, "{\"a\":1}"), ""},
		{"source map", "a.map", "{\"version\":3}", ""},
		{"json with blanks in front", "a.json", strings.Repeat(" ", 50000) + "{}", ""},
		{"text named json", "a.json", "hello\n", wantMismatch + " text/plain"},
		{"json with a comment in front", "a.json", "// settings\n{}", wantMismatch + " text/plain"},
		{"javascript named json", "a.json", "{alert(1)}", wantMismatch + " text/plain"},
		{"nearly true", "a.json", "truely", wantMismatch + " text/plain"},
		{"html named json", "a.json", "<html></html>", wantMismatch + " text/html"},
		{"png named txt", "a.txt", makePNG(20, 10), wantMismatch + " image/png"},
		{"pdf named txt", "a.txt", samplePDF(), wantMismatch + " application/pdf"},
		{"gzip named log", "a.log", sampleGzip("x"), wantMismatch + " application/gzip"},
		{"zip named csv", "a.csv", sampleZIP("a.txt"), wantMismatch + " application/zip"},
		{"ole named txt", "a.txt", sampleOLE(classWord, "WordDocument"), wantMismatch},
	}
}

func activeSamples() []sample {
	return []sample{
		{"html as text", "a.txt", "<!DOCTYPE html>\n<html></html>", wantActive},
		{"html as log, mixed case, blanks in front", "a.log", " \r\n\t<HtMl lang=en>", wantActive},
		{"html behind a comment", "a.txt", "<!-- saved -->\n<html>", wantActive},
		{"html behind a byte order mark", "a.txt", "\ufeff<html>", wantActive},
		{"html in utf-16", "a.txt", wide16(binary.LittleEndian, "<html><script>x</script>"), wantActive},
		{"html fragment with a script", "a.txt", "<script>alert(1)</script>", wantActive},
		{"xhtml as text", "a.txt", "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"x\">\n<html>", wantActive},
		{"svg as text", "a.txt", "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"x()\"/>", wantActive},
		{"svg as csv behind a declaration", "a.csv", "<?xml version=\"1.0\"?><svg>", wantActive},
		{"svg as xml", "a.xml", "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>", wantActive},
		{"batch", "a.txt", "@echo off\r\ndel /q *\r\n", wantActive},
		{"batch behind remarks", "a.txt", "REM install\r\n:: more\r\n@ECHO OFF\r\n", wantActive},
		{"powershell", "a.txt", "#Requires -Version 5\nparam()\n", wantActive},
		{"powershell with a binding", "a.txt", "[CmdletBinding()]\nparam()\n", wantActive},
		{"vbscript", "a.txt", "On Error Resume Next\r\nSet x = 1\r\n", wantActive},
		{"vbscript with an object", "a.txt", "Set sh = CreateObject(\"WScript.Shell\")\r\n", wantActive},
		{"jscript", "a.txt", "var sh = new ActiveXObject(\"WScript.Shell\");\n", wantActive},
		{"script host file", "a.txt", "<job id=\"x\">\n<script language=\"VBScript\">", wantActive},
		{"scriptlet behind a declaration", "a.txt", "<?xml version=\"1.0\"?>\n<scriptlet>\n<registration progid=\"x\"></registration>\n<script>", wantActive},
		{"internet shortcut", "a.ini", "[InternetShortcut]\r\nURL=file://x/y\r\n", wantActive},
		{"doc with macros", "a.doc", sampleOLE(classWord, "_VBA_PROJECT"), wantActive},
		{"xls with macros far behind", "a.xls", sampleOLE(classWord, "Workbook") + someNoise(400000) + sampleOLE("", "_VBA_PROJECT_CUR")[512:], wantActive},

		{"log about html", "a.log", "GET / 200 <html><script>alert(1)</script>\n", ""},
		{"text that begins with a tag", "a.txt", "<b>bold</b>\n", ""},
		{"text that begins with an address", "a.txt", "<mail@example.org> wrote:\n", ""},
		{"text that begins with a priority", "a.log", "<13>Jan  1 00:00:00 host app: x\n", ""},
		{"configuration in xml", "a.conf", "<!DOCTYPE busconfig PUBLIC \"x\" \"y\">\n<busconfig/>\n", ""},
		{"configuration of a web server", "a.conf", "<Directory /var/www>\n</Directory>\n", ""},
		{"xml comment, then xml", "a.txt", "<!-- x -->\n<project/>\n", ""},
		{"listing about batch", "a.txt", "The batch begins:\n@echo off\n", ""},
		{"mail address", "a.txt", "@echo is on today\n", ""},
		{"listing of javascript", "a.txt", "var x = document.getElementById('y');\n", ""},
		{"listing of powershell's output", "a.txt", "PS C:\\> IEX (New-Object Net.WebClient).DownloadString('http://x')\n", ""},
		{"log of a download cradle", "a.log", "2026-01-01 powershell.exe -enc SQBFAFgA\n", ""},
		{"section of an ini file", "a.ini", "[InternetSettings]\r\nURL=x\r\n", ""},
		{"english", "a.txt", "On error, resume next week.\nSet x to 1.\n", ""},
		{"source in c", "a.txt", "#include <stdio.h>\nint main(void) { return 0; }\n", ""},
		{"source in go", "a.txt", "package main\n\nfunc main() {}\n", ""},
		{"markdown that begins with a tag", "a.md", "<p align=\"center\">x</p>\n", ""},
		{"job posting in xml", "a.xml", "<job><title>clerk</title></job>", ""},
	}
}

func polyglotSamples() []sample {
	archive := sampleZIP("a.txt", "META-INF/MANIFEST.MF")
	comment := func(data string) string { return data[:len(data)-2] + le16(1000) + strings.Repeat("c", 1000) }
	var all []sample
	pictures := []sample{
		{"png", "a.png", makePNG(200, 200), ""},
		{"jpeg", "a.jpg", makeJPEG(200, 200), ""},
		{"gif", "a.gif", makeGIF(200, 200), ""},
		{"webp", "a.webp", webpX(20, 10), ""},
		{"bmp", "a.bmp", makeBMP(3, 3, 40), ""},
		{"pdf", "a.pdf", samplePDF(), ""},
	}
	for _, p := range pictures {
		all = append(all, []sample{
			{p.name + " with a zip behind it", p.file, p.data + archive, wantMismatch + " application/zip"},
			{p.name + " with a zip with a comment behind it", p.file, p.data + comment(archive), wantMismatch + " application/zip"},
			{p.name + " with a zip and zeros behind it", p.file, p.data + archive + zeros(100), wantMismatch + " application/zip"},
			{p.name + " with a program behind it", p.file, p.data + samplePE(), wantExecutable},
			{p.name + " with a program of unix behind it", p.file, p.data + sampleELF("\x02", "\x01"), wantExecutable},
			{p.name + " with a script behind it", p.file, p.data + "#!/bin/sh\nx\n", wantExecutable},
			{p.name + " with a page behind it", p.file, p.data + "<script>alert(1)</script>", wantMismatch + " text/html"},
			{p.name + " with a large program behind it", p.file, p.data + samplePE() + someNoise(500000), wantExecutable},
			{p.name + " with noise behind it", p.file, p.data + "\x80\x81" + someNoise(500000), ""},
			{p.name + " with the mark of a zip alone behind it", p.file, p.data + "PK\x05\x06" + zeros(18), ""},
			{p.name + " with a text about zip behind it", p.file, p.data + "PK\x05\x06 is the mark of the end of a zip archive", ""},
		}...)
	}
	return append(all, []sample{
		{"large png with a program behind it", "a.png", makePNG(1600, 1600) + samplePE() + someNoise(300000), wantExecutable},
		{"large png with a program behind zeros", "a.png", makePNG(1600, 1600) + zeros(100) + samplePE(), wantExecutable},
		{"png with two ends, the program behind the second", "a.png", makePNG(20, 20) + someNoise(100) + "IEND\xaeB`\x82" + samplePE(), wantExecutable},
		{"jpeg with a false end in its metadata, the program behind the true one", "a.jpg", headJPEG(20, 10, 100) + samplePE(), wantExecutable},
		{"jpeg with more ends than are looked behind", "a.jpg", headJPEG(20, 10, 0) + strings.Repeat("\xff\xd9", 2000), wantUnsafe},
		{"png with a page right behind its first chunk", "a.png", headPNG(3, 3) + "<script>alert(1)</script>", wantMismatch + " text/html"},
		{"gif that is a page", "a.gif", headGIF(3, 3)[:13] + "!\xfe\x20<script>alert(1)</script>\x00;", wantMismatch + " text/html"},
		{"jpeg that also is a pdf", "a.jpg", "\xff\xd8\xff\xfe" + be16(40) + samplePDF()[:38] + headJPEG(20, 10, 0)[2:], wantMismatch + " application/pdf"},
		{"png in a pdf's comment", "a.pdf", samplePDF() + "%" + makePNG(3, 3) + "\n%%EOF\n", ""},
		{"pdf with updates", "a.pdf", strings.Repeat(samplePDF(), 20), ""},
		{"type without signature with a zip behind it", "a.btif", someNoise(5000) + archive, wantMismatch + " application/zip"},
		{"ico with a zip behind it", "a.ico", makeICO() + archive, wantMismatch + " application/zip"},
	}...)
}

func pictureSamples() []sample {
	png := makePNG(20, 10)
	return []sample{
		{"png of 64 megapixels", "a.png", headPNG(8192, 8192), ""},
		{"png of one row more", "a.png", headPNG(8192, 8193), wantUnsafe},
		{"png of the largest numbers", "a.png", headPNG(0x7fffffff, 0x7fffffff), wantUnsafe},
		{"png of no width", "a.png", headPNG(0, 10), wantUnsafe},
		{"png with another chunk first", "a.png", "\x89PNG\r\n\x1a\n" + be32(13) + "IDAT" + png[16:], wantUnsafe},
		{"png with an impossible colour type", "a.png", png[:25] + "\x05" + png[26:], wantUnsafe},
		{"png cut in its header", "a.png", png[:20], wantUnsafe},
		{"png cut in its picture", "a.png", png[:60], ""},
		{"jpeg of 64 megapixels", "a.jpg", headJPEG(8192, 8192, 0), ""},
		{"jpeg of more", "a.jpg", headJPEG(8192, 8193, 0), wantUnsafe},
		{"jpeg of more, behind much metadata", "a.jpg", headJPEG(65535, 65535, 300000), wantUnsafe},
		{"jpeg of no height", "a.jpg", headJPEG(20, 0, 0), wantUnsafe},
		{"jpeg without frame", "a.jpg", "\xff\xd8\xff\xda" + zeros(20), wantUnsafe},
		{"jpeg that ends in its metadata", "a.jpg", headJPEG(20, 10, 300)[:100], wantUnsafe},
		{"jpeg with bytes between segments", "a.jpg", "\xff\xd8\xff\xe0\x00\x04abcd" + zeros(40), wantUnsafe},
		{"jpeg of a thousand segments", "a.jpg", "\xff\xd8" + strings.Repeat("\xff\xfe\x00\x02", 1000) + headJPEG(20, 10, 0)[2:], wantUnsafe},
		{"jpeg with fill bytes", "a.jpg", "\xff\xd8\xff\xff\xff" + headJPEG(20, 10, 0)[3:], ""},
		{"gif of more", "a.gif", headGIF(65535, 65535), wantUnsafe},
		{"gif of no width", "a.gif", headGIF(0, 5), wantUnsafe},
		{"gif that goes on as text", "a.gif", "GIF89a=1;alert('this is javascript')", wantUnsafe},
		{"gif that ends in its header", "a.gif", "GIF89a\x01\x00", wantUnsafe},
		{"webp of more", "a.webp", webpX(1<<24, 1<<24), wantUnsafe},
		{"webp, lossless, at its largest", "a.webp", webpL(16384, 16384), wantUnsafe},
		{"webp, lossy, of no size", "a.webp", webpLossy(0, 0), wantUnsafe},
		{"webp, lossless, without mark", "a.webp", makeWebP("VP8L", zeros(20)), wantUnsafe},
		{"webp cut in its header", "a.webp", webpX(20, 10)[:22], wantUnsafe},
		{"bmp of more", "a.bmp", makeBMP(65536, 65536, 40), wantUnsafe},
		{"bmp of a negative width", "a.bmp", makeBMP(-1, 10, 40), wantUnsafe},
		{"bmp of the lowest height", "a.bmp", makeBMP(1, -0x80000000, 40), wantUnsafe},
		{"tiff of more", "a.tif", makeTIFF("II", 65536, 65536, 0), wantUnsafe},
		{"tiff of no width", "a.tif", makeTIFF("MM", 0, 5, 0), wantUnsafe},
		{"tiff whose directory is behind its end", "a.tif", "II*\x00" + le32(5000) + zeros(40), wantUnsafe},
		{"tiff whose directory is in its header", "a.tif", "II*\x00" + le32(4) + zeros(40), wantUnsafe},
	}
}
