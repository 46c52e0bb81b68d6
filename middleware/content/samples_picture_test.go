package content

import "strings"

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
		{"jpeg of nothing but fill bytes", "a.jpg", "\xff\xd8" + strings.Repeat("\xff", 100000), wantUnsafe},
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
