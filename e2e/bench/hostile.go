package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand"
	"strings"

	"github.com/casegate/casegate/e2e/harness"
	"github.com/casegate/casegate/internal/hostile"
)

const (
	// maxUnpacked and maxEntries are the limits of archives.
	maxUnpacked = 1<<30 - 1<<20
	maxEntries  = 10_000

	whole = 99 << 20
	// drawn is a little less than the limit of images.
	drawn = 10<<20 - 4096
)

// gzipped puts a deflate stream into a gzip file. The checksum at its end is wrong: it is looked at when all the work
// has been done.
func gzipped(stream []byte, unpacked int64) []byte {
	file := append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"), stream...)
	file = append(file, 0, 0, 0, 0)
	return binary.LittleEndian.AppendUint32(file, uint32(unpacked))
}

func gzipOf(block hostile.Block) func() []byte {
	return func() []byte { return gzipped(hostile.Stream(whole, maxUnpacked, block)) }
}

// zippedStream is a ZIP of one member with a deflate stream, and a wrong checksum.
func zippedStream(name string, stream []byte, unpacked int64) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	m, err := w.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CRC32: 1, CompressedSize64: uint64(len(stream)), UncompressedSize64: uint64(unpacked)})
	must(err)
	_, err = m.Write(stream)
	must(err)
	must(w.Close())
	return out.Bytes()
}

// nestedStream is a hostile gzip file in a ZIP, where it is packed well.
func nestedStream(block hostile.Block) []byte {
	return zipOf(whole, []part{{"log.gz", gzipped(hostile.Stream(500<<20, 500<<20, block))}})
}

// stored makes an archive of members as they are: given names and contents.
func stored(count int, name func(n int) string, text []byte, padding int) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for n := range count {
		m, err := w.CreateHeader(&zip.FileHeader{Name: name(n), Method: zip.Store})
		must(err)
		_, err = m.Write(text)
		must(err)
	}
	if padding > 0 {
		m, err := w.CreateHeader(&zip.FileHeader{Name: "padding.bin", Method: zip.Store})
		must(err)
		_, err = m.Write(noise(max(padding-2*out.Len()-4096, 0)))
		must(err)
	}
	must(w.Close())
	return out.Bytes()
}

func noise(size int) []byte {
	out := make([]byte, size)
	_, _ = rand.New(rand.NewSource(2)).Read(out)
	return out
}

func short(n int) string { return fmt.Sprintf("%05d", n) }

func deep(n int) string { return strings.Repeat("folder/", 60) + short(n) }

// tinyMembers are as many members as may be, each of which has to be unpacked, and a padding.
func tinyMembers(size int) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for n := range maxEntries - 1 {
		m, err := w.Create(deep(n))
		must(err)
		_, err = m.Write([]byte("x"))
		must(err)
	}
	m, err := w.CreateHeader(&zip.FileHeader{Name: "padding.bin", Method: zip.Store})
	must(err)
	_, err = m.Write(noise(max(size-2*out.Len()-4096, 0)))
	must(err)
	must(w.Close())
	return out.Bytes()
}

// tinyTar is a tar of as many members as may be, each with all that can stand in its headers, and a padding.
func tinyTar(size int, header func(n int) tar.Header) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for n := range maxEntries - 2 {
		h := header(n)
		h.Mode, h.Size = 0o644, 1
		must(w.WriteHeader(&h))
		_, err := w.Write([]byte("x"))
		must(err)
	}
	padding := noise(max(size-out.Len()-4096, 0))
	must(w.WriteHeader(&tar.Header{Name: "padding.bin", Mode: 0o644, Size: int64(len(padding))}))
	_, err := w.Write(padding)
	must(err)
	must(w.Close())
	return out.Bytes()
}

