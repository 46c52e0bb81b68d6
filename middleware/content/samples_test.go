package content

import (
	"archive/tar"
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
		{"wbmp that ends in its height", "a.wbmp", "\x00\x00\x81\x02\xaa", wantMismatch},
		{"wbmp of a width that goes on and on", "a.wbmp", "\x00\x00\xff\xff\xff\xff\x01", wantMismatch},
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