// records of PAX, as many as fit in the largest header that the library reads.
func paxTar(size int) []byte {
	records := map[string]string{}
	for n := range 40_000 {
		records[fmt.Sprintf("SCHILY.x%d", n)] = "y"
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for n := range 30 {
		must(w.WriteHeader(&tar.Header{Name: short(n), Mode: 0o644, PAXRecords: records}))
	}
	padding := noise(max(size-out.Len()-4096, 0))
	must(w.WriteHeader(&tar.Header{Name: "padding.bin", Mode: 0o644, Size: int64(len(padding))}))
	_, err := w.Write(padding)
	must(err)
	must(w.Close())
	return out.Bytes()
}

// drawing is an SVG of the limit's size: a text, repeated so often at most, and filled up by a comment.
func drawing(most int, element func(n int) string) []byte {
	var out bytes.Buffer
	out.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">`)
	for n := 0; n < most; n++ {
		text := element(n)
		if out.Len()+len(text) > drawn-100 {
			break
		}
		out.WriteString(text)
	}
	out.WriteString("<!--" + strings.Repeat(" ", max(drawn-100-out.Len(), 0)) + "--></svg>")
	return out.Bytes()
}

// styleOf is a style sheet of the largest size that is read.
func styleOf(text string) func(n int) string {
	return func(int) string { return "<style>" + strings.Repeat(text, (1<<20-100)/len(text)) + "</style>" }
}

// pdfOf is a document that is full of a text.
func pdfOf(text string) func() []byte {
	return func() []byte { return filled(text, whole) }
}

// attachments is a document with as many attached files as are looked at. Seventy each are one stream, which unpacks to
// nothing for a long time.
func attachments() []byte {
	file := largePDF(whole)
	stream, _ := hostile.Stream(200<<10, maxUnpacked, hostile.Heavy(true))
	for n := 1; n <= 14; n++ {
		at := n << 20
		at += copy(file[at:], strings.Repeat("/EmbeddedFile ", 70)+"stream\n\x78\x9c")
		copy(file[at:], stream)
	}
	return file
}

// ends is a picture with as many end marks as may be.
func ends(picture []byte, mark string) []byte {
	each := len(picture) / 1001
	for n := 1; n <= 990; n++ {
		copy(picture[n*each:], mark+strings.Repeat("\x00", 500)+"<par>")
	}
	return picture
}

// pages is a TIFF whose directories point to the next one each.
func pages(size int) []byte {
	order := binary.LittleEndian
	file := make([]byte, size)
	copy(file, "II*\x00\x08\x00\x00\x00")
	const entries = 128
	const each = 2 + 12*entries + 4
	for at := 8; at+each <= size; at += each {
		order.PutUint16(file[at:], entries)
		for n := range entries {
			entry := file[at+2+12*n:]
			order.PutUint16(entry[2:], 4)
			order.PutUint16(entry[0:], uint16(n))
			if n >= entries-2 {
				order.PutUint16(entry[0:], uint16(256+n-entries+2))
			}
			order.PutUint32(entry[8:], 100)
		}
		if at+2*each <= size {
			order.PutUint32(file[at+each-4:], uint32(at+each))
		}
	}
	return file
}

// references is a document with as many parts of references as it can unpack to.
func references() []byte {
	one := `<Relationship Type="a" Target="b" TargetMode="External"/>`
	list := []byte("<Relationships>" + strings.Repeat(one, (4<<20-100)/len(one)) + "</Relationships>")
	parts := []part{{"[Content_Types].xml", []byte(workbookTypesText)}, {"xl/workbook.xml", []byte("<workbook/>")}}
	for n := range 200 {
		parts = append(parts, part{fmt.Sprintf("xl/_rels/%d.rels", n), list})
	}
	parts = append(parts, part{"xl/media/image.bin", noise(20 << 20)})
	return zipOf(whole, parts)
}

// inspectedKinds are all that is measured.
func inspectedKinds() []inspected {
	smallZIP := zipOf(1, []part{{"a", []byte("x")}})
	smallGzip := harness.Gzip([]byte("x"))
	emptyBzip2 := []byte("BZh9\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00")
	mixed := func(n int) string {
		return fmt.Sprintf(`<g a="(%d"><g b="(%d" x="1" y="2"/></g>`, n, n)
	}
	heavy := func(size int) ([]byte, int64) { return hostile.Stream(size, maxUnpacked, hostile.Heavy(false)) }
	return []inspected{
		{"gzip", 1, 2, specimen{"rotated logs", "a.gz", func() []byte { return rotatedLogs(whole) }}, []specimen{
			{"smallest blocks, empty", "a.gz", gzipOf(hostile.Tiny(true))},
			{"smallest blocks", "a.gz", gzipOf(hostile.Tiny(false))},
			{"blocks of heavy codes, empty", "a.gz", gzipOf(hostile.Heavy(true))},
			{"blocks of heavy codes", "a.gz", gzipOf(hostile.Heavy(false))},
			{"blocks of the fixed code, empty", "a.gz", gzipOf(hostile.Fixed(true))},
			{"blocks of the fixed code", "a.gz", gzipOf(hostile.Fixed(false))},
			{"stored blocks of nothing", "a.gz", gzipOf(hostile.Stored(0))},
			{"stored blocks of a byte", "a.gz", gzipOf(hostile.Stored(1))},
			{"matches of three bytes", "a.gz", gzipOf(hostile.Matches(10_000))},
			{"both, as many as pass", "a.gz", gzipOf(func(d *hostile.Deflate) int {
				return hostile.Heavy(false)(d) + hostile.Matches(16_000)(d)
			})},
			{"10,000 streams", "a.gz", func() []byte { return bytes.Repeat(harness.Gzip(noise(10<<10)), 9990) }},
		}},
		{"tgz", 1, 2, specimen{"a support bundle of 5,000 files", "a.tar.gz", func() []byte { return harness.Gzip(bundle(5000, 900<<20)) }}, []specimen{
			{"10,000 files, long names", "a.tar.gz", func() []byte {
				return harness.Gzip(tinyTar(whole, func(n int) tar.Header { return tar.Header{Name: deep(n), Format: tar.FormatPAX} }))
			}},
		}},
		{"bzip2", 1, 1, specimen{"a log", "a.bz2", func() []byte { return bzipped(50 << 20) }}, []specimen{
			{"blocks of a byte", "a.bz2", func() []byte { return hostile.Bzip2(50 << 20) }},
			{"noise", "a.bz2", func() []byte { return bzippedOf(noise(4<<20), 50<<20) }},
			{"empty streams", "a.bz2", func() []byte { return bytes.Repeat(emptyBzip2, whole/28) }},
		}},
		{"zip", 1, 2, specimen{"logs", "a.zip", func() []byte { return zippedLogs(whole) }}, []specimen{
			{"blocks of heavy codes", "a.zip", func() []byte { s, n := heavy(whole); return zippedStream("a.log", s, n) }},
			{"blocks of heavy codes in a gzip file in it", "a.zip", func() []byte { return nestedStream(hostile.Heavy(false)) }},
			{"10,000 members", "a.zip", func() []byte { return tinyMembers(whole) }},
			{"5,000 ZIPs of a member", "a.zip", func() []byte { return stored(4990, func(n int) string { return deep(n) }, smallZIP, whole) }},
			{"5,000 gzip files", "a.zip", func() []byte { return stored(4990, func(n int) string { return short(n) + ".gz" }, smallGzip, whole) }},
			{"three ZIPs of logs", "a.zip", func() []byte {
				log := zippedLogs(26 << 20)
				return stored(3, func(n int) string { return short(n) + ".zip" }, log, 0)
			}},
		}},
		{"tar", 2, 3, specimen{"a support bundle of 5,000 files", "a.tar", func() []byte { return bundle(5000, 97<<20) }}, []specimen{
			{"10,000 files", "a.tar", func() []byte { return tinyTar(whole, func(n int) tar.Header { return tar.Header{Name: short(n)} }) }},
			{"10,000 files, PAX names", "a.tar", func() []byte {
				return tinyTar(whole, func(n int) tar.Header { return tar.Header{Name: deep(n), Format: tar.FormatPAX} })
			}},
			{"10,000 files, GNU names", "a.tar", func() []byte {
				return tinyTar(whole, func(n int) tar.Header { return tar.Header{Name: deep(n), Format: tar.FormatGNU} })
			}},
			{"30 MiB of PAX records", "a.tar", func() []byte { return paxTar(whole) }},
		}},
		{"tar of archives", 1, 2, specimen{"compressed logs", "a.tar", func() []byte { return tarOf(28, ".gz", packedLog(), 0) }}, []specimen{
			{"5,000 ZIPs", "a.tar", func() []byte { return tarOf(4990, "", smallZIP, whole) }},
			{"5,000 gzip files", "a.tar", func() []byte { return tarOf(4990, ".gz", smallGzip, whole) }},
			{"1,500 bzip2 files", "a.tar", func() []byte { return tarOf(1500, ".bz2", emptyBzip2, whole) }},
		}},
		{"workbook", 1, 2, specimen{"large sheets", "a.xlsx", func() []byte { return workbook(80 << 20) }}, []specimen{
			{"800 MiB of references", "a.xlsx", references},
		}},
		{"svg", 2, 3, specimen{"a detailed map of 50,000 paths", "a.svg", func() []byte { return detailedMap(drawn) }}, []specimen{
			{"elements", "a.svg", func() []byte { return drawing(99_000, func(int) string { return "<a/>" }) }},
			{"comments", "a.svg", func() []byte { return drawing(299_000, func(int) string { return "<!---->" }) }},
			{"instructions", "a.svg", func() []byte { return drawing(299_000, func(int) string { return "<?a?>" }) }},
			{"attributes", "a.svg", func() []byte {
				return drawing(3990, func(int) string { return "<g" + strings.Repeat(` x=""`, 100) + "/>" })
			}},
			{"other attributes", "a.svg", func() []byte {
				return drawing(999, func(n int) string { return "<g" + strings.Repeat(fmt.Sprintf(` q="(%d"`, n), 100) + "/>" })
			}},
			{"attributes with long values", "a.svg", func() []byte {
				return drawing(99_000, func(n int) string {
					return fmt.Sprintf(`<g q="(url(#%d) url(#behavio javascrip @"/>`, n) + strings.Repeat(" ", 60)
				})
			}},
			{"elements and attributes", "a.svg", func() []byte { return drawing(49_000, mixed) }},
			{"style sheets", "a.svg", func() []byte { return drawing(9, styleOf("url(#a) ")) }},
			{"style sheets of near-marks", "a.svg", func() []byte { return drawing(9, styleOf("javascript behavio(")) }},
			{"one long address", "a.svg", func() []byte {
				return drawing(1, func(int) string {
					return `<a xlink:href="http://a/" q="` + strings.Repeat("(data:image/png;", 600_000) + `"/>`
				})
			}},
			{"one long animation", "a.svg", func() []byte {
				return drawing(1, func(int) string {
					return `<set to="(` + strings.Repeat("data:image/png;", 600_000) + `"/>`
				})
			}},
		}},
		{"svgz", 2, 3, specimen{"a detailed map of 50,000 paths", "a.svgz", func() []byte { return harness.Gzip(detailedMap(drawn)) }}, []specimen{
			{"blocks of heavy codes", "a.svgz", func() []byte { return gzipped(hostile.Stream(drawn, drawn, hostile.Heavy(true))) }},
		}},
		{"pdf", 2, 3, specimen{"a scanned document", "a.pdf", func() []byte { return largePDF(whole) }}, []specimen{
			{"slashes", "a.pdf", pdfOf("/")},
			{"a slash in nine bytes", "a.pdf", pdfOf("/        ")},
			{"all first bytes", "a.pdf", pdfOf("/%-      /%-      /%-      #4\x00    ")},
			{"near-marks", "a.pdf", pdfOf("/JavaScrip/EmbeddedFil/Renditio/RichMedi/Launc/XF/E/J")},
			{"far names like marks", "a.pdf", pdfOf("/Resources" + strings.Repeat(" ", 182))},
			{"escapes that are none", "a.pdf", pdfOf("#4\x00" + strings.Repeat(" ", 30))},
			{"end marks", "a.pdf", func() []byte { return ends(largePDF(whole), "%%EOF") }},
			{"attached files without end", "a.pdf", attachments},
		}},
		{"text", 2, 3, specimen{"a log", "a.log", func() []byte { return accessLog(1, whole) }}, []specimen{
			{"characters of four bytes", "a.log", func() []byte { return []byte(strings.Repeat("😀", whole/4)) }},
			{"characters of two bytes", "a.log", func() []byte { return []byte(strings.Repeat("é", whole/2)) }},
			{"near-pages", "a.log", func() []byte { return []byte(strings.Repeat("<!---->", whole/7)) }},
		}},
		{"wide text", 1, 3, specimen{"events in UTF-16", "a.log", func() []byte { return wide(string(accessLog(1, whole/2-2))) }}, []specimen{
			{"replacement characters", "a.log", func() []byte { return wide(strings.Repeat("\ufffd", whole/2-2)) }},
			{"characters of two units", "a.log", func() []byte { return wide(strings.Repeat("😀", whole/4-2)) }},
			{"UTF-32", "a.log", func() []byte {
				return append([]byte("\xff\xfe\x00\x00"), bytes.Repeat([]byte("\xfd\xff\x00\x00"), whole/4-2)...)
			}},
		}},
		{"csv", 2, 3, specimen{"a table", "a.csv", func() []byte { return table(whole) }}, []specimen{
			{"commas", "a.csv", func() []byte { return bytes.Repeat([]byte(","), whole) }},
		}},
		{"json", 2, 3, specimen{"records", "a.json", func() []byte { return records(whole) }}, []specimen{
			{"brackets", "a.json", func() []byte { return bytes.Repeat([]byte("["), whole) }},
		}},
		{"png", 10, 5, specimen{"a picture", "a.png", func() []byte { return noisePicture(9 << 20) }}, []specimen{
			{"end marks", "a.png", func() []byte { return ends(noisePicture(9<<20), "IEND\xaeB`\x82") }},
		}},
		{"tiff", 10, 5, specimen{"a picture", "a.tif", func() []byte { return append(pages(1600), noise(drawn-1600)...) }}, []specimen{
			{"pages", "a.tif", func() []byte { return pages(drawn) }},
		}},
	}
}

// tarOf packs one file many times.
func tarOf(count int, extension string, file []byte, size int) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	add := func(name string, file []byte) {
		must(w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(file))}))
		_, err := w.Write(file)
		must(err)
	}
	for n := range count {
		add(short(n)+extension, file)
	}
	if size > 0 {
		add("padding.bin", noise(max(size-out.Len()-4096, 0)))
	}
	must(w.Close())
	return out.Bytes()
}
